"""What the upload page's scripts say while files are sent."""

from typing import Any

from django.utils.translation import gettext as _

from mediahub.desk.upload.uppy_texts import build_core_texts, build_dashboard_texts
from processing import formats


def build_upload_texts(max_bytes: int) -> dict[str, Any]:
    """Return the sentences of the page's scripts."""
    most = max_bytes // 1_000_000
    return {
        "note": _("%(formats)s, up to %(most)d MB each") % {"formats": formats.describe_inputs(), "most": most},
        "offline": _("Offline. Sending goes on by itself when the connection is back."),
        "signedOut": _("Sending goes on by itself once you have signed in again."),
        "unreachable": _("The connection broke off. The file is sent again by itself."),
        "storeRefused": _(
            "The store refused the file ({error}). Retry; if it is refused again, tell your administrator."
        ),
        "unreadable": _("“{name}” was moved or changed while it was sent. Choose it again."),
        "broken": _(
            "The server could not take the file. Retry in a minute; if that fails too, tell your administrator."
        ),
        "states": {
            "queued": [_("queued"), "quiet"],
            "sending": [_("sending"), "busy"],
            "sent": [_("sent"), "busy"],
            "paused": [_("paused"), "wait"],
            "waiting": [_("waiting"), "wait"],
            "lost": [_("not sent"), "wait"],
            "unfinished": [_("unfinished"), "wait"],
            "held": [_("held back"), "wait"],
            "refused": [_("not sent"), "bad"],
        },
        "checks": _build_check_texts(),
        "progress": _build_progress_texts(),
        "lost": {
            "reason": _("Sending broke off. Unless it is being sent elsewhere, choose the file again and it goes on."),
            "choose": _("Choose the file again"),
            "chooseOne": _("Choose the file again: {name}"),
        },
        "one": {"several": _("Only one file can be sent here. The first one was chosen.")},
        "batch": _build_batch_texts(),
        "uppy": _build_uppy_texts(most),
        "dashboard": _build_dashboard_texts(),
    }


def _build_batch_texts() -> dict[str, str]:
    """Return the sentences on saving a batch's metadata."""
    return {
        "unsaved": _("Not saved yet. What you type is kept in this browser until you save it."),
        "notKept": _("Not saved yet, and this browser keeps nothing: save it before you leave the page."),
        "restored": _("You typed this before you left the page. It is not saved yet."),
        "discarded": _("What was not saved is gone."),
        "saving": _("Saving…"),
        "saved": _("Saved. Pictures changed: {n}. Those that are still to come get these words as they come."),
        "notSaved": _("Not saved: {reason}"),
        "offline": _("Not saved yet: the server cannot be reached. It is saved by itself when the connection is back."),
        "signedOut": _("Not saved yet: you are signed out. It is saved by itself once you have signed in again."),
        "other": _("Not saved yet: somebody else has signed in. It is saved once you have signed in again."),
    }


def _build_uppy_texts(most: int) -> dict[str, Any]:
    """Return the reasons for which Uppy refuses a file; `%{name}` marks what it fills in."""
    return {
        **build_core_texts(),
        "exceedsSize": _("“%%{file}” is larger than %(most)d MB. Make it smaller and add it again.") % {"most": most},
        "inferiorSize": _("This file is empty. Check it and add it again."),
        "youCanOnlyUploadFileTypes": _(
            "This file is not an image in a supported format. Export it in one of these formats and add it again: "
            "%(formats)s."
        )
        % {"formats": formats.describe_inputs()},
        "noDuplicates": _("“%{fileName}” is already in the list."),
        "failedToUpload": _("“%{file}” could not be sent."),
    }


def _build_dashboard_texts() -> dict[str, Any]:
    """Return the words of the drop zone; `%{name}` marks what Uppy fills in."""
    return {
        **build_dashboard_texts(),
        "dashboardTitle": _("Add files"),
        "dropPasteBoth": _("Drop pictures or folders anywhere, paste, %{browseFiles} or %{browseFolders}"),
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
        "uploading": _("Sending"),
        "complete": _("Sent"),
        "uploadFailed": _("Some files were not sent"),
        "paused": _("Paused"),
    }


def _build_check_texts() -> dict[str, str]:
    """Return the sentences on files before they are sent; the page fills in `{name}` and `{n}`."""
    return {
        "there": _("The library has this very file already:"),
        "onItsWay": _("You have sent this very file already:"),
        "twice": _("This is the same file as “{name}”, which is in the list already."),
        "send": _("Send anyway"),
        "sendOne": _("Send anyway: {name}"),
        "leave": _("Leave out"),
        "leaveOne": _("Leave out: {name}"),
        "litter": _("Left out of the folder, because they are no pictures: {n}"),
        "unreadable": _("A part of what was dropped could not be read. Drop the files themselves."),
        "pasted": _("Pasted {when}"),
    }


def _build_progress_texts() -> dict[str, str]:
    """Return the sentences on the progress of all files; the page fills in localized numbers."""
    return {
        "checking": _("Looking whether they are there already: {n}"),
        "sending": _("Sending"),
        "paused": _("Paused"),
        "offline": _("Waiting for the connection"),
        "signedOut": _("Waiting until you have signed in again"),
        "stopped": _("Some were not sent"),
        "sent": _("Everything is sent"),
        "files": _("{done} of {all} files"),
        "bytes": _("{sent} of {all}"),
        "left": _("{time} left"),
    }
