"""What the setting RENDITION_FILLS says: which crops of each image are made."""

import re
from typing import NoReturn

from django.core.exceptions import ImproperlyConfigured

_ONE = re.compile(r"([a-z][a-z0-9_-]{0,31})=(\d{1,4})x(\d{1,4})")
# The sizes that show all of a picture, and the folder of the public's copies, have these names already.
TAKEN = ("large", "medium", "small", "public")
SMALLEST, LARGEST = 16, 4096
MOST = 10


def parse(text: str) -> dict[str, tuple[int, int]]:
    """Width and height in pixels by name, of `name=WIDTHxHEIGHT,…`; raises ImproperlyConfigured with what is wrong."""
    found: dict[str, tuple[int, int]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        read = _ONE.fullmatch(part)
        if not read:
            _refuse(f"has {part!r}")
        name, size = read[1], (int(read[2]), int(read[3]))
        if name in found or name in TAKEN:
            _refuse(f"names {name} twice" if name in found else f"uses the name {name}, which is taken")
        if not all(SMALLEST <= side <= LARGEST for side in size):
            _refuse(f"asks for {read[2]}x{read[3]}, and a side is {SMALLEST} to {LARGEST} pixels")
        found[name] = size
    if len(found) > MOST:
        _refuse(f"names {len(found)} crops, and {MOST} are the most")
    return found


def _refuse(what: str) -> NoReturn:
    raise ImproperlyConfigured(
        f"RENDITION_FILLS {what}. Write it as name=WIDTHxHEIGHT, with commas between: square=512x512,wide=1024x576. "
        "A name has small letters, digits, - and _; nothing at all makes no crops."
    )
