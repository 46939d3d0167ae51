"""Jobs: ordered once, worked on chunk by chunk by whoever comes, paused, gone on with, cancelled, tried again.

One road, many doors: a turn of the queue, a task of Celery and the command all lead to `run_chunk`.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone

from mediahub import messages, rounds
from mediahub.aws import clients
from mediahub.jobs import chunk_work, downloads
from mediahub.jobs.models import Chunk, Job
from mediahub.library.models import Image
from mediahub.messages import ContinueJob
from mediahub.reasons import Reason, read_reason
from processing import ProcessingError

if TYPE_CHECKING:
    pass

log = logging.getLogger(__name__)
State, Kind = Job.State, Job.Kind

# So many workers are on one job at most: the others are left for what comes in.
LANES = 2
# Of an invocation a job takes so much, because messages of uploads may have come with its own.
SLICE = timedelta(seconds=10)
# What is begun needs so much time before the invocation ends.
NEEDS: dict[str, timedelta] = {
    Kind.REPROCESS: timedelta(seconds=5),
    Kind.ZIP: timedelta(seconds=35),
    Kind.MIRROR: timedelta(seconds=5),
    Kind.CHECK: timedelta(seconds=10),
    Kind.ACTION: timedelta(seconds=8),
    Kind.UNDO: timedelta(seconds=8),
}
ASK_AGAIN = timedelta(minutes=2)
RETENTION = timedelta(days=90)


class Busy(Exception):
    """Another worker has the chunk until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Another worker has this chunk until {until:%H:%M:%S}.")
        self.until = until


@dataclass(frozen=True)
class Failure:
    """An image that failed, and why."""

    image: str
    name: str
    reason: Reason

    def __str__(self) -> str:
        return f"{self.name} ({self.image}): {self.reason.english}"


@dataclass(frozen=True)
class Progress:
    """How far a job is, in images; `rate` is images a minute and `left` the time to the end, None while not known."""

    total: int
    succeeded: int
    failed: int
    finished: bool
    rate: float | None = None
    left: timedelta | None = None

    @property
    def passed(self) -> int:
        """Images that are behind the job, one way or the other."""
        return self.succeeded + self.failed


def pause_job(job: Job) -> bool:
    """Let no further image be begun; False when the job is not under way."""
    return Job.move(job.pk, Job.ACTIVE, State.PAUSED)


def resume_job(job: Job) -> bool:
    """Go on with a paused job, through the queue unless a command works on it; False when it is not paused."""
    passed = measure_progress(job).passed
    moved = Job.move(job.pk, (State.PAUSED,), State.WAITING, started_at=None, passed_before=passed)
    if moved and (job.by_id or job.queued):
        queue_job(job)
    return moved


def cancel_job(job: Job) -> bool:
    """End the job where it is; what is done stays. False when it has ended."""
    return Job.move(job.pk, (*Job.ACTIVE, State.PAUSED), State.CANCELLED, finished_at=timezone.now())


def retry_failed(job: Job) -> int:
    """Try the images that failed once more, within the same job; return how many, 0 when it is not at its end."""
    with transaction.atomic():
        ended_job = Job.objects.select_for_update().filter(pk=job.pk, state=State.PARTLY).first()
        if ended_job is None:
            return 0
        failed_ids = [failure.image for failure in list_failures(ended_job)]
        if not failed_ids:
            return 0
        Chunk.objects.filter(job=ended_job).update(failures=[], failed=0)
        parts = (
            downloads.plan_parts(Image.objects.filter(pk__in=failed_ids), ended_job.files)
            if ended_job.kind == Kind.ZIP
            else [failed_ids]
        )
        Chunk.objects.bulk_create(build_chunks(ended_job, parts, 1))
        fields = {"finished_at": None, "started_at": None, "passed_before": measure_progress(ended_job).succeeded}
        Job.move(ended_job.pk, (State.PARTLY,), State.WAITING, **fields)
    queue_job(ended_job)
    return len(failed_ids)


def list_unfinished_chunks(job: Job) -> list[int]:
    """Return the ids of the chunks that are still to be done."""
    return list(job.chunks.filter(finished_at=None).values_list("pk", flat=True))


def take_turn(job_id: UUID, deadline: datetime) -> str:
    """Work on the next free chunk of a job for a while, then ask for the next turn; return a word for the log."""
    job = Job.objects.filter(pk=job_id, state__in=Job.ACTIVE).first()
    if job is None:
        return "duplicate"
    needs = NEEDS[job.kind]
    if timezone.now() + needs > deadline:
        # Others were before it in this invocation: the next one begins with more time.
        request_turns(job, lanes=1)
        return "later"
    outcome = _run_next(job, min(deadline - needs, timezone.now() + SLICE))
    if outcome != "duplicate":
        request_turns(job, lanes=1)
    return outcome


def _run_next(job: Job, until: datetime) -> str:
    # Another lane may take the first of them at this moment.
    for pk in Chunk.filter_open().filter(job=job).values_list("pk", flat=True)[: LANES + 1]:
        with suppress(Busy):
            return "finished" if run_chunk(pk, until) else "turned"
    return "duplicate"


def run_chunk(chunk_id: int, until: datetime | None = None) -> bool:
    """Go through one chunk from where it was left; False when `until` came, or a person stopped it, before the end.

    Raise Busy while another worker has it.
    """
    lease = chunk_work.calculate_lease()
    if not Chunk.claim(chunk_id, until=lease):
        leased_chunk = Chunk.objects.filter(pk=chunk_id, finished_at=None, job__state__in=Job.ACTIVE).first()
        if leased_chunk:
            raise Busy(leased_chunk.lease_until or timezone.now())
        return Chunk.objects.filter(pk=chunk_id).exclude(finished_at=None).exists()
    chunk = Chunk.objects.select_related("job").get(pk=chunk_id)
    Job.move(chunk.job_id, (State.WAITING,), State.RUNNING, started_at=timezone.now())
    try:
        is_finished = chunk_work.work_on_chunk(chunk, until)
    except chunk_work.LostLease:
        return False
    except ProcessingError:
        # What a part of AWS refuses is no fault of the image that it was about.
        chunk.match_leased().update(lease_until=None, attempts=0)
        raise
    if not is_finished:
        chunk.match_leased().update(lease_until=None, attempts=0)
        return False
    chunk.match_leased().update(finished_at=timezone.now(), lease_until=None)
    _finish_job(chunk.job_id)
    return True


def release_chunk(chunk_id: int) -> None:
    """Give up a chunk whose worker was interrupted, so that the next one need not wait for the lease."""
    Chunk.objects.filter(pk=chunk_id, finished_at=None).update(lease_until=None, attempts=0)


def measure_progress(job: Job) -> Progress:
    """Return how far the job is now."""
    sums = job.chunks.aggregate(succeeded=Sum("succeeded", default=0), failed=Sum("failed", default=0))
    succeeded, failed = sums["succeeded"], sums["failed"]
    fresh_job = Job.objects.get(pk=job.pk)
    passed = succeeded + failed
    seconds = (timezone.now() - fresh_job.started_at).total_seconds() if fresh_job.started_at else 0
    rate = (
        (passed - fresh_job.passed_before) * 60 / seconds if seconds > 0 and passed > fresh_job.passed_before else None
    )
    ended = fresh_job.state in Job.ENDED
    left = timedelta(minutes=(job.total - passed) / rate) if rate and fresh_job.state == State.RUNNING else None
    return Progress(job.total, succeeded, failed, ended, rate if not ended else None, left)


def list_failures(job: Job) -> list[Failure]:
    """Return the images that failed."""
    entries = [entry for entries in job.chunks.values_list("failures", flat=True) for entry in entries]
    return [Failure(entry["image"], entry["name"], read_reason(entry)) for entry in entries]


def request_turns(job: Job, lanes: int = LANES) -> None:
    """Ask the queue for turns; what it does not take, the clock asks for again. Call it outside a transaction."""
    Job.objects.filter(pk=job.pk).update(asked_at=timezone.now())
    for _lane in range(min(lanes, Chunk.filter_open().filter(job=job).count())):
        try:
            messages.send(ContinueJob(job.pk))
        except ProcessingError as error:
            log.warning("job %s waits for the clock: %s", job.pk, error)
            return


def has_active_jobs() -> bool:
    """Return whether some job is being worked on through the queue."""
    return Job.objects.filter(queued=True, state__in=Job.ACTIVE).exists()


def request_lost_turns() -> int:
    """Ask again for jobs that nobody works on, because a worker died or a message was lost; return how many."""
    now = timezone.now()
    worked_on = Chunk.objects.filter(job=OuterRef("pk"), finished_at=None, lease_until__gte=now)
    silent = Q(asked_at=None) | Q(asked_at__lt=now - ASK_AGAIN)
    left = Job.objects.filter(~Exists(worked_on), silent, queued=True, state__in=Job.ACTIVE)

    def ask_again(pk: UUID) -> None:
        request_turns(Job.objects.get(pk=pk))
        # A worker may have died between its last chunk and the end of its job.
        _finish_job(pk)

    return rounds.process_each(rounds.pick_items(left.values_list("pk", flat=True), 100, "job"), ask_again, "job")


def sweep_old_jobs() -> int:
    """Remove zip files that nobody may fetch any more, and jobs that ended long ago; return how many of both."""
    now = timezone.now()
    expired = Q(finished_at__lt=now - timedelta(seconds=settings.DOWNLOAD_KEEP_SECONDS))
    # Whoever asked for it may not sign in any more.
    ownerless = Q(finished_at__isnull=False, job__by__is_active=False)
    old = Chunk.objects.filter(expired | ownerless).exclude(key="")

    def remove_zip(pk: int) -> None:
        clients.get_rendition_store().delete(Chunk.objects.values_list("key", flat=True).get(pk=pk))
        Chunk.objects.filter(pk=pk).update(key="")

    swept = rounds.process_each(rounds.pick_items(old.values_list("pk", flat=True), 100, "zip"), remove_zip, "zip")
    gone = Job.objects.filter(finished_at__lt=now - RETENTION).exclude(chunks__in=Chunk.objects.exclude(key=""))
    pks = list(gone.values_list("pk", flat=True)[:100])
    Job.objects.filter(pk__in=pks).delete()
    return swept + len(pks)


def queue_job(job: Job) -> None:
    """Have the job worked on through the queue from the commit on."""
    Job.objects.filter(pk=job.pk).update(queued=True)
    transaction.on_commit(lambda: request_turns(job))


def build_chunks(job: Job, parts: Any, start: int) -> Iterator[Chunk]:
    """Yield a chunk for each part, a list of ids of images; the first image has the place `start` among all."""
    for part in parts:
        only = [str(pk) for pk in part]
        yield Chunk(job=job, first=min(only), last=max(only), only=only, start=start)
        start += len(only)


def _finish_job(job_id: UUID) -> None:
    """End the job when all its chunks are, also one that was paused while its last image was worked on."""
    chunks = Chunk.objects.filter(job=job_id)
    if chunks.filter(finished_at=None).exists():
        return
    state = State.PARTLY if chunks.filter(failed__gt=0).exists() else State.DONE
    Job.move(job_id, (*Job.ACTIVE, State.PAUSED), state, finished_at=timezone.now())
