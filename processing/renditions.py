"""RenditionSpec → RenderedFile: upright, in sRGB, never enlarged, with nothing of the original's metadata."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image, ImageCms
from PIL.Image import Resampling, Transpose

from processing.crop import CENTRE, Point, filled_size, window
from processing.decode import refusing_broken
from processing.formats import get_output
from processing.metadata import SIDEWAYS, orientation

# EXIF orientation → how to turn the stored pixels upright.
TURN = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
PLACEHOLDER_EDGE = 20
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_SPACES = {"RGB": ("RGB", "RGBA"), "GRAY": ("L",), "CMYK": ("CMYK",)}


@dataclass(frozen=True)
class RenditionSpec:
    """The wish for a rendition: `fit` keeps the whole picture inside width × height, `fill` crops to it around a point.

    No picture is enlarged: one that is too small for `fill` is cropped to the same aspect with the pixels it has.
    """

    name: str
    width: int
    height: int
    mode: Literal["fit", "fill"] = "fit"
    format: str = "JPEG"
    quality: int = 82

    def __post_init__(self) -> None:
        get_output(self.format)

    @property
    def suffix(self) -> str:
        """The ending of the rendition's key."""
        return get_output(self.format).suffix

    def scale(self, width: int, height: int) -> float:
        """By how much a picture of that size shrinks, at most 1."""
        ratios = (self.width / width, self.height / height)
        return min(1.0, min(ratios) if self.mode == "fit" else max(ratios))


@dataclass(frozen=True)
class RenderedFile:
    """The bytes of a rendition; `sha256` is of these bytes."""

    name: str
    width: int
    height: int
    data: bytes
    content_type: str
    sha256: str
    suffix: str


SPECS = (
    RenditionSpec("large", 1024, 1024),
    RenditionSpec("medium", 512, 512),
    RenditionSpec("small", 256, 256),
)


@dataclass(frozen=True)
class Raster:
    """A picture decoded once, upright and in sRGB, at the largest scale that is asked for; `size` is the picture's."""

    pixels: Image.Image
    size: tuple[int, int]


def raster(picture: Image.Image, specs: Sequence[RenditionSpec] = SPECS) -> Raster:
    """What renditions are made of; raises Rejected if the picture cannot be decoded."""
    side = orientation(picture)
    width, height = picture.size
    if side in SIDEWAYS:
        width, height = height, width
    with refusing_broken():
        return Raster(_upright(picture, max(spec.scale(width, height) for spec in specs), side), (width, height))


def fit(held: Raster, specs: Sequence[RenditionSpec]) -> tuple[list[RenderedFile], str]:
    """The renditions that show the whole picture, in the order of their specs, and the placeholder.

    Each is made from the one before in size.
    """
    falling = sorted((spec for spec in specs if spec.mode == "fit"), key=lambda spec: -spec.scale(*held.size))
    made: dict[RenditionSpec, RenderedFile] = {}
    current = held.pixels
    with refusing_broken():
        for spec in falling:
            current = _shrink(current, _scaled(*held.size, spec.scale(*held.size)))
            made[spec] = _encode(current, spec)
        return [made[spec] for spec in specs if spec in made], _placeholder(current)


def fill(held: Raster, specs: Sequence[RenditionSpec], point: Point = CENTRE) -> list[RenderedFile]:
    """The renditions that are cut out around the point, in the order of their specs."""
    with refusing_broken():
        return [_encode(_cut(held, spec, point), spec) for spec in specs if spec.mode == "fill"]


def render(picture: Image.Image, specs: Sequence[RenditionSpec] = SPECS) -> tuple[list[RenderedFile], str]:
    """One file for each spec, in their order, and the placeholder; raises Rejected if the picture cannot be decoded.

    The picture is decoded once, at the largest size asked for; crops are of its middle.
    """
    held = raster(picture, specs)
    whole, placeholder = fit(held, specs)
    made = {"fit": iter(whole), "fill": iter(fill(held, specs))}
    return [next(made[spec.mode]) for spec in specs], placeholder


def _scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    return max(1, round(width * scale)), max(1, round(height * scale))


def _upright(picture: Image.Image, scale: float, side: int) -> Image.Image:
    """Decode at about the size that is needed, then turn: turning first would decode every pixel."""
    size = _scaled(*picture.size, scale)
    drafted = picture.draft("RGB", size)
    picture.load()
    profile = picture.info.get("icc_profile")
    plain = _plain(picture)
    if drafted:
        plain = plain.resize(size, Resampling.LANCZOS, box=drafted[1])
    elif size != plain.size:
        plain = plain.resize(size, Resampling.LANCZOS, reducing_gap=2.0)
    if side in TURN:
        plain = plain.transpose(TURN[side])
    plain = _srgb(plain, profile)
    # Pillow writes comments and profiles that it finds here into the next file.
    plain.info = {}
    return plain


def _plain(picture: Image.Image) -> Image.Image:
    """In a mode whose pixels can be averaged: palettes and sixteen bits cannot."""
    if picture.mode.startswith("I"):
        return picture.point(lambda value: value * (1 / 257)).convert("L")
    if picture.mode in ("P", "PA", "LA") or "transparency" in picture.info:
        see_through = picture.mode != "P" or "transparency" in picture.info
        return picture.convert("RGBA" if see_through else "RGB")
    return picture if picture.mode in ("L", "RGB", "RGBA", "CMYK") else picture.convert("RGB")


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """In sRGB; a profile that is broken or of another kind than the pixels is left aside."""
    if profile:
        try:
            found = ImageCms.ImageCmsProfile(BytesIO(profile))
            named = "srgb" in ImageCms.getProfileDescription(found).lower()
            if not named and picture.mode in _SPACES.get(found.profile.xcolor_space.strip(), ()):
                mode = "RGBA" if picture.mode == "RGBA" else "RGB"
                converted = ImageCms.profileToProfile(picture, found, _SRGB, outputMode=mode)
                picture = converted or picture
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return picture.convert("RGB") if picture.mode == "CMYK" else picture


def _shrink(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture if picture.size == size else picture.resize(size, Resampling.LANCZOS)


def _cut(held: Raster, spec: RenditionSpec, point: Point) -> Image.Image:
    shape = (spec.width, spec.height)
    size, found = filled_size(held.size, shape), window(held.size, shape, point)
    wide, high = (pixels / side for pixels, side in zip(held.pixels.size, held.size, strict=True))
    left, top = found.left * wide, found.top * high
    right, low = left + found.width * wide, top + found.height * high
    if (round(right - left), round(low - top)) == size:
        # Nothing is left to be scaled: pixels are taken as they are.
        across, down = min(round(left), held.pixels.width - size[0]), min(round(top), held.pixels.height - size[1])
        return held.pixels.crop((across, down, across + size[0], down + size[1]))
    box = (left, top, min(right, held.pixels.width), min(low, held.pixels.height))
    return held.pixels.resize(size, Resampling.LANCZOS, box=box, reducing_gap=2.0)


def _encode(picture: Image.Image, spec: RenditionSpec) -> RenderedFile:
    out, output = BytesIO(), get_output(spec.format)
    quality = {"quality": spec.quality} if output.has_quality else {}
    opaque = picture if output.has_alpha else _flat(picture)
    opaque.save(out, output.name, **quality, **output.save_options)
    data = out.getvalue()
    return RenderedFile(
        spec.name,
        picture.width,
        picture.height,
        data,
        output.content_type,
        hashlib.sha256(data).hexdigest(),
        output.suffix,
    )


def _flat(picture: Image.Image) -> Image.Image:
    """On white, where the format knows no transparency."""
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _placeholder(picture: Image.Image) -> str:
    scale = min(1.0, PLACEHOLDER_EDGE / max(picture.size))
    out = BytesIO()
    _shrink(picture, _scaled(*picture.size, scale)).save(out, "WEBP", quality=40, method=2)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()
