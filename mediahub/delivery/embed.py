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


def embed(image: Image) -> Embed | None:
    """What to copy of a published image, by addresses that stay; None for one that shows nothing to the public."""
    whole = [made for made in image.renditions.all() if made.whole and _same_shape(image, made)]
    if not public.wanted(image) or not whole:
        return None
    whole.sort(key=lambda made: made.width)
    largest = whole[-1]
    address = _address(image, largest)
    srcset = ", ".join(f"{_address(image, made)} {made.width}w" for made in whole)
    # A plain text: the page that shows it escapes it once more.
    picture = (
        f'<picture><source srcset="{escape(srcset)}" sizes="(max-width: {largest.width}px) 100vw, {largest.width}px">'
        f'<img src="{escape(address)}" alt="{escape(image.alt_text)}" width="{largest.width}" '
        f'height="{largest.height}" loading="lazy"></picture>'
    )
    crops = [(str(made), _address(image, made)) for made in image.renditions.all() if not made.whole]
    markdown = f"![{_markdown(image.alt_text)}]({address})"
    return Embed(address, picture, markdown, credit_line(image), tuple(sorted(crops)))


def credit_line(image: Image) -> str:
    """Whose picture it is and under what license, on one line; empty when neither is known."""
    parts = [part for part in (image.credit, image.license) if part]
    return _("Photo: %(credit)s") % {"credit": " / ".join(parts)} if parts else ""


def _address(image: Image, made: Rendition) -> str:
    return public.address(build_permanent_key(image.pk, made.name, made.key))


def _same_shape(image: Image, made: Rendition) -> bool:
    """That the rendition shows the whole picture; two sizes of other shapes do not belong into one srcset."""
    return abs(made.width * image.height - made.height * image.width) <= max(image.width, image.height)


def _markdown(text: str) -> str:
    for mark in "\\[]":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
