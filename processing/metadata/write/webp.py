"""Metadata in a WebP file. Source: RFC 9649, "WebP Image Format"."""

import struct
from collections.abc import Iterator

_HEADER_BYTES = 12
# In the order in which they have to stand; the extended header is made anew, and metadata comes last.
_NEEDED = (b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L")
_ICC, _ALPHA, _EXIF, _XMP, _ANIMATION = 0x20, 0x10, 0x08, 0x04, 0x02


def replace_metadata(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    """Return the file with these blocks behind its pixels, and no other metadata; raise ValueError."""
    chunks = list(_read_chunks(data))
    needed = [(kind, payload) for kind, payload in chunks if kind in _NEEDED]
    metadata = [(kind, payload) for kind, payload in ((b"EXIF", exif), (b"XMP ", xmp)) if payload]
    flags = (_EXIF if exif else 0) | (_XMP if xmp else 0) | _list_features(chunks)
    # A file of pixels alone has no extended header; transparency of the lossless kind stands in the pixels' own.
    is_extended = bool(metadata) or len(needed) > 1
    header = [(b"VP8X", struct.pack("<I", flags) + _encode_canvas(chunks))] if is_extended else []
    body = b"".join(
        struct.pack("<4sI", kind, len(payload)) + payload + b"\0" * (len(payload) % 2)
        for kind, payload in (*header, *needed, *metadata)
    )
    return struct.pack("<4sI4s", b"RIFF", len(body) + 4, b"WEBP") + body


def _list_features(chunks: list[tuple[bytes, bytes]]) -> int:
    """Return the flags of the extended header for profile, transparency and animation."""
    flags = 0
    for kind, payload in chunks:
        match kind:
            case b"ICCP":
                flags |= _ICC
            case b"ALPH":
                flags |= _ALPHA
            case b"ANIM":
                flags |= _ANIMATION
            case b"VP8X":
                flags |= payload[0] & _ALPHA
            case b"VP8L":
                # Behind its signature: 14 bits each for width and height, then one for transparency.
                flags |= _ALPHA if payload[4] & 0x10 else 0
    return flags


def _encode_canvas(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Return width and height, less one, in three bytes each."""
    by_kind = dict(chunks)
    if b"VP8X" in by_kind:
        return by_kind[b"VP8X"][4:10]
    if b"VP8L" in by_kind:
        bits = int.from_bytes(by_kind[b"VP8L"][1:5], "little")
        width, height = bits & 0x3FFF, bits >> 14 & 0x3FFF
    else:
        # Behind the frame's tag and start code: 14 bits each, above which stand two for scaling.
        bits = int.from_bytes(by_kind[b"VP8 "][6:10], "little")
        width, height = (bits & 0x3FFF) - 1, (bits >> 16 & 0x3FFF) - 1
    return width.to_bytes(3, "little") + height.to_bytes(3, "little")


def _read_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the payload of each chunk."""
    if len(data) < _HEADER_BYTES or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("The file is not WebP.")
    position, end = _HEADER_BYTES, 8 + int.from_bytes(data[4:8], "little")
    while position < end:
        if len(data) < position + 8:
            raise ValueError("The WebP file has no end.")
        kind, length = struct.unpack_from("<4sI", data, position)
        position += 8
        if len(data) < position + length:
            raise ValueError("A chunk of the WebP file is cut off.")
        yield kind, data[position : position + length]
        position += length + length % 2
