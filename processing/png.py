"""Strict PNG: a picture whose pixels are incomplete is damaged, also where Pillow would go on with black ones.

Source: "Portable Network Graphics (PNG) Specification", third edition, sections 5.3, 8.1, 10.
"""

import struct
import zlib
from dataclasses import dataclass, field
from typing import IO

from PIL.PngImagePlugin import PngImageFile

MAGIC = b"\x89PNG\r\n\x1a\n"
# Chunks without which there is no picture; a wrong checksum in another chunk concerns only that chunk.
CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_BLOCK = 1 << 16
_MAX_INFLATED = 1 << 20
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Where each pass of Adam7 begins, and how far its pixels stand apart: across and down.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


class Png(PngImageFile):
    """Pillow's PNG, which opens whatever chunks come after its pixels."""

    has_unread_chunks: bool = False

    def load_end(self) -> None:
        """Read the chunks after the pixels, as far as they can be read."""
        try:
            super().load_end()
        except Exception:  # a text that is too long, a chunk that was cut: no pixel is in it
            self.has_unread_chunks = True


@dataclass
class _Pixels:
    """Counts the bytes of the pixels as they are inflated, without storing them; zlib compares their checksum."""

    expected: int
    inflated: int = 0
    stream: "zlib._Decompress" = field(default_factory=zlib.decompressobj)

    def add(self, block: bytes) -> None:
        # Bytes after the last row are no part of the picture, and may be endless.
        while block and not self.stream.eof and self.inflated <= self.expected:
            self.inflated += len(self.stream.decompress(block, _MAX_INFLATED))
            block = self.stream.unconsumed_tail


def check_png(file: IO[bytes]) -> None:
    """Raise ValueError, struct.error or zlib.error unless all pixels are there, and their checksums are right.

    Pillow compares no checksum of pixel data, and takes a stream that ends too early for a picture that is black below.
    """
    file.seek(len(MAGIC))
    pixels, kind = None, b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", file.read(8))
        if kind == b"IHDR" and pixels is None:
            pixels = _Pixels(_count_bytes(file))
        if kind == b"fdAT" and not (pixels and pixels.inflated):
            raise ValueError("The frames of an animation come before the picture.")
        if kind in CRITICAL:
            _check_chunk(file, kind, length, pixels if kind == b"IDAT" else None)
        else:
            file.seek(length + 4, 1)
    if pixels is None or pixels.inflated < pixels.expected:
        raise ValueError("The pixels end too early.")


def _check_chunk(file: IO[bytes], kind: bytes, length: int, pixels: _Pixels | None) -> None:
    checksum, left = zlib.crc32(kind), length
    while left:
        block = file.read(min(left, _BLOCK))
        if not block:
            raise ValueError(f"The chunk {kind!r} is cut off.")
        checksum = zlib.crc32(block, checksum)
        left -= len(block)
        if pixels:
            pixels.add(block)
    if struct.unpack(">I", file.read(4))[0] != checksum:
        raise ValueError(f"The chunk {kind!r} has a wrong checksum.")


def _count_bytes(file: IO[bytes]) -> int:
    """Return how many bytes the pixels have uncompressed; each row of each pass begins with its filter's byte.

    The header is read from the file's position, to which the file returns.
    """
    start = file.tell()
    width, height, depth, color, _compression, _filter, interlace = struct.unpack(">IIBBBBB", file.read(13))
    file.seek(start)
    bits, total = depth * _CHANNELS.get(color, 0), 0
    for left, top, across, down in _PASSES if interlace else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total
