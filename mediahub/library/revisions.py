"""How a change reaches the mirror: the revision grows with it, and the worker is told once it is committed."""

import logging
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from mediahub import messages
from mediahub.library.models import Image
from mediahub.messages import MirrorImage
from processing import ProcessingError

log = logging.getLogger(__name__)


def increment(image_id: UUID, above: int = 0) -> None:
    """Count one change of the image, within the transaction that makes it; the new revision is higher than `above`."""
    Image.objects.filter(pk=image_id).update(
        revision=Greatest(F("revision"), Value(above)) + 1, updated_at=timezone.now()
    )


def record_change(image_id: UUID, above: int = 0) -> None:
    """Count one change of the image and, after the commit, ask the worker to mirror it."""
    increment(image_id, above)
    transaction.on_commit(partial(_announce, image_id))


def _announce(image_id: UUID) -> None:
    try:
        messages.send(MirrorImage(image_id))
    except ProcessingError as error:
        # The row says revision ≠ mirrored_revision: the clock pushes what this message did not.
        log.warning("image %s waits for the clock to be mirrored: %s", image_id, error)
