"""The fields that photographers and agencies write into a file, wherever they stand in it.

Sources: IPTC Photo Metadata Standard 2023.1; "Guidelines for Handling Image Metadata", MWG 2.0.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeVar

from processing.errors import Note
from processing.limits import clean_text, parse_last_day, shorten

T = TypeVar("T")
# Characters of each text; what is longer is cut, with a note. IPTC-IIM's limits (64 for a title, 2,000 for a caption)
# are shorter, and XMP has none.
MAX_LENGTHS: Mapping[str, int] = {
    "title": 300,
    "alt_text": 1000,
    "caption": 10_000,
    "extended_description": 10_000,
    "credit": 500,
    "copyright": 500,
    "license": 500,
    "license_url": 500,
    "creators": 200,
    "keywords": 100,
    "digital_source_type": 200,
    "data_mining": 200,
    "camera": 200,
}
MAX_KEYWORDS, MAX_CREATORS = 100, 20


@dataclass(frozen=True)
class MetadataFields:
    """What a file says of its picture; a field is empty where the file says nothing.

    Attributes:
        title: The headline, or the title.
        alt_text: Describes the picture for people who cannot see it.
        caption: Tells what the picture shows.
        extended_description: Describes it at length for people who cannot see it.
        credit: Whom to name, for people: the creators and the credit line.
        copyright: The copyright notice.
        license: The terms of use.
        license_url: The address of the web statement of the rights.
        rights_until: The last day on which the picture may be used.
        keywords: Each once, in the file's order.
        creators: The people who made the picture.
        digital_source_type: A URI of IPTC's vocabulary, which says whether a camera, a person or a model made it.
        data_mining: A URI of PLUS's vocabulary, which says whether models may be trained with it.
    """

    title: str = ""
    alt_text: str = ""
    caption: str = ""
    extended_description: str = ""
    credit: str = ""
    copyright: str = ""
    license: str = ""
    license_url: str = ""
    rights_until: date | None = None
    keywords: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    digital_source_type: str = ""
    data_mining: str = ""


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
        return shorten(f"{creator} / {credit}", MAX_LENGTHS["credit"])
    return credit or creator


def collect_keywords(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the first MAX_KEYWORDS keywords, each once whatever its case."""
    keywords: dict[str, str] = {}
    for text in texts:
        if keyword := clean_text(text, MAX_LENGTHS["keywords"]):
            keywords.setdefault(keyword.casefold(), keyword)
    return tuple(keywords.values())[:MAX_KEYWORDS]


def read_last_day(text: str, notes: list[Note]) -> date | None:
    """Return the last day on which the picture may be used."""
    return read_field(notes, "rights_until", lambda: parse_last_day(text), None)
