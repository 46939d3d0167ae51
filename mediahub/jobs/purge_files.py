"""Erasing an image for good, second half: its files, its mirror, and where other records mention it."""

import logging
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from mediahub import rounds
from mediahub.aws import clients
from mediahub.delivery import mirror, public
from mediahub.history.models import Change
from mediahub.jobs import purge_records
from mediahub.jobs.models import Chunk, build_failure
from mediahub.library import purges
from mediahub.library.models import Purge
from mediahub.reasons import Reason
from mediahub.recovery.models import ConsistencyCheck
from processing.keys import TOMBSTONES

log = logging.getLogger(__name__)

# Folders of the renditions bucket that are not of images.
NO_IMAGES = (TOMBSTONES, "downloads")


def purge_image(image_id: UUID) -> str:
    """Erase all files of an image whose records are gone, and return a word for the log.

    Each step can be done again: whoever comes after a worker that died begins at the first. Where only the bucket
    knows that the image was erased, because the database is an older one, its records go first.
    Raises Unavailable or Misconfigured when a service does not answer; the clock tries again.
    """
    purge = Purge.objects.filter(pk=image_id).first() or _follow_tombstone(image_id)
    if purge is None or purge.finished_at:
        return "duplicate"
    began = timezone.now()
    # Before any file: what was begun can be finished from here even if the database is lost.
    purges.write_tombstone(purge)
    downloads = {*purge.downloads, *purge_records.take_downloads(image_id)}
    Purge.objects.filter(pk=image_id).update(downloads=sorted(downloads))
    _erase_files(purge, downloads)
    mirror.bury_image(image_id)
    _erase_mentions(purge)
    if began < purge.settles_at:
        Purge.objects.filter(pk=image_id).update(erased_at=began)
        return "erased"
    # The keys of files that no ticket brought are words too.
    Purge.objects.filter(pk=image_id).update(
        erased_at=purge.erased_at or began, finished_at=timezone.now(), keys=[], downloads=[]
    )
    return "finished"


def finish_purges(most: int = 20) -> int:
    """Carry out the orders that nobody has begun, and those of which the last pass is due; return how many."""
    due = Purge.objects.filter(Q(erased_at=None) | Q(settles_at__lte=timezone.now()), finished_at=None)
    ids = rounds.pick_items(due.order_by("at").values_list("pk", flat=True), most, "purge")
    return rounds.process_each(ids, purge_image, "purge")


def _erase_files(purge: Purge, downloads: set[str]) -> None:
    """Erase all versions of the originals, the renditions, the public copies, and the zip files of an image."""
    originals, renditions = clients.get_upload_store(), clients.get_rendition_store()
    number = sum(originals.erase_key(key) for key in purge.keys)
    number += sum(renditions.erase_key(key) for key in downloads)
    folders = [f"{folder}/{purge.pk}/" for folder in renditions.list_folders() if folder not in NO_IMAGES]
    number += sum(renditions.erase_folder(folder) for folder in folders)
    # Also what a browser of an editor fetched stands at the edge.
    public.invalidate_folders(folders)
    log.info("purge %s: %s versions of files erased", purge.pk, number)


def _erase_mentions(purge: Purge) -> None:
    """Erase the image's words where records of something else mention it."""
    image_id = str(purge.pk)
    with transaction.atomic():
        mentioning = Change.objects.annotate(text=Cast("data", TextField())).filter(text__contains=image_id)
        for change in mentioning.select_for_update():
            Change.objects.filter(pk=change.pk).update(data=change.detail.forget_image(image_id).encode())
    with transaction.atomic():
        failing = Chunk.objects.annotate(text=Cast("failures", TextField())).filter(text__contains=image_id)
        for chunk in failing.select_for_update():
            failures = [
                build_failure(image_id, "", Reason("not_visible")) if entry["image"] == image_id else entry
                for entry in chunk.failures
            ]
            Chunk.objects.filter(pk=chunk.pk).update(failures=failures)
    names = {image_id, *purge.keys}
    for check in ConsistencyCheck.objects.exclude(examples=[]):
        examples = [example for example in check.examples if not any(name in str(example) for name in names)]
        if len(examples) < len(check.examples):
            ConsistencyCheck.objects.filter(pk=check.pk).update(examples=examples)


def _follow_tombstone(image_id: UUID) -> Purge | None:
    """Erase the records of an image that the bucket says was erased; None where it does not say so."""
    fields = purges.read_tombstone(image_id)
    if fields is None:
        return None
    uploads = fields.pop("uploads")
    by = User.objects.filter(pk=fields.pop("by_id")).first()
    log.warning("image %s was erased before this database was restored; its records are erased again", image_id)
    with transaction.atomic():
        existing = Purge.objects.filter(pk=image_id).first()
        return existing or purge_records.erase_records(image_id, {**fields, "by": by}, uploads)
