"""A fingerprint of what a picture looks like, whatever its size, format and compression, and how two compare.

The first 64 bits are a perceptual hash from the discrete cosine transform, as in C. Zauner, "Implementation and
Benchmarking of Perceptual Image Hash Functions" (2010), section 3.2.1: the picture in 32 × 32 gray pixels, of its
transform the 64 lowest frequencies without the mean, and for each whether it is above their median. The last 24 bits
are the mean color, because a sunrise and a snowfield of the same layout have the same frequencies.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import median

from PIL import Image

from processing.color import Lab, convert_to_lab

SIDE = 32
FREQUENCIES = range(1, 9)
# Noise and compression leave up to 15 in each frequency, the dimmest of photographs and scenes over 450.
MIN_AMPLITUDE = 100
# Twelve photographs, each saved anew at quality 60, halved, brightened by a tenth, or cut by 2 % at each side, differ
# from themselves in at most 8 bits and by 7 in CIELAB; one from another in at least 22 bits.
MAX_BITS = 8
MAX_COLOR_DISTANCE = 15.0
HASH_DIGITS = 16
BANDS = 4
BAND_BITS = 16
_WAVES = [
    [math.cos(math.pi * frequency * (2 * place + 1) / (2 * SIDE)) for place in range(SIDE)] for frequency in FREQUENCIES
]


def compute_fingerprint(picture: Image.Image) -> str:
    """Return 88 bits as 22 hexadecimal digits; empty for a picture in which nothing can be told apart."""
    small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    grays: Iterable[int] = small.convert("L").get_flattened_data()  # type: ignore[assignment]
    amplitudes = _transform(list(grays))
    if max(map(abs, amplitudes)) < MIN_AMPLITUDE:
        return ""
    middle = median(amplitudes)
    bits = 0
    for amplitude in amplitudes:
        bits = bits << 1 | (amplitude > middle)
    return f"{bits:0{HASH_DIGITS}x}{small.resize((1, 1), Image.Resampling.BOX).tobytes().hex()}"


def measure_distance(fingerprint: str, other: str) -> int | None:
    """Return in how many of the 64 bits of their hashes two fingerprints differ; None when they are not near."""
    bits = (int(fingerprint[:HASH_DIGITS], 16) ^ int(other[:HASH_DIGITS], 16)).bit_count()
    is_near = bits <= MAX_BITS and math.dist(_get_mean_color(fingerprint), _get_mean_color(other)) <= MAX_COLOR_DISTANCE
    return bits if is_near else None


def split_bands(fingerprint: str) -> list[int]:
    """Return the hash in four bands of 16 bits, each with its number above them, to find near ones by.

    Of two hashes that differ in at most 8 bits the first bands differ in at most 2, or one of the others in at most 1;
    otherwise they would differ in 3 + 2 + 2 + 2. M. Norouzi, A. Punjani, D. J. Fleet, "Fast Search in Hamming Space
    with Multi-Index Hashing" (2012), section 2.
    """
    bits = int(fingerprint[:HASH_DIGITS], 16)
    return [number << BAND_BITS | bits >> BAND_BITS * number & (1 << BAND_BITS) - 1 for number in range(BANDS)]


def list_near_bands(fingerprint: str) -> list[int]:
    """Return the bands of which every near fingerprint has at least one: 188 of them."""
    first, *others = split_bands(fingerprint)
    near = [first, *(first ^ mask for mask in _list_masks(2)), *(first ^ mask for mask in _list_masks(1))]
    for band in others:
        near += [band, *(band ^ mask for mask in _list_masks(1))]
    return near


def _list_masks(number: int) -> list[int]:
    """Return every band in which so many bits are set."""
    return [sum(1 << place for place in places) for places in combinations(range(BAND_BITS), number)]


def _get_mean_color(fingerprint: str) -> Lab:
    red, green, blue = bytes.fromhex(fingerprint[HASH_DIGITS:])
    return convert_to_lab((red, green, blue))


def _transform(values: Sequence[float]) -> list[float]:
    rows = [values[start : start + SIDE] for start in range(0, SIDE * SIDE, SIDE)]
    across = [[_multiply(wave, row) for wave in _WAVES] for row in rows]
    return [_multiply(wave, column) for wave in _WAVES for column in zip(*across, strict=True)]


def _multiply(wave: Iterable[float], values: Iterable[float]) -> float:
    return sum(a * b for a, b in zip(wave, values, strict=True))
