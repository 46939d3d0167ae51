"""Compute how much a file may take in the jail: by the pixels that its header announces, which the limits bound.

Every file may take SECONDS of the processor and MEMORY until its header has been checked, and a small picture no more
after that.
"""

import math
from collections.abc import Sequence

from processing.renditions import RenditionSpec

SECONDS = 5
MEMORY = 512_000_000
# 100 megapixels take at most 6 seconds in any format (`python -m bench.formats`), and machines differ.
_SECONDS_PER_MEGAPIXEL = 0.15
# What the interpreter and the libraries take, with a sixth of what decoding takes, for what the allocator wastes.
_OWN_MEMORY, _WASTE = 160_000_000, 7 / 6
# The renditions are the operator's wish, and no fault of the file. AVIF takes .05 s and 30 bytes for a pixel.
_SECONDS_PER_RENDERED_MEGAPIXEL, _MEMORY_PER_RENDERED_PIXEL = 0.5, 60
# By the clock: a processor that others use gives a child its seconds late, but one that only waits will wait forever.
STALL = 10
LEAST_PROGRESS = 0.1
_PATIENCE = 12


def count_seconds(pixels: int) -> int:
    """Return the seconds of the processor that a picture may take until it is decoded."""
    return max(SECONDS, math.ceil(pixels / 1e6 * _SECONDS_PER_MEGAPIXEL))


def count_rendering_seconds(specs: Sequence[RenditionSpec]) -> int:
    """Return the seconds of the processor that the renditions may take besides."""
    pixels = sum(spec.width * spec.height * len(spec.formats) for spec in specs)
    return math.ceil(pixels / 1e6 * _SECONDS_PER_RENDERED_MEGAPIXEL)


def count_memory(needed: int, specs: Sequence[RenditionSpec]) -> int:
    """Return the bytes that the child may write to, where decoding a picture takes `needed`."""
    rendering = max((spec.width * spec.height for spec in specs), default=0) * _MEMORY_PER_RENDERED_PIXEL
    return max(MEMORY, _OWN_MEMORY + math.ceil(max(needed * _WASTE, rendering)))


def count_patience(seconds: float) -> float:
    """Return how long to wait at most for what takes so many seconds of the processor, on the busiest machine."""
    return seconds * _PATIENCE
