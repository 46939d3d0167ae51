"""What is done for each message of the queue, whoever sent it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from mediahub import wiring
from mediahub.delivery import mirror
from mediahub.intake import crops, events, ingest, redrive, rest, sweep
from mediahub.intake.models import FailedItem, Upload
from processing import Missing, ProcessingError


@dataclass(frozen=True)
class Invocation:
    """The one run of a function that a message is worked on in: when it ends, and its request id."""

    deadline: datetime
    request: str = ""


def work(message: events.Message, run: Invocation) -> str:
    """Do what one message asks for; returns a word for the log.

    Raises Unavailable when it should be delivered again, Misconfigured when an operator has to act.
    """
    match message:
        case events.ObjectCreated():
            return ingest.arrived(message, deadline=run.deadline, request=run.request)
        case events.ObjectRemoved():
            return ingest.removed(message, deadline=run.deadline, request=run.request)
        case events.Look(key=key):
            return ingest.look(key, deadline=run.deadline, request=run.request)
        case events.Retry(upload_id=upload_id):
            return ingest.again(upload_id, deadline=run.deadline, request=run.request)
        case events.Again(item=pk):
            return _again(pk, run)
        case events.Redrive(order=order):
            return f"sent {redrive.send_next(order)}"
        case events.Reprocess(image_id=image_id):
            return _reprocess(image_id, run)
        case events.Cut(image_id=image_id):
            return crops.cut(image_id)
        case events.Sweep(keys=keys):
            return f"removed {sweep.sweep(keys)}"
        case events.Wake():
            rest.wake()
            return "woken"
        case events.JobTurn(job_id=job_id):
            # Jobs stand above this app: the front door takes their turns from the queue.
            wiring.queue().send({"mediahub": "job", "job": str(job_id)})
            return "asked"
        case events.MirrorImage(image_id=image_id):
            return "mirrored" if mirror.push(image_id) else "duplicate"


def _reprocess(image_id: UUID, run: Invocation) -> str:
    """Make the renditions of an image anew; where its file is gone, bring the record to what the bucket has."""
    upload = ingest.upload_of(image_id)
    if upload is None:
        return "superseded"
    try:
        return "reprocessed" if ingest.reprocess(upload) else "superseded"
    except Missing:
        return ingest.look(upload.key, deadline=run.deadline, request=run.request)


def put_off(message: events.Message, fault: ProcessingError) -> None:
    """Note why a message is not worked on; only files have a place for it."""
    if isinstance(message, events.ObjectCreated | events.Look):
        ingest.put_off(message.key, fault)


def uploads_of(message: events.Message) -> QuerySet[Upload]:
    """Return the upload whose file a message asks to work on; none when it asks for something else."""
    match message:
        case events.ObjectCreated(key=key) | events.ObjectRemoved(key=key) | events.Look(key=key):
            return Upload.objects.filter(bucket=settings.UPLOAD_BUCKET, key=key)
        case events.Retry(upload_id=upload_id):
            return Upload.objects.filter(pk=upload_id)
        case events.Again(item=pk):
            return Upload.objects.filter(failed_items=pk)
    return Upload.objects.none()


def _again(pk: int, run: Invocation) -> str:
    """Try a failed item again; it is resolved with what it is about."""
    item = FailedItem.objects.filter(pk=pk, state=FailedItem.State.RETRIED).first()
    if item is None:
        return "duplicate"
    if item.upload_id:
        outcome = ingest.again(item.upload_id, deadline=run.deadline, request=run.request)
    else:
        outcome = " ".join(work(message, run) for message in events.parse(item.payload))
    FailedItem.objects.filter(pk=pk, state=FailedItem.State.RETRIED).update(
        state=FailedItem.State.RESOLVED, handled_at=timezone.now()
    )
    return outcome
