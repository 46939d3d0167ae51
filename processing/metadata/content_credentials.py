"""Whether a file carries Content Credentials: a signed record of where it comes from and how it was edited.

Source: "C2PA Technical Specification 2.1", appendix A, which says where each kind of file has them. Only headers are
read, and of these no more than MAX_PARTS; whether a signature is right is not checked.
"""

import re
import struct
from typing import IO

from processing import gif

# Segments, chunks, blocks or boxes; a file with more keeps its pixels behind a wall that nobody builds by accident.
MAX_PARTS = 2000
_BOX_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_TIFF_TAG = 0xCD41
_SOS, _EOI, _APP11 = 0xDA, 0xD9, 0xEB


def has_content_credentials(file: IO[bytes]) -> bool:
    """Return whether the file carries Content Credentials, leaving it at its beginning; False for a broken file."""
    file.seek(0)
    head = file.read(12)
    try:
        return next((find(file) for magic, find in _FINDERS if magic.match(head)), False)
    except (struct.error, ValueError, IndexError, OverflowError, OSError):
        return False
    finally:
        file.seek(0)


def _find_in_jpeg(file: IO[bytes]) -> bool:
    file.seek(2)
    for _segment in range(MAX_PARTS):
        start, marker, length = struct.unpack(">BBH", file.read(4))
        if start != 0xFF or marker in (_SOS, _EOI):
            return False
        if length < 2:
            return False
        if marker == _APP11:
            # A box of JUMBF whose description begins with the type `c2pa`.
            payload = file.read(min(length - 2, 64))
            if payload[:2] == b"JP" and b"jumb" in payload and b"c2pa" in payload:
                return True
            length -= len(payload)
        file.seek(length - 2, 1)
    return False


def _find_in_png(file: IO[bytes]) -> bool:
    file.seek(8)
    for _chunk in range(MAX_PARTS):
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind in (b"caBX", b"IDAT"):
            return bool(kind == b"caBX")
        file.seek(length + 4, 1)
    return False


def _find_in_webp(file: IO[bytes]) -> bool:
    file.seek(12)
    for _chunk in range(MAX_PARTS):
        kind, length = struct.unpack("<4sI", file.read(8))
        if kind == b"C2PA":
            return True
        file.seek(length + length % 2, 1)
    return False


def _find_in_gif(file: IO[bytes]) -> bool:
    for kind, start in gif.read_blocks(file):
        if kind == gif.FRAME:
            return False
        file.seek(start)
        if kind == gif.APPLICATION and file.read(9)[1:] == b"C2PA_GIF":
            return True
    return False


def _find_in_boxes(file: IO[bytes]) -> bool:
    start = 0
    for _box in range(MAX_PARTS):
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
        if kind == b"uuid" and file.read(16) == _BOX_UUID:
            return True
        if size < 8:
            return False
        start += size
    return False


def _find_in_tiff(file: IO[bytes]) -> bool:
    file.seek(0)
    order = "<" if file.read(4).startswith(b"II") else ">"
    (start,) = struct.unpack(f"{order}I", file.read(4))
    file.seek(start)
    (count,) = struct.unpack(f"{order}H", file.read(2))
    entries = file.read(count * 12)
    return any(tag == _TIFF_TAG for tag, *_rest in struct.iter_unpack(f"{order}HHII", entries))


# How a file of each kind begins, and who looks into it.
_FINDERS = (
    (re.compile(rb"\xff\xd8"), _find_in_jpeg),
    (re.compile(rb"\x89PNG"), _find_in_png),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), _find_in_webp),
    (re.compile(rb"GIF8"), _find_in_gif),
    (re.compile(rb"....ftyp", re.DOTALL), _find_in_boxes),
    (re.compile(rb"II\*\0|MM\0\*"), _find_in_tiff),
)
