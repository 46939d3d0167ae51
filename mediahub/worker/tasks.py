"""The doors of bulk work for Celery."""

from celery import Task, shared_task
from django.utils import timezone

from mediahub.jobs import runner


@shared_task(bind=True, max_retries=None)
def reprocess_chunk(self: Task, chunk_id: int) -> None:  # type: ignore[type-arg]
    """Work on one chunk of a job; come back when another worker has it, because that worker may have died."""
    try:
        runner.run_chunk(chunk_id)
    except runner.Busy as busy:
        wait = (busy.until - timezone.now()).total_seconds() + 1
        raise self.retry(countdown=max(1, min(wait, 600)), exc=busy) from busy
