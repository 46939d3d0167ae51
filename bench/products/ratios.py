"""How many times a product's figure is of MediaHub's, block by block."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """The median of the ratios of all blocks, with the smallest and the largest."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        """Write it as `3.1 (2.9 to 3.4)`."""
        return f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"


def compare_blocks(blocks: Sequence[float], base: Sequence[float]) -> Ratio:
    """Return how many times each block is of the same block of `base`; raise ValueError when they do not pair."""
    ratios = [value / of for value, of in zip(blocks, base, strict=True)]
    if not ratios:
        raise ValueError("There is no block to compare.")
    return Ratio(statistics.median(ratios), min(ratios), max(ratios))
