"""Which colors a picture has, and their conversion to sRGB. Profiles are judged by what they do, never by their names.

`profiles/` has one that is shipped, for pictures in CMYK that do not say how they are to be printed: CGATS TR 001, in
the 8 KB of CGATS001Compat-v2-micro of "Compact ICC Profiles" (CC0).
"""

from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageCms
from PIL.ExifTags import IFD

from processing import icc
from processing.errors import Note, check_surroundings
from processing.isobmff import Avif, Cicp
from processing.png import Png

_FOLDER = Path(__file__).parent / "profiles"
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# A profile that moves no sample color by more than this is sRGB.
_TOLERANCE = 2
# Photographs of a library have few profiles, nearly all of a few kilobytes; what one does is found out once.
_MAX_KEPT_BYTES = 65_536
_STEPS = range(0, 256, 51)
_GRAYS = range(0, 256, 5)
# EXIF's ColorSpace and its values; the DCF option file's InteroperabilityIndex for Adobe RGB.
_COLOR_SPACE, _INTEROP_INDEX, _ADOBE, _UNCALIBRATED, _DCF_ADOBE = 0xA001, 1, 2, 0xFFFF, "R03"
_SRGB_GAMMA = 1 / 2.2
# Of ITU-T H.273, table 2.
_UNSPECIFIED, _DISPLAY_P3 = 2, 12


def find_profile(picture: Image.Image, notes: list[Note]) -> bytes | None:
    """Return the ICC profile of an open picture's colors, or one that stands for what it says otherwise; None for sRGB.

    Files that say several things are read in the order of "PNG", third edition, section 4.3, and of ISO/IEC 23000-22.
    """
    embedded: bytes | None = picture.info.get("icc_profile")
    if isinstance(picture, Png):
        return _find_png_profile(picture, notes)
    if embedded:
        return embedded
    if picture.format in ("JPEG", "TIFF"):
        return _build_adobe_profile() if _is_adobe_rgb(picture) else None
    return _build_from_cicp(_find_cicp(picture), notes)


def needs_conversion(picture: Image.Image, notes: list[Note]) -> bool:
    """Return whether an open JPEG in color has other colors than sRGB, as far as its header tells.

    A profile that is broken, or of another kind than the pixels, leaves a note; the picture is taken as one without.
    """
    profile = find_profile(picture, notes)
    if profile is None:
        return False
    try:
        space = ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space.strip()
        if space not in ("RGB", "GRAY"):
            raise ValueError(f"The profile is of {space}, and the pixels are RGB.")
        # The pixels decide whether one for grays fits.
        return space == "GRAY" or not _is_srgb(profile, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        notes.append(Note("left_aside", {"part": "profile"}))
        return False


def convert_to_srgb(picture: Image.Image, profile: bytes | None, notes: list[Note]) -> Image.Image:
    """Return a picture of the mode "L", "RGB", "RGBA" or "CMYK" in sRGB: "L", "RGB" or "RGBA".

    A profile that is broken, or of another kind than the pixels, leaves a note; the picture is taken as one without.
    """
    alpha = picture.getchannel("A") if picture.mode in ("RGBA", "LA") else None
    opaque = {"RGBA": "RGB", "LA": "L"}.get(picture.mode)
    colors = picture.convert(opaque) if opaque else picture
    if profile:
        try:
            colors = _apply_profile(colors, profile)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            notes.append(Note("left_aside", {"part": "profile"}))
    if colors.mode == "CMYK":
        colors = _transform(colors, read_press_profile())
    if colors.mode == "LAB":
        colors = _transform(colors, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")))
    if alpha:
        colors = colors.convert("RGB")
        colors.putalpha(alpha)
    return colors


def convert_to_p3(picture: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Return an "RGB" or "RGBA" picture in Display P3; None where sRGB has all of its colors, or nobody knows them."""
    if not profile or picture.mode not in ("RGB", "RGBA"):
        return None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB" or _is_srgb(profile, "RGB"):
            return None
        target = ImageCms.ImageCmsProfile(BytesIO(build_p3_profile()))
        wide = ImageCms.profileToProfile(picture.convert("RGB"), source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    assert wide
    if picture.mode == "RGBA":
        wide.putalpha(picture.getchannel("A"))
    return wide


@cache
def build_p3_profile() -> bytes:
    """Return the profile of Display P3: the primaries of SMPTE EG 432-1 with the curve of sRGB."""
    return icc.build_rgb_profile(icc.PRIMARIES[_DISPLAY_P3], icc.decode_srgb)


@cache
def read_press_profile() -> ImageCms.ImageCmsProfile:
    """Return the profile of pictures in CMYK without one: CGATS TR 001, web offset on coated paper (SWOP)."""
    return ImageCms.ImageCmsProfile(BytesIO((_FOLDER / "cgats001-coated.icc").read_bytes()))


def _apply_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert by a profile; raise ValueError for one of another kind than the pixels."""
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    space = source.profile.xcolor_space.strip()
    if space == "GRAY" and picture.mode == "RGB" and _is_gray(picture):
        picture = picture.getchannel("R")
    elif space == "RGB" and picture.mode == "L":
        picture = picture.convert("RGB")
    if {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab"}.get(picture.mode) != space:
        raise ValueError(f"The profile is of {space}, and the pixels are {picture.mode}.")
    if picture.mode != "CMYK" and _is_srgb(profile, picture.mode):
        return picture
    return _transform(picture, source)


def _transform(picture: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(picture, source, _SRGB, outputMode="RGB")
    assert converted
    return converted


@cache
def _build_samples(mode: str) -> Image.Image:
    if mode == "L":
        samples = Image.new("L", (len(_GRAYS), 1))
        samples.putdata(list(_GRAYS))
        return samples
    colors = [(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS]
    samples = Image.new("RGB", (len(colors), 1))
    samples.putdata(colors)
    return samples


def _is_srgb(profile: bytes, mode: str) -> bool:
    judge = _changes_nothing if len(profile) <= _MAX_KEPT_BYTES else _changes_nothing.__wrapped__
    return judge(profile, mode)


@lru_cache(maxsize=32)
def _changes_nothing(profile: bytes, mode: str) -> bool:
    """Return whether converting sample colors changes none by more than a rounding."""
    samples = _build_samples(mode)
    converted = _transform(samples, ImageCms.ImageCmsProfile(BytesIO(profile)))
    difference = ImageChops.difference(samples.convert("RGB"), converted)
    return all(high <= _TOLERANCE for _low, high in difference.getextrema())  # type: ignore[misc]


def _is_gray(picture: Image.Image) -> bool:
    red, green, blue = picture.split()
    return not (ImageChops.difference(red, green).getbbox() or ImageChops.difference(red, blue).getbbox())


def _find_png_profile(picture: Png, notes: list[Note]) -> bytes | None:
    parts = picture.parts
    if parts.cicp and _is_known(parts.cicp):
        return _build_from_cicp(parts.cicp, notes)
    if parts.profile:
        return parts.profile
    if parts.is_srgb or not parts.gamma:
        return None
    exponent = 1 / parts.gamma
    is_usual = abs(parts.gamma - _SRGB_GAMMA) < 0.002
    if is_usual and not parts.chromaticities:
        return None
    curve = icc.decode_srgb if is_usual else lambda value: value**exponent
    values = parts.chromaticities or tuple(value for point in icc.SRGB for value in point)
    try:
        points = tuple(zip(values[::2], values[1::2], strict=True))
        return icc.build_rgb_profile(points, curve)  # type: ignore[arg-type]
    except (ValueError, ZeroDivisionError, OverflowError):
        notes.append(Note("left_aside", {"part": "profile"}))
        return None


def _find_cicp(picture: Image.Image) -> Cicp | None:
    if isinstance(picture, Avif):
        return picture.cicp
    nclx = picture.info.get("nclx_profile")
    return Cicp(int(nclx["color_primaries"]), int(nclx["transfer_characteristics"])) if nclx else None


def _is_known(cicp: Cicp) -> bool:
    return cicp.primaries in icc.PRIMARIES and cicp.transfer in icc.CURVES


def _build_from_cicp(cicp: Cicp | None, notes: list[Note]) -> bytes | None:
    if cicp is None:
        return None
    primaries = 1 if cicp.primaries == _UNSPECIFIED else cicp.primaries
    transfer = 13 if cicp.transfer == _UNSPECIFIED else cicp.transfer
    if not _is_known(Cicp(primaries, transfer)):
        notes.append(Note("left_aside", {"part": "profile"}))
        return None
    if transfer in icc.HDR_TRANSFERS:
        notes.append(Note("hdr"))
    if icc.PRIMARIES[primaries] == icc.SRGB and icc.CURVES[transfer] is icc.decode_srgb:
        return None
    return icc.build_rgb_profile(icc.PRIMARIES[primaries], icc.CURVES[transfer])


@cache
def _build_adobe_profile() -> bytes:
    return icc.build_rgb_profile(icc.ADOBE_RGB, lambda value: value**icc.ADOBE_GAMMA)


def _is_adobe_rgb(picture: Image.Image) -> bool:
    """Return whether a camera says that its colors are Adobe RGB; CIPA DC-008 and DC-009 (DCF 2.0, optional files)."""
    if picture.mode not in ("RGB", "YCbCr"):
        return False
    try:
        exif = picture.getexif()
        color_space = exif.get_ifd(IFD.Exif).get(_COLOR_SPACE)
        if color_space != _UNCALIBRATED:
            return bool(color_space == _ADOBE)
        return str(exif.get_ifd(IFD.Interop).get(_INTEROP_INDEX, "")).strip("\0 ") == _DCF_ADOBE
    except Exception as error:  # broken EXIF raises anything, and a picture without it is shown as it is
        check_surroundings(error)
        return False
