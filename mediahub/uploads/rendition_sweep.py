"""Removing renditions that nothing needs any more, each looked at once more before it goes."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from mediahub import rounds
from mediahub.aws import clients
from mediahub.library import versions
from mediahub.library.models import Image, Rendition
from mediahub.uploads.models import Upload
from processing import Missing
from processing.keys import parse_rendition_key

log = logging.getLogger(__name__)


def sweep_unneeded(keys: Iterable[str]) -> int:
    """Remove the objects of the renditions bucket that nothing needs; return how many."""
    store = clients.get_rendition_store()
    removed = 0
    for key in keys:
        try:
            written = store.head(key).last_modified
        except Missing:
            continue
        if is_unneeded(key, written):
            store.delete(key)
            removed += 1
    return removed


def is_unneeded(key: str, written: datetime) -> bool:
    """Return whether no record names the object, no worker is about to, and no recent page may still show it."""
    before = timezone.now() - timedelta(seconds=settings.SWEEP_GRACE_SECONDS)
    if written > before or Rendition.objects.filter(key=key).exists():
        return False
    named = parse_rendition_key(key)
    if named is None:
        # No worker writes such a name; it was put here by hand and is a person's to remove.
        return False
    busy = [Upload.State.ISSUED, Upload.State.WORKING]
    if Upload.objects.filter(Q(pk=named.image_id) | Q(image=named.image_id), state__in=busy).exists():
        return False
    if key in versions.list_rendition_keys(named.image_id):
        return False
    # An image that changed lately may have shown this file until then.
    return not Image.objects.filter(pk=named.image_id, updated_at__gt=before).exists()


def sweep_deleted_images(most: int = 20) -> int:
    """Remove the renditions of images whose original was deleted long enough ago; return how many images."""
    before = timezone.now() - timedelta(seconds=settings.SWEEP_GRACE_SECONDS)
    there = Rendition.objects.filter(image=OuterRef("pk"))
    gone = Image.objects.filter(Exists(there), deleted_at__lt=before)

    def remove(image_id: UUID) -> None:
        renditions = Rendition.objects.filter(image=image_id, image__deleted_at__lt=before)
        for key in renditions.values_list("key", flat=True):
            clients.get_rendition_store().delete(key)
        # The rows go last: a worker that dies before finds the same files to remove again.
        renditions.delete()

    ids = rounds.pick_items(gone.order_by("deleted_at").values_list("pk", flat=True), most, "image")
    return rounds.process_each(ids, remove, "image")
