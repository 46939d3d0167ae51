"""Colors by their everyday names: what a pixel is called, and which names cover most of a picture."""

import math
from collections import Counter
from collections.abc import Iterable

from PIL import Image

SAMPLE_SIDE = 24
# A color counts from this share of the area.
MIN_SHARE = 0.15
MAX_COLORS = 3
MONOCHROME_SHARE = 0.98
MONOCHROME = "monochrome"
NAMES = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "brown", "black", "gray", "white")

Lab = tuple[float, float, float]


def name_dominant_colors(picture: Image.Image) -> tuple[str, ...]:
    """Return at most three of NAMES, the largest area first, and MONOCHROME for a picture with next to no hue."""
    areas = Counter(_name_color(*color) for color in sample_colors(picture, SAMPLE_SIDE))
    total = areas.total()
    names = [name for name, count in areas.most_common(MAX_COLORS) if count >= MIN_SHARE * total]
    hueless = sum(areas[name] for name in ("black", "gray", "white"))
    return (*names, MONOCHROME) if hueless > MONOCHROME_SHARE * total else tuple(names)


def sample_colors(picture: Image.Image, side: int) -> list[Lab]:
    """Return the picture's pixels in CIELAB, row by row, averaged to `side` × `side` of them."""
    small = picture.convert("RGB").resize((side, side), Image.Resampling.BOX)
    pixels: Iterable[tuple[int, int, int]] = small.get_flattened_data()  # type: ignore[assignment]
    return [convert_to_lab(pixel) for pixel in pixels]


def name_hue(lightness: float, a: float, b: float) -> str:
    """Return the everyday name of a color in CIELAB by its hue; empty for one that is nearly gray."""
    if math.hypot(a, b) < 12:
        return ""
    angle = math.degrees(math.atan2(b, a)) % 360
    if 30 <= angle < 90 and lightness < 60 and math.hypot(a, b) < 60:
        return "brown"
    names = ((15, "pink"), (50, "red"), (75, "orange"), (105, "yellow"), (180, "green"), (225, "cyan"), (312, "blue"))
    return next((name for end, name in names if angle < end), "purple" if angle < 335 else "pink")


def convert_to_lab(pixel: tuple[int, int, int]) -> Lab:
    """Return an sRGB pixel, 0 to 255 in each channel, in CIELAB under D65; IEC 61966-2-1 and CIE 15."""
    red, green, blue = ((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (v / 255 for v in pixel))
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = ((t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116) for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _name_color(lightness: float, a: float, b: float) -> str:
    if hue := name_hue(lightness, a, b):
        return hue
    return "black" if lightness < 25 else "white" if lightness > 85 else "gray"
