"""What an editor takes along to show an image elsewhere: its address, markup, and a line that says whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.translation import gettext as _

from mediahub.delivery import public
from mediahub.library import rendition_choice
from mediahub.library.models import Image, Rendition
from processing.keys import build_permanent_key

# Pages show an image at most so many pixels wide and high; screens with finer pixels get a larger file.
SHOWN_EDGE = 1024


@dataclass(frozen=True)
class EmbedCrop:
    """A crop to copy: its name and size, its address, and HTML."""

    title: str
    address: str
    picture: str


@dataclass(frozen=True)
class Embed:
    """Texts to copy: the address of the rendition that pages show, HTML, Markdown, the credit line, and each crop."""

    address: str
    picture: str
    markdown: str
    credit_line: str
    crops: tuple[EmbedCrop, ...] = ()


def build_embed_code(image: Image) -> Embed | None:
    """Return what to copy of a published image, by addresses that stay; None if it shows nothing to the public."""
    shown = rendition_choice.choose_fit(image, SHOWN_EDGE)
    if shown is None or not public.list_public_files(image):
        return None
    crops = [
        EmbedCrop(str(rendition), _build_address(image, rendition), _build_picture(image, rendition, [rendition]))
        for rendition in rendition_choice.list_fallbacks(image)
        if rendition.mode == Rendition.Mode.CROP
    ]
    address = _build_address(image, shown)
    return Embed(
        address,
        _build_picture(image, shown, _list_widths(image, shown)),
        f"![{_escape_markdown(image.alt_text)}]({address})",
        build_credit_line(image),
        tuple(sorted(crops, key=lambda crop: crop.title)),
    )


def build_credit_line(image: Image) -> str:
    """Return whose picture it is and under what license, on one line; empty when neither is known."""
    parts = [part for part in (image.credit, image.license) if part]
    return _("Photo: %(credit)s") % {"credit": " / ".join(parts)} if parts else ""


def _list_widths(image: Image, shown: Rendition) -> list[Rendition]:
    """Return one rendition for each width, the smallest first, among them the one that is shown."""
    by_width = {
        rendition.width: rendition
        for rendition in reversed(rendition_choice.list_fits(image))
        # Sizes of different shapes do not belong into one srcset.
        if abs(rendition.width * image.height - rendition.height * image.width) <= max(image.width, image.height)
    }
    return [rendition for _width, rendition in sorted((by_width | {shown.width: shown}).items())]


def _build_picture(image: Image, shown: Rendition, renditions: Sequence[Rendition]) -> str:
    """Return HTML as plain text, which the page that shows it escapes once more.

    The modern format has a source of its own, so that no browser asks for two files.
    """
    sizes = f"(max-width: {shown.width}px) 100vw, {shown.width}px"
    moderns = [modern for each in renditions if (modern := rendition_choice.find_modern(image, each))]
    source = ""
    if len(moderns) == len(renditions):
        srcset = escape(_build_srcset(image, moderns))
        source = f'<source type="{moderns[0].content_type}" srcset="{srcset}" sizes="{sizes}">'
    address, srcset = escape(_build_address(image, shown)), escape(_build_srcset(image, renditions))
    return (
        f'<picture>{source}<img src="{address}" srcset="{srcset}" sizes="{sizes}" alt="{escape(image.alt_text)}" '
        f'width="{shown.width}" height="{shown.height}" loading="lazy"></picture>'
    )


def _build_srcset(image: Image, renditions: Sequence[Rendition]) -> str:
    return ", ".join(f"{_build_address(image, rendition)} {rendition.width}w" for rendition in renditions)


def _build_address(image: Image, rendition: Rendition) -> str:
    return public.build_public_address(build_permanent_key(image.pk, rendition.name, is_fallback=rendition.is_fallback))


def _escape_markdown(text: str) -> str:
    # The backslash first. Code, tags, and characters by name begin in the text of a link as anywhere else.
    for mark in "\\[]`<>&*_":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
