"""The limits of what comes from outside: how large a file may be, and which values from it are stored.

Every value that passes can be stored in PostgreSQL, SQLite, DynamoDB and JSON. A text stands on one line, and turns the
direction of no other text beside it. A function here returns the value, or raises ValueError for one that is not to be
stored; for dates see processing.dates.
"""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from processing.formats import Format

_LARGEST_INTEGER = 2**63 - 1
_MAX_DEPTH = 40
# So many characters, or bytes, are looked at for each character that is kept, and some more.
_READ_PER_CHARACTER, _LEAST_READ = 4, 4000
_JOINER = "\u200d"
# No text keeps these: control characters, surrogates, private characters, noncharacters, and byte order marks.
_UNWANTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufeff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(15))
    + "\U000f0000-\U0010ffff]"
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Marks, joiners, variation selectors, tags and skin tones belong to the character before them.
_COMBINING = re.compile("[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_MAX_COMBINING = 40
# Embeddings, overrides and isolates of the bidirectional algorithm, by what ends each. Source: "Unicode Bidirectional
# Algorithm", Unicode Standard Annex 9.
_END_OF_EMBEDDING, _END_OF_ISOLATE = "\u202c", "\u2069"
_DIRECTIONS = {
    **dict.fromkeys("\u202a\u202b\u202d\u202e", _END_OF_EMBEDDING),
    **dict.fromkeys("\u2066\u2067\u2068", _END_OF_ISOLATE),
}
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MAX_NESTED_DIRECTIONS = 8
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
class FormatLimits:
    """How much a file of one format may ask for, below what all may.

    Attributes:
        max_bytes: Bytes of the file; None for the limit of all formats.
        max_pixels: Width × height, in pixels; None for the limit of all formats.
        is_accepted: Whether files of the format are accepted.
    """

    max_bytes: int | None = None
    max_pixels: int | None = None
    is_accepted: bool = True


@dataclass(frozen=True)
class Limits:
    """How much a file may ask for.

    Attributes:
        max_bytes: Bytes of the file.
        max_pixels: Width × height, in pixels.
        max_side: Width or height, in pixels.
        max_memory: Bytes that decoding may take: what a worker has without what its process takes itself.
        by_format: What is different for a format, by its name in processing.formats.
    """

    max_bytes: int = 200_000_000
    max_pixels: int = 100_000_000
    max_side: int = 30_000
    max_memory: int = 1_400_000_000
    by_format: Mapping[str, FormatLimits] = field(default_factory=dict)

    def get_max_bytes(self, known: Format) -> int:
        """Return how many bytes a file of the format may have."""
        lower = self.by_format.get(known.name, FormatLimits())
        return min(each for each in (self.max_bytes, known.max_bytes, lower.max_bytes) if each is not None)

    def get_max_pixels(self, known: Format) -> int:
        """Return how many pixels a picture of the format may have."""
        lower = self.by_format.get(known.name, FormatLimits())
        return min(each for each in (self.max_pixels, known.max_pixels, lower.max_pixels) if each is not None)

    def list_disabled(self) -> list[str]:
        """Return the names of the formats that are not accepted."""
        return [name for name, limits in self.by_format.items() if not limits.is_accepted]


def clean_text(value: object, max_length: int, *, keep_directions: bool = True) -> str:
    """Return a text on one line of at most `max_length` characters; empty for no text or for nothing visible.

    It is composed (NFC). Joiners, variation selectors and tags stay: without them Persian and Hindi words, flags and
    families fall apart. Marks of direction stay too, and each that reaches beyond its text is closed, unless
    `keep_directions` is false: in the name of a file they only deceive.
    """
    if not isinstance(value, str | bytes):
        return ""
    # Cleaning megabytes takes seconds, and only their beginning is kept.
    value = value[: _READ_PER_CHARACTER * max_length + _LEAST_READ]
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not keep_directions:
        text = _DIRECTION.sub("", text)
    line = compose(" ".join(_UNWANTED.sub("", " ".join(text.split())).split()))
    if not any(unicodedata.category(character) not in ("Cf", "Mn", "Me", "Zs") for character in line):
        return ""
    return shorten(line, max_length)


def compose(text: str) -> str:
    """Return the text with composed characters (NFC), so that "é" is the same text whoever typed it.

    Each direction that begins in it is closed, so that none turns the text beside it. Source: "Unicode Normalization
    Forms", Unicode Standard Annex 15.
    """
    return _close_directions(unicodedata.normalize("NFC", text))


def shorten(text: str, max_length: int) -> str:
    """Return the beginning of a text, without splitting what is seen as one character or leaving a direction open."""
    limit = max_length
    while len(closed := _close_directions(_cut(text, limit))) > max_length:
        limit -= len(closed) - max_length
    return closed


def is_meaningful(text: str) -> bool:
    """Return whether a text says anything: programs, cameras and tired people write "null" or a dash for nothing."""
    plain = " ".join(text.split()).strip(" .,:;-–—_/()[]<>\"'").casefold()
    says_nothing = plain in _SAYS_NOTHING or _CARD_PATH.fullmatch(plain)
    return any(character.isalnum() for character in plain) and not says_nothing


def is_storable(text: str) -> bool:
    """Return whether every database stores the text unchanged."""
    return not _UNSTORABLE.search(text)


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


def _cut(text: str, max_length: int) -> str:
    if len(text) <= max_length:
        return text
    end = max_length
    while end > max(max_length - _MAX_COMBINING, 1) and (
        _COMBINING.match(text[end]) or unicodedata.category(text[end])[0] == "M" or text[end - 1] == _JOINER
    ):
        end -= 1
    return text[:end].rstrip(f" {_JOINER}")


def _close_directions(text: str) -> str:
    """Return the text with an end for each direction that begins in it, and without ends of others."""
    if not _DIRECTION.search(text):
        return text
    characters: list[str] = []
    ends: list[str] = []
    for character in text:
        if end := _DIRECTIONS.get(character):
            if len(ends) == _MAX_NESTED_DIRECTIONS:
                continue
            ends.append(end)
        elif character in (_END_OF_EMBEDDING, _END_OF_ISOLATE):
            if not ends or ends[-1] != character:
                continue
            ends.pop()
        characters.append(character)
    return "".join([*characters, *reversed(ends)])
