"""The size that most tests look at, and how many files the renditions of one picture are."""

from collections.abc import Iterable

from processing import SPECS, RenditionSpec

# The largest, so that no picture of the tests is decoded at less than its size.
ONE_SIZE = SPECS[:1]


def count_files(specs: Iterable[RenditionSpec] = SPECS, *, is_transparent: bool = False) -> int:
    """Return how many files a picture has: one for each format of each size."""
    return sum(len(spec.list_formats(is_transparent=is_transparent)) for spec in specs)
