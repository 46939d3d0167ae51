"""What Uppy says beside the desk's own sentences, by Uppy's names; `%{name}` is what it fills in.

A sentence with a number comes in all forms that the language has, by the names of Intl.PluralRules.
"""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mediahub.desk.plurals import list_plural_forms


def build_core_texts() -> dict[str, Any]:
    """Return the texts on added files and on the connection."""
    return {
        "addBulkFilesFailed": list_plural_forms(
            lambda n: ngettext("%{smart_count} file could not be added", "%{smart_count} files could not be added", n)
        ),
        "folderAdded": list_plural_forms(
            lambda n: ngettext(
                "%{smart_count} file added from %{folder}", "%{smart_count} files added from %{folder}", n
            )
        ),
        "folderAlreadyAdded": _("The folder “%{folder}” has already been added"),
        "emptyFolderAdded": _("The folder is empty. No files were added."),
        "addedNumFiles": _("Files added: %{numFiles}"),
        "noMoreFilesAllowed": _("No more files can be added"),
        "noInternetConnection": _("No internet connection"),
        "connectedToInternet": _("Back online"),
        "actionFailed": _("Something went wrong"),
        "loading": _("Loading…"),
    }


def build_dashboard_texts() -> dict[str, Any]:
    """Return the texts of the drop zone, its list, and the bar below it."""
    return {
        **_build_counted_texts(),
        "addingMoreFiles": _("Adding more files"),
        "back": _("Back"),
        "cancelUpload": _("Cancel upload"),
        "uploadComplete": _("Upload complete"),
        "uploadPaused": _("Upload paused"),
        "dropPasteFolders": _("Drop images here or %{browseFolders}"),
        "dropPasteBoth": _("Drop images here, %{browseFiles}, or %{browseFolders}"),
        "browseFolders": _("choose a folder"),
        "recoveredAllFiles": _("All files restored. You can resume the upload."),
        "sessionRestored": _("Files from your last visit"),
        "reSelect": _("Choose file again"),
        "dataUploadedOfTotal": _("%{complete} of %{total}"),
        "dataUploadedOfUnknown": _("%{complete} so far"),
        "xTimeLeft": _("%{time} left"),
        "upload": _("Upload"),
        "error": _("Error"),
        "showErrorDetails": _("Show error details"),
        "myDevice": _("My device"),
    }


def _build_counted_texts() -> dict[str, Any]:
    return {
        "xFilesSelected": list_plural_forms(
            lambda n: ngettext("%{smart_count} file selected", "%{smart_count} files selected", n)
        ),
        "uploadingXFiles": list_plural_forms(
            lambda n: ngettext("Uploading %{smart_count} file", "Uploading %{smart_count} files", n)
        ),
        "processingXFiles": list_plural_forms(
            lambda n: ngettext("Preparing %{smart_count} file", "Preparing %{smart_count} files", n)
        ),
        "recoveredXFiles": list_plural_forms(
            lambda n: ngettext(
                "%{smart_count} file couldn't be restored. Choose it again and resume the upload.",
                "%{smart_count} files couldn't be restored. Choose them again and resume the upload.",
                n,
            )
        ),
        "filesUploadedOfTotal": list_plural_forms(
            lambda n: ngettext(
                "%{complete} of %{smart_count} file uploaded", "%{complete} of %{smart_count} files uploaded", n
            )
        ),
        "uploadXFiles": list_plural_forms(
            lambda n: ngettext("Upload %{smart_count} file", "Upload %{smart_count} files", n)
        ),
        "uploadXNewFiles": list_plural_forms(
            lambda n: ngettext("Upload %{smart_count} more file", "Upload %{smart_count} more files", n)
        ),
        "xMoreFilesAdded": list_plural_forms(
            lambda n: ngettext("%{smart_count} more file added", "%{smart_count} more files added", n)
        ),
    }
