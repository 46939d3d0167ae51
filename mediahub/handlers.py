"""The front door of Zappa's handler: the queue, S3 itself, and the clock; each function takes (event, context)."""

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from django.conf import settings

from mediahub import logs, metrics, wiring
from mediahub.bulk import jobs
from mediahub.intake import clock, events, ingest, rest
from mediahub.intake.dispatch import Invocation, put_off, work
from processing import Misconfigured, ProcessingError, Unavailable

log = Logger(service="mediahub", json_serializer=logs.to_json)

# What is left of an invocation for writing down how it ended.
MARGIN = timedelta(seconds=2)
# A picture that is begun with less time than this would be cut off.
LEAST = timedelta(seconds=3)
# Nothing comes back later than this, so that an operator who has mended a setting does not wait long.
LONGEST_DELAY = 900


def on_object_created(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on a batch of the upload queue, or on a bare event of S3.

    Answers which messages of the queue are to be delivered again, as `ReportBatchItemFailures` asks; raises for a bare
    event that failed, because S3 has no partial answer.
    """
    run = Invocation(deadline(context), str(context.aws_request_id))
    if event["Records"][0].get("eventSource") != "aws:sqs":
        for message in events.read(event):
            log.info("done", what=str(message), outcome=_do(message, run))
        return {"batchItemFailures": []}
    batch, event = _Batch(run), {"Records": _deadly_last(event["Records"])}
    # All messages may fail and the answer still names each: an exception would only hide which.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event=event, record_handler=batch.deliver, processor=processor, context=context)
    # What went through may have left something that only the clock brings to its end.
    rest.wake()
    metrics.report(batch.counts)
    return dict(answer)


def on_minute(event: dict[str, Any], context: Any) -> dict[str, int]:
    """What the clock does: whatever would otherwise wait for a message that may never come."""
    if rest.resting():
        metrics.report({"ticks": 1})
        return {"ticks": 1}
    done = clock.tick(deadline(context), {"jobs_asked": jobs.remind, "jobs_swept": jobs.sweep})
    if any(done.values()):
        log.info("the clock did its work", extra=done)
    if not settings.LOCAL:
        # Each metric is paid for by the month, and jobs have a page that tells more.
        counted = {name: n for name, n in done.items() if not name.startswith("jobs_")}
        metrics.report({"ticks": 1, **counted, **clock.standing()})
    if not jobs.busy():
        rest.rest()
    return done


def _do(message: events.Message, run: Invocation) -> str:
    """Do what one message asks for; what is about jobs on many images leads to the app above."""
    if isinstance(message, events.JobTurn):
        return f"job {jobs.turn(message.job_id, run.deadline)}"
    return str(work(message, run))


def deadline(context: Any) -> datetime:
    """When this invocation must have ended; a lease that ends then never outlives its worker."""
    return datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN


@dataclass
class _Batch:
    """The messages of one invocation, and whether it still takes work."""

    run: Invocation
    stopped: Misconfigured | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def deliver(self, record: SQSRecord) -> None:
        """Work on one message; whatever it raises brings the message back."""
        try:
            self._take(record)
        except (ProcessingError, events.Unreadable) as error:
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
        for message in events.parse(record.body):
            if self.stopped:
                # The next message would meet the same.
                put_off(message, self.stopped)
                raise self.stopped
            try:
                outcome = _do(message, self.run)
            except Misconfigured as fault:
                self.stopped = fault
                raise
            self.counts[f"outcome_{outcome.split()[0]}"] += 1
            log.info("done", what=str(message), outcome=outcome)

    def _postpone(self, record: SQSRecord, error: Exception) -> None:
        """Say when the message comes back: soon at first, then ever later, and never all at once."""
        self.counts[f"failed_{type(error).__name__.lower()}"] += 1
        if not settings.RETRY_SECONDS:
            return
        received = int(record.attributes.approximate_receive_count or 1)
        try:
            wiring.queue().hide(record.receipt_handle, _delay(error, received))
        except ProcessingError as refused:
            log.warning("the message keeps the queue's own delay: %s", refused)


def _deadly_last(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records with those last that a worker may have died of, so that they take no sibling along."""
    keys: dict[str, str] = {}
    for record in records:
        if int(record["attributes"].get("ApproximateReceiveCount", 1)) > 1:
            with suppress(events.Unreadable, Misconfigured):
                keys |= dict.fromkeys(events.keys(record["body"]), record["messageId"])
    deadly = {keys[key] for key in ingest.left_behind(keys)} if keys else set()
    return sorted(records, key=lambda record: record["messageId"] in deadly)


def _delay(error: Exception, received: int) -> int:
    """Seconds until a message is delivered again: exponential, with jitter.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    match error:
        case events.Unreadable():
            # It will not become readable: let it become a dead letter that someone sees.
            return 0
        case Misconfigured():
            return LONGEST_DELAY
    longest = min(LONGEST_DELAY, settings.RETRY_SECONDS * 2 ** min(received - 1, 10))
    return int(random.uniform(longest / 2, longest))  # noqa: S311 - spreads load, guards nothing
