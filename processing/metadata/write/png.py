"""Metadata in a PNG file. Sources: "PNG Specification (Third Edition)"; "XMP Specification", part 3, 1.1.5."""

import struct
import zlib
from collections.abc import Iterator

XMP_KEYWORD = b"XML:com.adobe.xmp"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What decoders need: palette, transparency, colors, density and animation. All else is metadata.
_NEEDED = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT".split()
)


def replace_metadata(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    """Return the file with these blocks before its pixels, and no other metadata; raise ValueError."""
    blocks = b""
    if exif:
        blocks += _encode_chunk(b"eXIf", exif)
    if xmp:
        # Not compressed, and with neither a language nor a translation of the keyword.
        blocks += _encode_chunk(b"iTXt", XMP_KEYWORD + b"\0" + b"\0\0" + b"\0" + b"\0" + xmp)
    parts = [_SIGNATURE]
    for kind, chunk in _read_chunks(data):
        if kind in (b"IDAT", b"acTL"):
            parts.append(blocks)
            blocks = b""
        if kind in _NEEDED:
            parts.append(chunk)
    return b"".join(parts)


def _encode_chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def _read_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and all bytes of each chunk, up to the end of the picture."""
    position, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        if len(data) < position + 12:
            raise ValueError("The PNG file has no end.")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise ValueError("A chunk of the PNG file is cut off.")
        yield kind, data[position:end]
        position = end
