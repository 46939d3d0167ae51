"""The steps of a consistency check: each compares one page and says what does not fit, and what would mend it.

No page keeps the whole of a bucket in memory: what a listing shows is marked in the rows as seen by this run, and the
rows that are still unmarked when it ends are those whose file is not there.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mediahub import messages, rounds
from mediahub.aws import clients
from mediahub.delivery import mirror, public
from mediahub.library import audiences, purges
from mediahub.library.models import Image, Rendition, Version
from mediahub.library.search import index
from mediahub.messages import CheckKey, PurgeImage, ReprocessImage, SweepRenditions
from mediahub.reasons import Reason
from mediahub.recovery.models import ConsistencyCheck
from mediahub.uploads import originals, rendition_sweep
from mediahub.uploads.models import Upload
from mediahub.uploads.system_files import is_system_file
from processing import ObjectVersion, ProcessingError, VersionPage
from processing.keys import TOMBSTONES, parse_tombstone_id, parse_upload_id

log = logging.getLogger(__name__)
State = Upload.State

ROWS = 500
IMAGES = 100
KEYS_A_MESSAGE = 100
Cursor = dict[str, Any]
ORIGINAL_DELETED = Reason("original_deleted")
IMAGE_IN_USE = Reason("image_in_use")


class Listing(Protocol):
    """What lists the versions of a bucket a page at a time: the bucket itself, or its inventory."""

    def list_page(self, start: Mapping[str, str] | None = None) -> VersionPage:
        """Return the versions from `start`, a page's `next`."""


@dataclass(frozen=True)
class Finding:
    """One thing that does not fit: `what` is a key or an id; `mend` does what is needed, through the queue."""

    kind: str
    what: str
    reason: Reason
    mend: Callable[[], object]


Findings = tuple[list[Finding], Cursor | None]


def compare_uploads(run: ConsistencyCheck, cursor: Cursor, listing: Listing | None = None) -> Findings:
    """Find files in the upload bucket that no record knows in this version, and records of deleted files."""
    page = (listing or clients.get_upload_store()).list_page(cursor or None)
    latest = {listed.key: listed for listed in page.versions if listed.latest}
    records = {record.key: record for record in Upload.objects.filter(bucket=settings.UPLOAD_BUCKET, key__in=latest)}
    Upload.objects.filter(pk__in=[record.pk for record in records.values()]).update(seen=run.pk)
    images = [record.image_id for record in records.values() if record.image_id]
    used = Version.objects.filter(current=True, image__deleted_at=None, image__in=images).select_related("image")
    # No more of an image is read than is asked for: a value that cannot be read takes the whole page along.
    files = {(file.image_id, file.key): file for file in used.only("key", "version_id", "image__deleted_at")}

    def judge(key: str) -> Finding | None:
        listed, record = latest[key], records.get(key)
        return (
            _judge_upload(listed, record)
            or _judge_original(listed, record, files)
            or _judge_overwritten(listed, record)
        )

    return _judge_each([key for key in latest if _is_old_enough(run, latest[key].last_modified)], judge), page.next


def find_unseen_uploads(run: ConsistencyCheck, cursor: Cursor) -> Findings:
    """Find ended records whose file is no longer in the bucket, or whose image is in use."""
    in_use = Version.objects.filter(current=True, key=OuterRef("key"), image=OuterRef("image"), image__deleted_at=None)
    there = Q(state__in=Upload.SETTLED) | Q(Exists(in_use), state=State.DELETED)
    rows = _filter_unseen(Upload.objects.filter(_match_old(run, "finished_at") & there), run)
    part, after = _take_page(rows, cursor, ROWS)
    return [
        _build_deleted(row.key, IMAGE_IN_USE if row.state == State.DELETED else ORIGINAL_DELETED) for row in part
    ], after


def compare_renditions(run: ConsistencyCheck, cursor: Cursor) -> Findings:
    """Find objects of the renditions bucket that no record names, or that are not what was written."""
    page = clients.get_rendition_store().list_page(cursor or None)
    objects = {listed.key: listed for listed in page.versions if listed.latest and not listed.removed}
    records = {row.key: row for row in Rendition.objects.filter(key__in=objects)}
    Rendition.objects.filter(pk__in=[row.pk for row in records.values()]).update(seen=run.pk)
    orphans = []

    def judge(key: str) -> None:
        if rendition_sweep.is_unneeded(key, objects[key].last_modified):
            orphans.append(key)

    unnamed = [
        key for key, listed in objects.items() if key not in records and _is_old_enough(run, listed.last_modified)
    ]
    unjudged = _judge_each(unnamed, judge)
    unknown = [
        Finding("orphan", key, Reason("public_file_unknown"), partial(public.settle_unknown_file, key))
        for key in public.find_unknown(unnamed)
    ]
    altered = [
        Finding("altered", str(pk), Reason("rendition_altered"), partial(messages.send, ReprocessImage(pk)))
        for pk in {row.image_id for key, row in records.items() if row.bytes != objects[key].bytes}
    ]
    return [*altered, *_build_orphans(orphans), *unjudged, *unknown], page.next


def find_unseen_renditions(run: ConsistencyCheck, cursor: Cursor) -> Findings:
    """Find records of renditions that the bucket does not have."""
    old = Rendition.objects.filter(_match_old(run, "image__updated_at"), image__deleted_at=None)
    part, after = _take_page(_filter_unseen(old, run), cursor, ROWS)
    return [
        Finding(
            "missing",
            row.key,
            Reason("rendition_missing", {"name": row.name}),
            partial(messages.send, ReprocessImage(row.image_id)),
        )
        for row in part
    ], after


def compare_mirror(run: ConsistencyCheck, cursor: Cursor) -> Findings:
    """Find images that the mirror shows differently, or whose public files are not there."""
    part, after = _take_page(Image.objects.filter(_match_old(run, "updated_at")).only("pk"), cursor, IMAGES)

    def judge(image_id: str) -> Finding | None:
        image = Image.objects.filter(pk=image_id).first()
        if image and public.has_lost_files(image):
            return _unpublished(image)
        if image and mirror.has_drifted(image):
            return Finding("drifted", str(image.pk), Reason("mirror_differs"), lambda: mirror.mend_image(image.pk))
        return None

    return _judge_each([str(image.pk) for image in part], judge), after


def find_strangers(run: ConsistencyCheck, cursor: Cursor) -> Findings:
    """Find items of the mirror whose image no record knows."""
    pks, after = mirror.find_strangers_after(cursor)
    return [Finding("stranger", pk, Reason("mirror_unknown"), partial(mirror.forget_image, pk)) for pk in pks], after


def find_unknown_tombstones(run: ConsistencyCheck, cursor: Cursor) -> Findings:
    """Find images that were erased for good after the moment that the database was restored to."""
    page = clients.get_rendition_store().list_page(cursor or None, prefix=f"{TOMBSTONES}/")
    ids = [image_id for listed in page.versions if (image_id := parse_tombstone_id(listed.key))]
    reason = Reason("purge_forgotten")
    return [
        Finding("unerased", str(pk), reason, partial(messages.send, PurgeImage(pk)))
        for pk in purges.find_unknown_tombstones(ids)
    ], page.next


def find_unlabeled(run: ConsistencyCheck, cursor: Cursor) -> Findings:
    """Find images whose labels were not available when they were uploaded."""
    # Where the file was replaced by one that was rejected, there is nothing to ask about.
    ready = Exists(Upload.objects.filter(image=OuterRef("pk"), state=State.READY))
    unavailable = Image.objects.filter(label_state=Image.LabelState.UNAVAILABLE, deleted_at=None)
    waiting = unavailable.filter(_match_old(run, "updated_at"), ready)
    part, after = _take_page(waiting.only("pk"), cursor, ROWS)
    reason = Reason("labels_missing")
    return [
        Finding("unlabelled", str(image.pk), reason, partial(messages.send, ReprocessImage(image.pk))) for image in part
    ], after


def compare_search_entries(run: ConsistencyCheck, cursor: Cursor) -> Findings:
    """Find images that the search would find by other words than they have now."""
    part, after = _take_page(Image.objects.filter(_match_old(run, "updated_at")).only("pk"), cursor, ROWS)
    reason = Reason("search_differs")
    return [
        Finding("unindexed", str(pk), reason, partial(index.update_entries, [pk]))
        for pk in index.find_drifted([image.pk for image in part])
    ], after


def compare_audiences(run: ConsistencyCheck, cursor: Cursor) -> Findings:
    """Find images that are not hidden or shown as the collections say in which they lie."""
    part, after = _take_page(Image.objects.only("pk"), cursor, ROWS)
    reason = Reason("audience_differs")
    return [
        Finding("misplaced", str(pk), reason, partial(audiences.update_images, [pk]))
        for pk in audiences.find_drifted([image.pk for image in part])
    ], after


STEPS: dict[str, Callable[..., Findings]] = {
    # Before anything is made anew for an image that is to be erased.
    "tombstones": find_unknown_tombstones,
    "uploads": compare_uploads,
    "uploads_unseen": find_unseen_uploads,
    "renditions": compare_renditions,
    "renditions_unseen": find_unseen_renditions,
    "mirrored": compare_mirror,
    "strangers": find_strangers,
    "unlabelled": find_unlabeled,
    "searched": compare_search_entries,
    "audiences": compare_audiences,
}
# What the clock does often, because a lost event is a picture that an editor waits for.
OFTEN = ("tombstones", "uploads", "uploads_unseen")
# Which kinds a step can find; the labels are owed, not lost.
LOST = ("lost", "gone", "overwritten", "unerased", "returned")


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
            rounds.recover_connection(error)
            faults.append(error)
            finding = Finding("unjudged", item, Reason("not_compared"), lambda: None)
        findings += [finding] if finding else []
    if faults and len(faults) == len(items) and isinstance(faults[0], ProcessingError | DatabaseError):
        raise faults[0]
    return findings


def _judge_upload(listed: ObjectVersion, record: Upload | None) -> Finding | None:
    if listed.removed:
        there = record is not None and record.state not in (State.DELETED, State.ISSUED, State.EXPIRED)
        return _build_deleted(listed.key) if there else None
    if record is None:
        if purges.is_purged_key(listed.key) and not parse_upload_id(listed.key):
            # Nobody can say whether it is the erased picture: that is for an operator.
            return Finding("returned", listed.key, Reason("purged_key"), lambda: None)
        return None if is_system_file(listed.key) else _build_lost(listed.key, Reason("upload_unknown"))
    if record.state in Upload.SETTLED and record.version_id == listed.version_id:
        return None
    if record.state in (State.WORKING, State.ISSUED) and record.lease_until:
        # A worker has it, or the clock asks for it when its lease has been over for a while.
        return None
    if record.refuses_version(listed.version_id, listed.last_modified):
        return None
    return _build_lost(listed.key, Reason("other_version", {"state": str(record.state)}))


def _judge_original(
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
        return None if stays else _build_deleted(listed.key, IMAGE_IN_USE)
    if record.state not in Upload.SETTLED or file.version_id == listed.version_id:
        return None
    # Another version lies over it, or took its place.
    return _build_deleted(listed.key, IMAGE_IN_USE) if originals.find_deleted_original(file.image) else None


def _judge_overwritten(listed: ObjectVersion, record: Upload | None) -> Finding | None:
    """Find a file that was put over another by a used ticket; nobody but an operator may remove it."""
    if listed.removed or record is None or not record.refuses_version(listed.version_id, listed.last_modified):
        return None
    return Finding("overwritten", listed.key, Reason("overwritten", {"version": record.version_id}), lambda: None)


def _build_lost(key: str, reason: Reason) -> Finding:
    return Finding("lost", key, reason, lambda: messages.send(CheckKey(key)))


def _build_deleted(key: str, reason: Reason = ORIGINAL_DELETED) -> Finding:
    return Finding("gone", key, reason, lambda: messages.send(CheckKey(key)))


def _build_orphans(keys: list[str]) -> Iterator[Finding]:
    reason = Reason("rendition_unused")
    for start in range(0, len(keys), KEYS_A_MESSAGE):
        first, *others = keys[start : start + KEYS_A_MESSAGE]
        message = SweepRenditions((first, *others))
        yield Finding("orphan", first, reason, partial(messages.send, message))
        # One message sweeps them all.
        yield from (Finding("orphan", key, reason, lambda: None) for key in others)


def _unpublished(image: Image) -> Finding:
    def mend() -> None:
        public.copy_files_again(image.pk)
        mirror.mend_image(image.pk)

    return Finding("drifted", str(image.pk), Reason("public_files_missing"), mend)


def _is_old_enough(run: ConsistencyCheck, at: datetime) -> bool:
    """Return whether the object is old enough to be judged, and young enough to be asked about."""
    return at <= timezone.now() - timedelta(seconds=run.grace_seconds) and (run.since is None or at >= run.since)


def _match_old(run: ConsistencyCheck, field: str) -> Q:
    # From the start of the run: what was written after a listing had passed its place was never seen in it.
    old = Q(**{f"{field}__lte": run.started_at - timedelta(seconds=run.grace_seconds)})
    return old & Q(**{f"{field}__gte": run.since}) if run.since else old


def _filter_unseen(rows: QuerySet[Any], run: ConsistencyCheck) -> QuerySet[Any]:
    return rows.filter(Q(seen=None) | ~Q(seen=run.pk))


def _take_page(rows: QuerySet[Any], cursor: Cursor, size: int) -> tuple[list[Any], Cursor | None]:
    """Return the next rows by primary key, and where the rest begins."""
    if cursor:
        rows = rows.filter(pk__gt=cursor["after"])
    part = list(rows.order_by("pk")[:size])
    return part, {"after": str(part[-1].pk)} if len(part) == size else None
