"""A fingerprint of what a picture looks like, whatever its size, format and compression, and how two are compared.

The first 64 bits are a perceptual hash from the discrete cosine transform, as in C. Zauner, "Implementation and
Benchmarking of Perceptual Image Hash Functions" (2010), section 3.2.1: the picture in 32 × 32 grey pixels, of its
transform the 64 lowest frequencies without the mean, and of each whether it is above their median. The last 24 bits are
the mean colour, because a sunrise and a snowfield of the same layout have the same frequencies.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import median

from PIL import Image

from processing.colours import lab

SIDE = 32
LOW = range(1, 9)
# Noise and compression leave up to 15 in each frequency, the dimmest of photographs and scenes over 450.
PLAIN = 100
# Twelve photographs, each saved anew at quality 60, halved, brightened by a tenth, or cut by 2 % at each side, differ
# from themselves in at most 8 bits and by 7 in CIELAB; one from another in at least 22 bits.
RADIUS = 8
TINT = 15.0
HASH = 16
BANDS = 4
WIDTH = 16
_WAVES = [[math.cos(math.pi * wave * (2 * place + 1) / (2 * SIDE)) for place in range(SIDE)] for wave in LOW]


def fingerprint(picture: Image.Image) -> str:
    """88 bits as 22 hexadecimal digits; empty for a picture in which there is nothing to tell apart."""
    small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    grey: Iterable[int] = small.convert("L").get_flattened_data()  # type: ignore[assignment]
    found = _frequencies(list(grey))
    if max(map(abs, found)) < PLAIN:
        return ""
    middle = median(found)
    bits = 0
    for value in found:
        bits = bits << 1 | (value > middle)
    return f"{bits:0{HASH}x}{small.resize((1, 1), Image.Resampling.BOX).tobytes().hex()}"


def distance(one: str, other: str) -> int | None:
    """In how many of the 64 bits of their hashes two fingerprints differ; None when they are not near."""
    bits = (int(one[:HASH], 16) ^ int(other[:HASH], 16)).bit_count()
    return bits if bits <= RADIUS and math.dist(_tint(one), _tint(other)) <= TINT else None


def bands(one: str) -> list[int]:
    """The hash in four parts of 16 bits, each with its number before it, to find near ones by.

    Of two hashes that differ in at most 8 bits the first parts differ in at most 2, or one of the others in at most 1;
    otherwise they would differ in 3 + 2 + 2 + 2. M. Norouzi, A. Punjani, D. J. Fleet, "Fast Search in Hamming Space
    with Multi-Index Hashing" (2012), section 2.
    """
    bits = int(one[:HASH], 16)
    return [number << WIDTH | bits >> WIDTH * number & (1 << WIDTH) - 1 for number in range(BANDS)]


def probes(one: str) -> list[int]:
    """The bands of which every near fingerprint has at least one: 188 of them."""
    first, *others = bands(one)
    found = [first, *(first ^ bit for bit in _flips(2)), *(first ^ bit for bit in _flips(1))]
    for band in others:
        found += [band, *(band ^ bit for bit in _flips(1))]
    return found


def _flips(number: int) -> list[int]:
    return [sum(1 << place for place in places) for places in combinations(range(WIDTH), number)]


def _tint(one: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(one[HASH:])
    return lab((red, green, blue))


def _frequencies(values: Sequence[float]) -> list[float]:
    rows = [values[start : start + SIDE] for start in range(0, SIDE * SIDE, SIDE)]
    across = [[_sum(wave, row) for wave in _WAVES] for row in rows]
    return [_sum(wave, column) for wave in _WAVES for column in zip(*across, strict=True)]


def _sum(wave: Iterable[float], values: Iterable[float]) -> float:
    return sum(a * b for a, b in zip(wave, values, strict=True))
