"""Metadata in a JPEG file. Sources: ITU-T T.81, annex B; "XMP Specification", part 3, 1.1.3; Exif 2.32, 4.5.4."""

import re
import struct
from collections.abc import Iterator

from processing.metadata.write.exif_block import PREFIX

XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
_SOI, _EOI, _SOS, _COM = b"\xff\xd8", b"\xff\xd9", 0xDA, 0xFE
_APP0, _APP1, _LAST_APP = 0xE0, 0xE1, 0xEF
# What decoders need of the segments for applications: density, profile, and how the components are meant.
_NEEDED = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
# Between markers of a scan stand stuffed bytes and restart markers.
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")


def replace_metadata(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    """Return the file with these blocks behind the JFIF header, and no other metadata; raise ValueError."""
    head, body = [], []
    for marker, payload, scan in _read_segments(data):
        if marker == _APP0 and payload.startswith(_NEEDED[_APP0]):
            # Its own thumbnail, if it has one, stands behind its dimensions.
            head.append(_encode_segment(marker, payload[:12] + b"\0\0"))
        elif _is_needed(marker, payload):
            body.append(_encode_segment(marker, payload) + scan)
    if exif:
        head.append(_encode_segment(_APP1, PREFIX + exif))
    if xmp:
        head.append(_encode_segment(_APP1, XMP_PREFIX + xmp))
    return _SOI + b"".join(head + body) + _EOI


def _is_needed(marker: int, payload: bytes) -> bool:
    if _APP0 <= marker <= _LAST_APP:
        return marker in _NEEDED and payload.startswith(_NEEDED[marker])
    return marker != _COM


def _encode_segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def _read_segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield marker, payload, and for a scan its coded pixels, up to the end of the picture."""
    position = len(_SOI)
    while match := _MARKER.search(data, position):
        marker, start = match[1][0], match.end()
        if match[0] == _EOI:
            return
        (length,) = struct.unpack_from(">H", data, start) if len(data) >= start + 2 else (0,)
        position = start + length
        if length < 2 or position > len(data):
            raise ValueError("A segment of the JPEG file is cut off.")
        following = _MARKER.search(data, position) if marker == _SOS else None
        end = following.start() if following else position
        yield marker, data[start + 2 : start + length], data[position:end]
        position = end
    raise ValueError("The JPEG file has no end.")
