"""Which images and files were erased for good, and the tombstone of each in the renditions bucket.

The tombstone lies where no restore of the database reaches: a database of an earlier day does not know what was erased
since, and learns it from there.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.utils import timezone

from mediahub.aws import clients
from mediahub.library.models import Purge, PurgedUpload
from processing import Missing
from processing.keys import build_tombstone_key, parse_upload_id

MOST_BYTES = 1_000_000


class Purged(Exception):
    """The image of a file was erased for good: nothing of it is taken in again."""


def identify_file(key: str) -> UUID:
    """Return the id of the upload of a key: that of its ticket, or one that follows from the place in the bucket."""
    return parse_upload_id(key) or uuid5(NAMESPACE_URL, f"s3://{settings.UPLOAD_BUCKET}/{key}")


def is_purged_key(key: str) -> bool:
    """Return whether the file of this key was erased for good, so that no image is made of it again."""
    return PurgedUpload.objects.filter(pk=identify_file(key)).exists()


def is_purged_image(image_id: UUID) -> bool:
    """Return whether this image was erased for good."""
    return Purge.objects.filter(pk=image_id).exists()


def refuse_late_file(key: str) -> None:
    """Raise Purged for a file of an erased image, or of the ticket of a person who left, and erase what came by it.

    Where no ticket named the key an operator placed the file there, perhaps another one: it stays, and the comparison
    of the bucket reports it.
    """
    if not is_purged_key(key):
        return
    if parse_upload_id(key):
        clients.get_upload_store().erase_key(key)
    raise Purged


def find_unknown_tombstones(image_ids: Iterable[UUID]) -> list[UUID]:
    """Return those of the erased images that the records do not know as erased, as after a restore."""
    ids = set(image_ids)
    return sorted(ids - set(Purge.objects.filter(pk__in=ids).values_list("pk", flat=True)))


def write_tombstone(purge: Purge) -> None:
    """Write down in the bucket that the image was erased, before its files go, unless it stands there."""
    store, key = clients.get_rendition_store(), build_tombstone_key(purge.pk)
    with suppress(Missing):
        store.head(key)
        return
    uploads = [str(pk) for pk in purge.uploads.order_by("pk").values_list("pk", flat=True)]
    content = {
        "image": str(purge.pk),
        "at": purge.at.isoformat(),
        "by": purge.by_id,
        "reason": purge.reason,
        "sha256": purge.sha256,
        "uploads": uploads,
    }
    data = json.dumps(content, ensure_ascii=False).encode()
    store.put(key, data, "application/json")


def read_tombstone(image_id: UUID) -> dict[str, Any] | None:
    """Return what the bucket says of an erased image, as fields of Purge with `uploads`; None where it says nothing."""
    try:
        with clients.get_rendition_store().get(build_tombstone_key(image_id), max_bytes=MOST_BYTES) as file:
            content = json.load(file)
    except Missing:
        return None
    return {
        "at": datetime.fromisoformat(content["at"]) if content.get("at") else timezone.now(),
        "by_id": content.get("by"),
        "reason": str(content.get("reason", ""))[:500],
        "sha256": str(content.get("sha256", ""))[:64],
        "uploads": [UUID(pk) for pk in content.get("uploads", [])],
    }
