"""Images in the records, without their files."""

from typing import Any

from mediahub.library.models import Image, Rendition, Tag, Tagging
from mediahub.library.search import index
from processing.formats import get_output


def image(**fields: Any) -> Image:
    """Return an image with three renditions in two formats, as an ingest leaves it."""
    values = {
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
    new_image = Image.objects.create(**values)
    Rendition.objects.bulk_create(
        Rendition(
            image=new_image,
            name=name,
            mode=Rendition.Mode.FIT,
            format=output.name,
            key=f"{name}/{new_image.pk}/{'cd' * 32}.{output.suffix}",
            width=width,
            height=height,
            bytes=width * 100,
            content_type=output.content_type,
            sha256="cd" * 32,
        )
        for name, width, height in (("large", 1024, 768), ("medium", 512, 384), ("small", 256, 192))
        for output in (get_output("JPEG"), get_output("AVIF"))
    )
    index.update_entries([new_image.pk])
    return new_image


def image_with_tags(*names: str, **fields: Any) -> Image:
    """Return an image with suggested tags that were measured."""
    new_image = image(**fields)
    for name in names:
        tag, _created = Tag.objects.get_or_create(name=name)
        Tagging.objects.create(image=new_image, tag=tag, source=Tagging.Source.MEASURED, confidence=80)
    index.update_entries([new_image.pk])
    return new_image
