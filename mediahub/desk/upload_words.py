"""What the upload page says while files are on their way, in the editor's language."""

from typing import Any

from django.utils.translation import gettext as _

from mediahub.desk.uppy_words import core_words, dashboard_words


def upload_words(max_bytes: int) -> dict[str, Any]:
    """The sentences of the page's scripts; in Uppy's own, `%{name}` marks what it fills in."""
    most = max_bytes // 1_000_000
    return {
        "note": _("JPEG, PNG, GIF or WebP, at most %(most)d MB each") % {"most": most},
        "offline": _("The server could not be reached. Check the connection, then retry."),
        "signedOut": _("You are no longer signed in, or the page is too old. Reload it and add the file again."),
        "broken": _(
            "The server could not take the file. Retry in a minute; if that fails too, tell your administrator."
        ),
        "states": {
            "queued": [_("queued"), "quiet"],
            "sending": [_("sending"), "busy"],
            "refused": [_("not sent"), "bad"],
        },
        "uppy": {
            **core_words(),
            "exceedsSize": _("“%%{file}” is larger than %(most)d MB. Make it smaller and add it again.")
            % {"most": most},
            "inferiorSize": _("This file is empty. Check it and add it again."),
            "youCanOnlyUploadFileTypes": _(
                "This file is not a JPEG, PNG, GIF or WebP picture. Export it as one of these and add it again."
            ),
            "noDuplicates": _("“%{fileName}” is already in the list."),
            "failedToUpload": _("“%{file}” could not be sent."),
        },
        "dashboard": {
            **dashboard_words(),
            "dashboardTitle": _("Add files"),
            "dropPasteFiles": _("Drop pictures here or %{browseFiles}"),
            "browseFiles": _("choose files"),
            "dropHint": _("Drop the pictures here"),
            "addMore": _("Add more"),
            "addMoreFiles": _("Add more files"),
            "pause": _("Pause"),
            "resume": _("Resume"),
            "retry": _("Retry"),
            "cancel": _("Cancel"),
            "done": _("Done"),
            "removeFile": _("Remove %{file}"),
            "pauseUpload": _("Pause upload"),
            "resumeUpload": _("Resume upload"),
            "retryUpload": _("Retry upload"),
            "uploading": _("Sending"),
            "complete": _("Sent"),
            "uploadFailed": _("Some files were not sent"),
            "paused": _("Paused"),
        },
    }
