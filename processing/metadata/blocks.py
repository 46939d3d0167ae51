"""Where EXIF, IPTC-IIM and XMP stand in a file of each format, as the bytes of each.

Sources: "XMP Specification", part 3; "Adobe Photoshop File Formats Specification", image resources; Pillow's `info`,
which has what stands in a PNG, WebP, AVIF or HEIC file.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from PIL import Image

from processing import gif
from processing.metadata.tiff import TiffStructure

_XMP_SEGMENT = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION_SEGMENT = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP_SEGMENT = b"Photoshop 3.0\0"
_RESOURCE = b"8BIM"
_IIM_RESOURCE, _DIGEST_RESOURCE = 0x0404, 0x0425
_XMP_TAG, _IIM_TAG, _PHOTOSHOP_TAG = 700, 33723, 34377
_MAX_RESOURCES = 1000
MAX_EXTENSION_BYTES = 10_000_000


@dataclass(frozen=True)
class Blocks:
    """The metadata in a file, undecoded; empty where the file has none.

    Attributes:
        exif: A TIFF structure.
        iim: The datasets of IPTC-IIM.
        iim_digest: What a program that wrote IIM and XMP together noted as the MD5 of the datasets.
        xmp: The packet.
        xmp_extensions: Packets that continue it, by their GUIDs, in a JPEG.
    """

    exif: IO[bytes] | None = None
    iim: bytes = b""
    iim_digest: bytes = b""
    xmp: bytes = b""
    xmp_extensions: tuple[tuple[bytes, bytes], ...] = ()


def find_blocks(file: IO[bytes], picture: Image.Image) -> Blocks:
    """Return the blocks of a file whose picture is open."""
    if picture.format == "TIFF":
        return _find_in_tiff(file)
    if picture.format == "GIF":
        return Blocks(xmp=gif.read_xmp(file))
    info: dict[Any, Any] = picture.info
    segments: list[tuple[str, bytes]] = getattr(picture, "applist", [])
    iim, digest = _find_iim(_join_resources(segments, info))
    packets = [body[len(_XMP_SEGMENT) :] for name, body in segments if body.startswith(_XMP_SEGMENT) and name == "APP1"]
    packet = packets[0] if packets else _read_info(info, "xmp", "XML:com.adobe.xmp", "Raw profile type xmp")
    exif = _strip_exif_header(_read_info(info, "exif", "Raw profile type exif", "Raw profile type APP1"))
    return Blocks(BytesIO(exif) if exif else None, iim, digest, packet, tuple(_join_extensions(segments)))


def _read_info(info: dict[Any, Any], *names: str) -> bytes:
    """Return the first of Pillow's entries that there is, as bytes."""
    for name in names:
        value = info.get(name)
        if name.startswith("Raw profile type") and value:
            return _read_raw_profile(str(value))
        if value:
            return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else bytes(value)
    return b""


def _read_raw_profile(text: str) -> bytes:
    """Return the bytes that ImageMagick writes into a text of a PNG: a name, their number, and hexadecimal digits."""
    parts = text.split(None, 2)
    try:
        return bytes.fromhex(parts[2]) if len(parts) == 3 else b""
    except ValueError:
        return b""


def _strip_exif_header(block: bytes) -> bytes:
    """Return the TIFF structure of an EXIF block, before which formats and programs write different headers."""
    starts = [start for magic in (b"II*\0", b"MM\0*") if (start := block.find(magic, 0, 64)) >= 0]
    return block[min(starts) :] if starts else block


def _join_resources(segments: list[tuple[str, bytes]], info: dict[Any, Any]) -> bytes:
    """Return Photoshop's resources, which may be spread over several segments of a JPEG."""
    parts = [
        body[len(_PHOTOSHOP_SEGMENT) :]
        for name, body in segments
        if name == "APP13" and body.startswith(_PHOTOSHOP_SEGMENT)
    ]
    return b"".join(parts) or _read_info(info, "Raw profile type iptc", "Raw profile type 8bim")


def _find_iim(resources: bytes) -> tuple[bytes, bytes]:
    """Return the datasets of IIM and their digest among Photoshop's resources."""
    bodies: dict[int, bytes] = {}
    for number, body in _read_resources(resources):
        bodies.setdefault(number, body)
    return bodies.get(_IIM_RESOURCE, b""), bodies.get(_DIGEST_RESOURCE, b"")


def _read_resources(resources: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the body of each resource; what lies between two of them is passed over."""
    place = 0
    for _resource in range(_MAX_RESOURCES):
        place = resources.find(_RESOURCE, place)
        # Its number, a name of even length with the byte that counts it, and the length of its body.
        name_at = place + 6
        if place < 0 or name_at >= len(resources):
            return
        length_at = name_at + 1 + resources[name_at] + (resources[name_at] + 1) % 2
        if length_at + 4 > len(resources):
            return
        (number,) = struct.unpack_from(">H", resources, place + 4)
        (length,) = struct.unpack_from(">I", resources, length_at)
        yield number, resources[length_at + 4 : length_at + 4 + length]
        place = length_at + 4 + length


def _join_extensions(segments: list[tuple[str, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the GUID and the packet of each extension, whose pieces name their place in it."""
    pieces: dict[bytes, dict[int, bytes]] = {}
    size = 0
    for name, body in segments:
        size += len(body)
        if name == "APP1" and body.startswith(_EXTENSION_SEGMENT) and size <= MAX_EXTENSION_BYTES:
            rest = body[len(_EXTENSION_SEGMENT) :]
            if len(rest) > 40:
                pieces.setdefault(rest[:32], {})[int.from_bytes(rest[36:40])] = rest[40:]
    for guid, parts in pieces.items():
        yield guid, b"".join(parts[start] for start in sorted(parts))


def _find_in_tiff(file: IO[bytes]) -> Blocks:
    """Return the blocks of a TIFF file's first page; the file itself is its EXIF block."""
    tiff = TiffStructure(file)
    values = tiff.read_directory(tiff.first, (_XMP_TAG, _IIM_TAG, _PHOTOSHOP_TAG))
    raw = {tag: value.raw for tag, value in values.items()}
    iim, digest = _find_iim(raw.get(_PHOTOSHOP_TAG, b""))
    direct = raw.get(_IIM_TAG, b"")
    if direct[:1] != b"\x1c" and direct[3:4] == b"\x1c":
        # Some programs write the datasets as numbers of four bytes, in the other order.
        direct = b"".join(direct[place : place + 4][::-1] for place in range(0, len(direct), 4))
    return Blocks(file, direct or iim, digest if not direct or direct == iim else b"", raw.get(_XMP_TAG, b""))
