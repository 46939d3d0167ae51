"""Reprocessing: the renditions of many images made anew, resumable at any image, each safe to do twice."""

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from mediahub.bulk.models import Chunk, Job
from mediahub.intake import ingest
from mediahub.library.models import Image
from processing import ProcessingError

log = logging.getLogger(__name__)

CHUNK = 50


class Busy(Exception):
    """Another worker has the chunk until `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Another worker has this chunk until {until:%H:%M:%S}.")
        self.until = until


@dataclass(frozen=True)
class Selection:
    """Which images: by ids, by state, taken in since a moment (ISO 8601); all when nothing is said."""

    ids: tuple[str, ...] = ()
    state: str = ""
    since: str = ""

    def images(self) -> QuerySet[Image]:
        """The images, in the order of their ids."""
        wanted = Q()
        if self.ids:
            wanted &= Q(pk__in=self.ids)
        if self.state:
            wanted &= Q(state=self.state)
        if self.since:
            wanted &= Q(created_at__gte=datetime.fromisoformat(self.since))
        return Image.objects.filter(wanted).order_by("pk")


@dataclass(frozen=True)
class Progress:
    """How far a job is, in images."""

    total: int
    done: int
    failures: list[str]
    finished: bool

    @property
    def passed(self) -> int:
        """Images that are behind the job, one way or the other."""
        return self.done + len(self.failures)


def order(selection: Selection, *, relabel: bool = False) -> tuple[Job, bool]:
    """The job for this selection, and whether it goes on with one that was interrupted."""
    wanted = {**asdict(selection), "ids": sorted(selection.ids)}
    with transaction.atomic():
        held = Job.objects.filter(selection=wanted, relabel=relabel, finished_at=None).first()
        if held:
            return held, True
        job = Job.objects.create(selection=wanted, relabel=relabel)
        ids = selection.images().values_list("pk", flat=True).iterator()
        chunks = [(job.pk, len(part), part[0], part[-1]) for part in _parts(ids)]
        Chunk.objects.bulk_create([Chunk(job=job, first=first, last=last) for _, _, first, last in chunks])
        job.total = sum(count for _, count, _, _ in chunks)
        job.finished_at = None if chunks else timezone.now()
        job.save(update_fields=["total", "finished_at"])
    return job, False


def unfinished(job: Job) -> list[int]:
    """The chunks that are still to be done."""
    return list(job.chunks.filter(finished_at=None).values_list("pk", flat=True))


def run(chunk_id: int) -> None:
    """Go through one chunk from where it was left; raises Busy while another worker has it."""
    if not Chunk.claim(chunk_id, until=_lease()):
        held = Chunk.objects.filter(pk=chunk_id, finished_at=None).first()
        if held:
            raise Busy(held.lease_until or timezone.now())
        return
    chunk = Chunk.objects.select_related("job").get(pk=chunk_id)
    for image in _left(chunk).iterator():
        _reprocess(chunk, image)
    Chunk.objects.filter(pk=chunk_id).update(finished_at=timezone.now(), lease_until=None)
    if not Chunk.objects.filter(job=chunk.job, finished_at=None).exists():
        Job.objects.filter(pk=chunk.job_id, finished_at=None).update(finished_at=timezone.now())


def release(chunk_id: int) -> None:
    """Give up a chunk whose worker was interrupted, so that the next one need not wait for the lease."""
    Chunk.objects.filter(pk=chunk_id, finished_at=None).update(lease_until=None)


def progress(job: Job) -> Progress:
    """How far the job is now."""
    chunks = list(job.chunks.values_list("done", "failures", "finished_at"))
    failures = [failure for _, failed, _ in chunks for failure in failed]
    return Progress(job.total, sum(done for done, _, _ in chunks), failures, all(at for _, _, at in chunks))


def _parts(ids: Iterator[UUID]) -> Iterator[list[UUID]]:
    part: list[UUID] = []
    for image_id in ids:
        part.append(image_id)
        if len(part) == CHUNK:
            yield part
            part = []
    if part:
        yield part


def _lease() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def _left(chunk: Chunk) -> QuerySet[Image]:
    selection = Selection(**{**chunk.job.selection, "ids": tuple(chunk.job.selection["ids"])})
    left = selection.images().filter(pk__gte=chunk.first, pk__lte=chunk.last)
    return left.filter(pk__gt=chunk.reached) if chunk.reached else left


def _reprocess(chunk: Chunk, image: Image) -> None:
    failure = ""
    upload = ingest.upload_of(image.pk)
    try:
        if upload is None:
            failure = f"{image.file_name} ({image.pk}): its original is not in the upload bucket any more."
        else:
            ingest.reprocess(upload, relabel=chunk.job.relabel)
    except ProcessingError as error:
        failure = f"{image.file_name} ({image.pk}): {error.message}"
        log.warning("could not reprocess %s", failure)
    if failure:
        chunk.failures = [*chunk.failures, failure]
    # The counts come after the files: a worker that dies in between does the image once more, to the same bytes.
    Chunk.objects.filter(pk=chunk.pk).update(
        reached=image.pk, done=F("done") + int(not failure), failures=chunk.failures, lease_until=_lease()
    )
