"""What the upload page's scripts say while files are sent."""

from typing import Any

from django.utils.translation import gettext as _

from mediahub.desk.upload.file_kinds import describe_accepted
from mediahub.desk.upload.uppy_texts import build_core_texts, build_dashboard_texts


def build_upload_texts(max_bytes: int) -> dict[str, Any]:
    """Return the sentences of the page's scripts."""
    most = max_bytes // 1_000_000
    return {
        "note": _("%(formats)s, up to %(most)d MB each") % {"formats": describe_accepted(), "most": most},
        "offline": _("Offline. The upload continues when the connection is back."),
        "signedOut": _("The upload continues once you have signed in again."),
        "unreachable": _("The connection was lost. The file will be sent again automatically."),
        "storeRefused": _(
            "The storage refused the file ({error}). Retry; if it is refused again, contact your administrator."
        ),
        "unreadable": _("“{name}” was moved or changed during the upload. Choose it again."),
        "broken": _(
            "The server could not accept the file. Retry in a minute; if that fails too, contact your administrator."
        ),
        "states": {
            "queued": [_("queued"), "quiet"],
            "sending": [_("uploading"), "busy"],
            "sent": [_("waiting for processing"), "busy"],
            "paused": [_("paused"), "wait"],
            "waiting": [_("waiting"), "wait"],
            "lost": [_("not uploaded"), "wait"],
            "unfinished": [_("incomplete"), "wait"],
            "held": [_("on hold"), "wait"],
            "refused": [_("not uploaded"), "bad"],
        },
        "checks": _build_check_texts(),
        "progress": _build_progress_texts(),
        "lost": {
            "reason": _(
                "The upload was interrupted. Unless the file is being uploaded elsewhere, choose it again to continue."
            ),
            "choose": _("Choose the file again"),
            "chooseOne": _("Choose the file again: {name}"),
        },
        "one": {"several": _("You can upload only one file here. The first file was selected.")},
        "batch": _build_batch_texts(),
        "uppy": _build_uppy_texts(),
        "dashboard": _build_dashboard_texts(),
    }


def _build_batch_texts() -> dict[str, str]:
    """Return the sentences on saving a batch's metadata."""
    return {
        "unsaved": _("Not saved yet. Your text is kept in this browser until you save it."),
        "notKept": _("Not saved yet. This browser cannot keep your text, so save it before you leave the page."),
        "restored": _("This is the text you entered before you left the page. It is not saved yet."),
        "discarded": _("Unsaved changes discarded."),
        "saving": _("Saving…"),
        "saved": _("Saved. Images updated: {n}. Files that are still uploading get these details when they arrive."),
        "notSaved": _("Not saved: {reason}"),
        "offline": _("Not saved yet: the server cannot be reached. Saving continues when the connection is back."),
        "signedOut": _("Not saved yet: you are signed out. Saving continues once you have signed in again."),
        "other": _("Not saved yet: someone else has signed in. Saving continues once you have signed in again."),
    }


def _build_uppy_texts() -> dict[str, Any]:
    """Return the reasons for which Uppy refuses a file; `%{name}` marks what it fills in."""
    return {
        **build_core_texts(),
        "noDuplicates": _("“%{fileName}” is already in the list."),
        "failedToUpload": _("“%{file}” could not be uploaded."),
    }


def _build_dashboard_texts() -> dict[str, Any]:
    """Return the words of the drop zone; `%{name}` marks what Uppy fills in."""
    return {
        **build_dashboard_texts(),
        "dashboardTitle": _("Add files"),
        "dropPasteBoth": _("Drop images or folders anywhere, paste, %{browseFiles}, or %{browseFolders}"),
        "browseFiles": _("choose files"),
        "dropHint": _("Drop to upload"),
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
        "uploading": _("Uploading"),
        "complete": _("Uploaded"),
        "uploadFailed": _("Some files were not uploaded"),
        "paused": _("Paused"),
    }


def _build_check_texts() -> dict[str, str]:
    """Return the sentences on files before they are sent; the page fills in `{name}` and `{n}`."""
    return {
        "there": _("This file is already in the library:"),
        "onItsWay": _("You have already uploaded this file:"),
        "twice": _("This is the same file as “{name}”, which is already in the list."),
        "send": _("Upload anyway"),
        "sendOne": _("Upload anyway: {name}"),
        "leave": _("Skip"),
        "leaveOne": _("Skip: {name}"),
        "skipped": _("System files and sidecar files skipped: {n}"),
        "several": _("{name} and {n} more"),
        "unreadable": _("Some of the dropped items could not be read. Drop the files themselves."),
        "pasted": _("Pasted {when}"),
    }


def _build_progress_texts() -> dict[str, str]:
    """Return the sentences on the progress of all files; the page fills in localized numbers."""
    return {
        "checking": _("Checking for duplicates: {n}"),
        "sending": _("Uploading"),
        "paused": _("Paused"),
        "offline": _("Waiting for a connection"),
        "signedOut": _("Waiting until you sign in again"),
        "stopped": _("Some files were not uploaded"),
        "sent": _("All files uploaded"),
        "files": _("{done} of {all} files"),
        "bytes": _("{sent} of {all}"),
        "left": _("{time} left"),
    }
