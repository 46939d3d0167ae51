"""From a file in the upload bucket to an image: claim, fetch, process, record, each safe to do twice."""

import logging
from datetime import datetime
from functools import partial
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.utils import timezone

from mediahub import wiring
from mediahub.delivery import mirror
from mediahub.intake.events import ObjectCreated
from mediahub.intake.models import FailedItem, Upload, padded
from mediahub.intake.tickets import display_name
from mediahub.library import catalogue
from mediahub.library.models import Image
from processing import Missing, ProcessingError, Rejected, Result, Unavailable, process
from processing.keys import upload_id_of

log = logging.getLogger(__name__)


class Superseded(Exception):
    """A newer version of the file arrived while this one was worked on; nothing of this one is kept."""


def arrived(event: ObjectCreated, *, deadline: datetime) -> str:
    """Bring one file that S3 announced to its end; returns the upload's state, "duplicate" or "superseded".

    Raises Unavailable when it should be delivered again, Misconfigured when an operator has to act.
    """
    upload = _find_or_adopt(event)
    return _work(upload, event.version_id, padded(event.sequencer), deadline)


def again(upload_id: UUID, *, deadline: datetime) -> str:
    """Bring a file that failed before to its end, as it lies in the bucket."""
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        return Upload.State.DELETED
    return _work(upload, upload.version_id, upload.sequencer, deadline)


def reprocess(upload: Upload, *, relabel: bool = False) -> bool:
    """Make the renditions of a ready upload anew; False when a newer version of the file came in between.

    Labels that were paid for are kept unless `relabel`, or unless there were none to be had.
    """
    image = upload.image
    keep = image is not None and image.label_state == Image.LabelState.DONE and not relabel
    result = _process(upload, upload.version_id, labels=not keep)
    with transaction.atomic():
        same = Upload.objects.select_for_update().filter(
            pk=upload.pk, state=Upload.State.READY, version_id=upload.version_id, sequencer=upload.sequencer
        )
        if not same.exists():
            return False
        entered = catalogue.enter(_image_id(upload), upload.file_name, result, keep_labels=keep)
        transaction.on_commit(partial(_mirror, entered.pk))
    return True


def _find_or_adopt(event: ObjectCreated) -> Upload:
    announced = upload_id_of(event.key)
    # The id of an adopted file follows from its place, so that two workers adopt it once.
    upload_id = announced or uuid5(NAMESPACE_URL, f"s3://{event.bucket}/{event.key}")
    upload, adopted = Upload.objects.get_or_create(
        bucket=event.bucket,
        key=event.key,
        defaults={
            "id": upload_id,
            "source": Upload.Source.BUCKET,
            "method": Upload.Method.DIRECT,
            "file_name": display_name(event.key),
        },
    )
    if adopted:
        log.info("adopted %s, which no ticket announced", event.key)
    return upload


def _work(upload: Upload, version_id: str, sequencer: str, deadline: datetime) -> str:
    if not Upload.claim(upload.pk, version_id=version_id, sequencer=sequencer, until=deadline):
        return _not_ours(upload.pk, sequencer)
    try:
        result = _process(upload, version_id, labels=True)
        _record(upload.pk, version_id, sequencer, result)
    except Rejected as error:
        return _end(upload.pk, version_id, sequencer, Upload.State.REJECTED, error)
    except Missing as error:
        return _end(upload.pk, version_id, sequencer, Upload.State.DELETED, error)
    except Superseded:
        return "superseded"
    except Exception as error:
        _release(upload.pk, version_id, sequencer, error)
        raise
    return Upload.State.READY


def _not_ours(upload_id: UUID, sequencer: str) -> str:
    now = Upload.objects.get(pk=upload_id)
    if now.sequencer > sequencer:
        return "superseded"
    if now.state in Upload.ENDED:
        return "duplicate"
    # Deleting this message now would lose the file if the other worker died: it comes back when the lease is over.
    raise Unavailable("busy", f"{now.file_name} is being worked on by another worker; this delivery waits for it.")


def _process(upload: Upload, version_id: str, *, labels: bool) -> Result:
    limits = wiring.limits()
    with wiring.uploads().get(upload.key, version_id or None, max_bytes=limits.max_bytes) as file:
        return process(
            file,
            _image_id(upload),
            store=wiring.renditions(),
            labeler=wiring.labeler() if labels else None,
            limits=limits,
        )


def _image_id(upload: Upload) -> UUID:
    """The image's id is known before its row, so that a second attempt writes the same files."""
    return upload.image_id or upload.pk


def _record(upload_id: UUID, version_id: str, sequencer: str, result: Result) -> None:
    with transaction.atomic():
        upload = (
            Upload.objects.select_for_update()
            .filter(pk=upload_id, state=Upload.State.WORKING, version_id=version_id, sequencer=sequencer)
            .first()
        )
        if upload is None:
            raise Superseded
        image = catalogue.enter(_image_id(upload), upload.file_name, result)
        upload.image, upload.state, upload.step, upload.reason = image, Upload.State.READY, "", ""
        upload.lease_until, upload.finished_at = None, timezone.now()
        upload.save(update_fields=["image", "state", "step", "reason", "lease_until", "finished_at"])
        _close_failed_items(upload_id)
        transaction.on_commit(partial(_mirror, image.pk))


def _end(upload_id: UUID, version_id: str, sequencer: str, state: Upload.State, error: ProcessingError) -> str:
    with transaction.atomic():
        ended = Upload.objects.filter(
            pk=upload_id, state=Upload.State.WORKING, version_id=version_id, sequencer=sequencer
        ).update(state=state, reason=error.message[:500], lease_until=None, finished_at=timezone.now())
        if ended:
            _close_failed_items(upload_id)
    return state if ended else "superseded"


def _release(upload_id: UUID, version_id: str, sequencer: str, error: Exception) -> None:
    """Leave word of what went wrong and let the next delivery begin at once."""
    reason = error.message if isinstance(error, ProcessingError) else f"{type(error).__name__}: {error}"
    Upload.objects.filter(pk=upload_id, state=Upload.State.WORKING, version_id=version_id, sequencer=sequencer).update(
        reason=reason[:500], step=getattr(error, "step", "")[:16], lease_until=None
    )


def _close_failed_items(upload_id: UUID) -> None:
    FailedItem.objects.filter(upload_id=upload_id, state__in=[FailedItem.State.OPEN, FailedItem.State.RETRIED]).update(
        state=FailedItem.State.RESOLVED, handled_at=timezone.now()
    )


def _mirror(image_id: UUID) -> None:
    try:
        mirror.push(image_id)
    except ProcessingError as error:
        # The image is ready all the same; the clock pushes it again because its revision is not mirrored.
        log.warning("image %s waits for the clock to be mirrored: %s", image_id, error)
