"""The worker's entry points behind Zappa's handler (the queue, S3 itself, the clock), and what each message asks for.

Each entry point takes (event, context).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from django.conf import settings
from django.utils import timezone

from mediahub import logs, messages, rounds
from mediahub.aws import metrics
from mediahub.delivery import mirror
from mediahub.jobs import purge_files, runner
from mediahub.messages import Message
from mediahub.reasons import build_error
from mediahub.recovery import retries
from mediahub.recovery.models import FailedItem
from mediahub.uploads import crops, error_kinds, ingest, rendition_sweep
from mediahub.worker import clock, clock_rest, redelivery
from processing import Misconfigured, Missing, ProcessingError, Unavailable

log = Logger(service="mediahub", json_serializer=logs.serialize_line)

# What is left of an invocation for writing down how it ended.
MARGIN = timedelta(seconds=2)
# A picture that is begun with less time than this would be cut off.
LEAST = timedelta(seconds=3)


@dataclass(frozen=True)
class Invocation:
    """The one run of a function that a message is worked on in: when it ends, and its request id."""

    deadline: datetime
    request: str = ""


def on_object_created(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on a batch of the upload queue, or on a bare event of S3.

    Answer which messages of the queue are to be delivered again, as `ReportBatchItemFailures` asks; raise for a bare
    event that failed, because S3 has no partial answer.
    """
    run = Invocation(calculate_deadline(context), str(context.aws_request_id))
    if event["Records"][0].get("eventSource") != "aws:sqs":
        for message in messages.decode(event):
            log.info("done", what=str(message), outcome=handle(message, run))
        return {"batchItemFailures": []}
    records = event["Records"]
    ordered = _attempt("look for what a worker died of", lambda: _put_deadly_last(records))
    batch, event = _Batch(run), {"Records": ordered or records}
    # All messages may fail and the answer still names each: an exception would only hide which.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event=event, record_handler=batch.deliver, processor=processor, context=context)
    # What was worked on is worked on, whatever fails from here on: an exception would bring the whole batch back.
    # What went through may have left something that only the clock brings to its end.
    _attempt("wake the clock", clock_rest.wake_clock)
    return dict(answer)


def on_minute(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Do the clock's duties: whatever would otherwise wait for a message that may never come."""
    if _attempt("ask whether the clock rests", clock_rest.is_resting):
        return {"ticks": 1}
    counts = clock.tick(calculate_deadline(context))
    if any(counts.values()):
        log.info("the clock did its work", extra=counts)
    if not settings.LOCAL:
        _attempt("write its metrics", lambda: metrics.report_counts({**counts, **clock.count_waiting()}))
    return counts


def handle(message: Message, run: Invocation) -> str:
    """Do what one message asks for; return a word for the log.

    Raises:
        Unavailable: The message should be delivered again.
        Misconfigured: An operator has to act.
    """
    match message:
        case messages.ObjectCreated():
            return ingest.ingest_file(message, deadline=run.deadline, request=run.request)
        case messages.ObjectRemoved():
            return ingest.follow_removal(message, deadline=run.deadline, request=run.request)
        case messages.CheckKey(key=key):
            return ingest.check_key(key, deadline=run.deadline, request=run.request)
        case messages.ResumeUpload(upload_id=upload_id):
            return ingest.resume_upload(upload_id, deadline=run.deadline, request=run.request)
        case messages.RetryFailedItem(item_id=item_id):
            return _retry_failed_item(item_id, run)
        case messages.SendRetries(order_id=order_id):
            return f"sent {retries.send_next_items(order_id)}"
        case messages.ReprocessImage(image_id=image_id):
            return _reprocess_image(image_id, run)
        case messages.CutCrops(image_id=image_id):
            return crops.cut_crops(image_id)
        case messages.SweepRenditions(keys=keys):
            return f"removed {rendition_sweep.sweep_unneeded(keys)}"
        case messages.WakeClock():
            clock_rest.wake_clock()
            return "woken"
        case messages.MirrorImage(image_id=image_id):
            return "mirrored" if mirror.push_image(image_id) else "duplicate"
        case messages.PurgeImage(image_id=image_id):
            return purge_files.purge_image(image_id)
        case messages.ContinueJob(job_id=job_id):
            return f"job {runner.take_turn(job_id, run.deadline)}"


def _reprocess_image(image_id: UUID, run: Invocation) -> str:
    """Regenerate the renditions of an image; where its file is gone, bring the record to what the bucket has."""
    upload = ingest.find_current_upload(image_id)
    if upload is None:
        return "superseded"
    try:
        return "reprocessed" if ingest.reprocess_upload(upload) else "superseded"
    except Missing:
        return ingest.check_key(upload.key, deadline=run.deadline, request=run.request)


def _retry_failed_item(pk: int, run: Invocation) -> str:
    """Try a failed item again; it is resolved with what it is about."""
    item = FailedItem.objects.filter(pk=pk, state=FailedItem.State.RETRIED).first()
    if item is None:
        return "duplicate"
    if item.upload_id:
        outcome = ingest.resume_upload(item.upload_id, deadline=run.deadline, request=run.request)
    else:
        outcome = " ".join(handle(message, run) for message in messages.decode_text(item.payload))
    FailedItem.objects.filter(pk=pk, state=FailedItem.State.RETRIED).update(
        state=FailedItem.State.RESOLVED, handled_at=timezone.now()
    )
    return outcome


def calculate_deadline(context: Any) -> datetime:
    """Return when this invocation must have ended; a lease that ends then never outlives its worker."""
    return datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN


@dataclass
class _Batch:
    """The messages of one invocation, and the error after which it takes no more work."""

    run: Invocation
    stopped_by: Misconfigured | None = None

    def deliver(self, record: SQSRecord) -> None:
        """Work on one message; whatever it raises brings the message back."""
        try:
            self._work_on(record)
        except Exception as error:
            if isinstance(error, ProcessingError):
                log.warning(str(error), message_id=record.message_id, kind=type(error).__name__, code=error.code)
            else:
                log.exception("a message failed", message_id=record.message_id)
            next_try_at = redelivery.postpone(record, error)
            _attempt("record the next try", partial(redelivery.record_next_try, record, error, next_try_at))
            raise

    def _work_on(self, record: SQSRecord) -> None:
        if datetime.now(UTC) + LEAST > self.run.deadline:
            raise build_error(Unavailable, "late")
        for message in messages.decode_text(record.body):
            if self.stopped_by:
                # The next message would meet the same.
                redelivery.record_not_begun(message, self.stopped_by)
                raise self.stopped_by
            try:
                outcome = handle(message, self.run)
            except Misconfigured as error:
                if not error_kinds.is_of_one_object(error):
                    self.stopped_by = error
                raise
            log.info("done", what=str(message), outcome=outcome)


def _put_deadly_last(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records with those last that a worker may have died of, so that they take no sibling along."""
    keys: dict[str, str] = {}
    for record in records:
        if redelivery.count_receives(record["attributes"]) > 1:
            with suppress(messages.Unreadable, Misconfigured):
                keys |= dict.fromkeys(messages.list_arrived_keys(record["body"]), record["messageId"])
    deadly = {keys[key] for key in ingest.find_abandoned_keys(keys)} if keys else set()
    return sorted(records, key=lambda record: record["messageId"] in deadly)


def _attempt(purpose: str, action: Callable[[], Any]) -> Any:
    """Do what must not end the invocation, whatever it raises; return what it returns, or None."""
    try:
        return action()
    except Exception as error:
        log.exception("the worker could not %s", purpose)
        rounds.recover_connection(error)
        return None
