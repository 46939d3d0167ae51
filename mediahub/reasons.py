"""Why something failed or waits: its code, the parameters of its sentence, and the sentence for whoever reads it.

Rows, messages and logs keep code and params, and beside them the English sentence for logs, commands and search. A page
renders the sentence in the editor's language with `explain`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from processing import Note, ProcessingError, sentences
from processing.sentences import PHRASES, Sentence

Error = TypeVar("Error", bound=ProcessingError)

SENTENCES: Mapping[str, Sentence] = {
    **sentences.SENTENCES,
    # One file
    "busy": _("%(name)s is being worked on by another worker; this delivery waits for it."),
    "file_deleted": _("The file was deleted from the upload bucket."),
    "never_sent": _("The file was not sent in time. Add it again."),
    "rejected_erased": _("The file was rejected, and removed after %(days)s days."),
    "removed_while_read": _("%(name)s was removed while it was read."),
    "sender_left": _(
        "%(name)s arrived after the account of the person who sent it was deactivated. Someone with an active account "
        "can upload it again."
    ),
    "unstorable": _("The database cannot store the text in this file. Export it again and upload the new file."),
    "waits_for_publisher": _(
        "The image is published. Its new file waits until someone with permission to publish starts using it."
    ),
    # The worker and its database
    "changing": _("%(name)s changes faster than it can be published. MediaHub retries automatically."),
    "database_disconnected": _("The connection to the database was lost. MediaHub retries automatically."),
    "database_outdated": _(
        "The database does not have the tables of this version. Ask an administrator to run migrate, then doctor."
    ),
    "database_refused": _("The database refused the request. MediaHub retries automatically."),
    "database_unavailable": _("The database could not answer. MediaHub retries automatically."),
    "database_unsupported": _("This database cannot do what MediaHub needs. Ask an administrator to run doctor."),
    "late": _("This invocation has no time left for another message."),
    "not_begun": _(
        "Processing of this file has not started, because another file failed on a setup error "
        "(%(cause)s). Ask an administrator to run doctor."
    ),
    "out_of_memory": _("The worker ran out of memory. MediaHub retries automatically."),
    "record_conflict": _("Another worker wrote the same record first. MediaHub retries automatically."),
    "settings_conflict": _("The settings contradict each other. Ask an administrator to run doctor."),
    "unforeseen": _("An unexpected error occurred: %(cause)s: %(error)s. MediaHub retries automatically."),
    "worker_failed": _("The worker's disk or network failed. MediaHub retries automatically."),
    # Messages of the queue
    "foreign_bucket": _(
        "An event came from the bucket %(bucket)s, but uploads go to %(expected)s. Remove the notification of that "
        "bucket or correct UPLOAD_BUCKET."
    ),
    "incomplete_record": _("A record of this event names no bucket and object."),
    "incomplete_message": _("This version does not know a message of the kind %(kind)s, or a part of it is missing."),
    "invalid_id": _("%(text)s is not the ID of an upload, image, or job."),
    "key_too_long": _("The key %(key)s is empty or longer than the %(limit)s bytes that S3 allows."),
    "message_too_long": _("The message has %(length)s characters; the limit is %(limit)s."),
    "not_json": _("The message is not JSON. See its payload."),
    "too_many_records": _("The event has %(count)s records; the limit is %(limit)s."),
    "unknown_bridge_event": _("MediaHub does not handle the event %(event)s of EventBridge."),
    "unknown_event": _("MediaHub does not handle the event %(event)s."),
    "unknown_event_version": _("The event has the version %(version)s; MediaHub reads version 2.x."),
    "unknown_message": _("This message is neither an event of S3 nor a message of MediaHub."),
    "unstorable_key": _(
        "The key %(key)s contains a NUL or half of a character, which no database stores. Copy the file to another key."
    ),
    # Dead letters
    "cut_failed": _("The crops of the image could not be created around its focal point."),
    "job_stopped": _("A job on many images could not continue. MediaHub continues it automatically."),
    "mirror_failed": _("The image could not be mirrored."),
    "reprocess_failed": _("The renditions of the image could not be regenerated."),
    "retries_unsent": _("Failed items could not be sent back to the queue."),
    "sweep_failed": _("Unused renditions could not be removed."),
    "unexplained": _("The message failed too often, and no reason was recorded. See its payload."),
    "worker_killed": _(
        "The worker was stopped before it could record a reason: it ran out of time or memory. Retry the file; if it "
        "fails again, discard it."
    ),
    # Images of a job
    "changed_since_seen": _("The image was changed after you loaded the page, and was skipped. Review it first."),
    "not_changed": "%(why)s",
    "not_permitted": _("You don't have permission to make this change. Ask a chief editor."),
    "job_worker_killed": _("The worker was stopped each time it worked on this file."),
    "no_original": _("The original is no longer in the upload bucket."),
    "original_unknown": _("No record says where the original of this image is."),
    "no_renditions": _("The image has no renditions."),
    "not_visible": _("The image is no longer in the library, or you don't have access to it."),
    "zip_source_missing": _("The file is no longer in the bucket."),
    "zip_worker_killed": _("The ZIP file could not be created: the worker was stopped each time it worked on it."),
    # Findings of a consistency check
    "image_in_use": _("The original is no longer in the bucket; its image is still in use."),
    "labels_missing": _("The labels were not available when the image was uploaded."),
    "mirror_differs": _("The mirror differs from the record of this image."),
    "audience_differs": _("The image was hidden or shown to others than its collections say."),
    "search_differs": _("The search knows other words of this image than it has."),
    "mirror_unknown": _("The mirror has an image that no record knows."),
    "not_compared": _("It could not be compared. The worker's log has the error."),
    "original_deleted": _("The record says that the upload ended; its file is no longer in the bucket."),
    "other_version": _("The upload is %(state)s, and the bucket has another version of its file."),
    "purge_forgotten": _("The bucket says that this image was erased for good; the database does not know it."),
    "purged_key": _("The file was erased for good, and somebody placed a file under its key again."),
    "overwritten": _(
        "The record keeps the version %(version)s, which was sent first; a later version is on top of it."
    ),
    "public_files_missing": _("The public files of the image are not in the bucket."),
    "public_file_unknown": _("This file is public, and no record refers to it."),
    "rendition_altered": _("A rendition of this image is not the size that MediaHub wrote."),
    "rendition_missing": _("The rendition %(name)s is not in the bucket."),
    "rendition_unused": _("No record names this rendition."),
    "upload_unknown": _("No record knows this file."),
}
# The states of an upload as they stand inside a sentence; the labels of Upload.State have the same words.
STATES: Mapping[str, str] = {
    "issued": _("waiting for the file"),
    "working": _("processing"),
    "ready": _("done"),
    "rejected": _("rejected"),
    "failed": _("failed"),
    "deleted": _("deleted"),
    "expired": _("never arrived"),
}
_NUMBER = re.compile(r"%\((\w+)\)d")
# More than one form for everything that is counted, in each language.
_MANY = 100


class Explained(Protocol):
    """A row with a reason: its code and params, and its English sentence."""

    code: str
    params: dict[str, Any]
    reason: str


@dataclass(frozen=True)
class Reason:
    """A code, what fills its sentence (every value can be written as JSON), and the English sentence."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    english: str = ""

    def __post_init__(self) -> None:
        if not self.english:
            object.__setattr__(self, "english", _render(self.code, self.params, str))

    @property
    def specific_code(self) -> str:
        """AWS's own code or the type of an unexpected error where there is one: what failures of one cause share."""
        return str(self.params.get("aws_code") or self.params.get("cause") or self.code)

    def explain(self) -> str:
        """Return the sentence in the language of the page; in English for what another version wrote."""
        try:
            return _render(self.code, self.params, gettext, ngettext)
        except (KeyError, TypeError, ValueError):
            return self.english

    def to_json(self) -> dict[str, Any]:
        """Return the fields of a row, or the entry of a JSON column, that keep the reason; no database stores a NUL."""
        params = {name: _strip_nul(value) for name, value in self.params.items()}
        return {"code": self.code[:64], "params": params, "reason": str(_strip_nul(self.english))[:500]}


def read_reason(source: ProcessingError | Note | Explained | Mapping[str, Any]) -> Reason:
    """Return the reason that an error, a note, a row or an entry of a JSON column carries."""
    if isinstance(source, Mapping):
        return Reason(source["code"], source["params"], source["reason"])
    english = source.message if isinstance(source, ProcessingError | Note) else source.reason
    return Reason(source.code, source.params, english)


def build_error(kind: type[Error], code: str, step: str = "", /, **params: Any) -> Error:
    """Return an error of this kind with the sentence of its code."""
    return kind(code, SENTENCES[code], step, **params)


def explain(source: Explained | Mapping[str, Any]) -> str:
    """Return the reason of a row, or of an entry of a JSON column, in the language of the page; empty for none."""
    has_reason = source.get("reason") if isinstance(source, Mapping) else source.reason
    return read_reason(source).explain() if has_reason else ""


def explain_cause(source: Explained) -> str:
    """Return the reason of a row without what differs from one failure of this cause to the next."""
    if source.code not in SENTENCES:
        return source.reason
    shared = {*PHRASES, "aws_code", "cause"}
    params = {name: value if name in shared else "…" for name, value in source.params.items()}

    def without_numbers(text: str) -> str:
        return _NUMBER.sub(r"%(\1)s", text)

    return sentences.render(
        SENTENCES[source.code],
        params,
        lambda text: without_numbers(gettext(text)),
        lambda singular, plural, _n: without_numbers(ngettext(singular, plural, _MANY)),
    )


def _render(code: str, params: Mapping[str, Any], translate: Callable[[str], str], *plural: Any) -> str:
    state = {"state": translate(STATES[params["state"]])} if "state" in params else {}
    return sentences.render(SENTENCES[code], {**params, **state}, translate, *plural)


def _strip_nul(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value
