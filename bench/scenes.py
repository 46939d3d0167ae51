"""Paint scenes as a camera would store them, so that pages and screenshots have something to show."""

import math
import random
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter

Color = tuple[int, int, int]
ORIENTATION, MAKE, MODEL, TAKEN = 0x0112, 0x010F, 0x0110, 0x9003
# How an upright picture is turned into the one that the sensor saw, by the EXIF orientation that undoes it.
SENSOR = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}

SKIES: dict[str, tuple[Color, Color, Color]] = {
    "Harbour at dawn": ((38, 52, 98), (250, 176, 120), (28, 44, 66)),
    "Hills after rain": ((120, 168, 205), (226, 236, 228), (52, 96, 70)),
    "Old town by night": ((10, 14, 38), (66, 48, 96), (20, 18, 34)),
    "Dunes at noon": ((70, 140, 206), (236, 222, 190), (206, 156, 92)),
    "First snow": ((148, 166, 190), (238, 240, 246), (196, 208, 222)),
    "Evening on the lake": ((92, 46, 92), (252, 140, 92), (44, 30, 60)),
    "Vineyard in autumn": ((96, 140, 184), (246, 214, 150), (150, 76, 40)),
    "Fjord in the morning": ((58, 96, 128), (210, 226, 232), (34, 62, 78)),
}


def paint_scene(name: str, width: int = 1600, height: int = 1200) -> Image.Image:
    """Paint an upright landscape: a sky, a sun to the left, ridges one behind the other."""
    top, low, ground = SKIES[name]
    # A picture must be the same in each run, or every screenshot would differ.
    chance = random.Random(name)
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    for y in range(height):
        draw.line([(0, y), (width, y)], fill=_mix(top, low, min(1.0, y / (height * 0.62))))
    _paint_sun(picture, width, height, _mix(low, (255, 250, 235), 0.7))
    ridges = 5
    for ridge in range(ridges):
        near = (ridge + 1) / ridges
        line = _draw_ridge(chance, width, height * (0.5 + 0.11 * ridge), height * 0.09)
        shade = _mix(low, ground, 0.25 + 0.75 * near)
        ImageDraw.Draw(picture).polygon([*line, (width, height), (0, height)], fill=shade)
    return picture.filter(ImageFilter.GaussianBlur(width / 1600))


@cache
def make_photograph(name: str, width: int = 1600, height: int = 1200, orientation: int = 1) -> bytes:
    """Return the scene as a JPEG of `width` × `height` when upright, stored as its EXIF orientation says."""
    picture = paint_scene(name, width, height)
    turn = SENSOR[orientation]
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE], exif[MODEL] = orientation, "Paintbox", "P1"
    exif.get_ifd(0x8769)[TAKEN] = "2026:09:14 07:41:00"
    out = BytesIO()
    (picture.transpose(turn) if turn is not None else picture).save(out, "JPEG", quality=88, exif=exif.tobytes())
    return out.getvalue()


@cache
def make_heavy_photograph(megabytes: int) -> bytes:
    """Return a JPEG of about this many MB; noise does not compress."""
    side = 2200
    noise = Image.frombytes("RGB", (side, side), random.Random(7).randbytes(side * side * 3))
    out = BytesIO()
    noise.save(out, "JPEG", quality=98)
    # Readers ignore what follows the end of the image.
    return out.getvalue().ljust(megabytes * 1_000_000, b"\0")


def _mix(a: Color, b: Color, part: float) -> Color:
    red, green, blue = (round(x + (y - x) * part) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _paint_sun(picture: Image.Image, width: int, height: int, color: Color) -> None:
    glow = Image.new("L", picture.size)
    x, y, radius = width * 0.28, height * 0.4, height * 0.07
    ImageDraw.Draw(glow).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    halo = glow.filter(ImageFilter.GaussianBlur(height * 0.06))
    picture.paste(Image.new("RGB", picture.size, color), mask=halo)
    picture.paste(Image.new("RGB", picture.size, color), mask=glow)


def _draw_ridge(chance: random.Random, width: int, level: float, rise: float) -> list[tuple[float, float]]:
    waves = [(chance.uniform(0.6, 5), chance.uniform(0, 6), chance.uniform(0.2, 1)) for _ in range(5)]
    steps = 160
    return [
        (
            width * step / steps,
            level - rise * sum(s * math.sin(f * step / steps * 6.28 + p) for f, p, s in waves) / 3,
        )
        for step in range(steps + 1)
    ]
