"""The doors of bulk work for Celery."""

from celery import Task, shared_task
from django.db import DatabaseError
from django.utils import timezone

from mediahub import rounds
from mediahub.jobs import runner
from processing import ProcessingError

RETRY_SECONDS = 30


@shared_task(bind=True, max_retries=None)
def reprocess_chunk(self: Task, chunk_id: int) -> None:  # type: ignore[type-arg]
    """Work on one chunk of a job; come back when another worker has it, because that worker may have died."""
    try:
        runner.run_chunk(chunk_id)
    except (DatabaseError, ProcessingError) as error:
        # What a part of AWS or the database refuses now, it may take later; a message that ended would be lost.
        rounds.recover_connection(error)
        raise self.retry(countdown=RETRY_SECONDS, exc=error) from error
    except runner.Busy as busy:
        wait = (busy.until - timezone.now()).total_seconds() + 1
        raise self.retry(countdown=max(1, min(wait, 600)), exc=busy) from busy
