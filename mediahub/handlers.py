"""The front door of Zappa's handler: the queue, S3 itself, and the clock; each function takes (event, context)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from mediahub.delivery import mirror
from mediahub.intake import dead_letters, events, ingest
from processing import ProcessingError

log = Logger(service="mediahub")

# What is left of an invocation for writing down how it ended.
MARGIN = timedelta(seconds=2)


def on_object_created(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Work on a batch of the upload queue, or on a bare event of S3.

    Answers which messages of the queue are to be delivered again, as `ReportBatchItemFailures` asks; raises for a bare
    event that failed, because S3 has no partial answer.
    """
    until = deadline(context)
    if event["Records"][0].get("eventSource") != "aws:sqs":
        _work(event, until)
        return {"batchItemFailures": []}
    # All messages may fail and the answer still names each: an exception would only hide which.
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(
        event=event,
        record_handler=lambda record: _deliver(record, until),
        processor=processor,
        context=context,
    )
    return dict(answer)


def on_minute(event: dict[str, Any], context: Any) -> dict[str, int]:
    """What the clock does: collect dead letters and push the images that the mirror lacks."""
    done = {"dead_letters": dead_letters.collect(), "mirrored": mirror.push_stale()}
    if any(done.values()):
        log.info("the clock did its work", extra=done)
    return done


def deadline(context: Any) -> datetime:
    """When this invocation must have ended; a lease that ends then never outlives its worker."""
    return datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis()) - MARGIN


def _deliver(record: SQSRecord, until: datetime) -> None:
    try:
        _work(json.loads(record.body), until)
    except (ProcessingError, events.Unreadable) as error:
        log.warning(str(error), message_id=record.message_id, kind=type(error).__name__)
        raise
    except Exception:
        log.exception("a message failed", message_id=record.message_id)
        raise


def _work(body: Any, until: datetime) -> None:
    for message in events.read(body):
        match message:
            case events.ObjectCreated():
                outcome = ingest.arrived(message, deadline=until)
                log.info("upload ended", key=message.key, outcome=str(outcome))
            case events.Retry(upload_id=upload_id):
                log.info("retry ended", upload=str(upload_id), outcome=str(ingest.again(upload_id, deadline=until)))
            case events.MirrorImage(image_id=image_id):
                mirror.push(image_id)
