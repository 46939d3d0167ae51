"""The limits of what comes from outside: how large a file may be, and which values from it are stored.

Every value that passes can be stored in PostgreSQL, SQLite, DynamoDB and JSON, and a date stays a date in every time
zone. A function here returns the value, or raises ValueError for one that is not to be stored.
"""

import math
import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

# No photograph is older, and no clock that was set is ahead of it; both are far from where dates and zones end.
EARLIEST_YEAR, LATEST_YEAR = 1800, 2200
# Zones in use reach from -12:00 to +14:00; cameras also write what lies opposite.
MAX_HOURS_FROM_UTC = 14
_JOINER = "\u200d"
_LARGEST_INTEGER = 2**63 - 1
_MAX_DEPTH = 40
# No text keeps these: control characters, surrogates, private characters, noncharacters, byte order marks, and what
# turns the direction of other texts.
_UNWANTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufeff\u202a-\u202e\u2066-\u2069"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(15))
    + "\U000f0000-\U0010ffff]"
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Marks, joiners, variation selectors, tags and skin tones belong to the character before them.
_COMBINING = re.compile("[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_MAX_COMBINING = 40
_MOMENT = re.compile(r"([0-9]{4})[:\-/.]([0-9]{1,2})[:\-/.]([0-9]{1,2})[ T]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})")
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
_DAY = re.compile(
    r"(?:([0-9]{4})(?:([0-9]{2})([0-9]{2})?)?|([0-9]{4})[-:/.]([0-9]{1,2})(?:[-:/.]([0-9]{1,2}))?)(?:[TZ ].*)?"
)
# What stands in a field that nobody filled: from programs, forms, spreadsheets and cameras.
_SAYS_NOTHING = frozenset(
    {
        *("null", "nil", "none", "nan", "undefined", "n/a", "na", "not available", "not applicable", "unknown"),
        *("tbd", "tba", "todo", "xxx", "empty", "blank", "default", "string", "test", "unbekannt", "keine", "kein"),
        *("olympus digital camera", "sony dsc", "kodak digital still camera", "minolta digital camera"),
        *("konica minolta digital camera", "samsung camera pictures", "exif_jpeg_picture", "your name"),
    }
)
# Drones write the path on their card as the description.
_CARD_PATH = re.compile(r"dcim[\\/]\S*")


@dataclass(frozen=True)
class Limits:
    """How much a file may ask for.

    Attributes:
        max_bytes: Bytes of the file.
        max_pixels: Width × height, in pixels.
        max_side: Width or height, in pixels.
    """

    max_bytes: int = 200_000_000
    max_pixels: int = 100_000_000
    max_side: int = 30_000


def clean_text(value: object, max_length: int) -> str:
    """Return a text on one line of at most `max_length` characters; empty for no text or for nothing visible.

    Joiners, variation selectors and tags stay: without them Persian and Hindi words, flags and families fall apart.
    """
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return ""
    line = compose(" ".join(_UNWANTED.sub("", " ".join(text.split())).split()))
    if not any(unicodedata.category(character) not in ("Cf", "Mn", "Me", "Zs") for character in line):
        return ""
    return shorten(line, max_length)


def compose(text: str) -> str:
    """Return the text with composed characters (NFC), so that "é" is the same text whoever typed it.

    Source: "Unicode Normalization Forms", Unicode Standard Annex 15.
    """
    return unicodedata.normalize("NFC", text)


def is_meaningful(text: str) -> bool:
    """Return whether a text says anything: programs and tired people write "null", "n/a" or a dash for nothing."""
    plain = " ".join(text.split()).strip(" .,:;-–—_/()[]<>\"'").casefold()
    says_nothing = plain in _SAYS_NOTHING or _CARD_PATH.fullmatch(plain)
    return any(character.isalnum() for character in plain) and not says_nothing


def shorten(text: str, max_length: int) -> str:
    """Return the beginning of a text, without splitting what is seen as one character."""
    if len(text) <= max_length:
        return text
    end = max_length
    while end > max(max_length - _MAX_COMBINING, 1) and (
        _COMBINING.match(text[end]) or unicodedata.category(text[end])[0] == "M" or text[end - 1] == _JOINER
    ):
        end -= 1
    return text[:end].rstrip(f" {_JOINER}")


def is_storable(text: str) -> bool:
    """Return whether every database stores the text unchanged."""
    return not _UNSTORABLE.search(text)


def check_moment(moment: datetime) -> datetime:
    """Return the moment; raise ValueError unless it can be written in every time zone."""
    _check_year(moment.year)
    return moment


def parse_moment(text: str) -> datetime | None:
    """Read a moment as EXIF writes it, 2024:05:06 07:08:09, without a zone; None for a clock that was not set."""
    if not text.strip("0:-/. "):
        return None
    match = _MOMENT.match(text)
    if not match:
        raise ValueError(text)
    return check_moment(datetime(*(int(part) for part in match.groups())))  # type: ignore[arg-type]


def parse_offset(text: str) -> tzinfo | None:
    """Read an offset from UTC as EXIF writes it, +05:30; None for none. Raise ValueError for one that no zone has."""
    if not text.strip(": "):
        return None
    if text == "Z":
        return UTC
    match = _OFFSET.fullmatch(text)
    if not match or int(match[3]) > 59:
        raise ValueError(text)
    distance = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if distance > timedelta(hours=MAX_HOURS_FROM_UTC):
        raise ValueError(text)
    return timezone(-distance if match[1] == "-" else distance)


def parse_last_day(text: str) -> date | None:
    """Read a day, or the last day of a month or year: 2026-11-24T10:00, 20261124, 2026-11, 2026; None for none."""
    if not text[:10].strip("0:-/. "):
        return None
    match = _DAY.fullmatch(text)
    if not match:
        raise ValueError(text)
    # In IPTC-IIM zeros stand for a month or a day that nobody knows.
    year, month, day = (int(part or 0) for part in (match.groups()[:3] if match[1] else match.groups()[3:]))
    _check_year(year)
    month, day = (month, day) if month else (12, 0)
    return date(year, month, day or monthrange(year, month)[1])


def check_degrees(value: float, maximum: float) -> float:
    """Return a coordinate without its direction; raise ValueError unless it is from 0 to `maximum` degrees."""
    if not math.isfinite(value) or not 0 <= value <= maximum:
        raise ValueError(value)
    return value


def clamp(value: Any, maximum: float) -> float | None:
    """Return the number, or the nearer of 0 and `maximum`; None for a value that is not a number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return float(min(max(value, 0), maximum))


def to_json(value: Any, depth: int = 0) -> Any:
    """Return the value as JSON in every database can store it, with None in place of what it cannot."""
    match value:
        case None | bool():
            return value
        case str():
            return _UNSTORABLE.sub("", value)
        case int():
            return value if abs(value) <= _LARGEST_INTEGER else None
        case float():
            return value if math.isfinite(value) else None
        case Mapping() if depth < _MAX_DEPTH:
            return {to_json(str(name)): to_json(item, depth + 1) for name, item in value.items()}
        case Sequence() if depth < _MAX_DEPTH and not isinstance(value, bytes | bytearray):
            return [to_json(item, depth + 1) for item in value]
    return None


def _check_year(year: int) -> None:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValueError(year)
