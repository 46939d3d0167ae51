"""Images in the records, without their files."""

from typing import Any
from uuid import uuid4

from mediahub.library.models import Image, Rendition, Tag, Tagging
from mediahub.library.search import index
from processing.formats import get_output

PLACEHOLDER = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
USUAL = {
    "file_name": "harbour.jpg",
    "format": "JPEG",
    "width": 1600,
    "height": 1200,
    "bytes": 400_000,
    "sha256": "ab" * 32,
    "placeholder": PLACEHOLDER,
    "license": "CC BY 4.0",
    "label_state": Image.LabelState.DONE,
}


def image(title: str = "Harbour", **values: Any) -> Image:
    """Return an image with three renditions in two formats, as an ingest leaves it."""
    return images([{"title": title, **values}])[0]


def images(rows: list[dict[str, Any]]) -> list[Image]:
    """Return an image for each row of values, written all at once."""
    new_images = Image.objects.bulk_create([Image(**{**USUAL, **values}) for values in rows])
    Rendition.objects.bulk_create(
        Rendition(
            image=new_image,
            name=name,
            mode=Rendition.Mode.FIT,
            format=output.name,
            key=f"{name}/{new_image.pk}/{uuid4().hex}.{output.suffix}",
            width=width,
            height=width * 3 // 4,
            bytes=1000,
            content_type=output.content_type,
            sha256="cd" * 32,
        )
        for new_image in new_images
        for name, width in (("large", 1024), ("medium", 512), ("small", 256))
        for output in (get_output("JPEG"), get_output("AVIF"))
    )
    index.update_entries([new_image.pk for new_image in new_images])
    return new_images


def tagging(image: Image, name: str, state: str = Tagging.State.SUGGESTED, **values: Any) -> Tagging:
    """Return a tag on the image."""
    tag, _created = Tag.objects.get_or_create(name=name)
    values = {"source": Tagging.Source.REKOGNITION, "confidence": 90.0, **values}
    new_tagging = Tagging.objects.create(image=image, tag=tag, state=state, **values)
    index.update_entries([image.pk])
    return new_tagging


def image_with_tags(*names: str, **values: Any) -> Image:
    """Return an image with suggested tags that were measured."""
    new_image = image(**values)
    for name in names:
        tagging(new_image, name, source=Tagging.Source.MEASURED, confidence=80)
    return new_image
