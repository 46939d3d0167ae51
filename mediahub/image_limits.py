"""What the setting IMAGE_LIMITS says: how large a file of each format may be, and which formats are not accepted."""

import re
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured

from processing import FormatLimits, formats

_LIMITS = re.compile(r"(?:(\d{1,6})MB)?(?:(?:^|(?<=MB)/)(\d{1,4})MP)?")
_OFF = "off"


def parse_image_limits(text: str) -> dict[str, FormatLimits]:
    """Return the limits by format from `FORMAT=300MB/150MP,…`; raise ImproperlyConfigured with what is wrong."""
    limits: dict[str, FormatLimits] = {}
    names = {each.name: each for each in formats.list_inputs()}
    aliases = {each.label.upper(): each.name for each in names.values()}
    for part in filter(None, (part.strip() for part in text.split(","))):
        label, _, value = (piece.strip() for piece in part.partition("="))
        name = aliases.get(label.upper(), label.upper())
        if name not in names:
            _refuse(f"names {label!r}, and the formats are {formats.describe_inputs()}")
        if name in limits:
            _refuse(f"names {label} twice")
        limits[name] = _parse_limits(part, value)
    if all(not limits.get(name, FormatLimits()).is_accepted for name in names):
        _refuse("turns every format off")
    return limits


def _parse_limits(part: str, value: str) -> FormatLimits:
    if value.lower() == _OFF:
        return FormatLimits(is_accepted=False)
    match = _LIMITS.fullmatch(value)
    if not match or not value:
        _refuse(f"has {part!r}")
    megabytes, megapixels = (int(number) * 1_000_000 if number else None for number in match.groups())
    if megabytes == 0 or megapixels == 0:
        _refuse(f"has {part!r}, and nothing is that small; write off to turn a format off")
    return FormatLimits(megabytes, megapixels)


def _refuse(what: str) -> NoReturn:
    raise ImproperlyConfigured(
        f"IMAGE_LIMITS {what}. Write it as FORMAT=MEGABYTES/MEGAPIXELS, either of them or off, separated by commas: "
        "TIFF=150MB/80MP,GIF=20MB,HEIC=off. Leave it empty for the limits of all formats."
    )
