"""How a change reaches the mirror: the revision grows with it, and the worker is told once it is committed."""

import logging
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from mediahub import messages
from mediahub.library.models import Image
from mediahub.messages import MirrorImage
from processing import ProcessingError

log = logging.getLogger(__name__)


def increment(image_id: UUID, above: int = 0) -> None:
    """Count one change of the image, within the transaction that makes it; the new revision is higher than `above`."""
    increment_all([image_id], above)


def increment_all(image_ids: Collection[UUID], above: int = 0) -> None:
    """Count one change of each of these images, as `increment` does, in one statement."""
    Image.objects.filter(pk__in=image_ids).update(
        revision=Greatest(F("revision"), Value(above)) + 1, updated_at=timezone.now()
    )


def increment_above(above: Mapping[UUID, int]) -> None:
    """Count one change of each of these images, above a revision of its own, in one statement."""
    least = Case(*(When(pk=image_id, then=Value(revision)) for image_id, revision in above.items()), default=Value(0))
    Image.objects.filter(pk__in=above).update(revision=Greatest(F("revision"), least) + 1, updated_at=timezone.now())


def note_mirrored(pushed: Mapping[UUID, int]) -> None:
    """Note which revision of each image the mirror has, in one statement; it never falls back."""
    revision = Case(*(When(pk=image_id, then=Value(number)) for image_id, number in pushed.items()), default=Value(0))
    lagging = Image.objects.filter(pk__in=pushed, mirrored_revision__lt=F("revision"))
    lagging.update(mirrored_revision=Greatest(F("mirrored_revision"), revision))


def record_change(image_id: UUID, above: int = 0) -> None:
    """Count one change of the image and, after the commit, ask the worker to mirror it."""
    increment(image_id, above)
    transaction.on_commit(partial(_announce, [image_id]))


def record_changes(image_ids: Iterable[UUID]) -> None:
    """Count one change of each of these images and, after the commit, ask the worker to mirror them."""
    ids = list(image_ids)
    if ids:
        increment_all(ids)
        transaction.on_commit(partial(_announce, ids))


def _announce(image_ids: Collection[UUID]) -> None:
    try:
        if len(image_ids) == 1:
            messages.send(MirrorImage(*image_ids))
        else:
            messages.send_all(MirrorImage(image_id) for image_id in image_ids)
    except ProcessingError as error:
        # The rows say revision ≠ mirrored_revision: the clock pushes what these messages did not.
        log.warning("up to %d images wait for the clock to be mirrored: %s", len(image_ids), error)
