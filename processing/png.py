"""PNG, read strictly where its pixels are concerned and leniently elsewhere.

A picture whose pixels are incomplete is damaged, also where Pillow would go on with black ones. A text, profile or
other addition that is broken or too large is left aside, where Pillow would refuse the picture. Of an animation the
first frame is read, as browsers show it.

Source: "Portable Network Graphics (PNG) Specification", third edition, sections 5.3, 8.1, 10, 11.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from processing.errors import Rejected, cut_off
from processing.isobmff import Cicp

MAGIC = b"\x89PNG\r\n\x1a\n"
# Chunks without which there is no picture; a wrong checksum in another chunk concerns only that chunk.
CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
# What Pillow reads besides; the rest is read here, or is of no use.
_PASSED_ON = frozenset({b"tRNS", b"tEXt", b"zTXt", b"iTXt", b"eXIf"})
_PART_NAMES = {b"tEXt": "text", b"zTXt": "text", b"iTXt": "text", b"eXIf": "exif", b"iCCP": "profile"}
_BLOCK = 1 << 16
_MAX_INFLATED = 1 << 20
_MAX_PROFILE = 16 << 20
# Of all chunks together that Pillow reads, besides the pixels.
_MAX_ADDITIONS = 4 << 20
_MAX_CHUNKS = 200_000
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Where each pass of Adam7 begins, and how far its pixels stand apart: across and down.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
Size = tuple[int, int]


@dataclass
class PngParts:
    """What a PNG consists of, besides its pixels.

    Attributes:
        header: The data of IHDR.
        profile: The ICC profile.
        cicp: The code points of its colors.
        is_srgb: Whether it says that its colors are sRGB.
        gamma: What the samples are raised to, as encoders do; 1/2.2 for most; 0 for none.
        chromaticities: x and y of white, red, green and blue.
        frames: How many frames its animation has; 1 for a picture.
        origin: Where the first frame stands on the canvas.
        canvas: The size of the canvas.
        end: Where the last chunk ends in the file.
        left_aside: Names of what was broken or too large.
    """

    header: bytes = b""
    profile: bytes | None = None
    cicp: Cicp | None = None
    is_srgb: bool = False
    gamma: float = 0.0
    chromaticities: tuple[float, ...] = ()
    frames: int = 1
    origin: tuple[int, int] = (0, 0)
    canvas: Size = (0, 0)
    end: int = 0
    left_aside: set[str] = field(default_factory=set)


class Png(PngImageFile):
    """Pillow's PNG, of a file in which only what can be read is left."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read the chunks; raise Rejected for pixels that are damaged or cut off, and anything for a damaged header."""
        scan = _Scan(file)
        try:
            scan.run()
        except (ValueError, struct.error, zlib.error) as error:
            if scan.parts.header:
                raise Rejected("broken", step="decode") from error
            raise
        self.parts = scan.parts
        super().__init__(scan.splice())
        self._scale_transparency()
        if self.parts.profile:
            self.info["icc_profile"] = self.parts.profile

    def load_end(self) -> None:
        """Place the frame on its canvas, which is transparent where the frame does not reach."""
        super().load_end()
        if self.size != self.parts.canvas:
            canvas = Image.new("RGBA", self.parts.canvas)
            canvas.paste(Image.Image.convert(self, "RGBA"), self.parts.origin)
            self.im, self._mode, self._size, self.palette = canvas.im, "RGBA", canvas.size, None
            self.info.pop("transparency", None)

    def _scale_transparency(self) -> None:
        """Bring the transparent color to the depth that Pillow gives the pixels."""
        depth, transparency = self.parts.header[8], self.info.get("transparency")
        if self.mode == "L" and isinstance(transparency, int) and depth < 8:
            self.info["transparency"] = transparency * 255 // (2**depth - 1)
        elif self.mode == "RGB" and isinstance(transparency, tuple) and depth == 16:
            self.info["transparency"] = tuple(value >> 8 for value in transparency)


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

    @property
    def share(self) -> float:
        return min(self.inflated / max(self.expected, 1), 1.0)


class _Spliced(io.RawIOBase):
    """A file made of pieces: bytes, and parts of another file by where they begin and how long they are."""

    def __init__(self, file: IO[bytes], pieces: list[bytes | tuple[int, int]]) -> None:
        self._file, self._pieces, self._at = file, pieces, 0
        self._starts, self._size = [], 0
        for piece in pieces:
            self._starts.append(self._size)
            self._size += len(piece) if isinstance(piece, bytes) else piece[1]
        self._current = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        self._current = 0
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read the rest of the current piece, at most as much as the buffer takes."""
        while self._current < len(self._pieces):
            start, piece = self._starts[self._current], self._pieces[self._current]
            length = len(piece) if isinstance(piece, bytes) else piece[1]
            if self._at < start + length:
                inside = self._at - start
                count = min(len(buffer), length - inside)
                if isinstance(piece, bytes):
                    data = piece[inside : inside + count]
                else:
                    self._file.seek(piece[0] + inside)
                    data = self._file.read(count)
                buffer[: len(data)] = data
                self._at += len(data)
                return len(data)
            self._current += 1
        return 0


class _Scan:
    """One pass over all chunks of a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.parts = file, PngParts()
        self._additions: list[bytes] = []
        self._data: list[tuple[int, int]] = []
        self._pixels: _Pixels | None = None
        self._room = _MAX_ADDITIONS
        # Of an animation, whether frames were announced before the picture, and the first frame's own control chunk.
        self._is_frame, self._frame = False, b""
        self._frames_seen = 0

    def run(self) -> None:
        """Read all chunks; raise Rejected for pixels that end too early, ValueError or zlib.error for damaged ones."""
        self.file.seek(len(MAGIC))
        kind, number = b"", 0
        while kind != b"IEND":
            number += 1
            if number > _MAX_CHUNKS:
                raise Rejected("too_many_parts", step="decode", n=_MAX_CHUNKS)
            head = self.file.read(8)
            if len(head) < 8:
                raise self._cut_off()
            length, kind = struct.unpack(">I4s", head)
            if head == bytes(8) and self._has_only_zeros():
                raise self._cut_off()
            self._add_chunk(kind, length)
        if self._pixels is None or self._pixels.share < 1:
            raise ValueError("The pixels end too early.")
        self.parts.end = self.file.tell()

    def splice(self) -> IO[bytes]:
        """Return a file with the picture's chunks only: the header, what could be read, and the pixels."""
        pieces: list[bytes | tuple[int, int]] = [MAGIC, _build_chunk(b"IHDR", self.parts.header), *self._additions]
        for start, length in self._data:
            # Nobody compares the checksum again.
            pieces += [struct.pack(">I4s", length, b"IDAT"), (start, length), bytes(4)]
        return io.BufferedReader(_Spliced(self.file, [*pieces, _build_chunk(b"IEND", b"")]), _BLOCK)

    def _cut_off(self) -> Rejected:
        return cut_off(self._pixels.share if self._pixels else 0.0)

    def _has_only_zeros(self) -> bool:
        while block := self.file.read(_BLOCK):
            if block.strip(b"\0"):
                return False
        return True

    def _add_chunk(self, kind: bytes, length: int) -> None:
        if kind == b"fdAT" and not self._is_frame and self._frames_seen == 1:
            self.file.seek(4, 1)
            self._add_pixels(kind, length - 4, self.file.tell())
        elif kind == b"IDAT":
            self._add_pixels(kind, length, self.file.tell())
        elif kind in CRITICAL:
            self._add_critical(kind, length)
        elif kind == b"fdAT" or length > _MAX_PROFILE:
            self._pass_over(kind, length)
        else:
            self._add_ancillary(kind, length)

    def _add_pixels(self, kind: bytes, length: int, start: int) -> None:
        if self._pixels is None:
            raise ValueError("The pixels come before the header.")
        if kind == b"fdAT" and self._frame:
            self._begin_frame(self._pixels)
        checksum = zlib.crc32(kind) if kind == b"IDAT" else None
        left = length
        while left > 0:
            block = self.file.read(min(left, _BLOCK))
            if not block:
                raise self._cut_off()
            checksum = zlib.crc32(block, checksum) if checksum is not None else None
            left -= len(block)
            self._pixels.add(block)
        self._check(kind, checksum)
        self._data.append((start, length))

    def _begin_frame(self, picture: _Pixels) -> None:
        """Take the first frame in place of the picture outside the animation, which has to be whole."""
        if picture.share < 1:
            raise ValueError("The frames of an animation come before the picture.")
        width, height, left, top = struct.unpack_from(">4I", self._frame, 4)
        canvas = struct.unpack_from(">II", self.parts.header)
        if left + width > canvas[0] or top + height > canvas[1]:
            raise ValueError("The first frame reaches beyond the canvas.")
        self.parts.origin = (left, top)
        self.parts.header = struct.pack(">II", width, height) + self.parts.header[8:]
        self._pixels, self._data, self._frame = _Pixels(_count_bytes(self.parts.header)), [], b""

    def _check(self, kind: bytes, checksum: int | None) -> None:
        stored = self.file.read(4)
        if len(stored) < 4:
            raise self._cut_off()
        if checksum is not None and struct.unpack(">I", stored)[0] != checksum:
            raise ValueError(f"The chunk {kind!r} has a wrong checksum.")

    def _add_critical(self, kind: bytes, length: int) -> None:
        data = self.file.read(min(length, _BLOCK))
        if len(data) < length:
            raise self._cut_off() if length <= _BLOCK else ValueError(f"The chunk {kind!r} is too long.")
        self._check(kind, zlib.crc32(kind + data))
        if kind == b"IHDR" and self._pixels is None:
            self.parts.header, self._pixels = data, _Pixels(_count_bytes(data))
            self.parts.canvas = struct.unpack_from(">II", data)
        elif kind == b"PLTE":
            self._pass_on(kind, data)

    def _pass_over(self, kind: bytes, length: int) -> None:
        if kind in _PART_NAMES:
            self.parts.left_aside.add(_PART_NAMES[kind])
        start = self.file.tell()
        if self.file.seek(0, 2) < start + length + 4:
            raise self._cut_off()
        self.file.seek(start + length + 4)

    def _add_ancillary(self, kind: bytes, length: int) -> None:
        data, stored = self.file.read(length), self.file.read(4)
        if len(data) < length or len(stored) < 4:
            raise self._cut_off()
        try:
            if struct.unpack(">I", stored)[0] != zlib.crc32(kind + data):
                raise ValueError(f"The chunk {kind!r} has a wrong checksum.")
            self._read_ancillary(kind, data)
        except (ValueError, IndexError, struct.error, zlib.error):
            self.parts.left_aside.add(_PART_NAMES.get(kind, "additional"))

    def _read_ancillary(self, kind: bytes, data: bytes) -> None:
        parts = self.parts
        match kind:
            case b"iCCP":
                parts.profile = parts.profile or _inflate(data[data.index(b"\0") + 1 :], _MAX_PROFILE)
            case b"cICP":
                parts.cicp = Cicp(data[0], data[1])
            case b"sRGB":
                parts.is_srgb = True
            case b"gAMA":
                parts.gamma = struct.unpack(">I", data)[0] / 100_000
            case b"cHRM":
                parts.chromaticities = tuple(value / 100_000 for value in struct.unpack(">8I", data))
            case b"acTL":
                parts.frames = max(struct.unpack_from(">I", data)[0], 1)
            case b"fcTL":
                self._add_frame(data)
            case _ if kind in _PASSED_ON:
                self._add_addition(kind, data)

    def _add_frame(self, data: bytes) -> None:
        if self._frames_seen == 0:
            # Announced before the pixels, the first frame is the picture.
            self._is_frame, self._frame = not self._data, data
        self._frames_seen += 1

    def _add_addition(self, kind: bytes, data: bytes) -> None:
        if kind == b"zTXt":
            _inflate(data[data.index(b"\0") + 1 :], _MAX_INFLATED)
        elif kind == b"iTXt" and data[(flag := data.index(b"\0") + 1)]:
            text = data[flag + 2 :].split(b"\0", 2)[2]
            _inflate(data[flag + 1 : flag + 2] + text, _MAX_INFLATED)
        elif kind != b"eXIf" and len(data) > _MAX_INFLATED:
            raise ValueError("The text is too long.")
        self._pass_on(kind, data)

    def _pass_on(self, kind: bytes, data: bytes) -> None:
        """Add a chunk to what Pillow reads; raise ValueError where all of them are too long."""
        self._room -= len(data)
        if self._room < 0:
            raise ValueError("The chunks beside the pixels are too long.")
        self._additions.append(_build_chunk(kind, data))


def read_size(head: bytes) -> Size:
    """Return width and height from the first 24 bytes of a file; raise struct.error for fewer."""
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _inflate(data: bytes, limit: int) -> bytes:
    """Return what is compressed behind the number of its method; raise ValueError for more than the limit."""
    if data[0] != 0:
        raise ValueError("The compression is not known.")
    stream = zlib.decompressobj()
    inflated = stream.decompress(data[1:], limit)
    if stream.unconsumed_tail:
        raise ValueError("It is too long.")
    return inflated


def _build_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _iterate_passes(width: int, height: int, *, is_interlaced: bool) -> Iterator[Size]:
    for left, top, across, down in _PASSES if is_interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            yield columns, rows


def _count_bytes(header: bytes) -> int:
    """Return how many bytes the pixels have uncompressed; each row of each pass begins with its filter's byte."""
    width, height, depth, color, _compression, _filter, interlace = struct.unpack(">IIBBBBB", header)
    bits = depth * _CHANNELS.get(color, 0)
    passes = _iterate_passes(width, height, is_interlaced=bool(interlace))
    return sum(rows * (1 + (columns * bits + 7) // 8) for columns, rows in passes)
