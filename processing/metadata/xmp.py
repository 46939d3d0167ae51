"""XMP → XmpFields. Source: "XMP Specification", part 1 (RDF) and part 3 (packets that are continued in a JPEG).

Pillow's getxmp() drops namespaces, so that another schema's `title` cannot be told from Dublin Core's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from processing.errors import Note
from processing.metadata import location
from processing.metadata.blocks import Blocks
from processing.metadata.date_taken import DateSource
from processing.metadata.fields import Source, read_field

# Histories of edits and lists of ancestors make packets of megabytes, and say nothing of the picture.
MAX_PACKET_BYTES = 10_000_000
# Each takes thirty times the bytes in memory that it has in a packet; thousands of keywords are far fewer.
MAX_ELEMENTS = 100_000

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_RIGHTS = "{http://ns.adobe.com/xap/1.0/rights/}"
_CORE = "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}"
_EXTENSION = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
_PLUS = "{http://ns.useplus.org/ldf/xmp/1.0/}"
_LIGHTROOM = "{http://ns.adobe.com/lightroom/1.0/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_NOTE = "{http://ns.adobe.com/xmp/note/}"
_PRISM = (
    "{http://prismstandard.org/namespaces/basic/2.0/}",
    "{http://prismstandard.org/namespaces/basic/2.1/}",
    "{http://prismstandard.org/namespaces/basic/3.0/}",
)
_TEXTS = {
    "headline": f"{_PHOTOSHOP}Headline",
    "title": f"{_DC}title",
    "alt_text": f"{_CORE}AltTextAccessibility",
    "caption": f"{_DC}description",
    "extended_description": f"{_CORE}ExtDescrAccessibility",
    "creators": f"{_DC}creator",
    "credit_line": f"{_PHOTOSHOP}Credit",
    "copyright": f"{_DC}rights",
    "license": f"{_RIGHTS}UsageTerms",
    "license_url": f"{_RIGHTS}WebStatement",
    "digital_source_type": f"{_EXTENSION}DigitalSourceType",
    "data_mining": f"{_PLUS}DataMining",
}
_SUBJECT, _HIERARCHY = f"{_DC}subject", f"{_LIGHTROOM}hierarchicalSubject"
_EXPIRATION = tuple(f"{namespace}expirationDate" for namespace in _PRISM)
_ORIGINALS, _DIGITIZED = (f"{_PHOTOSHOP}DateCreated", f"{_EXIF}DateTimeOriginal"), (f"{_XMP}CreateDate",)
_LATITUDE, _LONGITUDE = f"{_EXIF}GPSLatitude", f"{_EXIF}GPSLongitude"
_HAS_EXTENSION = f"{_NOTE}HasExtendedXMP"
_PROPERTIES = frozenset(
    {
        *(*_TEXTS.values(), _SUBJECT, _HIERARCHY, *_EXPIRATION, *_ORIGINALS, *_DIGITIZED),
        *(_LATITUDE, _LONGITUDE, _HAS_EXTENSION),
    }
)
_SCANS = ("negativeFilm", "positiveFilm", "print")
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
Properties = Mapping[str, list[str]]


@dataclass
class XmpFields:
    """What a packet says.

    Attributes:
        source: The fields.
        dates: When the picture was taken.
        location: Latitude and longitude in degrees, north and east are positive; None without a whole location.
    """

    source: Source = field(default_factory=Source)
    dates: DateSource = field(default_factory=DateSource)
    location: tuple[float, float] | None = None


def read_xmp(blocks: Blocks, notes: list[Note]) -> XmpFields:
    """Return the fields of the packet in a file; a packet or a property that cannot be read leaves a note."""

    def read(packet: bytes) -> Properties:
        empty: Properties = {}
        is_filled = packet.strip(b"\0 \r\n\t")
        return read_field(notes, "xmp", lambda: _read_properties(_parse_packet(packet)), empty) if is_filled else empty

    properties = read(blocks.xmp)
    guid = "".join(properties.get(_HAS_EXTENSION, [])[:1]).encode()
    for packet in (packet for extension_guid, packet in blocks.xmp_extensions if extension_guid == guid):
        properties = {**read(packet), **properties}
    return _read_fields(properties, notes)


def _read_fields(properties: Properties, notes: list[Note]) -> XmpFields:
    source = Source()
    for name, property_ in _TEXTS.items():
        source.add(name, properties.get(property_, []))
    # Lightroom lists the keywords in both forms; its users search for the last part of a hierarchy.
    paths = (path.rsplit("|", 1)[-1] for path in properties.get(_HIERARCHY, []))
    source.add("keywords", [*properties.get(_SUBJECT, []), *paths])
    days = [text for name in _EXPIRATION for text in properties.get(name, [])]
    source.try_add_last_day(lambda: "".join(days[:1]))

    def read_all(names: Iterable[str]) -> list[str]:
        return [text.strip() for name in names for text in properties.get(name, [])[:1]]

    latitude, longitude = ("".join(properties.get(name, [])[:1]) for name in (_LATITUDE, _LONGITUDE))
    source_type = "".join(source.values.get("digital_source_type", ())[:1])
    return XmpFields(
        source,
        DateSource(read_all(_ORIGINALS), read_all(_DIGITIZED), is_scan=source_type.endswith(_SCANS)),
        read_field(notes, "location", lambda: location.parse_xmp_location(latitude, longitude), None),
    )


def _parse_packet(packet: bytes) -> ElementTree.Element:
    """Return the packet's tree, with nothing below the properties that nobody reads.

    Text is parsed as it was decoded here, whatever encoding it declares, so that no declaration of a document type
    hides in another encoding; with one, a small file becomes a large one.
    """
    if len(packet) > MAX_PACKET_BYTES:
        raise ValueError("The packet is too long.")
    text = packet.decode(_guess_encoding(packet)).strip("\ufeff\0 \r\n\t")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("The packet is not plain XMP.")
    parser = ElementTree.XMLParser(target=_KnownProperties())  # noqa: S314 - no document type, so no entities
    parser.feed(_DECLARATION.sub("", text, count=1))
    tree: ElementTree.Element = parser.close()
    return tree


def _guess_encoding(packet: bytes) -> str:
    """Return the encoding of a packet: UTF-8, or UTF-16 by its mark or by the zeros beside its first character."""
    if packet.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    return {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(packet[:2], "utf-8-sig")


class _KnownProperties(ElementTree.TreeBuilder):
    """Builds the tree of a packet without the properties that nobody reads, however large they are."""

    def __init__(self) -> None:
        super().__init__()
        self._path: list[str] = []
        self._skipped = 0
        self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        is_property = self._path[-2:] == [f"{_RDF}RDF", f"{_RDF}Description"]
        if self._skipped or (is_property and tag not in _PROPERTIES):
            self._skipped += 1
            return ElementTree.Element(tag)
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise ValueError("The packet has too many elements.")
        self._path.append(tag)
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        if self._skipped:
            self._skipped -= 1
            return ElementTree.Element(tag)
        self._path.pop()
        return super().end(tag)

    def data(self, data: str, /) -> None:
        if not self._skipped:
            super().data(data)


def _read_properties(tree: ElementTree.Element) -> Properties:
    """Return the values of each property of the file itself, by its name with its namespace.

    Descriptions inside a property, or of another resource, are of other documents: ingredients, sources, history.
    """
    rdf = tree if tree.tag == f"{_RDF}RDF" else tree.find(f"{_RDF}RDF")
    properties: dict[str, list[str]] = {}
    about = ""
    for description in [] if rdf is None else rdf.findall(f"{_RDF}Description"):
        resource = description.get(f"{_RDF}about") or description.get("about") or ""
        about = about or resource
        if resource not in ("", about):
            continue
        for name, text in description.attrib.items():
            if name in _PROPERTIES:
                properties.setdefault(name, []).append(text)
        for element in description:
            properties.setdefault(element.tag, []).extend(_read_values(element))
    return properties


def _read_values(element: ElementTree.Element) -> Iterable[str]:
    """Return the items of a list, the default or the first of alternatives, or the property's own text."""
    alternatives = element.findall(f"{_RDF}Alt/{_RDF}li")
    if alternatives:
        defaults = [item for item in alternatives if item.get(f"{_XML}lang") == "x-default" and _read_value(item)]
        return [_read_value((defaults or alternatives)[0])]
    items = [item for kind in ("Seq", "Bag") for item in element.findall(f"{_RDF}{kind}/{_RDF}li")]
    return map(_read_value, items) if items else [_read_value(element)]


def _read_value(element: ElementTree.Element) -> str:
    """Return the text of a value; one with qualifiers has it in rdf:value, one that is an address as rdf:resource."""
    for name in (f"{_RDF}resource", f"{_RDF}value"):
        if text := element.get(name):
            return text
    for place in (f"{_RDF}value", f"{_RDF}Description/{_RDF}value"):
        if text := element.findtext(place):
            return text
    described = element.find(f"{_RDF}Description")
    if described is not None:
        return described.get(f"{_RDF}value", "")
    return element.text or ""
