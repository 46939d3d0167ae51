"""What the settings RENDITIONS, RENDITION_FILLS and RENDITION_GAMUT say: which files are made of each image."""

import re
from dataclasses import replace
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured

from processing import RenditionSpec
from processing.formats import FORMATS, MODERN, Format
from processing.renditions import Gamut, Mode

_PART = re.compile(r"([a-z][a-z0-9_-]{0,31})=(\d{1,5})x(\d{1,5})((?::[a-z0-9+]+){0,2})")
# The folders of the public's copies and of downloads have these names.
RESERVED = ("public", "downloads")
MODES: tuple[Mode, ...] = ("fit", "crop")
GAMUTS: tuple[Gamut, ...] = ("srgb", "display-p3")
SMALLEST, LARGEST = 16, 4096
MOST = 10


def parse_renditions(
    sizes: str, crops: str, gamut: str = "srgb"
) -> tuple[tuple[RenditionSpec, ...], tuple[RenditionSpec, ...]]:
    """Return the renditions that RENDITIONS and RENDITION_FILLS name; raise ImproperlyConfigured with what is wrong.

    Args:
        sizes: The text of RENDITIONS, `name=WIDTHxHEIGHT[:fit|crop][:jpeg+avif],…`.
        crops: The text of RENDITION_FILLS, in the same grammar; each is a crop.
        gamut: The text of RENDITION_GAMUT.
    """
    if gamut not in GAMUTS:
        raise ImproperlyConfigured(f"RENDITION_GAMUT is {gamut!r}. Set it to {' or '.join(GAMUTS)}.")
    renditions = _parse_text("RENDITIONS", sizes, "fit")
    fills = _parse_text("RENDITION_FILLS", crops, "crop")
    if not any(spec.mode == "fit" for spec in renditions):
        _refuse("RENDITIONS", "names no size that shows the whole picture")
    names = [spec.name for spec in (*renditions, *fills)]
    if twice := [name for name in names if names.count(name) > 1]:
        _refuse("RENDITION_FILLS" if twice[0] in names[len(renditions) :] else "RENDITIONS", f"names {twice[0]} twice")
    if len(names) > MOST:
        _refuse("RENDITIONS", f"and RENDITION_FILLS name {len(names)} renditions, and {MOST} are the most")
    return tuple(replace(spec, gamut=gamut) for spec in renditions), tuple(replace(spec, gamut=gamut) for spec in fills)


def _parse_text(setting: str, text: str, mode: Mode) -> tuple[RenditionSpec, ...]:
    return tuple(_parse_part(setting, part, mode) for part in filter(None, (part.strip() for part in text.split(","))))


def _parse_part(setting: str, part: str, mode: Mode) -> RenditionSpec:
    match = _PART.fullmatch(part)
    if not match:
        _refuse(setting, f"has {part!r}")
    name, width, height = match[1], int(match[2]), int(match[3])
    if name in RESERVED:
        _refuse(setting, f"uses the reserved name {name}")
    if not all(SMALLEST <= side <= LARGEST for side in (width, height)):
        _refuse(setting, f"asks for {width}x{height}, and a side is {SMALLEST} to {LARGEST} pixels")
    options = match[4].split(":")[1:]
    modes = [each for each in MODES if each in options[:1]]
    if modes and setting == "RENDITION_FILLS" and modes != ["crop"]:
        _refuse(setting, f"has {part!r}, and all of its renditions are crops")
    formats = options[len(modes) :]
    if len(formats) > 1:
        _refuse(setting, f"has {part!r}")
    spec = RenditionSpec(name, width, height, modes[0] if modes else mode)
    return replace(spec, formats=_parse_formats(setting, formats[0])) if formats else spec


def _parse_formats(setting: str, text: str) -> tuple[str, ...]:
    outputs: dict[str, Format] = {each.name.lower(): each for each in FORMATS if each.is_output}
    names = text.split("+")
    if unknown := [name for name in names if name not in outputs]:
        _refuse(setting, f"asks for {unknown[0]!r}, and the formats are {', '.join(outputs)}")
    formats = tuple(outputs[name].name for name in names)
    if len([name for name in formats if name != MODERN]) != 1 or len(set(formats)) != len(formats):
        _refuse(setting, f"asks for {text!r}: name one format that every browser shows, and avif beside it or not")
    return formats


def _refuse(setting: str, what: str) -> NoReturn:
    example = "large=1024x1024,small=256x256:fit:jpeg" if setting == "RENDITIONS" else "square=512x512,wide=1024x576"
    raise ImproperlyConfigured(
        f"{setting} {what}. Write it as name=WIDTHxHEIGHT, then :fit or :crop, then the formats as :jpeg+avif, "
        f"separated by commas; what is left out is the default: {example}. Names use lowercase letters, digits, - "
        "and _."
    )
