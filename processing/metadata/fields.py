"""The fields that photographers and agencies write into a file, wherever they stand in it, as one.

Sources: IPTC Photo Metadata Standard 2023.1; "Guidelines for Handling Image Metadata", Metadata Working Group, 2.0.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import TypeVar

from processing.dates import parse_last_day
from processing.errors import Note, check_surroundings
from processing.limits import clean_text, is_meaningful, shorten

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
# Characters and values that are looked at in any field.
_MAX_READ, _MAX_VALUES = 100_000, 1000
# Terms of the vocabularies are written whole or by their names alone.
_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_DATA_MINING = "http://ns.useplus.org/ldf/vocab/"
# Properties whose notes name another field.
_PROPERTY_FIELDS = {"headline": "title", "credit_line": "credit"}


@dataclass(frozen=True)
class MetadataFields:
    """What a file says of its picture; a field is empty where the file says nothing.

    Attributes:
        title: The headline, or the title.
        alt_text: Describes the picture for people who cannot see it.
        caption: Tells what the picture shows.
        extended_description: Describes it at length for people who cannot see it.
        credit: Whom to name, for people: the creators and the credit line, or else the copyright notice.
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


@dataclass
class Source:
    """What one of EXIF, IPTC-IIM and XMP says, by property; a property that it lacks is not there.

    Properties are the fields of MetadataFields, except that "headline" stands beside "title" and "credit_line" in place
    of "credit".

    Attributes:
        values: The texts of each property, cleaned, without those that say nothing.
        problems: The note for each property that could not be read.
    """

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: dict[str, Note] = field(default_factory=dict)

    def add(self, name: str, texts: Iterable[str]) -> None:
        """Set a property unless it has a value; texts that say nothing are left out."""
        if name not in self.values:
            self.extend(name, texts)

    def extend(self, name: str, texts: Iterable[str]) -> None:
        """Add values to a property; texts that say nothing are left out."""
        cleaned = (clean_text(text, _MAX_READ) for text in islice(texts, _MAX_VALUES))
        if meaningful := tuple(filter(is_meaningful, cleaned)):
            self.values[name] = (*self.values.get(name, ()), *meaningful)

    def try_add_last_day(self, read: Callable[[], str]) -> None:
        """Set the last day of the rights to the one that the text of `read` names, in the form 2026-12-31."""
        try:
            day = parse_last_day(clean_text(read(), _MAX_READ))
        except ValueError:
            self.problems["rights_until"] = Note("unreadable_metadata", {"field": "rights_until"})
        else:
            self.add("rights_until", [day.isoformat()] if day else [])

    def try_add(self, name: str, read: Callable[[], Iterable[str]]) -> None:
        """Set a property to what `read` returns unless it has a value; see `try_extend`."""
        if name not in self.values:
            self.try_extend(name, read)

    def try_extend(self, name: str, read: Callable[[], Iterable[str]]) -> None:
        """Add what `read` returns to a property; a text whose characters nobody knows becomes a problem."""
        try:
            self.extend(name, read())
        except (ValueError, LookupError):
            self.problems[name] = Note("unknown_encoding", {"field": _PROPERTY_FIELDS.get(name, name)})


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
    except Exception as error:  # hostile metadata raises anything; one field is no reason to lose another
        check_surroundings(error)
        notes.append(Note("unreadable_metadata", {"field": name}))
        return empty


def merge_sources(sources: Sequence[Source], notes: list[Note]) -> MetadataFields:
    """Return each field from the first source that has it; what is cut or cannot be read leaves a note.

    A property that one source has is not missed in another, in which it cannot be read.
    """
    chosen: dict[str, Source] = {}
    for source in sources:
        for name in source.values:
            chosen.setdefault(name, source)
    for source in sources:
        notes += [note for name, note in source.problems.items() if chosen.get(name, source) is source]
    return _Merge({name: source.values[name] for name, source in chosen.items()}, notes).build()


@dataclass(frozen=True)
class _Merge:
    """Makes the fields of the properties of all sources, and notes what it cuts."""

    values: Mapping[str, tuple[str, ...]]
    notes: list[Note]

    def build(self) -> MetadataFields:
        names = self.values.get("creators", ())
        creators = self._list("creators", names, MAX_CREATORS)
        copyright_ = self._text("copyright")
        credit = join_credit(", ".join(names), self._join("credit_line")) or copyright_
        keywords: dict[str, str] = {}
        for keyword in self.values.get("keywords", ()):
            keywords.setdefault(keyword.casefold(), keyword)
        rights_until = self._join("rights_until")
        return MetadataFields(
            title=self._fit("title", self._join("headline") or self._join("title")),
            alt_text=self._text("alt_text"),
            caption=self._text("caption"),
            extended_description=self._text("extended_description"),
            credit=self._fit("credit", credit),
            copyright=copyright_,
            license=self._text("license"),
            license_url=self._address(),
            rights_until=date.fromisoformat(rights_until) if rights_until else None,
            keywords=self._list("keywords", tuple(keywords.values()), MAX_KEYWORDS),
            creators=creators,
            digital_source_type=self._term("digital_source_type", _SOURCE_TYPES),
            data_mining=self._term("data_mining", _DATA_MINING),
        )

    def _join(self, name: str) -> str:
        return ", ".join(self.values.get(name, ()))

    def _text(self, name: str) -> str:
        return self._fit(name, self._join(name))

    def _fit(self, name: str, text: str) -> str:
        limit = MAX_LENGTHS[name]
        if len(text) <= limit:
            return text
        self.notes.append(Note("text_shortened", {"field": name, "length": len(text), "limit": limit}))
        return shorten(text, limit)

    def _list(self, name: str, texts: Sequence[str], limit: int) -> tuple[str, ...]:
        if len(texts) > limit:
            self.notes.append(Note("list_shortened", {"field": name, "length": len(texts), "limit": limit}))
        return tuple(self._fit(name, text) for text in texts[:limit])

    def _address(self) -> str:
        """Return the web statement; an address that no browser opens, or that would be cut, is left out with a note."""
        address = "".join(self.values.get("license_url", ())[:1])
        if not address:
            return ""
        is_whole = " " not in address and len(address) <= MAX_LENGTHS["license_url"]
        if not address.lower().startswith(("http://", "https://")) or not is_whole:
            self.notes.append(Note("unreadable_metadata", {"field": "license_url"}))
            return ""
        return address

    def _term(self, name: str, vocabulary: str) -> str:
        term = "".join(self.values.get(name, ())[:1])
        return self._fit(name, term if not term or ":" in term else f"{vocabulary}{term}")


def join_credit(creator: str, credit_line: str) -> str:
    """Return who made the picture and who is to be named, once when they are the same."""
    if creator and credit_line and creator.casefold() not in credit_line.casefold():
        return f"{creator} / {credit_line}"
    return credit_line or creator
