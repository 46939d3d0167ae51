"""What a value from a file, or from a service, may be: the one gate between strangers and everything that keeps values.

Whatever passes is held by the columns of PostgreSQL and SQLite, by DynamoDB and by JSON, and stays a date in every time
zone. A function here returns the value, or raises ValueError for one that is not to be kept.
"""

import math
import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

# No photograph is older, and no clock that was set is ahead of it; both are far from where dates and zones end.
EARLIEST_YEAR, LATEST_YEAR = 1800, 2200
# Zones in use reach from -12:00 to +14:00; cameras also write what lies opposite.
MOST_HOURS_FROM_UTC = 14
_JOINER = "\u200d"
_LARGEST_INTEGER = 2**63 - 1
_DEEPEST = 40
# No text is kept with these: control characters, halves of characters, private ones, those that are none, marks of byte
# order, and what turns the direction of other texts.
_UNKEPT = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufeff\u202a-\u202e\u2066-\u2069"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(15))
    + "\U000f0000-\U0010ffff]"
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Marks, joiners, variation selectors, tags and tones of skin belong to the character before them.
_BOUND = re.compile("[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_MOST_BOUND = 40
_MOMENT = re.compile(r"([0-9]{4})[:\-/.]([0-9]{1,2})[:\-/.]([0-9]{1,2})[ T]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})")
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
_DAY = re.compile(
    r"(?:([0-9]{4})(?:([0-9]{2})([0-9]{2})?)?|([0-9]{4})[-:/.]([0-9]{1,2})(?:[-:/.]([0-9]{1,2}))?)(?:[TZ ].*)?"
)


def clean_text(value: object, most: int) -> str:
    """Return a text on one line of at most so many characters; empty for what is no text or nothing that is seen.

    Joiners, variation selectors and tags stay: without them Persian and Hindi words, flags and families fall apart.
    """
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return ""
    line = " ".join(_UNKEPT.sub("", " ".join(text.split())).split())
    if not any(unicodedata.category(character) not in ("Cf", "Mn", "Me", "Zs") for character in line):
        return ""
    return shorten(line, most)


def shorten(text: str, most: int) -> str:
    """Return the beginning of a text, without a part of what is seen as one character."""
    if len(text) <= most:
        return text
    end = most
    while end > max(most - _MOST_BOUND, 1) and (_is_bound(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return text[:end].rstrip(f" {_JOINER}")


def is_storable(text: str) -> bool:
    """Return whether every database holds the text as it is."""
    return not _UNSTORABLE.search(text)


def check_moment(moment: datetime) -> datetime:
    """Return a moment that is one in every time zone; raises ValueError for another."""
    _check_year(moment.year)
    return moment


def parse_moment(text: str) -> datetime | None:
    """Read a moment as EXIF writes it, 2024:05:06 07:08:09, without a zone; None for a clock that was never set."""
    if not text.strip("0:-/. "):
        return None
    found = _MOMENT.match(text)
    if not found:
        raise ValueError(text)
    return check_moment(datetime(*(int(part) for part in found.groups())))  # type: ignore[arg-type]


def parse_offset(text: str) -> tzinfo | None:
    """Read a distance from UTC as EXIF writes it, +05:30; None for none. Raises ValueError for one that no zone has."""
    if not text.strip(": "):
        return None
    if text == "Z":
        return UTC
    found = _OFFSET.fullmatch(text)
    if not found or int(found[3]) > 59:
        raise ValueError(text)
    distance = timedelta(hours=int(found[2]), minutes=int(found[3]))
    if distance > timedelta(hours=MOST_HOURS_FROM_UTC):
        raise ValueError(text)
    return timezone(-distance if found[1] == "-" else distance)


def parse_last_day(text: str) -> date | None:
    """Read a day, or the last day of a month or year: 2026-11-24T10:00, 20261124, 2026-11, 2026; None for none."""
    if not text[:10].strip("0:-/. "):
        return None
    found = _DAY.fullmatch(text)
    if not found:
        raise ValueError(text)
    # In IPTC-IIM zeros stand for a month or a day that nobody knows.
    year, month, day = (int(part or 0) for part in (found.groups()[:3] if found[1] else found.groups()[3:]))
    _check_year(year)
    month, day = (month, day) if month else (12, 0)
    return date(year, month, day or monthrange(year, month)[1])


def check_degrees(value: float, most: float) -> float:
    """Return a coordinate without its direction, from 0 to `most` degrees; raises ValueError for another."""
    if not math.isfinite(value) or not 0 <= value <= most:
        raise ValueError(value)
    return value


def clamp(value: Any, most: float) -> float | None:
    """Hold a number between nothing and the most it may be; None for what is no number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return float(min(max(value, 0), most))


def as_json(value: Any, depth: int = 0) -> Any:
    """Return what JSON and every database's kind of it hold of a value; None in place of what they do not."""
    match value:
        case None | bool():
            return value
        case str():
            return _UNSTORABLE.sub("", value)
        case int():
            return value if abs(value) <= _LARGEST_INTEGER else None
        case float():
            return value if math.isfinite(value) else None
        case Mapping() if depth < _DEEPEST:
            return {as_json(str(name)): as_json(item, depth + 1) for name, item in value.items()}
        case Sequence() if depth < _DEEPEST and not isinstance(value, bytes | bytearray):
            return [as_json(item, depth + 1) for item in value]
    return None


def _check_year(year: int) -> None:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValueError(year)


def _is_bound(character: str) -> bool:
    return bool(_BOUND.match(character)) or unicodedata.category(character)[0] == "M"
