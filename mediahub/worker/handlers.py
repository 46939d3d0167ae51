"""The front door of Zappa's handler: the queue, S3 itself, and the clock; each function takes (event, context)."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from django.conf import settings
from django.utils import timezone

from mediahub import logs, messages, rounds
from mediahub.aws import clients, metrics
from mediahub.recovery import dead_letters
from mediahub.uploads import error_kinds, ingest
from mediahub.uploads.models import Upload, free
from mediahub.worker import clock, clock_rest
from mediahub.worker.dispatch import Invocation, handle, put_off, uploads_of
from processing import Misconfigured, ProcessingError, Unavailable

log = Logger(service="mediahub", json_serializer=logs.to_json)

# What is left of an invocation for writing down how it ended.
MARGIN = timedelta(seconds=2)
# A picture that is begun with less time than this would be cut off.
LEAST = timedelta(seconds=3)
# Nothing comes back later than this, so that an operator who has mended a setting does not wait long.
LONGEST_DELAY = 900
# A file that AWS has refused so often is put on the desk, though it is tried again by itself.
ANNOUNCED = 3
WAITING = (Upload.State.ISSUED, Upload.State.WORKING)


def on_object_created(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on a batch of the upload queue, or on a bare event of S3.

    Answers which messages of the queue are to be delivered again, as `ReportBatchItemFailures` asks; raises for a bare
    event that failed, because S3 has no partial answer.
    """
    run = Invocation(deadline(context), str(context.aws_request_id))
    if event["Records"][0].get("eventSource") != "aws:sqs":
        for message in messages.decode(event):
            log.info("done", what=str(message), outcome=handle(message, run))
        return {"batchItemFailures": []}
    records = event["Records"]
    ordered = _attempt("look for what a worker died of", lambda: _deadly_last(records))
    batch, event = _Batch(run), {"Records": ordered or records}
    # All messages may fail and the answer still names each: an exception would only hide which.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event=event, record_handler=batch.deliver, processor=processor, context=context)
    # What was worked on is worked on, whatever fails from here on: an exception would bring the whole batch back.
    # What went through may have left something that only the clock brings to its end.
    _attempt("wake the clock", clock_rest.wake)
    return dict(answer)


def on_minute(event: dict[str, Any], context: Any) -> dict[str, int]:
    """What the clock does: whatever would otherwise wait for a message that may never come."""
    if _attempt("ask whether the clock rests", clock_rest.resting):
        return {"ticks": 1}
    done = clock.tick(deadline(context))
    if any(done.values()):
        log.info("the clock did its work", extra=done)
    if not settings.LOCAL:
        _attempt("write its metrics", lambda: metrics.report({**done, **clock.standing()}))
    return done


def _attempt(what: str, act: Callable[[], Any]) -> Any:
    """Do what must not end the invocation, whatever it raises; returns what it returns, or None."""
    try:
        return act()
    except Exception as error:
        log.exception("the worker could not %s", what)
        rounds.recover(error)
        return None


def deadline(context: Any) -> datetime:
    """When this invocation must have ended; a lease that ends then never outlives its worker."""
    return datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN


@dataclass
class _Batch:
    """The messages of one invocation, and whether it still takes work."""

    run: Invocation
    stopped: Misconfigured | None = None

    def deliver(self, record: SQSRecord) -> None:
        """Work on one message; whatever it raises brings the message back."""
        try:
            self._take(record)
        except (ProcessingError, messages.Unreadable) as error:
            log.warning(str(error), message_id=record.message_id, kind=type(error).__name__)
            self._postpone(record, error)
            raise
        except Exception as error:
            log.exception("a message failed", message_id=record.message_id)
            self._postpone(record, error)
            raise

    def _take(self, record: SQSRecord) -> None:
        if datetime.now(UTC) + LEAST > self.run.deadline:
            raise Unavailable("late", "This invocation has no time left for another message.")
        for message in messages.decode_text(record.body):
            if self.stopped:
                # The next message would meet the same.
                put_off(message, self.stopped)
                raise self.stopped
            try:
                outcome = handle(message, self.run)
            except Misconfigured as fault:
                if not error_kinds.is_of_one_object(fault):
                    self.stopped = fault
                raise
            log.info("done", what=str(message), outcome=outcome)

    def _postpone(self, record: SQSRecord, error: Exception) -> None:
        """Say when the message comes back: soon at first, then ever later, and never all at once."""
        received = int(record.attributes.approximate_receive_count or 1)
        at = None
        if settings.RETRY_SECONDS:
            delay = _delay(error, received)
            try:
                clients.queue().hide(record.receipt_handle, delay)
                at = timezone.now() + timedelta(seconds=delay)
            except ProcessingError as refused:
                log.warning("the message keeps the queue's own delay: %s", refused)
        lasts = error_kinds.is_of_one_object(error) and received >= ANNOUNCED
        _attempt("note when a file is tried again", lambda: _tell_of_delay(record, at, lasts=lasts))


def _tell_of_delay(record: SQSRecord, at: datetime | None, *, lasts: bool) -> None:
    """Note on a message's upload when it is tried again; one whose fault `lasts` is put on the desk besides."""
    try:
        decoded = messages.decode_text(record.body)
    except (messages.Unreadable, ProcessingError):
        return
    for message in decoded:
        for upload in uploads_of(message).filter(free()):
            Upload.objects.filter(upload.unchanged(), free(), pk=upload.pk, state__in=WAITING).update(next_try_at=at)
            if lasts:
                dead_letters.announce(record.message_id, record.body, upload)


def _deadly_last(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records with those last that a worker may have died of, so that they take no sibling along."""
    keys: dict[str, str] = {}
    for record in records:
        if int(record["attributes"].get("ApproximateReceiveCount", 1)) > 1:
            with suppress(messages.Unreadable, Misconfigured):
                keys |= dict.fromkeys(messages.arrived_keys(record["body"]), record["messageId"])
    deadly = {keys[key] for key in ingest.left_behind(keys)} if keys else set()
    return sorted(records, key=lambda record: record["messageId"] in deadly)


def _delay(error: Exception, received: int) -> int:
    """Seconds until a message is delivered again: exponential, with jitter.

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
