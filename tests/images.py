"""Images in the records, without their files."""

from typing import Any

from mediahub.library.models import Image, Rendition, Tag, Tagging


def image(**fields: Any) -> Image:
    """Return an image with three renditions, as an ingest leaves it."""
    found = {
        "title": "Harbour",
        "file_name": "harbour.jpg",
        "format": "JPEG",
        "width": 1600,
        "height": 1200,
        "bytes": 400_000,
        "sha256": "ab" * 32,
        "license": "CC BY 4.0",
        "label_state": Image.LabelState.DONE,
        **fields,
    }
    made = Image.objects.create(**found)
    for name, width, height in (("large", 1024, 768), ("medium", 512, 384), ("small", 256, 192)):
        Rendition.objects.create(
            image=made,
            name=name,
            key=f"{name}/{made.pk}/{'cd' * 32}.jpg",
            width=width,
            height=height,
            bytes=width * 100,
            content_type="image/jpeg",
            sha256="cd" * 32,
        )
    return made


def image_with_tags(*names: str, **fields: Any) -> Image:
    """Return an image with suggested tags that were measured."""
    made = image(**fields)
    for name in names:
        tag, _created = Tag.objects.get_or_create(name=name)
        Tagging.objects.create(image=made, tag=tag, source=Tagging.Source.MEASURED, confidence=80)
    return made
