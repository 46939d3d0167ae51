"""Independent readers of what stands in a file: Pillow, Exiv2 and ExifTool, each in the same words."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyexiv2
import pytest
from PIL import Image

from processing.metadata.write import CreditFields

EXIFTOOL = shutil.which("exiftool")
# Exiv2 as it stands in the wheel reads no AVIF.
EXIV2_FORMATS = ("JPEG", "PNG", "WEBP")
# What is read back, by its name in CreditFields, and where Exiv2 and ExifTool have it.
PROPERTIES = {
    "title": ("Xmp.dc.title", "XMP-dc:Title"),
    "alt_text": ("Xmp.iptc.AltTextAccessibility", "XMP-iptcCore:AltTextAccessibility"),
    "creators": ("Xmp.dc.creator", "XMP-dc:Creator"),
    "credit_line": ("Xmp.photoshop.Credit", "XMP-photoshop:Credit"),
    "copyright": ("Xmp.dc.rights", "XMP-dc:Rights"),
    "license": ("Xmp.xmpRights.UsageTerms", "XMP-xmpRights:UsageTerms"),
    "license_url": ("Xmp.xmpRights.WebStatement", "XMP-xmpRights:WebStatement"),
    "is_marked": ("Xmp.xmpRights.Marked", "XMP-xmpRights:Marked"),
    "taken_at": ("Xmp.photoshop.DateCreated", "XMP-photoshop:DateCreated"),
    "digital_source_type": ("Xmp.iptcExt.DigitalSourceType", "XMP-iptcExt:DigitalSourceType"),
    "data_mining": ("Xmp.plus.DataMining", "XMP-plus:DataMining"),
    "exif title": ("Exif.Image.ImageDescription", "IFD0:ImageDescription"),
    "exif artist": ("Exif.Image.Artist", "IFD0:Artist"),
    "exif copyright": ("Exif.Image.Copyright", "IFD0:Copyright"),
    "exif taken_at": ("Exif.Photo.DateTimeOriginal", "ExifIFD:DateTimeOriginal"),
    "exif offset": ("Exif.Photo.OffsetTimeOriginal", "ExifIFD:OffsetTimeOriginal"),
}
# Groups of ExifTool that come from metadata: all else it says of the file, the pixels and their container.
_METADATA_GROUPS = ("IFD", "ExifIFD", "XMP", "GPS", "IPTC", "Photoshop", "InteropIFD", "MakerNotes", "JUMBF", "Ducky")
_CONTAINER_TAGS = {"ExifIFD:ExifVersion"}
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_EXIF_TAGS = {0x010E: "exif title", 0x013B: "exif artist", 0x8298: "exif copyright"}
_DETAIL_TAGS = {0x9003: "exif taken_at", 0x9011: "exif offset"}
Reading = dict[str, Any]

needs_exiftool = pytest.mark.skipif(
    EXIFTOOL is None and not os.environ.get("REQUIRE_EXIFTOOL"),
    reason="ExifTool is not installed (apt install libimage-exiftool-perl)",
)


def expect(fields: CreditFields) -> Reading:
    """Return what every reader should find of a credit: its fields that are not empty."""
    taken_at = fields.taken_at
    exif_taken_at = taken_at.isoformat() if isinstance(taken_at, datetime) else ""
    values = {
        **{name: getattr(fields, name) for name in PROPERTIES if hasattr(fields, name)},
        "creators": list(fields.creators),
        "is_marked": "" if fields.is_marked is None else str(fields.is_marked),
        "taken_at": taken_at.isoformat() if taken_at else "",
        "exif title": fields.title,
        "exif artist": "; ".join(fields.creators),
        "exif copyright": fields.copyright,
        "exif taken_at": exif_taken_at[:19].replace("-", ":").replace("T", " "),
        "exif offset": exif_taken_at[19:],
    }
    return {name: value for name, value in values.items() if value}


def read_with_pillow(data: bytes) -> Reading:
    """Return what Pillow reads of EXIF, and Python's XML parser of the packet that Pillow finds."""
    with Image.open(BytesIO(data)) as image:
        exif = image.getexif()
        details = exif.get_ifd(0x8769)
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    values = {name: exif.get(tag) for tag, name in _EXIF_TAGS.items()}
    values |= {name: details.get(tag) for tag, name in _DETAIL_TAGS.items()}
    # Pillow takes the type ASCII for Latin-1.
    texts: Reading = {name: value.encode("latin-1").decode() for name, value in values.items() if value}
    return texts | (_read_packet(packet) if packet else {})


def read_with_exiv2(data: bytes) -> Reading:
    """Return what Exiv2 reads."""
    with pyexiv2.ImageData(data) as image:
        values = {**image.read_xmp(), **image.read_exif()}
    texts = {name: values[exiv2_name] for name, (exiv2_name, _) in PROPERTIES.items() if exiv2_name in values}
    return {name: text['lang="x-default"'] if isinstance(text, dict) else text for name, text in texts.items()}


def run_exiftool(folder: Path, files: Iterable[bytes]) -> list[Mapping[str, Any]]:
    """Return the tags of each file by ExifTool's own names with their groups."""
    assert EXIFTOOL, "ExifTool is not installed (apt install libimage-exiftool-perl)."
    paths = []
    for number, data in enumerate(files):
        paths.append(folder / f"{number:06}")
        paths[-1].write_bytes(data)
    (folder / "paths.txt").write_text("".join(f"{path}\n" for path in paths))
    command = [EXIFTOOL, "-json", "-G1", "-n", "-struct", "-sep", "\x1f", "-@", str(folder / "paths.txt")]
    answer = subprocess.run(command, capture_output=True, check=True)
    return list(json.loads(answer.stdout))


def pick_from_exiftool(tags: Mapping[str, Any]) -> Reading:
    """Return what ExifTool read, in the words of the other readers."""
    texts = {name: str(tags[tag]) for name, (_, tag) in PROPERTIES.items() if tag in tags}
    day, _, time = texts.get("taken_at", "").partition(" ")
    iso = {"taken_at": day.replace(":", "-") + (f"T{time}" if time else "")} if day else {}
    return {**texts, **({"creators": texts["creators"].split("\x1f")} if "creators" in texts else {}), **iso}


def list_other_metadata(tags: Mapping[str, Any]) -> set[str]:
    """Return the tags of metadata that ExifTool found and no credit has."""
    known = {tag for _, tag in PROPERTIES.values()} | _CONTAINER_TAGS
    return {tag for tag in tags if tag.startswith(_METADATA_GROUPS) and tag not in known}


def _read_packet(packet: bytes | str) -> Reading:
    names = {exiv2_name.rsplit(".", 1)[1]: name for name, (exiv2_name, _) in PROPERTIES.items() if "Xmp" in exiv2_name}
    values: Reading = {}
    for element in ElementTree.fromstring(packet).iter(f"{_RDF}Description"):
        for child in element:
            items = [item.text for item in child.iter(f"{_RDF}li")]
            is_list = child.find(f"{_RDF}Seq") is not None
            values[names[child.tag.rsplit("}", 1)[1]]] = items if is_list else items[0] if items else child.text
    return values
