"""`make e2e-deploy`: the deployment as an operator does it, on a local AWS with enforced authorization."""

import os

# The emulator's module asks for the project's folder only.
os.environ.update(DJANGO_SETTINGS_MODULE="mediahub.settings", MEDIAHUB_ENV_FILE="", SECRET_KEY="unused")
