"""Which of an image's renditions stands for it where one file is needed; their rows are read once with the image."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mediahub.library.models import Image, Rendition


def list_fallbacks(image: Image) -> list[Rendition]:
    """Return the file of each name that every browser shows, the largest first."""
    return [rendition for rendition in image.renditions.all() if rendition.is_fallback]


def list_fits(image: Image) -> list[Rendition]:
    """Return the file of each size that shows the whole picture and that every browser shows, the largest first."""
    return [rendition for rendition in list_fallbacks(image) if rendition.mode == Rendition.Mode.FIT]


def choose_fit(image: Image, edge: int) -> Rendition | None:
    """Return the largest file that shows the whole picture within so many pixels a side; the smallest if none does."""
    return _choose_within(list_fits(image), edge)


def find_modern(image: Image, fallback: Rendition) -> Rendition | None:
    """Return the file of the same name in the modern format."""
    renditions = (rendition for rendition in image.renditions.all() if rendition.name == fallback.name)
    return next((rendition for rendition in renditions if not rendition.is_fallback), None)


def choose_version_fit(files: Iterable[Mapping[str, Any]], edge: int) -> Rendition | None:
    """Return what `choose_fit` returns, of the files that a version had; the row is not in the database."""
    renditions = [Rendition(**file) for file in files]
    return _choose_within([each for each in renditions if each.is_fallback and each.mode == Rendition.Mode.FIT], edge)


def _choose_within(fits: Sequence[Rendition], edge: int) -> Rendition | None:
    return next((fit for fit in fits if max(fit.width, fit.height) <= edge), fits[-1] if fits else None)
