"""XMP → MetadataFields. Source: "XMP Specification", parts 1 (RDF) and 3 (where the packet stands in a file).

Pillow's getxmp() drops namespaces, so that another schema's `title` cannot be told from Dublin Core's.
"""

from collections.abc import Iterable, Mapping
from xml.etree import ElementTree

from PIL import Image

from processing.errors import Note
from processing.limits import clean_text
from processing.metadata.fields import (
    MAX_LENGTHS,
    MetadataFields,
    collect_keywords,
    join_credit,
    read_last_day,
)

# A packet has some kilobytes; histories of edits make it longer, and say nothing of the picture.
MAX_PACKET_BYTES = 1_000_000

_DC = "{http://purl.org/dc/elements/1.1/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_RIGHTS = "{http://ns.adobe.com/xap/1.0/rights/}"
_CORE = "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}"
_PRISM = "{http://prismstandard.org/namespaces/basic/2.0/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def read_xmp(picture: Image.Image, notes: list[Note]) -> MetadataFields:
    """Return the fields of the picture's XMP packet; raise whatever a hostile packet raises."""
    packet = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    if isinstance(packet, str):
        packet = packet.encode()
    packet = packet.strip(b"\x00 \r\n\t")
    if not packet:
        return MetadataFields()
    properties = _read_properties(_parse_packet(packet))

    def join(name: str, max_length: int = MAX_LENGTHS["title"]) -> str:
        return clean_text(", ".join(properties.get(name, [])), max_length)

    return MetadataFields(
        title=join(f"{_PHOTOSHOP}Headline") or join(f"{_DC}title"),
        alt_text=join(f"{_CORE}AltTextAccessibility", MAX_LENGTHS["alt_text"]),
        caption=join(f"{_DC}description", MAX_LENGTHS["caption"]),
        credit=join_credit(join(f"{_DC}creator"), join(f"{_PHOTOSHOP}Credit")),
        license=join(f"{_RIGHTS}UsageTerms") or join(f"{_DC}rights"),
        rights_until=read_last_day(join(f"{_PRISM}expirationDate"), notes),
        keywords=collect_keywords(properties.get(f"{_DC}subject", [])),
    )


def _parse_packet(packet: bytes) -> ElementTree.Element:
    # In an image file XMP is UTF-8. Text is parsed as it is, whatever encoding it declares, so that no declaration of a
    # document type hides in another encoding; with one, a small file becomes a large one.
    text = packet.decode("utf-8-sig")
    if len(packet) > MAX_PACKET_BYTES or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("The packet is not plain XMP.")
    return ElementTree.fromstring(text)  # noqa: S314 - no document type, so no entities


def _read_properties(tree: ElementTree.Element) -> Mapping[str, list[str]]:
    """Return the values of each property by its name with its namespace."""
    properties: dict[str, list[str]] = {}
    for description in tree.iter(f"{_RDF}Description"):
        for name, text in description.attrib.items():
            properties.setdefault(name, []).append(text)
        for element in description:
            properties.setdefault(element.tag, []).extend(_read_values(element))
    return properties


def _read_values(element: ElementTree.Element) -> Iterable[str]:
    """Return the items of a list, the default or the first of alternatives, or the property's own text."""
    alternatives = element.findall(f"{_RDF}Alt/{_RDF}li")
    if alternatives:
        default = [item for item in alternatives if item.get(_LANG) == "x-default"]
        return [(default or alternatives)[0].text or ""]
    items = [item for kind in ("Seq", "Bag") for item in element.findall(f"{_RDF}{kind}/{_RDF}li")]
    return [item.text or "" for item in items] if items else [element.text or ""]
