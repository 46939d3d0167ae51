"""What a worker does with one chunk, by the kind of its job: each goes on where the one before it was stopped."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.db.models import F, QuerySet
from django.utils import timezone

from mediahub.delivery import mirror
from mediahub.jobs import downloads
from mediahub.jobs.models import Chunk, Job
from mediahub.jobs.reprocess import reprocess
from mediahub.jobs.selection import Selection
from mediahub.library.models import Image
from mediahub.recovery import consistency_checks
from mediahub.recovery.comparisons import STEPS
from mediahub.recovery.models import Reconciliation
from mediahub.uploads import error_kinds

log = logging.getLogger(__name__)
Kind = Job.Kind

# An image that so many workers died of is passed over.
MOST_ATTEMPTS = 3


def go_through(chunk: Chunk, until: datetime | None) -> bool:
    """Work on the chunk; False when `until` came, or a person stopped it, before its end.

    Raises ProcessingError where a part of AWS is needed for all of it and refuses.
    """
    if chunk.job.kind == Kind.ZIP:
        return _zip(chunk)
    if chunk.job.kind == Kind.CHECK:
        return _compare(chunk, until)
    if chunk.job.kind == Kind.MIRROR and chunk.cursor:
        return _forget_strangers(chunk, until)
    return _work_on_images(chunk, until)


def lease() -> datetime:
    """Return until when a worker that begins now has a chunk."""
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def _hold(chunk: Chunk) -> bool:
    """Prolong the lease; False when a person stopped the job, or the chunk is not this worker's any more."""
    until = lease()
    active = Job.objects.filter(state__in=Job.ACTIVE)
    if not chunk.mine().filter(job__in=active).update(lease_until=until):
        return False
    chunk.lease_until = until
    return True


def _goes_on(chunk: Chunk, until: datetime | None) -> bool:
    return not (until and timezone.now() > until) and _hold(chunk)


def _left(chunk: Chunk) -> QuerySet[Image]:
    if chunk.only:
        left = Selection(ids=tuple(chunk.only)).images()
    else:
        selection = Selection(**{**chunk.job.selection, "ids": tuple(chunk.job.selection["ids"])})
        left = selection.images().filter(pk__gte=chunk.first, pk__lte=chunk.last)
    return left.filter(pk__gt=chunk.reached) if chunk.reached else left


def _work_on_images(chunk: Chunk, until: datetime | None) -> bool:
    deadly = chunk.attempts > MOST_ATTEMPTS
    for image in list(_left(chunk).defer("label_raw")):
        if not _goes_on(chunk, until):
            return False
        failure = "The worker ended each time it came to this file." if deadly else _work_on(chunk, image)
        deadly = False
        if failure:
            log.warning("the job %s failed on %s (%s): %s", chunk.job_id, image.file_name, image.pk, failure)
            chunk.failures = [*chunk.failures, [str(image.pk), image.file_name, failure]]
        prolonged = lease()
        # The counts come after the files: a worker that dies in between does the image once more, to the same bytes.
        chunk.mine().update(
            reached=image.pk,
            done=F("done") + int(not failure),
            failed=len(chunk.failures),
            failures=chunk.failures,
            attempts=0,
            lease_until=prolonged,
        )
        chunk.lease_until = prolonged
    return True


def _work_on(chunk: Chunk, image: Image) -> str:
    """Do with one image what its job is for; returns why not, empty when it is done."""
    try:
        if chunk.job.kind == Kind.REPROCESS:
            return reprocess(image, relabel=chunk.job.relabel)
        mirror.push_anew(image.pk)
    except DatabaseError:
        # Where this cannot be noted nothing can.
        raise
    except Exception as error:
        return error_kinds.of(error, image.file_name).message
    return ""


def _forget_strangers(chunk: Chunk, until: datetime | None) -> bool:
    """Take out of the mirror what no record knows, a page of its keys at a time."""
    while "ended" not in chunk.cursor:
        if not _goes_on(chunk, until):
            return False
        strangers, behind = mirror.strangers_behind(chunk.cursor.get("after", {}))
        for pk in strangers:
            mirror.forget(pk)
        forgotten = {"forgotten": chunk.cursor["forgotten"] + len(strangers)}
        chunk.cursor = {**forgotten, **({"after": behind} if behind else {"ended": True})}
        chunk.mine().update(cursor=chunk.cursor, attempts=0)
    return True


def _compare(chunk: Chunk, until: datetime | None) -> bool:
    """Go on with a comparison, a page at a time; it keeps its own place."""
    check = Reconciliation.objects.filter(pk=chunk.cursor["check"]).first()
    while check and check.finished_at is None:
        if not _goes_on(chunk, until):
            return False
        consistency_checks.advance(check)
        behind = list(STEPS).index(check.step) if check.step else len(STEPS)
        chunk.mine().update(done=behind, attempts=0)
    return True


def _zip(chunk: Chunk) -> bool:
    if chunk.attempts > MOST_ATTEMPTS:
        names = dict(Image.objects.filter(pk__in=chunk.only).values_list("pk", "file_name"))
        why = "The zip file could not be made; the worker ended each time it came to it."
        made = downloads.Made("", 0, 0, [[pk, names.get(UUID(pk), ""), why] for pk in chunk.only])
    else:
        found = downloads.make(chunk, lambda: _hold(chunk))
        if found is None:
            return False
        made = found
    chunk.mine().update(
        key=made.key, bytes=made.bytes, done=made.done, failed=len(made.failures), failures=made.failures
    )
    return True
