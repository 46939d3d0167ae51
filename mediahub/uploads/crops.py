"""Cutting the filled renditions of an image anew, when its focal point has moved."""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mediahub import rounds
from mediahub.aws import clients
from mediahub.library import cataloging, focal_point
from mediahub.library.models import Image, Version, uncut
from mediahub.uploads.ingest import LONGEST_SIDE
from processing import Limits, Missing, Point, Rejected, StoredRendition, process_crops

log = logging.getLogger(__name__)

# The message of a change of the last moments is on its way.
PATIENCE = timedelta(minutes=1)


def cut(image_id: UUID) -> str:
    """Cut what is not cut where it should be, out of the original; returns "cut", "duplicate" or "superseded".

    Raises Unavailable when it should be asked for again, Misconfigured when an operator has to act.
    """
    image = Image.objects.filter(pk=image_id).first()
    if image is None or focal_point.has_current_crops(image):
        return "duplicate"
    point, version = focal_point.get_point(image), image.versions.filter(current=True).first()
    made = _made(image, version, point)
    with transaction.atomic():
        image = Image.objects.select_for_update().get(pk=image_id)
        now = image.versions.filter(current=True).first()
        if focal_point.get_point(image) != point or now != version:
            # What came in between has its own message, or the clock asks for it.
            return "superseded"
        cataloging.record_crops(image, made, point, settings.RENDITION_FILLS)
    return "cut"


def remind(most: int = 100) -> int:
    """Ask for each image that is not cut where it should be; returns how many."""
    left = Image.objects.filter(uncut(), updated_at__lt=timezone.now() - PATIENCE).order_by("-updated_at")
    return rounds.each(
        rounds.pick(left.values_list("pk", flat=True), most, "image"), focal_point.request_crops, "image"
    )


def _made(image: Image, version: Version | None, point: Point) -> tuple[StoredRendition, ...]:
    """The new renditions; none where the original is not to be had any more, so that the old ones stay."""
    if image.deleted_at or version is None or not settings.RENDITION_FILLS:
        return ()
    try:
        with clients.uploads().get(version.key, version.version_id or None, max_bytes=_limits().max_bytes) as file:
            return process_crops(
                file, image.pk, store=clients.renditions(), specs=clients.specs(), point=point, limits=_limits()
            )
    except (Missing, Rejected) as fault:
        log.warning("the crops of image %s stay as they are: %s", image.pk, fault)
        return ()


def _limits() -> Limits:
    """As wide as they may ever be: the file was let through before."""
    most = max(settings.IMAGE_MAX_PIXELS, settings.IMAGE_MAX_PIXELS_ONCE)
    return Limits(max_bytes=settings.UPLOAD_MAX_BYTES, max_pixels=most, max_side=LONGEST_SIDE)
