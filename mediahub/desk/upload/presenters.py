"""Uploads in words: their state, their history, and how the upload page shows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mediahub.delivery.addresses import build_address
from mediahub.desk.presenters import TONES
from mediahub.library import rendition_choice
from mediahub.library.models import Image
from mediahub.reasons import explain
from mediahub.uploads.folder_batches import ROOT, FolderBatch
from mediahub.uploads.ingest import TOO_MANY_PIXELS
from mediahub.uploads.models import Upload, UploadBatch
from mediahub.uploads.stalled_uploads import GRACE

# The picture in a list is at most so many pixels wide and high.
SMALL_EDGE = 256
STEPS: dict[str, str | Promise] = {
    "decode": gettext_lazy("opening the file"),
    "metadata": gettext_lazy("reading its metadata"),
    "render": gettext_lazy("creating renditions"),
    "look": gettext_lazy("analyzing the image"),
    "store": gettext_lazy("storing renditions"),
    "crop": gettext_lazy("cropping renditions"),
    "label": gettext_lazy("requesting labels"),
}


@dataclass(frozen=True)
class UploadStatus:
    """Where an upload stands, for a person: `tone` picks the color, `ended` says that nothing more will happen."""

    label: str
    tone: str
    reason: str
    ended: bool


@dataclass(frozen=True)
class FolderLine:
    """A folder of the bucket in one line: its name, how many files came and what became of them.

    `states` are the states of its files, where they differ: (state, sentence).
    """

    batch: UploadBatch
    name: str
    files: str
    states: list[tuple[str, str]]
    skipped: str
    label: str
    tone: str


# The state that a folder's chip shows is the first of these that one of its files has.
_TELLING_STATES = (
    Upload.State.FAILED,
    Upload.State.WORKING,
    Upload.State.ISSUED,
    Upload.State.REJECTED,
    Upload.State.READY,
)


def describe_folder(folder: FolderBatch) -> FolderLine:
    """Return one day's files of a folder of the bucket, in one line."""
    counts, skipped = sorted(folder.counts.items()), folder.batch.system_files
    skipped_text = ngettext("%(n)d system file skipped", "%(n)d system files skipped", skipped) % {"n": skipped}
    state = next((each for each in _TELLING_STATES if each in folder.counts), Upload.State.DELETED)
    return FolderLine(
        batch=folder.batch,
        name=describe_folder_name(folder.batch),
        files=ngettext("%(n)d file", "%(n)d files", folder.files) % {"n": folder.files},
        states=[(each, f"{number} {each.label}") for each, number in counts] if len(counts) > 1 else [],
        skipped=skipped_text if skipped else "",
        label=str(state.label),
        tone=_get_tone(state),
    )


def describe_folder_name(batch: UploadBatch) -> str:
    """Return the name of the folder of the bucket whose files a batch has."""
    return _("Top level of the bucket") if batch.folder == ROOT else batch.folder


def describe_status(upload: Upload) -> UploadStatus:
    """Return the upload's state in plain words, with the next step where there is one."""
    tone = _get_tone(upload.state)
    ended = upload.state in Upload.ENDED
    if upload.waits_for_another_try:
        return UploadStatus(
            _describe_next_attempt(upload),
            "wait",
            explain(upload) or _("The worker stopped before it finished."),
            ended,
        )
    match upload.state:
        case Upload.State.ISSUED if upload.attempts:
            return UploadStatus(_("waiting"), tone, _("Waiting for another attempt."), ended)
        case Upload.State.ISSUED if upload.expires_at and upload.expires_at + GRACE < timezone.now():
            return UploadStatus(_("never arrived"), tone, _("The file was not sent in time. Add it again."), True)
        case Upload.State.ISSUED:
            return UploadStatus(_("waiting"), tone, "", ended)
        case Upload.State.WORKING if upload.attempts > 1:
            reason = _("Attempt %(n)d; the previous one failed.") % {"n": upload.attempts}
            return UploadStatus(_("processing"), tone, reason, ended)
        case Upload.State.REJECTED if upload.code == TOO_MANY_PIXELS:
            advice = _("A chief editor can allow it once.")
            return UploadStatus(_("rejected"), tone, f"{explain(upload)} {advice}", ended)
        case Upload.State.FAILED:
            advice = _("The file is kept. Retry it under Failed items.")
            return UploadStatus(_("failed"), tone, f"{explain(upload)} {advice}".strip(), ended)
    return UploadStatus(str(Upload.State(upload.state).label), tone, explain(upload), ended)


def _get_tone(state: str) -> str:
    # The word is also a tagging's, where an editor said so and nothing is the matter.
    return "wait" if state == Upload.State.REJECTED else TONES[state]


def _describe_next_attempt(upload: Upload) -> str:
    """Return when the site's clock tries the upload again."""
    if upload.next_try_at is None or upload.next_try_at <= timezone.now():
        return _("waiting to be retried")
    return _("waiting to be retried at %(time)s") % {"time": f"{timezone.localtime(upload.next_try_at):%H:%M}"}


def list_events(upload: Upload) -> list[tuple[datetime | None, str]]:
    """Return what happened to the upload, in order: (time, or None where none was recorded; sentence)."""
    who = str(upload.uploaded_by or _("Someone"))
    events: list[tuple[datetime | None, str]]
    if upload.source == Upload.Source.BUCKET:
        events = [
            (upload.issued_at, _("The file was placed in the upload bucket without a ticket and imported from there."))
        ]
    else:
        events = [(upload.issued_at, _("%(who)s requested an upload ticket for this file.") % {"who": who})]
    if upload.version_id:
        events.append((None, _("The file arrived in the upload bucket.")))
    if upload.attempts:
        events.append((None, _("Processing attempts: %(n)d.") % {"n": upload.attempts}))
    if upload.step and upload.attempts and upload.state != Upload.State.READY:
        events.append((None, _("Last step: %(step)s.") % {"step": STEPS.get(upload.step, upload.step)}))
    events.append((upload.finished_at, _describe_ending(upload)))
    return events


def _describe_ending(upload: Upload) -> str:
    reason = describe_status(upload).reason
    match upload.state:
        case Upload.State.READY:
            return _("The file was processed and is now an image in the library.")
        case Upload.State.REJECTED:
            return _("The file was rejected and will not be retried: %(reason)s") % {"reason": reason}
        case Upload.State.FAILED:
            return _("Processing failed: %(reason)s") % {"reason": reason}
        case Upload.State.DELETED:
            return _("The file was deleted from the upload bucket.")
        case Upload.State.WORKING if not upload.waits_for_another_try:
            return _("The file is being processed.")
        case Upload.State.WORKING | Upload.State.ISSUED if upload.waits_for_another_try:
            return f"{describe_status(upload).label.capitalize()}. {reason}"
    return reason or _("The file has not arrived yet.")


def describe_upload(upload: Upload, user: User | AnonymousUser) -> dict[str, Any]:
    """Return a visible upload as the page shows it, with links only to what the person may open."""
    now, image = describe_status(upload), upload.image
    return {
        "id": str(upload.pk),
        "name": upload.file_name,
        "state": upload.state,
        "label": now.label,
        "tone": now.tone,
        "reason": now.reason,
        "ended": now.ended,
        "picture": _describe_picture(image) if image else None,
        "image": str(image.pk) if image else None,
        "links": _list_links(upload, image, user),
        "batch": str(upload.batch_id) if upload.batch_id else None,
        # What tells the page which file it is when the editor chooses it again, and whether that is needed.
        "bytes": upload.declared_bytes,
        "arrived": bool(upload.version_id),
    }


def _describe_picture(image: Image) -> dict[str, Any]:
    small = rendition_choice.choose_fit(image, SMALL_EDGE)
    if small is None:
        return {"address": "", "placeholder": image.placeholder, "transparent": False, "width": 0, "height": 0}
    return {
        "address": build_address(small.key),
        "placeholder": "" if small.keeps_transparency else image.placeholder,
        "transparent": small.keeps_transparency,
        "width": small.width,
        "height": small.height,
    }


def _list_links(upload: Upload, image: Image | None, user: User | AnonymousUser) -> list[dict[str, str]]:
    links = []
    if image and user.has_perm("library.view_image"):
        href = reverse("admin:library_image_change", args=[image.pk])
        links.append({"text": _("Open"), "href": href, "label": _("Open %(name)s") % {"name": image.title}})
        links += [
            {
                "text": f"{rendition.name} {rendition.width} × {rendition.height}",
                "href": reverse("desk:rendition", args=[image.pk, rendition.name, rendition.format]),
                "label": _("%(rendition)s of %(name)s") % {"rendition": rendition, "name": image.title},
            }
            for rendition in rendition_choice.list_fallbacks(image)
        ]
    elif upload.state == Upload.State.FAILED and user.has_perm("recovery.view_faileditem"):
        href = f"{reverse('admin:recovery_faileditem_changelist')}?upload__id__exact={upload.pk}"
        links.append({"text": _("Failed items"), "href": href, "label": ""})
    return links
