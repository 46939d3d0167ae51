"""RenditionSpec → RenderedFile: upright, in sRGB, never enlarged, with nothing of the original's metadata."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image, ImageCms
from PIL.Image import Resampling, Transpose

from processing.decode import refusing_broken
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
SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
PLACEHOLDER_EDGE = 20
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_SPACES = {"RGB": ("RGB", "RGBA"), "GRAY": ("L",), "CMYK": ("CMYK",)}


@dataclass(frozen=True)
class RenditionSpec:
    """The wish for a rendition: `fit` keeps the whole picture inside width × height, `fill` crops its middle to it."""

    name: str
    width: int
    height: int
    mode: Literal["fit", "fill"] = "fit"
    format: Literal["JPEG", "PNG", "WEBP"] = "JPEG"
    quality: int = 82

    @property
    def suffix(self) -> str:
        """The ending of the rendition's key."""
        return SUFFIXES[self.format]

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


def render(picture: Image.Image, specs: Sequence[RenditionSpec] = SPECS) -> tuple[list[RenderedFile], str]:
    """One file for each spec, in their order, and the placeholder; raises Rejected if the picture cannot be decoded.

    The picture is decoded once, at the largest size asked for, and each smaller rendition is made from the one before.
    """
    side = orientation(picture)
    width, height = picture.size
    if side in SIDEWAYS:
        width, height = height, width
    falling = sorted(specs, key=lambda spec: spec.scale(width, height), reverse=True)
    made: dict[RenditionSpec, RenderedFile] = {}
    with refusing_broken():
        current = _upright(picture, falling[0].scale(width, height), side)
        for spec in falling:
            current = _shrink(current, _scaled(width, height, spec.scale(width, height)))
            made[spec] = _encode(_crop(current, spec), spec)
        return [made[spec] for spec in specs], _placeholder(current)


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


def _crop(picture: Image.Image, spec: RenditionSpec) -> Image.Image:
    width, height = min(picture.width, spec.width), min(picture.height, spec.height)
    if spec.mode == "fit" or picture.size == (width, height):
        return picture
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _encode(picture: Image.Image, spec: RenditionSpec) -> RenderedFile:
    out = BytesIO()
    if spec.format == "JPEG":
        _flat(picture).save(out, "JPEG", quality=spec.quality)
    elif spec.format == "WEBP":
        picture.save(out, "WEBP", quality=spec.quality, method=2)
    else:
        picture.save(out, "PNG")
    data = out.getvalue()
    return RenderedFile(
        spec.name,
        picture.width,
        picture.height,
        data,
        f"image/{spec.format.lower()}",
        hashlib.sha256(data).hexdigest(),
        spec.suffix,
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
