"""The fields that photographers and agencies write into a file, wherever they stand in it.

Sources: IPTC Photo Metadata Standard 2023.1; "Guidelines for Handling Image Metadata", MWG 2.0.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeVar

from processing.errors import Note
from processing.limits import clean_text, parse_last_day, shorten

T = TypeVar("T")
# Characters
MAX_TEXT, MAX_CAPTION, MAX_ALT_TEXT, MAX_KEYWORD = 200, 2000, 500, 100
MAX_KEYWORDS = 50


@dataclass(frozen=True)
class MetadataFields:
    """What a file says of its picture; a field is empty where the file says nothing."""

    title: str = ""
    alt_text: str = ""
    caption: str = ""
    credit: str = ""
    license: str = ""
    rights_until: date | None = None
    keywords: tuple[str, ...] = ()


def read_field(notes: list[Note], name: str, get: Callable[[], T], empty: T) -> T:
    """Return what `get` reads; for a field that cannot be read or stored, leave a note and return `empty`.

    Args:
        notes: Gets the note.
        name: The field, a key of PHRASES["field"].
        get: Reads the field.
        empty: What the field is without a value.
    """
    try:
        return get()
    except Exception:  # hostile metadata raises anything; one field is no reason to lose another, or the picture
        notes.append(Note("unreadable_metadata", {"field": name}))
        return empty


def merge_fields(*sources: MetadataFields) -> MetadataFields:
    """Return each field from the first source that has it."""

    def pick(name: str) -> Any:
        values = [getattr(source, name) for source in sources]
        return next(filter(None, values), values[-1])

    return MetadataFields(**{field.name: pick(field.name) for field in fields(MetadataFields)})


def join_credit(creator: str, credit: str) -> str:
    """Return who made the picture and who is to be named, once when they are the same."""
    if creator and credit and creator.casefold() not in credit.casefold():
        return shorten(f"{creator} / {credit}", MAX_TEXT)
    return credit or creator


def collect_keywords(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the first MAX_KEYWORDS keywords, each once whatever its case."""
    keywords: dict[str, str] = {}
    for text in texts:
        if keyword := clean_text(text, MAX_KEYWORD):
            keywords.setdefault(keyword.casefold(), keyword)
    return tuple(keywords.values())[:MAX_KEYWORDS]


def read_last_day(text: str, notes: list[Note]) -> date | None:
    """Return the last day on which the picture may be used."""
    return read_field(notes, "rights_until", lambda: parse_last_day(text), None)
