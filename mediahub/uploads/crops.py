"""Cutting the crops of an image anew, when its focal point has moved."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from mediahub import rounds
from mediahub.aws import clients
from mediahub.library import cataloging, focal_point
from mediahub.library.models import Image, Version, uncut
from mediahub.uploads.original_limits import build_widest_limits
from processing import Missing, Point, Rejected, StoredRendition, process_crops

log = logging.getLogger(__name__)

# The message of a change of the last moments is on its way.
PATIENCE = timedelta(minutes=1)


def cut_crops(image_id: UUID) -> str:
    """Cut the crops that are not at the focal point, from the original; return "cut", "duplicate" or "superseded".

    Raise Unavailable when it should be asked for again, Misconfigured when an operator has to act.
    """
    image = Image.objects.filter(pk=image_id).first()
    if image is None or focal_point.has_current_crops(image):
        return "duplicate"
    point, version = focal_point.get_point(image), image.versions.filter(current=True).first()
    crops = _cut_from_original(image, version, point)
    with transaction.atomic():
        image = Image.objects.select_for_update().get(pk=image_id)
        current_version = image.versions.filter(current=True).first()
        if focal_point.get_point(image) != point or current_version != version:
            # What came in between has its own message, or the clock asks for it.
            return "superseded"
        cataloging.record_crops(image, crops, point, {spec.name for spec in clients.get_crop_specs()})
    return "cut"


def request_missing_crops(most: int = 100) -> int:
    """Request the crops of each image that are not at its focal point; return how many images."""
    left = Image.objects.filter(uncut(), updated_at__lt=timezone.now() - PATIENCE).order_by("-updated_at")
    return rounds.process_each(
        rounds.pick_items(left.values_list("pk", flat=True), most, "image"),
        lambda image_id: focal_point.request_crops([image_id]),
        "image",
    )


def _cut_from_original(image: Image, version: Version | None, point: Point) -> tuple[StoredRendition, ...]:
    """Return the new renditions; none where the original is gone, so that the old ones stay."""
    if image.deleted_at or version is None or not clients.get_crop_specs():
        return ()
    try:
        with clients.get_upload_store().get(
            version.key, version.version_id or None, max_bytes=build_widest_limits().max_bytes
        ) as file:
            return process_crops(
                file,
                image.pk,
                store=clients.get_rendition_store(),
                specs=clients.get_specs(),
                point=point,
                limits=build_widest_limits(),
            )
    except (Missing, Rejected) as error:
        log.warning("the crops of image %s stay as they are: %s", image.pk, error)
        return ()
