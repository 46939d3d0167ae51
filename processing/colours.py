"""Colours by their everyday names: what one pixel is called, and which names cover most of a picture."""

import math
from collections import Counter
from collections.abc import Iterable

from PIL import Image

SIDE = 24
# A name counts from this share of the area on; at most so many of them.
SHARE = 0.15
MOST = 3
NEARLY_ALL = 0.98
MONOCHROME = "monochrome"
NAMES = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown", "black", "grey", "white")

Lab = tuple[float, float, float]


def dominant(picture: Image.Image) -> tuple[str, ...]:
    """At most three of NAMES, the largest area first, and MONOCHROME where next to nothing has a hue."""
    areas = Counter(_name(*pixel) for pixel in pixels(picture, SIDE))
    total = areas.total()
    names = [name for name, count in areas.most_common(MOST) if count >= SHARE * total]
    hueless = sum(areas[name] for name in ("black", "grey", "white"))
    return (*names, MONOCHROME) if hueless > NEARLY_ALL * total else tuple(names)


def pixels(picture: Image.Image, side: int) -> list[Lab]:
    """The picture's pixels in CIELAB, averaged to `side` × `side` of them."""
    small = picture.convert("RGB").resize((side, side), Image.Resampling.BOX)
    found: Iterable[tuple[int, int, int]] = small.get_flattened_data()  # type: ignore[assignment]
    return [lab(pixel) for pixel in found]


def hue(lightness: float, a: float, b: float) -> str:
    """The everyday name of a colour by its hue in CIELAB; empty for what is nearly grey."""
    if math.hypot(a, b) < 12:
        return ""
    angle = math.degrees(math.atan2(b, a)) % 360
    if 30 <= angle < 90 and lightness < 60 and math.hypot(a, b) < 60:
        return "brown"
    names = ((15, "pink"), (50, "red"), (75, "orange"), (105, "yellow"), (180, "green"), (225, "cyan"), (312, "blue"))
    return next((name for end, name in names if angle < end), "purple" if angle < 335 else "pink")


def lab(pixel: tuple[int, int, int]) -> Lab:
    """CIELAB under D65 of an sRGB pixel; IEC 61966-2-1 and CIE 15."""
    red, green, blue = ((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (v / 255 for v in pixel))
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = ((t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116) for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _name(lightness: float, a: float, b: float) -> str:
    """As `hue`, and by lightness what has none."""
    if named := hue(lightness, a, b):
        return named
    return "black" if lightness < 25 else "white" if lightness > 85 else "grey"
