"""What is done for each message of the queue, whoever sent it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from mediahub import messages
from mediahub.delivery import mirror
from mediahub.jobs import runner
from mediahub.messages import Message
from mediahub.recovery import retries
from mediahub.recovery.models import FailedItem
from mediahub.uploads import crops, ingest, rendition_sweep
from mediahub.uploads.models import Upload
from mediahub.worker import clock_rest
from processing import Missing, ProcessingError


@dataclass(frozen=True)
class Invocation:
    """The one run of a function that a message is worked on in: when it ends, and its request id."""

    deadline: datetime
    request: str = ""


def handle(message: Message, run: Invocation) -> str:
    """Do what one message asks for; return a word for the log.

    Raises Unavailable when it should be delivered again, Misconfigured when an operator has to act.
    """
    match message:
        case messages.ObjectCreated():
            return ingest.arrived(message, deadline=run.deadline, request=run.request)
        case messages.ObjectRemoved():
            return ingest.removed(message, deadline=run.deadline, request=run.request)
        case messages.CheckKey(key=key):
            return ingest.look(key, deadline=run.deadline, request=run.request)
        case messages.ResumeUpload(upload_id=upload_id):
            return ingest.again(upload_id, deadline=run.deadline, request=run.request)
        case messages.RetryFailedItem(item_id=item_id):
            return _retry(item_id, run)
        case messages.SendRetries(order_id=order_id):
            return f"sent {retries.send_next(order_id)}"
        case messages.ReprocessImage(image_id=image_id):
            return _reprocess(image_id, run)
        case messages.CutCrops(image_id=image_id):
            return crops.cut(image_id)
        case messages.SweepRenditions(keys=keys):
            return f"removed {rendition_sweep.sweep(keys)}"
        case messages.WakeClock():
            clock_rest.wake()
            return "woken"
        case messages.MirrorImage(image_id=image_id):
            return "mirrored" if mirror.push(image_id) else "duplicate"
        case messages.ContinueJob(job_id=job_id):
            return f"job {runner.turn(job_id, run.deadline)}"


def _reprocess(image_id: UUID, run: Invocation) -> str:
    """Make the renditions of an image anew; where its file is gone, bring the record to what the bucket has."""
    upload = ingest.upload_of(image_id)
    if upload is None:
        return "superseded"
    try:
        return "reprocessed" if ingest.reprocess(upload) else "superseded"
    except Missing:
        return ingest.look(upload.key, deadline=run.deadline, request=run.request)


def put_off(message: Message, fault: ProcessingError) -> None:
    """Note why a message is not worked on; only files have a place for it."""
    if isinstance(message, messages.ObjectCreated | messages.CheckKey):
        ingest.put_off(message.key, fault)


def uploads_of(message: Message) -> QuerySet[Upload]:
    """Return the upload whose file a message asks to work on; none when it asks for something else."""
    match message:
        case messages.ObjectCreated(key=key) | messages.ObjectRemoved(key=key) | messages.CheckKey(key=key):
            return Upload.objects.filter(bucket=settings.UPLOAD_BUCKET, key=key)
        case messages.ResumeUpload(upload_id=upload_id):
            return Upload.objects.filter(pk=upload_id)
        case messages.RetryFailedItem(item_id=pk):
            return Upload.objects.filter(failed_items=pk)
    return Upload.objects.none()


def _retry(pk: int, run: Invocation) -> str:
    """Try a failed item again; it is resolved with what it is about."""
    item = FailedItem.objects.filter(pk=pk, state=FailedItem.State.RETRIED).first()
    if item is None:
        return "duplicate"
    if item.upload_id:
        outcome = ingest.again(item.upload_id, deadline=run.deadline, request=run.request)
    else:
        outcome = " ".join(handle(message, run) for message in messages.decode_text(item.payload))
    FailedItem.objects.filter(pk=pk, state=FailedItem.State.RETRIED).update(
        state=FailedItem.State.RESOLVED, handled_at=timezone.now()
    )
    return outcome
