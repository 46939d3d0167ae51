"""ICC profiles and colors that the tests make, independent of processing.icc: version 2, written tag by tag."""

import math
import struct
from collections.abc import Callable
from io import BytesIO

from PIL import Image, ImageCms, ImageDraw

from processing.color import sample_colors

Column = tuple[float, float, float]
D50 = (0.9642, 1.0, 0.8249)
# The columns of red, green and blue in XYZ, adapted to D50, as published with each color space.
COLUMNS: dict[str, tuple[Column, Column, Column]] = {
    "srgb": ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)),
    "p3": ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
    "adobe": ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
    "rec2020": ((0.67348, 0.27904, -0.00193), (0.16566, 0.67534, 0.02998), (0.12505, 0.04561, 0.79686)),
    "swapped": ((0.38515, 0.71687, 0.09708), (0.43607, 0.22249, 0.01392), (0.14307, 0.06061, 0.71410)),
}


def srgb_curve(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def gamma(exponent: float) -> Callable[[float], float]:
    return lambda value: value**exponent


def rgb_profile(name: str, columns: str, curve: Callable[[float], float] = srgb_curve) -> bytes:
    """Return a display profile with this description."""
    tags = [(letter + b"XYZ", xyz(column)) for letter, column in zip((b"r", b"g", b"b"), COLUMNS[columns], strict=True)]
    return written(b"RGB ", name, [*tags, *((letter + b"TRC", curved(curve)) for letter in (b"r", b"g", b"b"))])


def gray_profile(name: str, curve: Callable[[float], float]) -> bytes:
    return written(b"GRAY", name, [(b"kTRC", curved(curve))])


def written(space: bytes, name: str, more: list[tuple[bytes, bytes]]) -> bytes:
    text = name.encode() + b"\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    tags = [(b"desc", description), (b"cprt", b"text\0\0\0\0none\0"), (b"wtpt", xyz(D50)), *more]
    place, table, body = 132 + 12 * len(tags), b"", b""
    for tag, data in tags:
        table += tag + struct.pack(">II", place + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4xI", place + len(body), 0x02400000) + b"mntr" + space + b"XYZ "
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + xyz(D50)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def xyz(values: Column) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def curved(curve: Callable[[float], float]) -> bytes:
    points = [round(curve(place / 1023) * 65535) for place in range(1024)]
    return b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *points)


def chart(width: int = 600, height: int = 400) -> Image.Image:
    """Return patches of everyday colors on a gradient."""
    gradient = Image.linear_gradient("L").resize((width, height))
    scene = Image.merge("RGB", [gradient, gradient.rotate(180), gradient.point(lambda value: 90 + value // 3)])
    draw = ImageDraw.Draw(scene)
    colors: tuple[tuple[int, int, int], ...] = (
        (200, 30, 30),
        (30, 160, 40),
        (30, 50, 190),
        (220, 200, 30),
        (200, 40, 160),
        (30, 170, 180),
    )
    colors += ((240, 240, 240), (128, 128, 128), (20, 20, 20), (230, 130, 40), (110, 60, 30), (250, 200, 180))
    for number, color in enumerate(colors):
        left, top = width * (number % 6) // 6 + 10, height * (number // 6) // 2 + 30
        draw.rectangle((left, top, left + width // 8, top + height // 4), fill=color)
    return scene


def by_littlecms(scene: Image.Image, profile: bytes) -> Image.Image:
    """Return the pixels in sRGB as littleCMS converts them, at full size."""
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    converted = ImageCms.profileToProfile(scene, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert converted
    return converted


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference in CIELAB (dE76)."""
    pairs = list(zip(sample_colors(one, 48), sample_colors(other, 48), strict=True))
    return sum(math.dist(first, second) for first, second in pairs) / len(pairs)
