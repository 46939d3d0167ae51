"""Dead letters: from the dead-letter queue to an editor's desk, and from there back to work or out."""

import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from mediahub import wiring
from mediahub.intake import events
from mediahub.intake.models import FailedItem, Upload
from mediahub.library.models import Image
from processing import ProcessingError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)

PAYLOAD_CHARACTERS = 256 * 1024
UNKNOWN = "The message failed too often, and nothing was noted of why. See its payload."


def collect(most: int = 100) -> int:
    """Turn dead letters into failed items, the row first and then the message; returns how many."""
    queue = wiring.dead_letters()
    collected = 0
    while collected < most and (messages := queue.receive()):
        for message in messages:
            _keep(message)
            queue.delete(message["ReceiptHandle"])
        collected += len(messages)
    return collected


def retry(user: "User", items: Iterable[FailedItem]) -> int:
    """Put the open items back on the queue; returns how many.

    Call it outside a transaction: the worker must see the row before the message. Raises Unavailable or Misconfigured
    when the queue takes no message; that item and those after it stay open.
    """
    return sum(_retry(user, item) for item in items)


def discard(user: "User", items: Iterable[FailedItem], note: str) -> int:
    """Take the open items off the desk, for the reason in `note`; returns how many."""
    return FailedItem.objects.filter(
        pk__in=[item.pk for item in items], state__in=[FailedItem.State.OPEN, FailedItem.State.RETRIED]
    ).update(
        state=FailedItem.State.DISCARDED, handled_by=user, handled_at=timezone.now(), note=" ".join(note.split())[:500]
    )


def _keep(message: dict[str, Any]) -> None:
    payload = str(message.get("Body", ""))[:PAYLOAD_CHARACTERS]
    kind, upload, image, reason = _read(payload)
    sent = _time(message.get("Attributes", {}).get("SentTimestamp"))
    received = int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    with transaction.atomic():
        if upload is not None:
            reason, image = upload.reason or reason, upload.image or image
            _fail(upload, reason)
        known = _known(message["MessageId"], upload)
        if known:
            FailedItem.objects.filter(pk=known.pk).update(
                state=FailedItem.State.OPEN,
                attempts=upload.attempts if upload else F("attempts") + received,
                reason=reason[:500],
                step=upload.step if upload else known.step,
                last_failed_at=timezone.now(),
            )
            return
        FailedItem.objects.create(
            message_id=message["MessageId"],
            upload=upload,
            image=image,
            kind=kind,
            step=upload.step if upload else "",
            reason=reason[:500],
            attempts=upload.attempts if upload else received,
            payload=payload,
            first_failed_at=sent,
            last_failed_at=timezone.now(),
        )


def _read(payload: str) -> tuple[str, Upload | None, Image | None, str]:
    """Kind, upload, image and reason of a dead letter, whatever it holds."""
    try:
        messages = events.read(json.loads(payload))
    except (events.Unreadable, ProcessingError) as error:
        return "unknown", None, None, str(error)
    except (ValueError, RecursionError):
        return "unknown", None, None, "The message is no JSON text. See its payload."
    match messages:
        case [events.ObjectCreated(bucket=bucket, key=key), *_]:
            return "upload", Upload.objects.filter(bucket=bucket, key=key).first(), None, UNKNOWN
        case [events.Retry(upload_id=upload_id), *_]:
            return "upload", Upload.objects.filter(pk=upload_id).first(), None, UNKNOWN
        case [events.MirrorImage(image_id=image_id), *_]:
            return "mirror", None, Image.objects.filter(pk=image_id).first(), "The image could not be mirrored."
    return "unknown", None, None, UNKNOWN


def _known(message_id: str, upload: Upload | None) -> FailedItem | None:
    """The item this dead letter belongs to already: collected before, or a retry of the same upload that failed."""
    known = FailedItem.objects.filter(message_id=message_id).first()
    if known is None and upload is not None:
        active = [FailedItem.State.OPEN, FailedItem.State.RETRIED]
        known = FailedItem.objects.filter(upload=upload, state__in=active).first()
    return known


def _fail(upload: Upload, reason: str) -> None:
    Upload.objects.filter(pk=upload.pk, state__in=[Upload.State.ISSUED, Upload.State.WORKING]).update(
        state=Upload.State.FAILED, reason=reason[:500], lease_until=None, finished_at=timezone.now()
    )


def _retry(user: "User", item: FailedItem) -> int:
    with transaction.atomic():
        taken = FailedItem.objects.filter(pk=item.pk, state=FailedItem.State.OPEN).update(
            state=FailedItem.State.RETRIED, handled_by=user, handled_at=timezone.now()
        )
        if not taken:
            return 0
        Upload.objects.filter(failed_items=item, state=Upload.State.FAILED).update(
            state=Upload.State.ISSUED, finished_at=None
        )
    try:
        wiring.queue().send(_message(item))
    except ProcessingError:
        _put_back(item)
        raise
    return 1


def _message(item: FailedItem) -> Any:
    if item.upload_id:
        return {"mediahub": "retry", "upload": str(item.upload_id)}
    try:
        return json.loads(item.payload)
    except (ValueError, RecursionError):
        return {"mediahub": "unreadable", "payload": item.payload}


def _put_back(item: FailedItem) -> None:
    FailedItem.objects.filter(pk=item.pk).update(state=FailedItem.State.OPEN)
    Upload.objects.filter(failed_items=item, state=Upload.State.ISSUED).update(
        state=Upload.State.FAILED, finished_at=timezone.now()
    )


def _time(milliseconds: Any) -> datetime:
    """SQS counts milliseconds since 1970; a message without a time failed now."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else timezone.now()
