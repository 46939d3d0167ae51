"""What an editor takes along to show an image elsewhere: its address, markup, and a line that says whose it is."""

from dataclasses import dataclass

from django.utils.html import escape
from django.utils.translation import gettext as _

from mediahub.delivery import public
from mediahub.library.models import Image, Rendition
from processing.keys import build_permanent_key


@dataclass(frozen=True)
class Embed:
    """Texts to copy: the address of the largest rendition, HTML, Markdown, the credit line, and each crop's address."""

    address: str
    picture: str
    markdown: str
    credit_line: str
    crops: tuple[tuple[str, str], ...] = ()


def build_embed_code(image: Image) -> Embed | None:
    """Return what to copy of a published image, by addresses that stay; None if it shows nothing to the public."""
    # Sizes of different shapes do not belong into one srcset.
    whole_renditions = [
        rendition
        for rendition in image.renditions.all()
        if rendition.whole
        and abs(rendition.width * image.height - rendition.height * image.width) <= max(image.width, image.height)
    ]
    if not public.list_public_files(image) or not whole_renditions:
        return None
    whole_renditions.sort(key=lambda rendition: rendition.width)
    largest = whole_renditions[-1]
    address = _build_address(image, largest)
    srcset = ", ".join(f"{_build_address(image, rendition)} {rendition.width}w" for rendition in whole_renditions)
    # A plain text: the page that shows it escapes it once more.
    picture = (
        f'<picture><source srcset="{escape(srcset)}" sizes="(max-width: {largest.width}px) 100vw, {largest.width}px">'
        f'<img src="{escape(address)}" alt="{escape(image.alt_text)}" width="{largest.width}" '
        f'height="{largest.height}" loading="lazy"></picture>'
    )
    crops = [
        (str(rendition), _build_address(image, rendition))
        for rendition in image.renditions.all()
        if not rendition.whole
    ]
    markdown = f"![{_escape_markdown(image.alt_text)}]({address})"
    return Embed(address, picture, markdown, build_credit_line(image), tuple(sorted(crops)))


def build_credit_line(image: Image) -> str:
    """Return whose picture it is and under what license, on one line; empty when neither is known."""
    parts = [part for part in (image.credit, image.license) if part]
    return _("Photo: %(credit)s") % {"credit": " / ".join(parts)} if parts else ""


def _build_address(image: Image, rendition: Rendition) -> str:
    return public.build_public_address(build_permanent_key(image.pk, rendition.name, rendition.key))


def _escape_markdown(text: str) -> str:
    for mark in "\\[]":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
