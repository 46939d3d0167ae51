"""The sources of the upload page and the command that bundles them: `python -m mediahub.desk.frontend`."""
