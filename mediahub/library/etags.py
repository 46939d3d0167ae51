"""What a person saw of images before they acted on them, so that nothing goes out that nobody saw."""

import hashlib
import json
from collections.abc import Iterable
from uuid import UUID

from mediahub.library.changes import to_json
from mediahub.library.models import Image

# What the public gets of an image, or is kept from it: whoever publishes answers for these.
SHOWN = (
    *("sha256", "state", "title", "alt_text", "caption"),
    *("credit", "copyright", "license", "license_url", "rights_until"),
)
DIGITS = 16


def image_etag(image: Image) -> str:
    """Return a short text that differs as soon as the image's file, its words or its state do."""
    values = [to_json(getattr(image, name)) for name in SHOWN]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:DIGITS]


def revisions_etag(images: Iterable[tuple[UUID, int]]) -> str:
    """Return a short text for a set of (id, revision), whatever their order."""
    lines = sorted(f"{pk} {revision}" for pk, revision in images)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:DIGITS]
