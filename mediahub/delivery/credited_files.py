"""Renditions as they leave: with the credit of the record inside them."""

from mediahub.aws import clients
from mediahub.library.credit import build_credit
from mediahub.library.models import Image, Rendition
from processing.metadata.write import embed


def read_rendition(image: Image, rendition: Rendition) -> bytes:
    """Return the rendition of an image with the credit that its record has now; raise Missing."""
    with clients.get_rendition_store().get(rendition.key) as file:
        return embed(file.read(), rendition.format, build_credit(image))
