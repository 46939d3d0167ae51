"""Jobs: ordered once, worked on chunk by chunk by whoever comes, paused, gone on with, cancelled, tried again.

One road, many doors: a turn of the queue, a task of Celery and the command all lead to `run`.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from mediahub import messages, rounds
from mediahub.aws import clients
from mediahub.jobs import chunk_work, downloads
from mediahub.jobs.models import Chunk, Job
from mediahub.jobs.selection import Selection
from mediahub.library.models import Image
from mediahub.messages import ContinueJob
from mediahub.recovery.comparisons import STEPS
from mediahub.recovery.models import Reconciliation
from processing import ProcessingError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)
State, Kind = Job.State, Job.Kind

CHUNK = 50
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
}
ASK_AGAIN = timedelta(minutes=2)
KEPT = timedelta(days=90)
# A chunk that goes through no images has this in place of its first and last.
NO_IMAGE = UUID(int=0)


class Busy(Exception):
    """Another worker has the chunk until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Another worker has this chunk until {until:%H:%M:%S}.")
        self.until = until


@dataclass(frozen=True)
class Failure:
    """An image that could not be dealt with, and why; without an id it is not known which."""

    image: str
    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} ({self.image}): {self.why}" if self.image else self.why


@dataclass(frozen=True)
class Progress:
    """How far a job is, in images; `rate` is images a minute and `left` the time to the end, None while not known."""

    total: int
    done: int
    failed: int
    finished: bool
    rate: float | None = None
    left: timedelta | None = None

    @property
    def passed(self) -> int:
        """Images that are behind the job, one way or the other."""
        return self.done + self.failed


def order(
    selection: Selection, *, relabel: bool = False, by: "User | None" = None, queued: bool = False
) -> tuple[Job, bool]:
    """The job that makes these renditions anew, and whether it goes on with one that was interrupted."""
    return _order(Kind.REPROCESS, selection, queued, relabel=relabel, by=by)


def order_mirror(*, queued: bool = False) -> tuple[Job, bool]:
    """Return the job that writes the whole mirror anew, and whether it goes on with one that was interrupted."""
    return _order(Kind.MIRROR, Selection(), queued, relabel=False, by=None)


def order_check(check: Reconciliation) -> Job:
    """Return the job that brings a comparison to its end through the queue; it counts the steps of the comparison."""
    asked = {"check": check.pk}
    with transaction.atomic():
        job = Job.objects.filter(kind=Kind.CHECK, selection=asked, finished_at=None).first()
        if job is None:
            job = Job.objects.create(kind=Kind.CHECK, selection=asked, queued=True, total=len(STEPS))
            _cut(job, [Chunk(job=job, first=NO_IMAGE, last=NO_IMAGE, cursor=asked)])
    resume(job)
    ask(job, lanes=1)
    return job


def _order(kind: str, selection: Selection, queued: bool, **asked: Any) -> tuple[Job, bool]:
    wanted = {**asdict(selection), "ids": sorted(selection.ids)}
    with transaction.atomic():
        open_job = Job.objects.filter(kind=kind, selection=wanted, finished_at=None, **asked).first()
        job = open_job or Job.objects.create(kind=kind, selection=wanted, queued=queued, **asked)
        if open_job is None:
            ids = selection.images().values_list("pk", flat=True).iterator()
            chunks = [Chunk(job=job, first=part[0], last=part[-1], attempts=0) for part in _parts(job, ids)]
            if kind == Kind.MIRROR:
                chunks.insert(0, Chunk(job=job, first=NO_IMAGE, last=NO_IMAGE, cursor={"forgotten": 0}))
            _cut(job, chunks)
    if open_job:
        resume(open_job)
        if queued and not open_job.queued:
            # A command that was interrupted elsewhere had begun it.
            _through_the_queue(open_job)
    elif queued:
        ask(job)
    return job, open_job is not None


def order_zip(images: QuerySet[Image], files: str, by: "User") -> Job:
    """The job that brings these images together as zip files, for their maker; raises zips.TooLarge."""
    plan = downloads.plan(images, files)
    with transaction.atomic():
        ids = [str(pk) for part in plan for pk in part]
        held = Job.objects.filter(kind=Kind.ZIP, selection={"ids": ids}, files=files, by=by, finished_at=None).first()
        if held:
            resume(held)
            return held
        job = Job.objects.create(kind=Kind.ZIP, selection={"ids": ids}, files=files, by=by, queued=True, total=len(ids))
        downloads.tell(by, ids, files)
        _cut(job, list(_chunks(job, plan, 1)))
    ask(job)
    return job


def pause(job: Job) -> bool:
    """Let no further image be begun; False when the job is not under way."""
    return Job.move(job.pk, Job.ACTIVE, State.PAUSED)


def resume(job: Job) -> bool:
    """Go on with a paused job, through the queue unless a command works on it; False when it is not paused."""
    passed = progress(job).passed
    moved = Job.move(job.pk, (State.PAUSED,), State.WAITING, started_at=None, passed_before=passed)
    if moved and (job.by_id or job.queued):
        _through_the_queue(job)
    return moved


def cancel(job: Job) -> bool:
    """End the job where it is; what is done stays. False when it has ended."""
    return Job.move(job.pk, (*Job.ACTIVE, State.PAUSED), State.CANCELLED, finished_at=timezone.now())


def retry_failed(job: Job) -> int:
    """Try the images that failed once more, within the same job; returns how many, 0 when it is not at its end."""
    with transaction.atomic():
        held = Job.objects.select_for_update().filter(pk=job.pk, state=State.PARTLY).first()
        if held is None:
            return 0
        again = [failure.image for failure in failures(held) if failure.image]
        if not again:
            return 0
        Chunk.objects.filter(job=held).update(failures=[], failed=0)
        parts = downloads.plan(Image.objects.filter(pk__in=again), held.files) if held.kind == Kind.ZIP else [again]
        Chunk.objects.bulk_create(_chunks(held, parts, 1))
        fresh = {"finished_at": None, "started_at": None, "passed_before": progress(held).done}
        Job.move(held.pk, (State.PARTLY,), State.WAITING, **fresh)
    _through_the_queue(held)
    return len(again)


def unfinished(job: Job) -> list[int]:
    """The chunks that are still to be done."""
    return list(job.chunks.filter(finished_at=None).values_list("pk", flat=True))


def turn(job_id: UUID, deadline: datetime) -> str:
    """Work on the next free chunk of a job for a while, then ask for the next turn; returns a word for the log."""
    job = Job.objects.filter(pk=job_id, state__in=Job.ACTIVE).first()
    if job is None:
        return "duplicate"
    needs = NEEDS[job.kind]
    if timezone.now() + needs > deadline:
        # Others were before it in this invocation: the next one begins with more time.
        ask(job, lanes=1)
        return "later"
    outcome = _run_next(job, min(deadline - needs, timezone.now() + SLICE))
    if outcome != "duplicate":
        ask(job, lanes=1)
    return outcome


def _run_next(job: Job, until: datetime) -> str:
    # Another lane may take the first of them at this moment.
    for pk in Chunk.open().filter(job=job).values_list("pk", flat=True)[: LANES + 1]:
        with suppress(Busy):
            return "finished" if run(pk, until) else "turned"
    return "duplicate"


def run(chunk_id: int, until: datetime | None = None) -> bool:
    """Go through one chunk from where it was left; False when `until` came, or a person stopped it, before the end.

    Raises Busy while another worker has it.
    """
    lease = chunk_work.lease()
    if not Chunk.claim(chunk_id, until=lease):
        held = Chunk.objects.filter(pk=chunk_id, finished_at=None, job__state__in=Job.ACTIVE).first()
        if held:
            raise Busy(held.lease_until or timezone.now())
        return Chunk.objects.filter(pk=chunk_id).exclude(finished_at=None).exists()
    chunk = Chunk.objects.select_related("job").get(pk=chunk_id)
    Job.move(chunk.job_id, (State.WAITING,), State.RUNNING, started_at=timezone.now())
    try:
        through = chunk_work.go_through(chunk, until)
    except ProcessingError:
        # What a part of AWS refuses is no fault of the image that it was about.
        chunk.mine().update(lease_until=None, attempts=0)
        raise
    if not through:
        chunk.mine().update(lease_until=None, attempts=0)
        return False
    chunk.mine().update(finished_at=timezone.now(), lease_until=None)
    _finish(chunk.job_id)
    return True


def release(chunk_id: int) -> None:
    """Give up a chunk whose worker was interrupted, so that the next one need not wait for the lease."""
    Chunk.objects.filter(pk=chunk_id, finished_at=None).update(lease_until=None, attempts=0)


def progress(job: Job) -> Progress:
    """How far the job is now."""
    sums = job.chunks.aggregate(done=Sum("done", default=0), failed=Sum("failed", default=0))
    done, failed = sums["done"], sums["failed"]
    now = Job.objects.get(pk=job.pk)
    passed = done + failed
    seconds = (timezone.now() - now.started_at).total_seconds() if now.started_at else 0
    rate = (passed - now.passed_before) * 60 / seconds if seconds > 0 and passed > now.passed_before else None
    ended = now.state in Job.ENDED
    left = timedelta(minutes=(job.total - passed) / rate) if rate and now.state == State.RUNNING else None
    return Progress(job.total, done, failed, ended, rate if not ended else None, left)


def failures(job: Job) -> list[Failure]:
    """The images that could not be dealt with."""
    found = [entry for entries in job.chunks.values_list("failures", flat=True) for entry in entries]
    # A release before this one kept sentences alone.
    return [Failure(*entry) if isinstance(entry, list) else Failure("", "", entry) for entry in found]


def ask(job: Job, lanes: int = LANES) -> None:
    """Ask the queue for turns; what it does not take, the clock asks for again. Call it outside a transaction."""
    Job.objects.filter(pk=job.pk).update(asked_at=timezone.now())
    for _lane in range(min(lanes, Chunk.open().filter(job=job).count())):
        try:
            messages.send(ContinueJob(job.pk))
        except ProcessingError as error:
            log.warning("job %s waits for the clock: %s", job.pk, error)
            return


def busy() -> bool:
    """That some job is under way through the queue."""
    return Job.objects.filter(queued=True, state__in=Job.ACTIVE).exists()


def remind() -> int:
    """Ask again for jobs that nobody works on, because a worker died or a message was lost; returns how many."""
    now = timezone.now()
    worked_on = Chunk.objects.filter(job=OuterRef("pk"), finished_at=None, lease_until__gte=now)
    silent = Q(asked_at=None) | Q(asked_at__lt=now - ASK_AGAIN)
    left = Job.objects.filter(~Exists(worked_on), silent, queued=True, state__in=Job.ACTIVE)

    def ask_again(pk: UUID) -> None:
        ask(Job.objects.get(pk=pk))
        # A worker may have died between its last chunk and the end of its job.
        _finish(pk)

    return rounds.each(rounds.pick(left.values_list("pk", flat=True), 100, "job"), ask_again, "job")


def sweep() -> int:
    """Remove zip files that nobody may fetch any more, and jobs that ended long ago; returns how many of both."""
    now = timezone.now()
    old = Chunk.objects.filter(finished_at__lt=now - timedelta(seconds=settings.DOWNLOAD_KEEP_SECONDS)).exclude(key="")

    def remove_zip(pk: int) -> None:
        clients.renditions().delete(Chunk.objects.values_list("key", flat=True).get(pk=pk))
        Chunk.objects.filter(pk=pk).update(key="")

    swept = rounds.each(rounds.pick(old.values_list("pk", flat=True), 100, "zip"), remove_zip, "zip")
    gone = Job.objects.filter(finished_at__lt=now - KEPT).exclude(chunks__in=Chunk.objects.exclude(key=""))
    pks = list(gone.values_list("pk", flat=True)[:100])
    Job.objects.filter(pk__in=pks).delete()
    return swept + len(pks)


def _through_the_queue(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(queued=True)
    transaction.on_commit(lambda: ask(job))


def _cut(job: Job, chunks: list[Chunk]) -> None:
    Chunk.objects.bulk_create(chunks)
    if not chunks:
        job.state, job.finished_at = State.DONE, timezone.now()
    job.save(update_fields=["total", "state", "finished_at"])


def _parts(job: Job, ids: Iterator[UUID]) -> Iterator[list[UUID]]:
    """The ids, a chunk at a time; counts them in the job's total."""
    part: list[UUID] = []
    for image_id in ids:
        part.append(image_id)
        job.total += 1
        if len(part) == CHUNK:
            yield part
            part = []
    if part:
        yield part


def _chunks(job: Job, parts: Any, start: int) -> Iterator[Chunk]:
    for part in parts:
        only = [str(pk) for pk in part]
        yield Chunk(job=job, first=min(only), last=max(only), only=only, start=start)
        start += len(only)


def _finish(job_id: UUID) -> None:
    """End the job when all its chunks are, also one that was paused while its last image was worked on."""
    chunks = Chunk.objects.filter(job=job_id)
    if chunks.filter(finished_at=None).exists():
        return
    state = State.PARTLY if chunks.filter(failed__gt=0).exists() else State.DONE
    Job.move(job_id, (*Job.ACTIVE, State.PAUSED), state, finished_at=timezone.now())
