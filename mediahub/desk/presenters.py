"""How the desk says things: what became of an upload, what the labels are worth, and in which tone."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub.jobs.models import Job
from mediahub.library.changes import to_json
from mediahub.library.metadata import FIELDS
from mediahub.library.models import Image, Tagging
from mediahub.reasons import explain
from mediahub.recovery.models import FailedItem
from mediahub.uploads.ingest import TOO_MANY_PIXELS
from mediahub.uploads.models import Upload
from mediahub.uploads.stalled_uploads import GRACE

TONES: dict[str, str] = {
    Image.State.IN_REVIEW: "wait",
    Image.State.PUBLISHED: "good",
    Image.State.ARCHIVED: "quiet",
    Upload.State.ISSUED: "quiet",
    Upload.State.WORKING: "busy",
    Upload.State.READY: "good",
    Upload.State.FAILED: "bad",
    Upload.State.DELETED: "quiet",
    Upload.State.EXPIRED: "quiet",
    FailedItem.State.OPEN: "bad",
    FailedItem.State.RETRIED: "busy",
    FailedItem.State.RESOLVED: "good",
    FailedItem.State.DISCARDED: "quiet",
    Job.State.WAITING: "quiet",
    Job.State.RUNNING: "busy",
    Job.State.PAUSED: "wait",
    Job.State.CANCELLED: "quiet",
    Job.State.DONE: "good",
    Job.State.PARTLY: "bad",
    Tagging.State.SUGGESTED: "wait",
    Tagging.State.ACCEPTED: "good",
    Tagging.State.REJECTED: "quiet",
}

STEPS: dict[str, str | Promise] = {
    "decode": gettext_lazy("opening the file"),
    "metadata": gettext_lazy("reading its details"),
    "render": gettext_lazy("making the renditions"),
    "look": gettext_lazy("measuring what it looks like"),
    "store": gettext_lazy("storing the renditions"),
    "crop": gettext_lazy("cutting the renditions"),
    "label": gettext_lazy("asking for labels"),
}

LABEL_SOURCES: dict[str, str | Promise] = {
    "rekognition": gettext_lazy("Suggested by Amazon Rekognition. It can be wrong: accept what is right."),
    "measured": gettext_lazy("Measured on this machine from light and colour. This is not recognition."),
    "recorded": gettext_lazy("Taken from recorded answers, as tests use them."),
}


# What a comparison of buckets, records and mirror can find, and what is done about it.
FINDINGS: dict[str, tuple[str | Promise, str | Promise]] = {
    "lost": (
        gettext_lazy("Files that nobody was told of"),
        gettext_lazy("They lie in the upload bucket, but no event came. They are taken in now."),
    ),
    "overwritten": (
        gettext_lazy("Files that were put over an original"),
        gettext_lazy(
            "Somebody used the ticket of an upload twice. The image keeps the file that came first. "
            "Put it back on top, or the bucket forgets it in time."
        ),
    ),
    "gone": (
        gettext_lazy("Originals that were deleted"),
        gettext_lazy("The bucket has them no more. Their images are taken out of use."),
    ),
    "missing": (
        gettext_lazy("Renditions that are missing"),
        gettext_lazy("They are made anew from the original."),
    ),
    "altered": (
        gettext_lazy("Renditions that were altered"),
        gettext_lazy("They are not what was written. They are made anew from the original."),
    ),
    "orphan": (
        gettext_lazy("Renditions that no image uses"),
        gettext_lazy("They are removed."),
    ),
    "drifted": (
        gettext_lazy("Images that the mirror shows otherwise"),
        gettext_lazy("They are mirrored again."),
    ),
    "stranger": (
        gettext_lazy("Images in the mirror that are not in the library"),
        gettext_lazy("They are taken out of the mirror."),
    ),
    "unjudged": (
        gettext_lazy("Things that could not be compared"),
        gettext_lazy(
            "The comparison met an error and passed them over. An operator has to look into the worker's log."
        ),
    ),
    "unlabelled": (
        gettext_lazy("Images without labels"),
        gettext_lazy("The service did not answer when they came in. It is asked again."),
    ),
}


@dataclass(frozen=True)
class Standing:
    """Where an upload stands, for a person: `tone` picks the colour, `ended` says that nothing more will happen."""

    label: str
    tone: str
    reason: str
    ended: bool


def standing(upload: Upload) -> Standing:
    """The upload's state in plain words, with what to do where something can be done."""
    # The word is also a tagging's, where an editor said so and nothing is the matter.
    tone = "wait" if upload.state == Upload.State.REJECTED else TONES[upload.state]
    ended = upload.state in Upload.ENDED
    if upload.waits_for_another_try:
        return Standing(_until(upload), "wait", explain(upload) or _("Its worker came to no end."), ended)
    match upload.state:
        case Upload.State.ISSUED if upload.attempts:
            return Standing(_("waiting"), tone, _("It waits for another attempt."), ended)
        case Upload.State.ISSUED if upload.expires_at and upload.expires_at + GRACE < timezone.now():
            return Standing(_("never arrived"), tone, _("The file was not sent in time. Add it again."), True)
        case Upload.State.ISSUED:
            return Standing(_("waiting"), tone, "", ended)
        case Upload.State.WORKING if upload.attempts > 1:
            reason = _("Attempt %(n)d, because the one before did not succeed.") % {"n": upload.attempts}
            return Standing(_("working"), tone, reason, ended)
        case Upload.State.REJECTED if upload.code == TOO_MANY_PIXELS:
            asked = _("A chief editor can let it pass once.")
            return Standing(_("rejected"), tone, f"{explain(upload)} {asked}", ended)
        case Upload.State.FAILED:
            kept = _("The file is kept: retry it under Failed items.")
            return Standing(_("failed"), tone, f"{explain(upload)} {kept}".strip(), ended)
    return Standing(str(Upload.State(upload.state).label), tone, explain(upload), ended)


def _until(upload: Upload) -> str:
    """When the upload is tried again by itself, by the site's clock."""
    if upload.next_try_at is None or upload.next_try_at <= timezone.now():
        return _("waiting to be tried again")
    return _("waiting to be tried again at %(time)s") % {"time": f"{timezone.localtime(upload.next_try_at):%H:%M}"}


def story(upload: Upload) -> list[tuple[datetime | None, str]]:
    """What happened to the upload, in order: (time, or None where none was noted; sentence)."""
    who = str(upload.uploaded_by or _("Someone"))
    told: list[tuple[datetime | None, str]]
    if upload.source == Upload.Source.BUCKET:
        told = [(upload.issued_at, _("The file was put into the upload bucket without a ticket, and was taken over."))]
    else:
        told = [(upload.issued_at, _("%(who)s asked to send this file, and was given a ticket.") % {"who": who})]
    if upload.version_id:
        told.append((None, _("The file arrived in the upload bucket.")))
    if upload.attempts:
        told.append((None, _("Attempts to work on it: %(n)d.") % {"n": upload.attempts}))
    if upload.step and upload.attempts and upload.state != Upload.State.READY:
        told.append((None, _("Last step: %(step)s.") % {"step": STEPS.get(upload.step, upload.step)}))
    told.append((upload.finished_at, _ending(upload)))
    return told


def _ending(upload: Upload) -> str:
    reason = standing(upload).reason
    match upload.state:
        case Upload.State.READY:
            return _("It became an image.")
        case Upload.State.REJECTED:
            return _("It was rejected, and is not tried again: %(reason)s") % {"reason": reason}
        case Upload.State.FAILED:
            return _("It failed: %(reason)s") % {"reason": reason}
        case Upload.State.DELETED:
            return _("The file was deleted from the upload bucket.")
        case Upload.State.WORKING if not upload.waits_for_another_try:
            return _("It is being worked on now.")
        case Upload.State.WORKING | Upload.State.ISSUED if upload.waits_for_another_try:
            return f"{standing(upload).label.capitalize()}. {reason}"
    return reason or _("The file has not arrived yet.")


@dataclass(frozen=True)
class FileWord:
    """A word that stands in the file; `differs` says that the image has another."""

    name: str
    title: str
    value: str
    differs: bool
    now: str = ""


def embedded(image: Image) -> list[FileWord]:
    """The words in the file, in the order of the image's own, its keywords last."""
    found = []
    for name in FIELDS:
        value = image.embedded.get(name, "")
        if value:
            title = str(getattr(Image._meta.get_field(name), "verbose_name", name)).capitalize()
            now = to_json(getattr(image, name)) or ""
            found.append(FileWord(name, title, value, now != value, now))
    if keywords := image.embedded.get("keywords"):
        found.append(FileWord("keywords", _("Keywords"), ", ".join(keywords), differs=False))
    return found


def labels(image: Image) -> str:
    """What the suggestions on this image are worth, or why there are none."""
    match image.label_state:
        case Image.LabelState.DONE:
            return str(LABEL_SOURCES.get(image.label_source, ""))
        case Image.LabelState.NOT_ANALYZABLE:
            return explain(image.label_note) or _("The picture is too small to be analysed. Add tags by hand.")
        case Image.LabelState.UNAVAILABLE:
            said = _("Labels could not be fetched yet. The picture itself is complete; tags can be added by hand.")
            return f"{said} {explain(image.label_note)}".strip()
    return _("Labels are switched off. Add tags by hand.")
