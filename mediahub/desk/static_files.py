"""How scripts, styles and fonts are named and kept for browsers."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Files(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Compressed, and named by content; so are the modules that a script imports, or each visit would ask for them."""

    support_js_module_import_aggregation = True
