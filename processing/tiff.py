"""TIFF: which pixels its first page has, and a reader that never turns them.

Sources: Adobe, "TIFF Revision 6.0"; "TIFF Technical Note 1: TIFF Trees" for SubIFDs; TIFF/EP (ISO 12234-2) for sensors.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from PIL import ExifTags
from PIL.TiffImagePlugin import TiffImageFile

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _MAKE = 256, 257, 258, 259, 262, 271
_SUBFILE_TYPE, _OFFSETS, _COUNTS, _SUB_IFDS, _SAMPLE_FORMAT, _DNG_VERSION = 254, 273, 279, 330, 339, 50706
_TILE_OFFSETS, _TILE_COUNTS, _TILE_COLUMNS, _TILE_ROWS, _STRIP_ROWS = 324, 325, 322, 323, 278
# Color filter array and linear raw: what a sensor saw.
_SENSOR_PHOTOMETRIC = {32803, 34892}
# What Nikon, Sony, Pentax, Samsung and Kodak compress their sensors' pixels with.
_SENSOR_COMPRESSION = {32767, 32769, 32770, 32867, 34713, 65000, 65535}
_MAX_ENTRIES = 1000
_MAX_VALUES = 4
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4, 16: 8}
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}


@dataclass(frozen=True)
class Tags:
    """What tells a camera's raw file from a picture.

    Attributes:
        make: The camera's maker, as it is written.
        has_dng_version: Whether the file says that it is a DNG.
        is_raw: Whether it stores what a sensor saw, with at most a preview as its first page.
    """

    make: bytes
    has_dng_version: bool
    is_raw: bool


class UnsupportedPixels(Exception):
    """The pixels of the file are of a kind that nothing here decodes."""


class Tiff(TiffImageFile):
    """Pillow's TIFF, whose pixels stay as they are stored: turning all of them takes as much memory again."""

    def _open(self) -> None:
        try:
            super()._open()
        except SyntaxError as error:
            if "unknown pixel mode" in str(error):
                raise UnsupportedPixels from error
            raise
        if self.mode in ("F", "I"):
            raise UnsupportedPixels
        self._size = self._tile_size

    def load_end(self) -> None:
        """Read the EXIF while the file is open."""
        exif = self.getexif()
        for key in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            if key in exif:
                exif.get_ifd(key)

    @property
    def strip_bytes(self) -> int:
        """How many bytes the pixels of a strip or tile have, which is decoded whole."""
        width, height = self._tile_size
        rows = self.tag_v2.get(_TILE_ROWS) or min(self.tag_v2.get(_STRIP_ROWS, height), height)
        columns = self.tag_v2.get(_TILE_COLUMNS, width)
        return int(rows * columns * len(self.tag_v2.get(_BITS, (8,))) * self.bits // 8)

    @property
    def white_is_zero(self) -> bool:
        """Whether the lightest of its grays is stored as zero; Pillow inverts only eight bits and fewer."""
        return self.tag_v2.get(_PHOTOMETRIC) == 0 and self.mode.startswith("I;16")

    @property
    def bits(self) -> int:
        """How many bits a sample has."""
        return int(self.tag_v2.get(_BITS, (8,))[0])


def read_tags(file: IO[bytes]) -> Tags:
    """Read the tags of the first page and of what hangs below it; raise struct.error for a file that is cut off."""
    file.seek(0)
    header = file.read(16)
    order = "<" if header.startswith(b"II") else ">"
    is_big = header[2:3] == b"+" or header[3:4] == b"+"
    start = struct.unpack(f"{order}Q", header[8:16])[0] if is_big else struct.unpack(f"{order}I", header[4:8])[0]
    first = _read_directory(file, start, order, is_big=is_big)
    is_raw = header[8:10] == b"CR" or _is_sensor(first)
    for offset in first.get(_SUB_IFDS, ())[:_MAX_VALUES]:
        is_raw = is_raw or _is_sensor(_read_directory(file, offset, order, is_big=is_big))
    return Tags(bytes(first.get(_MAKE, ())), _DNG_VERSION in first, is_raw)


def find_end(picture: TiffImageFile) -> int:
    """Return where the pixels of the first page end in a file that is whole; 0 where that is not known."""
    tags: Mapping[int, Any] = picture.tag_v2
    for offsets, counts in ((_OFFSETS, _COUNTS), (_TILE_OFFSETS, _TILE_COUNTS)):
        if offsets in tags and counts in tags:
            places = (tags[each] if isinstance(tags[each], tuple) else (tags[each],) for each in (offsets, counts))
            return max((offset + count for offset, count in zip(*places, strict=False)), default=0)
    return 0


def _is_sensor(directory: Mapping[int, Any]) -> bool:
    photometric, compression = directory.get(_PHOTOMETRIC, (0,)), directory.get(_COMPRESSION, (1,))
    return bool(_SENSOR_PHOTOMETRIC & set(photometric) or _SENSOR_COMPRESSION & set(compression))


def _read_directory(file: IO[bytes], start: int, order: str, *, is_big: bool) -> dict[int, Any]:
    """Return the values of the tags that hold few numbers, and the maker's name, by their numbers."""
    file.seek(start)
    head, count_code, inline = (8, "Q", 8) if is_big else (2, "H", 4)
    (count,) = struct.unpack(f"{order}{count_code}", file.read(head))
    size = 8 + 4 + inline if is_big else 12
    entries = file.read(size * min(count, _MAX_ENTRIES))
    return dict(_read_entries(file, entries, size, order, inline))


def _read_entries(file: IO[bytes], entries: bytes, size: int, order: str, inline: int) -> Iterator[tuple[int, Any]]:
    offset_code = "Q" if inline == 8 else "I"
    for at in range(0, len(entries) - size + 1, size):
        tag, kind, count = struct.unpack_from(f"{order}HH{offset_code}", entries, at)
        length = _SIZES.get(kind, 0) * count
        value = entries[at + size - inline : at + size]
        if tag not in (_MAKE, _SUB_IFDS, _PHOTOMETRIC, _COMPRESSION, _SUBFILE_TYPE, _DNG_VERSION) or length > 256:
            continue
        if length > inline:
            file.seek(struct.unpack(f"{order}{offset_code}", value)[0])
            value = file.read(length)
        if tag == _MAKE:
            yield tag, value[:length]
        elif kind in _CODES:
            yield tag, struct.unpack(f"{order}{count}{_CODES[kind]}", value[:length])
