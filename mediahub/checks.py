"""Settings that contradict each other, found before the first request: system checks with ids and hints."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

LABELERS = ("rekognition", "measured", "recorded", "off")
# Those that can be asked what a person should look at.
MODERATORS = ("rekognition", "recorded")


@register
def stores(**_: Any) -> list[CheckMessage]:
    """The upload bucket must not be the renditions bucket: each rendition would be taken in as an upload."""
    found: list[CheckMessage] = []
    if settings.UPLOAD_BUCKET and settings.UPLOAD_BUCKET == settings.RENDITION_BUCKET:
        found.append(
            Error(
                "UPLOAD_BUCKET and RENDITION_BUCKET name the same bucket.",
                hint="Give renditions a bucket of their own, or each would be processed again without end.",
                id="mediahub.E001",
            )
        )
    if settings.UPLOAD_PART_THRESHOLD > settings.UPLOAD_MAX_BYTES:
        found.append(
            Error(
                "UPLOAD_PART_THRESHOLD is larger than UPLOAD_MAX_BYTES.",
                hint="Lower UPLOAD_PART_THRESHOLD; files above it are sent in parts.",
                id="mediahub.E002",
            )
        )
    return found


@register
def labels(**_: Any) -> list[CheckMessage]:
    """The labeler must be one that exists and can do what is asked of it; a recorded one needs its recordings."""
    if settings.LABELER not in LABELERS:
        hint = f"Set it to one of {', '.join(LABELERS)}."
        return [Error(f"LABELER is {settings.LABELER!r}.", hint=hint, id="mediahub.E003")]
    if settings.LABELER == "recorded" and not settings.LABEL_RECORDINGS:
        hint = "Set LABEL_RECORDINGS to the folder of answers."
        return [Error("LABELER is recorded, but there are no recordings.", hint=hint, id="mediahub.E004")]
    if settings.MODERATION and settings.LABELER not in MODERATORS:
        hint = "Set LABELER to rekognition, or MODERATION to false. Until then a person has to look at each image."
        said = f"MODERATION is on, but the labeler {settings.LABELER!r} looks at no picture for flags."
        return [Warning(said, hint=hint, id="mediahub.W001")]
    return []
