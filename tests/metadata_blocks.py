"""Files with metadata, built byte by byte: EXIF of every type, IPTC-IIM in any encoding, XMP of any schema."""

import hashlib
import struct
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

from processing import Metadata
from processing.metadata import read_metadata
from tests.extremes import Entry, segment, tiff
from tests.pictures import encoded, picture

PREFIXES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
    "other": "http://example.com/other/",
}
ADOBE = b"http://ns.adobe.com/xap/1.0/\0"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"


def read(data: bytes) -> Metadata:
    """Return what a file says, as processing reads it."""
    file = BytesIO(data)
    return read_metadata(file, Image.open(file))


def read_notes(data: bytes) -> list[tuple[str, str]]:
    """Return the code and the field of each note."""
    return [(note.code, note.params["field"]) for note in read(data).notes]


def jpeg_with(*segments: bytes) -> bytes:
    """Return a small JPEG that begins with these segments."""
    scene = encoded(picture(64, 48), "JPEG")
    return scene[:2] + b"".join(segments) + scene[2:]


def exif(main: Sequence[Entry] = (), details: Sequence[Entry] = (), place: Sequence[Entry] = ()) -> bytes:
    """Return the segment of a JPEG with an EXIF block."""
    return segment(0xE1, b"Exif\0\0" + tiff(main, details, place))


def encode_iim(datasets: Sequence[tuple[int, bytes]], encoding: bytes = b"") -> bytes:
    """Return datasets of record 2, after the escape sequence of their encoding if there is one."""
    named = struct.pack(">BBBH", 0x1C, 1, 90, len(encoding)) + encoding if encoding else b""
    return named + b"".join(struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value for number, value in datasets)


def encode_resource(number: int, body: bytes) -> bytes:
    """Return one of Photoshop's resources."""
    return struct.pack(">4sHHI", b"8BIM", number, 0, len(body)) + body + b"\0" * (len(body) % 2)


def iptc(datasets: Sequence[tuple[int, bytes]], encoding: bytes = b"", digest: bytes = b"") -> bytes:
    """Return the segment of a JPEG with datasets, and with the MD5 that a program noted for them."""
    resources = encode_resource(0x0404, encode_iim(datasets, encoding))
    if digest:
        resources += encode_resource(0x0425, digest)
    return segment(0xED, b"Photoshop 3.0\0" + resources)


def digest_of(datasets: Sequence[tuple[int, bytes]], encoding: bytes = b"") -> bytes:
    """Return the MD5 of datasets."""
    return hashlib.md5(encode_iim(datasets, encoding), usedforsecurity=False).digest()


def packet(inner: str, attributes: str = "", *, more: str = "") -> str:
    """Return a packet whose one description has these properties, and what stands beside it."""
    names = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in PREFIXES.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {names}><rdf:Description rdf:about="" {attributes}>{inner}'
        f"</rdf:Description>{more}</rdf:RDF></x:xmpmeta>"
    )


def xmp(inner: str, attributes: str = "", *, more: str = "") -> bytes:
    """Return the segment of a JPEG with such a packet."""
    return segment(0xE1, ADOBE + packet(inner, attributes, more=more).encode())


def alternative(name: str, text: str) -> str:
    """Return a property in one language."""
    return f'<{name}><rdf:Alt><rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt></{name}>'


def listed(name: str, *texts: str, kind: str = "Bag") -> str:
    """Return a property with several values."""
    items = "".join(f"<rdf:li>{text}</rdf:li>" for text in texts)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>"
