"""The words that photographers and agencies write into a file: XMP before IPTC-IIM, each of them a stranger's.

Sources: IPTC Photo Metadata Standard 2023.1; IPTC-IIM 4.2; "Guidelines for Handling Image Metadata", MWG 2.0.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from xml.etree import ElementTree

from PIL import Image, IptcImagePlugin, JpegImagePlugin

from processing.bounds import clean_text, parse_last_day, shorten
from processing.errors import Note

T = TypeVar("T")
SHORT, LONG = 200, 2000
ALT_TEXT, KEYWORD = 500, 100
MOST_KEYWORDS = 50
# A packet of words is some kilobytes; histories of edits make it longer, and say nothing of the picture.
LONGEST_PACKET = 1_000_000

_DC = "{http://purl.org/dc/elements/1.1/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_RIGHTS = "{http://ns.adobe.com/xap/1.0/rights/}"
_CORE = "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}"
_PRISM = "{http://prismstandard.org/namespaces/basic/2.0/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# ESC % G in dataset 1:90 says that the text is UTF-8.
_UTF8 = b"\x1b%G"


@dataclass(frozen=True)
class Words:
    """What a file says of its picture; empty where it says nothing."""

    title: str = ""
    alt_text: str = ""
    caption: str = ""
    credit: str = ""
    licence: str = ""
    rights_until: date | None = None
    keywords: tuple[str, ...] = ()


def read_field(notes: list[Note], name: str, get: Callable[[], T], empty: T) -> T:
    """Return what `get` reads; of a field that cannot be read, or holds what is not kept, leave a note and `empty`."""
    try:
        return get()
    except Exception:  # hostile metadata raises anything; one field is no reason to lose another, or the picture
        notes.append(Note("unreadable_metadata", {"field": name}))
        return empty


def read(picture: Image.Image) -> tuple[Words, list[Note]]:
    """The words of a file that is open, and a note for each part of it that cannot be read."""
    notes: list[Note] = []

    def part(name: str, get: Callable[[Image.Image, list[Note]], Words]) -> Words:
        try:
            return get(picture, notes)
        except Exception:  # hostile metadata raises anything, and is no reason to lose the picture
            notes.append(Note("unreadable_metadata", {"field": name}))
            return Words()

    return _first(part("xmp", _xmp), part("iptc", _iptc)), notes


def _first(*found: Words) -> Words:
    """Each word from the first that has it."""

    def pick(name: str) -> Any:
        return next((getattr(one, name) for one in found if getattr(one, name)), getattr(Words(), name))

    return Words(**{name: pick(name) for name in Words.__dataclass_fields__})


def _xmp(picture: Image.Image, notes: list[Note]) -> Words:
    packet = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    if isinstance(packet, str):
        packet = packet.encode()
    packet = packet.strip(b"\x00 \r\n\t")
    if not packet:
        return Words()
    # XMP needs neither; both are how a small file becomes a large one.
    if len(packet) > LONGEST_PACKET or b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        raise ValueError("The packet is not plain XMP.")
    tree = ElementTree.fromstring(packet)  # noqa: S314 - no document type, so no entities
    held: dict[str, list[str]] = {}
    for description in tree.iter(f"{_RDF}Description"):
        for name, text in description.attrib.items():
            held.setdefault(name, []).append(text)
        for element in description:
            held.setdefault(element.tag, []).extend(_texts(element))
    return Words(
        title=_text(held, f"{_PHOTOSHOP}Headline") or _text(held, f"{_DC}title"),
        alt_text=_text(held, f"{_CORE}AltTextAccessibility", ALT_TEXT),
        caption=_text(held, f"{_DC}description", LONG),
        credit=_credit(_text(held, f"{_DC}creator"), _text(held, f"{_PHOTOSHOP}Credit")),
        licence=_text(held, f"{_RIGHTS}UsageTerms") or _text(held, f"{_DC}rights"),
        rights_until=_last_day(_text(held, f"{_PRISM}expirationDate"), notes),
        keywords=_keywords(held.get(f"{_DC}subject", [])),
    )


def _texts(element: ElementTree.Element) -> list[str]:
    """The texts of a property: of each item of a list, of the alternatives the default or the first, or its own."""
    alternatives = element.findall(f"{_RDF}Alt/{_RDF}li")
    if alternatives:
        default = [item for item in alternatives if item.get(_LANG) == "x-default"]
        return [(default or alternatives)[0].text or ""]
    items = [item for kind in ("Seq", "Bag") for item in element.findall(f"{_RDF}{kind}/{_RDF}li")]
    return [item.text or "" for item in items] if items else [element.text or ""]


def _iptc(picture: Image.Image, notes: list[Note]) -> Words:
    held: Mapping[tuple[int, int], Any] = {}
    if isinstance(picture, JpegImagePlugin.JpegImageFile):
        held = IptcImagePlugin.getiptcinfo(picture) or {}
    utf8 = _UTF8 in _listed(held.get((1, 90)))

    def texts(number: int) -> list[str]:
        return [_decoded(value, utf8=utf8) for value in _listed(held.get((2, number)))]

    def text(number: int, most: int = SHORT) -> str:
        return clean_text(", ".join(texts(number)), most)

    return Words(
        title=text(105) or text(5),
        caption=text(120, LONG),
        credit=_credit(text(80), text(110)),
        licence=text(116),
        rights_until=_last_day(text(37), notes),
        keywords=_keywords(texts(25)),
    )


def _listed(value: Any) -> list[bytes]:
    return value if isinstance(value, list) else [value] if value else []


def _decoded(value: bytes, *, utf8: bool) -> str:
    """Text of a dataset; files that do not name UTF-8 use it all the same, or Latin-1."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace") if utf8 else value.decode("latin-1")


def _text(held: Mapping[str, Iterable[str]], name: str, most: int = SHORT) -> str:
    return clean_text(", ".join(held.get(name, [])), most)


def _credit(creator: str, line: str) -> str:
    """Who made it and who is to be named, once when they are the same."""
    if creator and line and creator.casefold() not in line.casefold():
        return shorten(f"{creator} / {line}", SHORT)
    return line or creator


def _keywords(texts: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for text in texts:
        word = clean_text(text, KEYWORD)
        if word:
            seen.setdefault(word.casefold(), word)
    return tuple(seen.values())[:MOST_KEYWORDS]


def _last_day(text: str, notes: list[Note]) -> date | None:
    return read_field(notes, "rights_until", lambda: parse_last_day(text), None)
