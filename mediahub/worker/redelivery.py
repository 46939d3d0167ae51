"""When a message that failed is delivered again, and what its upload says of that meanwhile."""

import logging
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from mediahub import messages
from mediahub.aws import clients
from mediahub.messages import Message
from mediahub.recovery import dead_letters
from mediahub.uploads import error_kinds, ingest
from mediahub.uploads.models import Upload, match_free
from processing import Misconfigured, ProcessingError

log = logging.getLogger(__name__)

# Nothing comes back later than this, so that an operator who has mended a setting does not wait long.
LONGEST_DELAY = 900
# A file that AWS has refused so often appears on the desk, though it is tried again automatically.
ANNOUNCED_AFTER = 3
WAITING = (Upload.State.ISSUED, Upload.State.WORKING)


def postpone(record: SQSRecord, error: Exception) -> datetime | None:
    """Tell the queue when the message comes back: soon at first, then ever later, and never all at once.

    Return the time, or None where the queue keeps its own delay.
    """
    if not settings.RETRY_SECONDS:
        return None
    delay = calculate_delay(error, count_receives(record.attributes))
    try:
        clients.get_upload_queue().hide_message(record.receipt_handle, delay)
    except ProcessingError as refusal:
        log.warning("the message keeps the queue's own delay: %s", refusal)
        return None
    return timezone.now() + timedelta(seconds=delay)


def record_next_try(record: SQSRecord, error: Exception, next_try_at: datetime | None) -> None:
    """Write on a message's upload when it is tried again; put one that AWS keeps refusing on the desk besides."""
    try:
        decoded = messages.decode_text(record.body)
    except ProcessingError:
        return
    received = count_receives(record.attributes)
    is_announced = error_kinds.is_of_one_object(error) and received >= ANNOUNCED_AFTER
    for message in decoded:
        for upload in find_uploads(message).filter(match_free()):
            waiting = Upload.objects.filter(upload.match_unchanged(), match_free(), pk=upload.pk, state__in=WAITING)
            waiting.update(next_try_at=next_try_at)
            if is_announced:
                dead_letters.announce_upload(record.message_id, record.body, upload)


def record_not_begun(message: Message, error: ProcessingError) -> None:
    """Record why a message is not worked on; only files have a place for it."""
    if isinstance(message, messages.ObjectCreated | messages.CheckKey):
        ingest.record_not_begun(message.key, error)


def find_uploads(message: Message) -> QuerySet[Upload]:
    """Return the upload whose file a message asks to work on; none when it asks for something else."""
    match message:
        case messages.ObjectCreated(key=key) | messages.ObjectRemoved(key=key) | messages.CheckKey(key=key):
            return Upload.objects.filter(bucket=settings.UPLOAD_BUCKET, key=key)
        case messages.ResumeUpload(upload_id=upload_id):
            return Upload.objects.filter(pk=upload_id)
        case messages.RetryFailedItem(item_id=pk):
            return Upload.objects.filter(failed_items=pk)
    return Upload.objects.none()


def count_receives(attributes: Mapping[str, Any]) -> int:
    """Return how often a message was received, by the attributes that the queue sends with it."""
    return int(attributes.get("ApproximateReceiveCount") or 1)


def calculate_delay(error: Exception, received: int) -> int:
    """Return the seconds until a message is delivered again: exponential, with jitter.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    match error:
        case messages.Unreadable():
            # It will not become readable: let it become a dead letter that someone sees.
            return 0
        case Misconfigured() if not error_kinds.is_of_one_object(error):
            return LONGEST_DELAY
    # What an operator has to mend for one object is tried soon, and then leaves them time.
    growth = 4 if isinstance(error, Misconfigured) else 2
    longest = min(LONGEST_DELAY, settings.RETRY_SECONDS * growth ** min(received - 1, 10))
    return int(random.uniform(longest / 2, longest))  # noqa: S311 - spreads load, guards nothing
