"""An open picture → Raster: its pixels decoded once, upright and in sRGB, at the scale that is needed."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image, ImageMath
from PIL.Image import Resampling
from PIL.ImageFile import ImageFile

from processing.color_profiles import convert_to_p3, convert_to_srgb, find_profile, needs_conversion
from processing.decode import check_end, rejecting_broken
from processing.errors import Note
from processing.jpeg import Jpeg
from processing.orientation import TRANSPOSITIONS, get_upright_size, read_orientation
from processing.planes import Planes, shrink_to_planes, split_planes
from processing.tiff import Tiff

# A picture is averaged in whole pixels until it is at most so many times too large.
_GAP = 2.0
_STRIP_PIXELS = 4_000_000
# What is averaged has at most so many pixels, so that the largest pictures fit beside it.
_AVERAGED_PIXELS = 24_000_000
_PLAIN_MODES = ("L", "LA", "RGB", "RGBA", "CMYK", "LAB")

Pixels = Image.Image | Planes


@dataclass(frozen=True)
class Raster:
    """A picture decoded once, upright and in sRGB, at the largest scale that is asked for.

    Attributes:
        pixels: The picture at that scale: planes, "RGB" or "L", and "RGBA" only if some pixel is not opaque.
        size: Width and height of the upright picture itself, in pixels.
        wide: The same pixels in Display P3, if they are asked for and sRGB lacks some of the picture's colors.
    """

    pixels: Pixels
    size: tuple[int, int]
    wide: Image.Image | None = None

    @property
    def has_alpha(self) -> bool:
        """Whether some pixel is not opaque."""
        return isinstance(self.pixels, Image.Image) and self.pixels.mode == "RGBA"

    def map_pixels(self, change: Callable[[Any], Any]) -> "Raster":
        """Return the raster with other pixels, in each gamut that it has; the change keeps planes planes."""
        return replace(self, pixels=change(self.pixels), wide=change(self.wide) if self.wide else None)


def scale_size(width: int, height: int, scale: float) -> tuple[int, int]:
    """Return the size of a picture that is scaled; no side becomes shorter than a pixel."""
    return max(1, round(width * scale)), max(1, round(height * scale))


def decode_upright(
    picture: Image.Image,
    scale: float,
    notes: list[Note] | None = None,
    *,
    keeps_gamut: bool = False,
    keeps_chroma: bool = False,
) -> Raster:
    """Return the picture upright and in sRGB, shrunk to `scale`; what was left aside leaves notes.

    Raise Rejected if it cannot be decoded.

    Args:
        picture: An open picture.
        scale: At most 1.
        notes: Gets what was left aside.
        keeps_gamut: Whether it is to be there in Display P3, too.
        keeps_chroma: Whether some rendition keeps each pixel's own color. Otherwise a JPEG becomes planes.
    """
    notes = [] if notes is None else notes
    wide = None
    # Decoding at a scale changes what the picture says of its size.
    upright_size = get_upright_size(picture)
    jpeg = picture if isinstance(picture, Jpeg) else None
    with rejecting_broken():
        if jpeg and not keeps_chroma and jpeg.has_planes and not needs_conversion(jpeg, notes):
            pixels: Pixels = _decode_planes(jpeg, scale)
        else:
            plain, profile = _decode_pixels(picture, scale, notes)
            wide = convert_to_p3(plain, profile) if keeps_gamut else None
            pixels = _strip_picture(convert_to_srgb(plain, profile, notes))
            if jpeg and not keeps_chroma and pixels.mode == "RGB" and not wide:
                pixels = split_planes(pixels)
    if jpeg and jpeg.lacks_end:
        check_end(jpeg, notes)
    return Raster(pixels, upright_size, _strip_picture(wide) if wide else None)


def _decode_planes(picture: Jpeg, scale: float) -> Planes:
    """Decode a JPEG in the colors that it stores at about the size that is needed, then turn."""
    orientation = read_orientation(picture)
    size = scale_size(*picture.size, scale)
    drafted = picture.draft("YCbCr", size)
    picture.load()
    planes = shrink_to_planes(picture, size, drafted[1] if drafted else (0, 0, *picture.size))
    return planes.transpose(TRANSPOSITIONS[orientation]) if orientation in TRANSPOSITIONS else planes


def _decode_pixels(picture: Image.Image, scale: float, notes: list[Note]) -> tuple[Image.Image, bytes | None]:
    """Decode at about the size that is needed, then turn: turning first would decode every pixel.

    Return the pixels in the picture's own colors, and their profile.
    """
    orientation = read_orientation(picture)
    size = scale_size(*picture.size, scale)
    drafted = picture.draft("RGB", size)
    picture.load()
    profile = find_profile(picture, notes)
    if drafted:
        plain = _convert_plain(picture).resize(size, Resampling.LANCZOS, box=drafted[1])
    else:
        plain = _shrink(picture, size)
    if orientation in TRANSPOSITIONS:
        plain = plain.transpose(TRANSPOSITIONS[orientation])
    return plain, profile


def _shrink(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Convert to pixels that can be averaged, and shrink, strip by strip: nothing is there twice at its full size."""
    largest = min(full // small for full, small in zip(picture.size, size, strict=True))
    needed = math.ceil(math.sqrt(picture.width * picture.height / _AVERAGED_PIXELS))
    factor = min(largest, max(int(largest / _GAP), needed))
    if factor < 2:
        plain = _convert_plain(picture)
        return plain if plain.size == size else plain.resize(size, Resampling.LANCZOS)
    width, height = picture.size
    rows = max(_STRIP_PIXELS // width // factor, 1) * factor
    canvas: Image.Image | None = None
    for top in range(0, height, rows):
        strip = _convert_plain(picture, (0, top, width, min(top + rows, height))).reduce(factor)
        canvas = canvas or Image.new(strip.mode, (strip.width, -(-height // factor)))
        canvas.paste(strip, (0, top // factor))
    assert canvas
    return canvas.resize(size, Resampling.LANCZOS, box=(0, 0, width / factor, height / factor))


def _convert_plain(picture: Image.Image, box: tuple[int, int, int, int] | None = None) -> Image.Image:
    """Convert a part to a mode whose pixels can be averaged: palettes and sixteen bits cannot."""
    part = picture.crop(box) if box else picture
    if part.mode.startswith("I"):
        return _convert_deep(picture, part)
    if part.mode in ("P", "PA") or "transparency" in part.info:
        has_alpha = part.mode == "PA" or "transparency" in part.info
        return part.convert("RGBA" if has_alpha else "RGB")
    modes = {"1": "L", "La": "LA", "RGBa": "RGBA"}
    return part if part.mode in _PLAIN_MODES else part.convert(modes.get(part.mode, "RGB"))


def _convert_deep(picture: Image.Image, part: Image.Image) -> Image.Image:
    """Scale sixteen bits of gray to eight."""
    bits = picture.bits if isinstance(picture, Tiff) else 16
    scale, offset = 255 / (2**bits - 1), 0.5
    if isinstance(picture, Tiff) and picture.white_is_zero:
        scale, offset = -scale, 255.5
    gray = part.point(lambda value: value * scale + offset).convert("L")
    transparent = picture.info.get("transparency")
    if isinstance(transparent, int):
        mask = ImageMath.lambda_eval(lambda bands: (bands["a"] != transparent) * 255, a=part.convert("I"))
        gray.putalpha(mask.convert("L"))
    return gray


def _strip_picture(picture: Image.Image) -> Image.Image:
    """Leave out alpha that hides nothing, and comments and profiles, which Pillow would write into the next file."""
    if picture.mode == "RGBA":
        lowest, _highest = picture.getchannel("A").getextrema()
        picture = picture.convert("RGB") if lowest == 255 else picture
    if isinstance(picture, ImageFile):
        # Saving an open file seeks through its other frames, which nobody has looked at.
        picture = picture.copy()
    picture.info = {}
    return picture
