"""Check what a rendition says of its original: credit and rights, and nothing else."""

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

EXIF_IFD, GPS_IFD, THUMBNAIL_IFD = 0x8769, 0x8825, 1
# Exif 3.0: description, artist, copyright, date and its offset, and the version of the block.
ALLOWED_EXIF = {0x010E, 0x013B, 0x8298, EXIF_IFD, 0x9000, 0x9003, 0x9011}
# Structure, then credit and rights, alternative text, date, and what made the picture and may be done with it.
ALLOWED_XMP = {
    "": {"about"},
    "adobe:ns:meta/": {"xmpmeta"},
    "http://www.w3.org/XML/1998/namespace": {"lang"},
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": {"RDF", "Description", "about", "Alt", "Bag", "Seq", "li"},
    "http://purl.org/dc/elements/1.1/": {"title", "creator", "rights"},
    "http://ns.adobe.com/xap/1.0/rights/": {"Marked", "UsageTerms", "WebStatement"},
    "http://ns.adobe.com/photoshop/1.0/": {"Credit", "DateCreated"},
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": {"AltTextAccessibility"},
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": {"DigitalSourceType"},
    "http://ns.useplus.org/ldf/xmp/1.0/": {"DataMining"},
}
ALLOWED_SEGMENTS: dict[int, tuple[bytes, ...]] = {
    0xE0: (b"JFIF\0",),
    0xE1: (b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"),
    0xE2: (b"ICC_PROFILE\0",),
    0xEE: (b"Adobe",),
}
ALLOWED_PNG_TEXTS = {"XML:com.adobe.xmp"}
FIRST_SEGMENT, LAST_SEGMENT, COMMENT, SCAN = 0xE0, 0xEF, 0xFE, 0xDA
# Exif 3.0: notes of the maker, unique id, serial numbers of body and lens.
PRIVATE_VALUES = {
    0x927C: "maker note",
    0xA420: "unique id",
    0xA431: "serial number",
    0xA435: "serial number of the lens",
}
LEAST_PRIVATE, MOST_PRIVATE = 6, 64


def list_leaks(rendition: Path, original: Path) -> list[str]:
    """Return what a rendition says and must not say."""
    data = rendition.read_bytes()
    picture = Image.open(rendition)
    leaks = [*_list_exif(picture), *_list_xmp(picture)]
    if picture.format == "JPEG":
        leaks += _list_segments(data)
    if picture.format == "PNG":
        leaks += [f"text {name}" for name in getattr(picture, "text", {}) if name not in ALLOWED_PNG_TEXTS]
    return leaks + [name for name, value in _list_private_values(original) if value in data]


def _list_exif(picture: Image.Image) -> list[str]:
    exif = picture.getexif()
    tags = {*exif, *exif.get_ifd(EXIF_IFD)} - ALLOWED_EXIF
    ifds = {"GPS": exif.get_ifd(GPS_IFD), "thumbnail": exif.get_ifd(THUMBNAIL_IFD)}
    return [f"EXIF {tag:#06x}" for tag in sorted(tags)] + [f"EXIF {name}" for name, ifd in ifds.items() if ifd]


def _list_xmp(picture: Image.Image) -> list[str]:
    packet = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp", b"")
    text = packet.encode() if isinstance(packet, str) else packet
    text = re.sub(rb"<\?xpacket.*?\?>|\0", b"", text, flags=re.DOTALL).strip()
    if not text:
        return []
    # Our own renditions: no stranger wrote this.
    elements = list(ElementTree.fromstring(text).iter())  # noqa: S314
    names = {name for element in elements for name in (element.tag, *element.attrib)}
    return [f"XMP {name}" for name in sorted(names) if not _is_allowed(name)]


def _is_allowed(name: str) -> bool:
    namespace, _, local = name.removeprefix("{").rpartition("}")
    return local in ALLOWED_XMP.get(namespace, ())


def _list_segments(data: bytes) -> Iterator[str]:
    """Yield the segments of a JPEG, before its pixels, that have no place in a rendition; ITU-T T.81, annex B."""
    place = 2
    while data[place] == 0xFF and data[place + 1] != SCAN:
        marker, length = struct.unpack(">xBH", data[place : place + 4])
        content = data[place + 4 : place + 2 + length]
        is_application = FIRST_SEGMENT <= marker <= LAST_SEGMENT
        if marker == COMMENT or (is_application and not content.startswith(ALLOWED_SEGMENTS.get(marker, ()))):
            yield f"segment {marker:#04x}"
        place += 2 + length


def _list_private_values(original: Path) -> Iterator[tuple[str, bytes]]:
    """Yield values of the original's EXIF, as bytes, that are nobody's business."""
    try:
        exif = Image.open(original).getexif().get_ifd(EXIF_IFD)
    except Exception:  # a hostile file has nothing to be found by this way
        return
    for tag, name in PRIVATE_VALUES.items():
        value = exif.get(tag, b"")
        data = value.encode() if isinstance(value, str) else value
        if isinstance(data, bytes) and len(set(data)) >= LEAST_PRIVATE:
            yield name, data[:MOST_PRIVATE]
