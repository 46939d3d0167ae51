"""How many files the renditions of one picture are, by their specifications."""

from collections.abc import Iterable

from processing import SPECS, RenditionSpec


def count_files(specs: Iterable[RenditionSpec] = SPECS, *, is_transparent: bool = False) -> int:
    """Return how many files a picture has: one for each format of each size."""
    return sum(len(spec.list_formats(is_transparent=is_transparent)) for spec in specs)
