"""Ordering jobs: each once, so that the same order given again goes on with the job that is not at its end."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mediahub.jobs import downloads, runner
from mediahub.jobs.image_actions import ImageAction
from mediahub.jobs.models import Chunk, Job
from mediahub.jobs.selection import Selection
from mediahub.library.models import Image
from mediahub.recovery.comparisons import STEPS
from mediahub.recovery.models import ConsistencyCheck

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Kind = Job.Kind

CHUNK = 50
# What is done in sets comes in larger chunks.
SET_CHUNK = 500
# A chunk that goes through no images has this in place of its first and last.
NO_IMAGE = UUID(int=0)


def order_reprocess(
    selection: Selection,
    *,
    stage: str = Job.Stage.RENDITIONS,
    relabel: bool = False,
    by: "User | None" = None,
    queued: bool = False,
) -> tuple[Job, bool]:
    """Return the job that brings these images through a stage, and whether it continues an interrupted one."""
    return _order_job(Kind.REPROCESS, selection, queued, stage=stage, relabel=relabel, by=by)


def order_mirror(*, queued: bool = False) -> tuple[Job, bool]:
    """Return the job that writes the whole mirror anew, and whether it goes on with one that was interrupted."""
    return _order_job(Kind.MIRROR, Selection(), queued, relabel=False, by=None)


def order_check(check: ConsistencyCheck) -> Job:
    """Return the job that brings a comparison to its end through the queue; it counts the steps of the comparison."""
    selection = {"check": check.pk}
    with transaction.atomic():
        job = Job.objects.filter(kind=Kind.CHECK, selection=selection, finished_at=None).first()
        if job is None:
            job = Job.objects.create(kind=Kind.CHECK, selection=selection, queued=True, total=len(STEPS))
            _save_chunks(job, [Chunk(job=job, first=NO_IMAGE, last=NO_IMAGE, cursor=selection)])
    runner.resume_job(job)
    runner.request_turns(job, lanes=1)
    return job


def _order_job(kind: str, selection: Selection, queued: bool, **options: Any) -> tuple[Job, bool]:
    stored_selection = selection.encode()
    with transaction.atomic():
        open_job = Job.objects.filter(kind=kind, selection=stored_selection, finished_at=None, **options).first()
        job = open_job or Job.objects.create(kind=kind, selection=stored_selection, queued=queued, **options)
        if open_job is None:
            chunks = list(_plan_chunks(job, selection))
            if kind == Kind.MIRROR:
                chunks.insert(0, Chunk(job=job, first=NO_IMAGE, last=NO_IMAGE, cursor={"forgotten": 0}))
            _save_chunks(job, chunks)
    if open_job:
        runner.resume_job(open_job)
        if queued and not open_job.queued:
            # A command that was interrupted elsewhere had begun it.
            runner.queue_job(open_job)
    elif queued:
        runner.request_turns(job)
    return job, open_job is not None


def _plan_chunks(job: Job, selection: Selection) -> Iterator[Chunk]:
    """Yield the chunks of a job: from one image to another, or of noted images where these may become others."""
    ids = selection.images(job.stage).values_list("pk", flat=True).iterator()
    parts = _split_ids(job, ids, SET_CHUNK if job.stage == Job.Stage.LABELS else None)
    if selection.may_change:
        yield from runner.build_chunks(job, parts, 1)
        return
    for part in parts:
        yield Chunk(job=job, first=part[0], last=part[-1], attempts=0)


def order_zip(images: QuerySet[Image], files: str, by: "User") -> Job:
    """Return the job that packs these images into zip files for the person.

    Raises downloads.TooLarge for too many bytes, and downloads.TooMany while others of the person go on.
    """
    plan = downloads.plan_parts(images, files)
    with transaction.atomic():
        ids = [str(pk) for part in plan for pk in part]
        open_job = Job.objects.filter(
            kind=Kind.ZIP, selection={"ids": ids}, files=files, by=by, finished_at=None
        ).first()
        if open_job:
            runner.resume_job(open_job)
            return open_job
        downloads.check_open_downloads(by)
        job = Job.objects.create(kind=Kind.ZIP, selection={"ids": ids}, files=files, by=by, queued=True, total=len(ids))
        downloads.record_download(by, ids, files)
        _save_chunks(job, list(runner.build_chunks(job, plan, 1)))
    runner.request_turns(job)
    return job


def order_action(images: QuerySet[Image], action: ImageAction, by: "User") -> Job:
    """Return the job that does what a person ordered to these images, as they are now."""
    with transaction.atomic():
        job = Job.objects.create(kind=Kind.ACTION, selection={"ids": []}, action=action.encode(), by=by, queued=True)
        ids = images.order_by("pk").values_list("pk", flat=True).iterator()
        _save_chunks(job, list(runner.build_chunks(job, _split_ids(job, ids, SET_CHUNK), 1)))
    runner.request_turns(job)
    return job


def order_undo(change_set_id: UUID, number: int, by: "User") -> Job:
    """Return the job that undoes a change set of so many changes for the person, in one chunk from its newest on."""
    with transaction.atomic():
        selection = {"change_set": str(change_set_id)}
        open_job = Job.objects.filter(kind=Kind.UNDO, selection=selection, by=by, finished_at=None).first()
        if open_job:
            return open_job
        job = Job.objects.create(kind=Kind.UNDO, selection=selection, by=by, queued=True, total=number)
        _save_chunks(job, [Chunk(job=job, first=NO_IMAGE, last=NO_IMAGE, cursor={"before": None})])
    runner.request_turns(job)
    return job


def _save_chunks(job: Job, chunks: list[Chunk]) -> None:
    Chunk.objects.bulk_create(chunks)
    if not chunks:
        job.state, job.finished_at = Job.State.DONE, timezone.now()
    job.save(update_fields=["total", "state", "finished_at"])


def _split_ids(job: Job, ids: Iterator[UUID], size: int | None = None) -> Iterator[list[UUID]]:
    """Yield the ids, a chunk at a time; count them in the job's total."""
    part: list[UUID] = []
    for image_id in ids:
        part.append(image_id)
        job.total += 1
        if len(part) == (size or CHUNK):
            yield part
            part = []
    if part:
        yield part
