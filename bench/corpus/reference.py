"""An independent reader: a picture at full size, upright and in sRGB as littleCMS makes it, without our pipeline.

It follows what browsers do: the first frame as it is composed, EXIF's orientation, the embedded profile with the intent
that the profile names; and for what no browser reads, the standard: EXIF's Adobe RGB, and a PNG's cICP, gAMA and cHRM.
"""

import re
import struct
from collections.abc import Iterator
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageFile, ImageOps, PngImagePlugin

from bench.corpus import profiles

# EXIF
COLOR_SPACE, EXIF_IFD, INTEROP_IFD, INTEROP_INDEX = 0xA001, 0x8769, 0xA005, 1
ADOBE_RGB, UNCALIBRATED = 2, 0xFFFF
# ITU-T H.273, table 3: transfer characteristics whose curve browsers take for sRGB's, as what is not specified.
SRGB_TRANSFERS, LINEAR_TRANSFER = (1, 2, 6, 13, 14, 15), 8
# ISO/IEC 14496-12, section 12.1.5: color primaries and transfer characteristics.
NCLX = re.compile(rb"colrnclx(..)(..)", re.DOTALL)
SPACES = {"RGB": ("RGB",), "L": ("GRAY", "RGB"), "CMYK": ("CMYK",)}
# What the product takes for CMYK that says nothing, here at full size.
PRESS_PROFILE = Path(__file__).parents[2] / "processing" / "profiles" / "cgats001-coated.icc"
MAX_TEXT = 1 << 28


class NotMeasurable(Exception):
    """This reader does not know which colors the file means."""


def read_reference(path: Path) -> Image.Image:
    """Return a picture in sRGB, in RGB or RGBA; raise NotMeasurable where its colors are not known."""
    # In this process alone: the reader shows what is there.
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = MAX_TEXT
    import_module("pi_heif").register_heif_opener()
    picture = Image.open(path)
    picture.seek(0)
    picture.load()
    profile = find_profile(path, picture)
    return convert_srgb(ImageOps.exif_transpose(picture), profile)


def read_with_libvips(path: Path) -> Image.Image | None:
    """Return the picture in sRGB as libvips makes it; None without libvips, or where libvips cannot read the file."""
    try:
        vips: Any = import_module("pyvips")
    except (ImportError, OSError):
        return None
    try:
        picture = vips.Image.new_from_file(str(path)).autorot()
        if picture.get_typeof("icc-profile-data"):
            picture = picture.icc_transform("srgb", embedded=True, intent="relative")
        picture = picture.colourspace("srgb").cast("uchar")
        mode = {3: "RGB", 4: "RGBA"}[picture.bands]
        return Image.frombytes(mode, (picture.width, picture.height), picture.write_to_memory())
    except (vips.Error, KeyError):
        return None


def find_profile(path: Path, picture: Image.Image) -> bytes | None:
    """Return the profile of the stored pixels; None for sRGB."""
    chunks = dict(list_png_chunks(path)) if picture.format == "PNG" else {}
    if b"cICP" in chunks:
        return build_cicp_profile(chunks[b"cICP"])
    embedded = picture.info.get("icc_profile")
    if embedded and fits(embedded, picture):
        return bytes(embedded)
    if picture.format in ("AVIF", "HEIF") and (match := NCLX.search(path.read_bytes())):
        return build_cicp_profile(bytes((int.from_bytes(match[1]), int.from_bytes(match[2]))))
    if picture.mode == "CMYK":
        return PRESS_PROFILE.read_bytes()
    if b"gAMA" in chunks and b"sRGB" not in chunks:
        return build_png_profile(chunks)
    if has_adobe_rgb(picture):
        curve = profiles.sample_gamma(profiles.ADOBE_GAMMA)
        return profiles.build_rgb_profile(profiles.ADOBE_PRIMARIES, profiles.D65, curve)
    return None


def fits(profile: bytes, picture: Image.Image) -> bool:
    """Return whether littleCMS reads the profile and it is of the picture's kind of colors."""
    try:
        space = ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space.strip()
    except (ImageCms.PyCMSError, OSError):
        return False
    colors, _ = split_alpha(picture.crop((0, 0, 1, 1)))
    return space in SPACES[colors.mode]


def has_adobe_rgb(picture: Image.Image) -> bool:
    """Return whether EXIF says Adobe RGB; DCF 2.0, section 3.3.7.1."""
    exif = picture.getexif()
    space = exif.get_ifd(EXIF_IFD).get(COLOR_SPACE)
    index = str(exif.get_ifd(INTEROP_IFD).get(INTEROP_INDEX, "")).strip("\0 ")
    return picture.mode == "RGB" and (space == ADOBE_RGB or (space == UNCALIBRATED and index == "R03"))


def list_png_chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of the small chunks before the pixels."""
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, name = struct.unpack(">I4s", head)
            if name == b"IDAT":
                return
            if length < 64:
                yield name, file.read(length)
                file.seek(4, 1)
            else:
                file.seek(length + 4, 1)


def build_cicp_profile(chunk: bytes) -> bytes | None:
    """Return the profile of a cICP chunk; raise NotMeasurable for the curves of HDR and for unknown primaries."""
    primaries, transfer = chunk[:2]
    if primaries not in profiles.CICP_PRIMARIES or transfer not in (*SRGB_TRANSFERS, LINEAR_TRANSFER):
        raise NotMeasurable(f"cICP {primaries}/{transfer}")
    curve = profiles.sample_gamma(1.0) if transfer == LINEAR_TRANSFER else profiles.sample_srgb()
    return profiles.build_rgb_profile(profiles.CICP_PRIMARIES[primaries], profiles.D65, curve)


def build_png_profile(chunks: dict[bytes, bytes]) -> bytes | None:
    """Return the profile of gAMA and cHRM; PNG, third edition, sections 11.3.2.1 and 11.3.2.2."""
    gamma = struct.unpack(">I", chunks[b"gAMA"])[0] / 100_000
    if not gamma:
        return None
    white, primaries = profiles.D65, profiles.SRGB_PRIMARIES
    if b"cHRM" in chunks:
        numbers = [number / 100_000 for number in struct.unpack(">8I", chunks[b"cHRM"])]
        white, *rest = zip(numbers[::2], numbers[1::2], strict=True)
        primaries = tuple(rest)
    return profiles.build_rgb_profile(primaries, white, profiles.sample_gamma(1 / gamma))


def split_alpha(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return the stored colors with 8 bits a channel and without a palette, and the transparency if there is any."""
    if picture.mode.startswith("I"):
        return picture.point(lambda value: value * (1 / 257)).convert("L"), None
    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    mode = "L" if picture.mode in ("L", "LA", "1") else "CMYK" if picture.mode == "CMYK" else "RGB"
    return picture.convert(mode), alpha


def convert_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture in sRGB, by the intent that its profile names."""
    colors, alpha = split_alpha(picture)
    if profile:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if colors.mode == "L" and source.profile.xcolor_space.strip() == "RGB":
            colors = colors.convert("RGB")
        intent = ImageCms.Intent(ImageCms.getDefaultIntent(source))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        converted = ImageCms.profileToProfile(colors, source, srgb, renderingIntent=intent, outputMode="RGB")
        assert converted is not None
        colors = converted
    colors = colors.convert("RGB")
    if alpha:
        colors.putalpha(alpha)
    return colors
