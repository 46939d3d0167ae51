"""What the setting RENDITION_FILLS says: which crops of each image are made."""

import re
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured

_CROP = re.compile(r"([a-z][a-z0-9_-]{0,31})=(\d{1,4})x(\d{1,4})")
# The sizes that show all of a picture, and the folder of the public's copies, have these names already.
TAKEN = ("large", "medium", "small", "public")
SMALLEST, LARGEST = 16, 4096
MOST = 10


def parse_crops(text: str) -> dict[str, tuple[int, int]]:
    """Return width and height by name from `name=WIDTHxHEIGHT,…`; raise ImproperlyConfigured with what is wrong."""
    crops: dict[str, tuple[int, int]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _CROP.fullmatch(part)
        if not match:
            _refuse(f"has {part!r}")
        name, size = match[1], (int(match[2]), int(match[3]))
        if name in crops or name in TAKEN:
            _refuse(f"names {name} twice" if name in crops else f"uses the reserved name {name}")
        if not all(SMALLEST <= side <= LARGEST for side in size):
            _refuse(f"asks for {match[2]}x{match[3]}, and a side is {SMALLEST} to {LARGEST} pixels")
        crops[name] = size
    if len(crops) > MOST:
        _refuse(f"names {len(crops)} crops, and {MOST} are the most")
    return crops


def _refuse(what: str) -> NoReturn:
    raise ImproperlyConfigured(
        f"RENDITION_FILLS {what}. Write it as name=WIDTHxHEIGHT, separated by commas: "
        "square=512x512,wide=1024x576. Names use lowercase letters, digits, - and "
        "_. Leave it empty for no crops."
    )
