"""A photograph on its side that names its author in three ways and its place, and what of that a rendition has."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps
from PIL.IptcImagePlugin import getiptcinfo

from bench.scenes import SKIES, make_photograph

ARTIST, COPYRIGHT, GPS = 0x013B, 0x8298, 0x8825
WIDTH, HEIGHT = 1600, 1200
# The orientation of a camera that was held upright: the picture is to be turned by a quarter.
ON_ITS_SIDE = 6
AUTHORS = {"EXIF": "Exif Lindqvist", "IPTC": "Iptc Lindqvist", "XMP": "Xmp Lindqvist"}
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>"
    '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© {author}</rdf:li></rdf:Alt></dc:rights>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)


@dataclass(frozen=True)
class Survival:
    """What a file has: the standards that name the author, whether a viewer shows it upright, and the place."""

    authors: tuple[str, ...]
    is_upright: bool
    has_place: bool = False


def make_signed_photograph() -> bytes:
    """Return a JPEG with author and copyright in EXIF, IPTC and XMP, and the place in EXIF, stored on its side."""
    picture = Image.open(BytesIO(make_photograph(next(iter(SKIES)), WIDTH, HEIGHT, ON_ITS_SIDE)))
    exif = picture.getexif()
    exif[ARTIST], exif[COPYRIGHT] = AUTHORS["EXIF"], f"Copyright {AUTHORS['EXIF']}"
    # North and east of Greenwich, each in degrees, minutes and seconds.
    exif.get_ifd(GPS).update({1: "N", 2: (59.0, 54.0, 36.0), 3: "E", 4: (10.0, 44.0, 24.0)})
    out = BytesIO()
    picture.save(out, "JPEG", quality=90, exif=exif.tobytes(), xmp=XMP.format(author=AUTHORS["XMP"]).encode())
    data = out.getvalue()
    return data[:2] + build_iptc_segment(AUTHORS["IPTC"]) + data[2:]


def build_iptc_segment(author: str) -> bytes:
    """Return the segment of a JPEG with by-line, credit and copyright notice in IPTC-IIM."""
    values = {80: author, 110: author, 116: f"Copyright {author}"}
    datasets = b"".join(
        bytes((0x1C, 2, number)) + len(value).to_bytes(2, "big") + value.encode() for number, value in values.items()
    )
    resource = b"8BIM\x04\x04\0\0" + len(datasets).to_bytes(4, "big") + datasets + b"\0" * (len(datasets) % 2)
    body = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body


def inspect_rendition(data: bytes) -> Survival:
    """Return what a rendition of the signed photograph still has."""
    picture = Image.open(BytesIO(data))
    exif = picture.getexif()
    blocks = {
        "EXIF": str(exif.get(ARTIST, "")),
        "IPTC": str(getiptcinfo(picture) or ""),
        "XMP": str(picture.info.get("xmp", "")),
    }
    upright = ImageOps.exif_transpose(picture)
    return Survival(
        tuple(standard for standard, text in blocks.items() if names_author(text)),
        (upright.width > upright.height) == (WIDTH > HEIGHT),
        bool(exif.get_ifd(GPS)),
    )


def names_author(text: str) -> bool:
    """Return whether a text names the author as one of the standards did."""
    return any(author in text for author in AUTHORS.values())
