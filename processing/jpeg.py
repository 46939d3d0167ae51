"""JPEG without its end: decoded as browsers do, with how much of it is there.

Sources: ITU-T T.81, annex B (markers) and G (progressive scans).
"""

import random
import re
import struct
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO

from PIL import Image, ImageChops
from PIL.JpegImagePlugin import JpegImageFile

from processing.errors import Rejected

START, END = b"\xff\xd8\xff", b"\xff\xd9"
# From this share a picture is shown by every browser with next to nothing missing.
MIN_SHARE = 0.95
# Scans times pixels: an ordinary progressive picture of the most pixels has ten scans.
MAX_SCANNED_PIXELS = 4_000_000_000
_SCAN = b"\xff\xda"
_COEFFICIENTS = 64
_BLOCK = 1 << 20
_MEASURED_PIXELS = 4_000_000
# What may stand before the first scan: the largest profile has 17 MB, and a packet of XMP some.
_MAX_HEADER = 24_000_000
_MAX_SEGMENTS = 5_000
# Markers without a length.
_BARE = {0x01, *range(0xD0, 0xD9)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


class Jpeg(JpegImageFile):
    """Pillow's JPEG, which is given the marker of its end where the file has none.

    A second picture behind the first (MPO, gain maps) is not looked at.
    """

    tail: bytes = END
    lacks_end: bool = False

    def __init__(self, file: IO[bytes]) -> None:
        """Read the header; raise Rejected for one that takes minutes to read."""
        _check_header(file)
        file.seek(0)
        super().__init__(file)
        self.source = file

    @property
    def has_planes(self) -> bool:
        """Whether it stores luma and chroma, as most do, and not red, green and blue; as libjpeg decides it."""
        if self.mode != "RGB":
            return False
        if "adobe" in self.info:
            return bool(self.info.get("adobe_transform"))
        return "jfif" in self.info or [component[0] for component in self.layer] == [1, 2, 3]

    def load_read(self, read_bytes: int) -> bytes:
        """Read on; after the last byte return the tail once."""
        assert self.fp
        block = self.fp.read(read_bytes)
        if block or self.lacks_end:
            return block
        self.lacks_end = True
        return self.tail


@dataclass
class _Scans:
    """What the scans of a file bring: for each component and coefficient the lowest bit that came."""

    components: tuple[int, ...] = ()
    bits: dict[tuple[int, int], int] = field(default_factory=dict)
    number: int = 0
    last: int = 0

    def add(self, data: bytes, at: int) -> None:
        self.number, self.last = self.number + 1, at
        components = data[5 : 5 + 2 * data[4] : 2]
        first, until, bits = data[5 + 2 * data[4] : 8 + 2 * data[4]]
        for component in components:
            for coefficient in range(first, min(until, _COEFFICIENTS - 1) + 1):
                self.bits[component, coefficient] = bits & 0x0F

    @property
    def share(self) -> float:
        """How much of the coefficients came, from 0 to 1, the last scan counted as whole."""
        whole = sum(bit == 0 for bit in self.bits.values())
        return whole / max(len(self.components) * _COEFFICIENTS, 1)


def _check_header(file: IO[bytes]) -> None:
    """Raise Rejected for more segments, or larger ones, than a picture has before its first scan."""
    file.seek(2)
    for _ in range(_MAX_SEGMENTS):
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] == _SCAN[1]:
            # What is wrong here is told when it is opened.
            return
        if head[1] in _BARE or head[1] in (0, 0xFF):
            file.seek(-3 if head[1] == 0xFF else -2, 1)
        elif file.seek(max(struct.unpack_from(">H", head, 2)[0] - 2, 0), 1) > _MAX_HEADER:
            break
    raise Rejected("too_many_parts", step="decode", n=_MAX_SEGMENTS)


def find_end(file: IO[bytes]) -> int:
    """Return where the picture ends, behind its last marker; 0 where no marker ends it."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        marker, at = _find_marker(file, at)
        if marker in (0, END[1]):
            return at
        if marker not in _BARE:
            at += int.from_bytes(file.read(2))
    return 0


def _find_marker(file: IO[bytes], start: int) -> tuple[int, int]:
    """Return the next marker and where it ends, to which the file is moved; (0, 0) without another."""
    file.seek(start)
    place, before, size = start, b"", 16
    while block := file.read(size):
        data = before + block
        if match := _MARKER.search(data):
            at = place - len(before) + match.end()
            file.seek(at)
            return data[match.end() - 1], at
        # Most markers stand at once, and the one behind a scan far away.
        place, before, size = place + len(block), data[-1:], min(size * 4, _BLOCK)
    return 0, 0


def count_scans(file: IO[bytes]) -> int:
    """Return how many scans a file has at most."""
    file.seek(0)
    number, before = 0, b""
    while block := file.read(_BLOCK):
        number += (before + block).count(_SCAN)
        before = block[-1:]
    return number


def measure_share(file: IO[bytes]) -> float:
    """Return how much of a picture without its end is there, from 0 to 1.

    It is decoded with several ends: where the results differ, nothing of the file decides.
    """
    file.seek(0)
    data = file.read().rstrip(b"\0")
    scans = _read_scans(data)
    if scans.share < 1:
        return min(scans.share, MIN_SHARE - 0.01)
    # A byte 255 that lost the byte after it is no marker.
    stuffing = b"\0" if data.endswith(b"\xff") else b""
    chance = random.Random(0)  # noqa: S311 - no secret
    noise = [bytes(chance.randrange(1, 255) for _ in range(_BLOCK // 16)) for _ in range(2)]
    bare, *noisy = (_decode_with_tail(data, stuffing + tail + END) for tail in (b"", *noise))
    return min(_find_share(bare, each) for each in noisy)


def _find_share(bare: Image.Image, noisy: Image.Image) -> float:
    """Return which share of the pixels comes before the first that differs, in the order in which they are decoded."""
    difference = ImageChops.difference(bare, noisy)
    box = difference.getbbox()
    if not box:
        return 1.0
    top, side = box[1], 16
    row = difference.crop((0, top, difference.width, min(top + side, difference.height))).getbbox()
    left = row[0] if row else 0
    # Upsampling spreads a difference by a pixel.
    return min(1.0, (top + 1 + side * (left + 1) / difference.width) / difference.height)


def _decode_with_tail(data: bytes, tail: bytes) -> Image.Image:
    picture = Jpeg(BytesIO(data))
    picture.tail = tail
    # At an eighth the refinements of the last scan cannot be seen.
    scale, most = 1, 2 if "progressive" in picture.info else 8
    while picture.width * picture.height > _MEASURED_PIXELS * scale**2 and scale < most:
        scale *= 2
    picture.draft(None, (picture.width // scale, picture.height // scale))
    picture.load()
    return picture


def _read_scans(data: bytes) -> _Scans:
    scans, at = _Scans(), 2
    while match := _MARKER.search(data, at):
        marker, at = data[match.start() + 1], match.end()
        if marker in _BARE or at + 2 > len(data):
            continue
        length = struct.unpack_from(">H", data, at)[0]
        if marker in _FRAMES and not scans.components:
            scans.components = tuple(data[at + 8 : at + length : 3])
        elif marker == _SCAN[1] and len(data) >= at + length:
            scans.add(data[at - 2 : at + length], at)
        at += length
    return scans
