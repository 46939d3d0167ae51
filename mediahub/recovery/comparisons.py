"""The comparisons of a reconciliation: each takes one page and says what does not fit, and what would mend it.

No page keeps the whole of a bucket in memory: what a listing shows is marked in the rows as seen by this run, and the
rows that are still unmarked when it ends are those whose file is not there.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mediahub import messages, rounds
from mediahub.aws import clients
from mediahub.delivery import mirror, public
from mediahub.library.models import Image, Rendition, Version
from mediahub.messages import CheckKey, ReprocessImage, SweepRenditions
from mediahub.recovery.models import Reconciliation
from mediahub.uploads import originals, rendition_sweep
from mediahub.uploads.models import Upload
from processing import ObjectVersion, ProcessingError, VersionPage

log = logging.getLogger(__name__)
State = Upload.State

ROWS = 500
IMAGES = 100
KEYS_A_MESSAGE = 100
Cursor = dict[str, Any]
ENDED = "The record has an end; the bucket has the file no more."
IN_USE = "The bucket has the original no more; the image made of it is still in use."


class Listing(Protocol):
    """What lists the versions of a bucket a page at a time: the bucket itself, or its inventory."""

    def list_page(self, start: Mapping[str, str] | None = None) -> VersionPage:
        """The versions from `start`, a page's `next`."""


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit: `what` is a key or an id; `mend` does what is needed, through the queue."""

    kind: str
    what: str
    says: str
    mend: Callable[[], object]


Findings = tuple[list[Finding], Cursor | None]


def uploads(run: Reconciliation, cursor: Cursor, listing: Listing | None = None) -> Findings:
    """Files in the upload bucket that no record knows in this version, and records of files that were deleted."""
    page = (listing or clients.uploads()).list_page(cursor or None)
    latest = {found.key: found for found in page.versions if found.latest}
    records = {row.key: row for row in Upload.objects.filter(bucket=settings.UPLOAD_BUCKET, key__in=latest)}
    Upload.objects.filter(pk__in=[row.pk for row in records.values()]).update(seen=run.pk)
    images = [row.image_id for row in records.values() if row.image_id]
    used = Version.objects.filter(current=True, image__deleted_at=None, image__in=images).select_related("image")
    # No more of an image is read than is asked for: a value that cannot be read takes the whole page along.
    files = {(file.image_id, file.key): file for file in used.only("key", "version_id", "image__deleted_at")}

    def judge(key: str) -> Finding | None:
        listed, record = latest[key], records.get(key)
        return _judge(listed, record) or _judge_file(listed, record, files) or _overwritten(listed, record)

    return _judge_each([key for key in latest if _old(run, latest[key].last_modified)], judge), page.next


def uploads_unseen(run: Reconciliation, cursor: Cursor) -> Findings:
    """Records that came to their end with a file that the bucket does not have any more, or whose image is in use."""
    in_use = Version.objects.filter(current=True, key=OuterRef("key"), image=OuterRef("image"), image__deleted_at=None)
    there = Q(state__in=Upload.SETTLED) | Q(Exists(in_use), state=State.DELETED)
    rows = _unseen(Upload.objects.filter(_old_rows(run, "finished_at") & there), run)
    part, after = _part(rows, cursor, ROWS)
    return [_gone(row.key, IN_USE if row.state == State.DELETED else ENDED) for row in part], after


def renditions(run: Reconciliation, cursor: Cursor) -> Findings:
    """Objects of the renditions bucket that no record names, or that are not what was written."""
    page = clients.renditions().list_page(cursor or None)
    objects = {found.key: found for found in page.versions if found.latest and not found.removed}
    records = {row.key: row for row in Rendition.objects.filter(key__in=objects)}
    Rendition.objects.filter(pk__in=[row.pk for row in records.values()]).update(seen=run.pk)
    altered = {row.image_id for key, row in records.items() if row.bytes != objects[key].bytes}
    orphans = []

    def judge(key: str) -> None:
        if rendition_sweep.unneeded(key, objects[key].last_modified):
            orphans.append(key)

    unnamed = [key for key, found in objects.items() if key not in records and _old(run, found.last_modified)]
    unjudged = _judge_each(unnamed, judge)
    unknown = [_unknown(key) for key in public.find_unknown(unnamed)]
    return [*(_altered(pk) for pk in altered), *_orphans(orphans), *unjudged, *unknown], page.next


def renditions_unseen(run: Reconciliation, cursor: Cursor) -> Findings:
    """Records of renditions that the bucket does not have."""
    old = Rendition.objects.filter(_old_rows(run, "image__updated_at"), image__deleted_at=None)
    part, after = _part(_unseen(old, run), cursor, ROWS)
    return [_missing(row) for row in part], after


def mirrored(run: Reconciliation, cursor: Cursor) -> Findings:
    """Images of which the mirror says something else, or whose public files are not there."""
    part, after = _part(Image.objects.filter(_old_rows(run, "updated_at")).only("pk"), cursor, IMAGES)

    def judge(image_id: str) -> Finding | None:
        image = Image.objects.filter(pk=image_id).first()
        if image and public.has_lost_files(image):
            return _unpublished(image)
        return _drifted(image) if image and mirror.drifted(image) else None

    return _judge_each([str(image.pk) for image in part], judge), after


def strangers(run: Reconciliation, cursor: Cursor) -> Findings:
    """Items of the mirror whose image no record knows."""
    found, behind = mirror.strangers_behind(cursor)
    return [_stranger(pk) for pk in found], behind


def unlabelled(run: Reconciliation, cursor: Cursor) -> Findings:
    """Images whose labels could not be had when they came in."""
    # Where the file was replaced by one that was rejected, there is nothing to ask about.
    ready = Exists(Upload.objects.filter(image=OuterRef("pk"), state=State.READY))
    unavailable = Image.objects.filter(label_state=Image.LabelState.UNAVAILABLE, deleted_at=None)
    waiting = unavailable.filter(_old_rows(run, "updated_at"), ready)
    part, after = _part(waiting.only("pk"), cursor, ROWS)
    return [_unlabelled(image) for image in part], after


STEPS: dict[str, Callable[..., Findings]] = {
    "uploads": uploads,
    "uploads_unseen": uploads_unseen,
    "renditions": renditions,
    "renditions_unseen": renditions_unseen,
    "mirrored": mirrored,
    "strangers": strangers,
    "unlabelled": unlabelled,
}
# What the clock does often, because a lost event is a picture that an editor waits for.
OFTEN = ("uploads", "uploads_unseen")
# Which kinds a step can find; the labels are owed, not lost.
LOST = ("lost", "gone", "overwritten")


def _judge_each(items: Sequence[str], judge: Callable[[str], Finding | None]) -> list[Finding]:
    """Judge each key or id; what raises is a finding too, and holds up neither the others nor the pages behind.

    Raises when a service or the database answered for none of them: the page is then compared again later.
    """
    findings: list[Finding] = []
    faults: list[Exception] = []
    for item in items:
        try:
            finding = judge(item)
        except Exception as error:
            log.warning("%s could not be compared: %r", item, error, exc_info=error)
            rounds.recover(error)
            faults.append(error)
            finding = _unjudged(item)
        findings += [finding] if finding else []
    if faults and len(faults) == len(items) and isinstance(faults[0], ProcessingError | DatabaseError):
        raise faults[0]
    return findings


def _judge(listed: ObjectVersion, record: Upload | None) -> Finding | None:
    if listed.removed:
        there = record is not None and record.state not in (State.DELETED, State.ISSUED, State.EXPIRED)
        return _gone(listed.key) if there else None
    if record is None:
        return _lost(listed.key, "No record knows this file.")
    if record.state in Upload.SETTLED and record.version_id == listed.version_id:
        return None
    if record.state in (State.WORKING, State.ISSUED) and record.lease_until:
        # A worker has it, or the clock asks for it when its lease has been over for a while.
        return None
    if record.is_closed_to(listed.version_id, listed.last_modified):
        return None
    return _lost(listed.key, f"The record says {record.get_state_display()}; the bucket has another version.")


def _judge_file(
    listed: ObjectVersion, record: Upload | None, files: Mapping[tuple[UUID, str], Version]
) -> Finding | None:
    """Find an image in use whose file was deleted, where bucket and record agree; `files` are of images in use."""
    if record is None or record.image_id is None:
        return None
    file = files.get((record.image_id, record.key))
    if file is None:
        return None
    if listed.removed:
        stays = record.state != State.DELETED or originals.was_put_back(file.image, since=listed.last_modified)
        return None if stays else _gone(listed.key, IN_USE)
    if record.state not in Upload.SETTLED or file.version_id == listed.version_id:
        return None
    # Another version lies over it, or took its place.
    return _gone(listed.key, IN_USE) if originals.find_gone(file.image) else None


def _overwritten(listed: ObjectVersion, record: Upload | None) -> Finding | None:
    """Find a file that was put over another by a used ticket; nobody but an operator may remove it."""
    if listed.removed or record is None or not record.is_closed_to(listed.version_id, listed.last_modified):
        return None
    says = f"The record keeps the version {record.version_id}, which was sent first; a later one lies over it."
    return Finding("overwritten", listed.key, says, lambda: None)


def _lost(key: str, says: str) -> Finding:
    return Finding("lost", key, says, lambda: messages.send(CheckKey(key)))


def _gone(key: str, says: str = ENDED) -> Finding:
    return Finding("gone", key, says, lambda: messages.send(CheckKey(key)))


def _altered(image: UUID) -> Finding:
    says = "A rendition of this image is not the size that was written."
    return Finding("altered", str(image), says, lambda: messages.send(ReprocessImage(image)))


def _missing(rendition: Rendition) -> Finding:
    image = rendition.image_id
    says = f"The rendition {rendition.name} is not in the bucket."
    return Finding("missing", rendition.key, says, lambda: messages.send(ReprocessImage(image)))


def _orphans(keys: list[str]) -> Iterator[Finding]:
    says = "No record names this rendition."
    for start in range(0, len(keys), KEYS_A_MESSAGE):
        first, *others = keys[start : start + KEYS_A_MESSAGE]
        message = SweepRenditions((first, *others))
        yield Finding("orphan", first, says, lambda message=message: messages.send(message))  # type: ignore[misc]
        # One message sweeps them all.
        yield from (Finding("orphan", key, says, lambda: None) for key in others)


def _unjudged(what: str) -> Finding:
    return Finding("unjudged", what, "It could not be compared. The worker's log says why.", lambda: None)


def _drifted(image: Image) -> Finding:
    says = "The mirror holds something else of this image."
    return Finding("drifted", str(image.pk), says, lambda: mirror.mend(image.pk))


def _unpublished(image: Image) -> Finding:
    def mend() -> None:
        public.copy_again(image.pk)
        mirror.mend(image.pk)

    return Finding("drifted", str(image.pk), "Its public files are not in the bucket.", mend)


def _unknown(key: str) -> Finding:
    says = "Everyone may fetch this file, and no record knows it."
    return Finding("orphan", key, says, lambda: public.settle_unknown(key))


def _stranger(pk: str) -> Finding:
    return Finding("stranger", pk, "The mirror has an image that no record knows.", lambda: mirror.forget(pk))


def _unlabelled(image: Image) -> Finding:
    says = "Its labels could not be had when it came in."
    return Finding("unlabelled", str(image.pk), says, lambda: messages.send(ReprocessImage(image.pk)))


def _old(run: Reconciliation, at: datetime) -> bool:
    """That the object is old enough to be judged, and young enough to be asked about."""
    return at <= timezone.now() - timedelta(seconds=run.grace_seconds) and (run.since is None or at >= run.since)


def _old_rows(run: Reconciliation, field: str) -> Q:
    # From the start of the run: what was written after a listing had passed its place was never seen in it.
    old = Q(**{f"{field}__lte": run.started_at - timedelta(seconds=run.grace_seconds)})
    return old & Q(**{f"{field}__gte": run.since}) if run.since else old


def _unseen(rows: QuerySet[Any], run: Reconciliation) -> QuerySet[Any]:
    return rows.filter(Q(seen=None) | ~Q(seen=run.pk))


def _part(rows: QuerySet[Any], cursor: Cursor, size: int) -> tuple[list[Any], Cursor | None]:
    """The next rows by primary key, and where the rest begins."""
    if cursor:
        rows = rows.filter(pk__gt=cursor["after"])
    part = list(rows.order_by("pk")[:size])
    return part, {"after": str(part[-1].pk)} if len(part) == size else None
