"""What a worker does with one chunk, by the kind of its job: each goes on where the one before it was stopped."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from mediahub.delivery import mirror
from mediahub.history.kinds import Event
from mediahub.history.models import Change
from mediahub.jobs import downloads, image_actions
from mediahub.jobs.models import Chunk, Job, build_failure
from mediahub.jobs.reprocess import reprocess_image
from mediahub.jobs.selection import Selection
from mediahub.library import label_suggestions
from mediahub.library.models import Image
from mediahub.reasons import Reason, read_reason
from mediahub.recovery import consistency_checks
from mediahub.recovery.comparisons import STEPS
from mediahub.recovery.models import ConsistencyCheck
from mediahub.uploads import error_kinds

log = logging.getLogger(__name__)
Kind = Job.Kind

# So many images, or changes, are one transaction.
PART = 250
# Each of these is two requests to DynamoDB.
MIRROR_PART = 25
# An image that so many workers died of is passed over.
MOST_ATTEMPTS = 3


def work_on_chunk(chunk: Chunk, until: datetime | None) -> bool:
    """Work on the chunk; False when `until` came, or a person stopped it, before its end.

    Raise ProcessingError where a part of AWS is needed for all of it and refuses.
    """
    if chunk.job.kind == Kind.ZIP:
        return _write_zip(chunk)
    if chunk.job.kind == Kind.CHECK:
        return _run_check(chunk, until)
    if chunk.job.kind == Kind.MIRROR and chunk.cursor:
        return _forget_strangers(chunk, until)
    if chunk.job.kind == Kind.REPROCESS and chunk.job.stage == Job.Stage.LABELS:
        return _apply_stored_answers(chunk, until)
    if chunk.job.kind == Kind.ACTION:
        return _perform_action(chunk, until)
    if chunk.job.kind == Kind.UNDO:
        return _revert_changes(chunk, until)
    return _work_on_images(chunk, until)


def calculate_lease() -> datetime:
    """Return until when a worker that begins now has a chunk."""
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def _prolong_lease(chunk: Chunk) -> bool:
    """Prolong the lease; False when a person stopped the job, or the chunk is not this worker's any more."""
    until = calculate_lease()
    active = Job.objects.filter(state__in=Job.ACTIVE)
    if not chunk.match_leased().filter(job__in=active).update(lease_until=until):
        return False
    chunk.lease_until = until
    return True


def _may_continue(chunk: Chunk, until: datetime | None) -> bool:
    return not (until and timezone.now() > until) and _prolong_lease(chunk)


def _filter_remaining(chunk: Chunk) -> QuerySet[Image]:
    if chunk.only:
        left = Selection(ids=tuple(chunk.only)).images(chunk.job.stage)
    else:
        selection = Selection.decode(chunk.job.selection)
        left = selection.images(chunk.job.stage).filter(pk__gte=chunk.first, pk__lte=chunk.last)
    return left.filter(pk__gt=chunk.reached) if chunk.reached else left


def _work_on_images(chunk: Chunk, until: datetime | None) -> bool:
    if Kind.MIRROR in (chunk.job.kind, chunk.job.stage):
        return _rewrite_mirror(chunk, until)
    deadly = chunk.attempts > MOST_ATTEMPTS
    for image in list(_filter_remaining(chunk).defer("label_raw")):
        if not _may_continue(chunk, until):
            return False
        reason = Reason("job_worker_killed") if deadly else _work_on_image(chunk, image)
        deadly = False
        if reason:
            log.warning("the job %s failed on %s (%s): %s", chunk.job_id, image.file_name, image.pk, reason.english)
            chunk.failures = [*chunk.failures, build_failure(image.pk, image.file_name, reason)]
        prolonged = calculate_lease()
        # The counts come after the files: a worker that dies in between does the image once more, to the same bytes.
        chunk.match_leased().update(
            reached=image.pk,
            succeeded=F("succeeded") + int(not reason),
            failed=len(chunk.failures),
            failures=chunk.failures,
            attempts=0,
            lease_until=prolonged,
        )
        chunk.lease_until = prolonged
    return True


def _work_on_image(chunk: Chunk, image: Image) -> Reason | None:
    """Regenerate the renditions of one image; return why not, or None."""
    try:
        return reprocess_image(image, relabel=chunk.job.relabel)
    except DatabaseError:
        # Where this cannot be noted nothing can.
        raise
    except Exception as error:
        return read_reason(error_kinds.translate_error(error, image.file_name))
    return None


def _rewrite_mirror(chunk: Chunk, until: datetime | None) -> bool:
    """Write the images of the chunk over whatever the mirror holds of them.

    They are behind the chunk as soon as their rows say that the mirror lags: the clock pushes what a worker that died
    did not.
    """
    left = list(_filter_remaining(chunk).values_list("pk", flat=True))
    for first in range(0, len(left), MIRROR_PART):
        if not _may_continue(chunk, until):
            return False
        part = left[first : first + MIRROR_PART]
        items = mirror.read_items(part)
        with transaction.atomic():
            mirror.outdo_items(items)
            _save_part(chunk, len(part), [], reached=part[-1])
        failures = mirror.push_over_items(items)
        names = dict(Image.objects.filter(pk__in=failures).values_list("pk", "file_name")) if failures else {}
        entries = [
            build_failure(pk, names.get(pk, ""), read_reason(error_kinds.translate_error(error, names.get(pk, ""))))
            for pk, error in failures.items()
        ]
        if entries:
            _save_part(chunk, -len(entries), entries)
    return True


def _forget_strangers(chunk: Chunk, until: datetime | None) -> bool:
    """Take out of the mirror what no record knows, a page of its keys at a time."""
    while "ended" not in chunk.cursor:
        if not _may_continue(chunk, until):
            return False
        strangers, behind = mirror.find_strangers_after(chunk.cursor.get("after", {}))
        for pk in strangers:
            mirror.forget_image(pk)
        forgotten = {"forgotten": chunk.cursor["forgotten"] + len(strangers)}
        chunk.cursor = {**forgotten, **({"after": behind} if behind else {"ended": True})}
        chunk.match_leased().update(cursor=chunk.cursor, attempts=0)
    return True


def _apply_stored_answers(chunk: Chunk, until: datetime | None) -> bool:
    """Apply the thresholds and the vocabulary of today to the images of the chunk, a part in one transaction."""
    left = list(_filter_remaining(chunk).values_list("pk", flat=True))
    for first in range(0, len(left), PART):
        if not _may_continue(chunk, until):
            return False
        part = left[first : first + PART]
        with transaction.atomic():
            label_suggestions.apply_stored_answers(part)
            _save_part(chunk, len(part), [], reached=part[-1])
    return True


def _perform_action(chunk: Chunk, until: datetime | None) -> bool:
    """Do what an editor ordered to the images of the chunk, a part of them in one transaction."""
    left = sorted(UUID(pk) for pk in chunk.only if not chunk.reached or UUID(pk) > chunk.reached)
    for first in range(0, len(left), PART):
        if not _may_continue(chunk, until):
            return False
        part = left[first : first + PART]
        with transaction.atomic():
            failures = image_actions.perform(chunk.job, part)
            names = dict(Image.objects.filter(pk__in=failures).values_list("pk", "file_name"))
            entries = [build_failure(pk, names.get(pk, ""), reason) for pk, reason in failures.items()]
            _save_part(chunk, len(part) - len(entries), entries, reached=part[-1])
    return True


def _revert_changes(chunk: Chunk, until: datetime | None) -> bool:
    """Undo a change set from its newest change on, a part of it in one transaction."""
    changes = Change.objects.filter(change_set=chunk.job.selection["change_set"]).exclude(kind=Event.kind)
    while True:
        before = chunk.cursor.get("before")
        left = changes.filter(pk__lt=before) if before else changes
        part = list(left.order_by("-pk").values_list("pk", flat=True)[:PART])
        if not part:
            return True
        if not _may_continue(chunk, until):
            return False
        with transaction.atomic():
            staying, hidden = image_actions.revert(chunk.job, part)
            entries = [build_failure(image_id or "", subject, reason) for image_id, subject, reason in staying]
            chunk.cursor = {"before": part[-1]}
            _save_part(chunk, len(part) - len(entries) - hidden, entries, hidden=hidden, cursor=chunk.cursor)


class LostLease(Exception):
    """Another worker has the chunk: what this one did in the transaction is not to be kept."""


def _save_part(chunk: Chunk, succeeded: int, failures: Sequence[dict[str, Any]], hidden: int = 0, **place: Any) -> None:
    """Record how far the chunk is in the transaction that did the work; raise LostLease for another worker's."""
    chunk.failures = [*chunk.failures, *failures]
    fields = {"failures": chunk.failures, "attempts": 0, **place}
    fields |= {"succeeded": F("succeeded") + succeeded, "failed": F("failed") + len(failures) + hidden}
    if not chunk.match_leased().update(**fields):
        raise LostLease


def _run_check(chunk: Chunk, until: datetime | None) -> bool:
    """Go on with a comparison, a page at a time; it keeps its own place."""
    check = ConsistencyCheck.objects.filter(pk=chunk.cursor["check"]).first()
    while check and check.finished_at is None:
        if not _may_continue(chunk, until):
            return False
        consistency_checks.advance_check(check)
        completed_steps = list(STEPS).index(check.step) if check.step else len(STEPS)
        chunk.match_leased().update(succeeded=completed_steps, attempts=0)
    return True


def _write_zip(chunk: Chunk) -> bool:
    if chunk.attempts > MOST_ATTEMPTS:
        names = dict(Image.objects.filter(pk__in=chunk.only).values_list("pk", "file_name"))
        reason = Reason("zip_worker_killed")
        failures = [build_failure(pk, names.get(UUID(pk), ""), reason) for pk in chunk.only]
        archive: downloads.ZipArchive | None = downloads.ZipArchive("", 0, 0, failures)
    else:
        archive = downloads.write_zip(chunk, lambda: _prolong_lease(chunk))
    if archive is None:
        return False
    chunk.match_leased().update(
        key=archive.key,
        bytes=archive.bytes,
        succeeded=archive.images,
        failed=len(archive.failures),
        failures=archive.failures,
    )
    return True
