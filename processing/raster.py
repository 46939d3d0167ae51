"""An open picture → Raster: its pixels decoded once, upright and in sRGB, at the scale that is needed."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms
from PIL.Image import Resampling, Transpose

from processing.decode import rejecting_broken
from processing.metadata.exif import SIDEWAYS, read_orientation

# EXIF orientation → how to turn the stored pixels upright
TRANSPOSITIONS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_SPACES = {"RGB": ("RGB", "RGBA"), "GRAY": ("L",), "CMYK": ("CMYK",)}


@dataclass(frozen=True)
class Raster:
    """A picture decoded once, upright and in sRGB, at the largest scale that is asked for.

    Attributes:
        pixels: The picture at that scale: "RGB" or "L", and "RGBA" only if some pixel is not opaque.
        size: Width and height of the upright picture itself, in pixels.
    """

    pixels: Image.Image
    size: tuple[int, int]

    @property
    def has_alpha(self) -> bool:
        """Whether some pixel is not opaque."""
        return self.pixels.mode == "RGBA"


def get_upright_size(picture: Image.Image) -> tuple[int, int]:
    """Return width and height, in pixels, of the picture as it is shown."""
    width, height = picture.size
    return (height, width) if read_orientation(picture) in SIDEWAYS else (width, height)


def scale_size(width: int, height: int, scale: float) -> tuple[int, int]:
    """Return the size of a picture that is scaled; no side becomes shorter than a pixel."""
    return max(1, round(width * scale)), max(1, round(height * scale))


def decode_upright(picture: Image.Image, scale: float) -> Raster:
    """Return the picture upright and in sRGB, shrunk to `scale`; raise Rejected if it cannot be decoded."""
    with rejecting_broken():
        return Raster(_decode_pixels(picture, scale), get_upright_size(picture))


def _decode_pixels(picture: Image.Image, scale: float) -> Image.Image:
    """Decode at about the size that is needed, then turn: turning first would decode every pixel."""
    orientation = read_orientation(picture)
    size = scale_size(*picture.size, scale)
    drafted = picture.draft("RGB", size)
    picture.load()
    profile = picture.info.get("icc_profile")
    plain = _convert_plain(picture)
    if drafted:
        plain = plain.resize(size, Resampling.LANCZOS, box=drafted[1])
    elif size != plain.size:
        plain = plain.resize(size, Resampling.LANCZOS, reducing_gap=2.0)
    if orientation in TRANSPOSITIONS:
        plain = plain.transpose(TRANSPOSITIONS[orientation])
    plain = _drop_opaque_alpha(_convert_srgb(plain, profile))
    # Pillow writes comments and profiles that it finds here into the next file.
    plain.info = {}
    return plain


def _drop_opaque_alpha(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    lowest, _highest = picture.getchannel("A").getextrema()
    return picture.convert("RGB") if lowest == 255 else picture


def _convert_plain(picture: Image.Image) -> Image.Image:
    """Convert to a mode whose pixels can be averaged: palettes and sixteen bits cannot."""
    if picture.mode.startswith("I"):
        return picture.point(lambda value: value * (1 / 257)).convert("L")
    if picture.mode in ("P", "PA", "LA") or "transparency" in picture.info:
        has_alpha = picture.mode != "P" or "transparency" in picture.info
        return picture.convert("RGBA" if has_alpha else "RGB")
    return picture if picture.mode in ("L", "RGB", "RGBA", "CMYK") else picture.convert("RGB")


def _convert_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to sRGB; a profile that is broken or of another kind than the pixels is ignored."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            is_srgb = "srgb" in ImageCms.getProfileDescription(source).lower()
            if not is_srgb and picture.mode in _SPACES.get(source.profile.xcolor_space.strip(), ()):
                mode = "RGBA" if picture.mode == "RGBA" else "RGB"
                converted = ImageCms.profileToProfile(picture, source, _SRGB, outputMode=mode)
                picture = converted or picture
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return picture.convert("RGB") if picture.mode == "CMYK" else picture
