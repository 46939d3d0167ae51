"""The doors of bulk work for Celery."""

from celery import Task, shared_task
from django.utils import timezone

from mediahub.bulk import jobs


@shared_task(bind=True, max_retries=None)
def reprocess_chunk(self: Task, chunk_id: int) -> None:  # type: ignore[type-arg]
    """One chunk of a job; comes back when another worker has it, because that worker may have died."""
    try:
        jobs.run(chunk_id)
    except jobs.Busy as busy:
        wait = (busy.until - timezone.now()).total_seconds() + 1
        raise self.retry(countdown=max(1, min(wait, 600)), exc=busy) from busy
