"""TIFF: which pixels its first page has, and a reader that never turns them.

Sources: Adobe, "TIFF Revision 6.0"; "TIFF Technical Note 1: TIFF Trees" for SubIFDs; TIFF/EP (ISO 12234-2) for sensors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from PIL import ExifTags
from PIL.TiffImagePlugin import TiffImageFile

from processing.metadata.tiff import TiffStructure, Value

_BITS, _COMPRESSION, _PHOTOMETRIC, _MAKE = 258, 259, 262, 271
_OFFSETS, _COUNTS, _SUB_IFDS, _DNG_VERSION = 273, 279, 330, 50706
_TILE_OFFSETS, _TILE_COUNTS, _TILE_COLUMNS, _TILE_ROWS, _STRIP_ROWS = 324, 325, 322, 323, 278
# Color filter array and linear raw: what a sensor saw.
_SENSOR_PHOTOMETRIC = {32803, 34892}
# What Nikon, Sony, Pentax, Samsung and Kodak compress their sensors' pixels with.
_SENSOR_COMPRESSION = {32767, 32769, 32770, 32867, 34713, 65000, 65535}
_KIND_TAGS = (_MAKE, _SUB_IFDS, _PHOTOMETRIC, _COMPRESSION, _DNG_VERSION)
_MAX_SUB_IFDS = 4


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
    """Read the tags of the first page and of what hangs below it; raise ValueError or struct.error if it is broken."""
    structure = TiffStructure(file)
    first = structure.read_directory(structure.first, _KIND_TAGS)
    file.seek(8)
    is_raw = file.read(2) == b"CR" or _is_sensor(first)
    for start in _read_numbers(first, _SUB_IFDS)[:_MAX_SUB_IFDS]:
        is_raw = is_raw or _is_sensor(structure.read_directory(start, _KIND_TAGS))
    return Tags(first[_MAKE].raw if _MAKE in first else b"", _DNG_VERSION in first, is_raw)


def find_end(picture: TiffImageFile) -> int:
    """Return where the pixels of the first page end in a file that is whole; 0 where that is not known."""
    tags: Mapping[int, Any] = picture.tag_v2
    for offsets, counts in ((_OFFSETS, _COUNTS), (_TILE_OFFSETS, _TILE_COUNTS)):
        if offsets in tags and counts in tags:
            places = (tags[each] if isinstance(tags[each], tuple) else (tags[each],) for each in (offsets, counts))
            return max((offset + count for offset, count in zip(*places, strict=False)), default=0)
    return 0


def _is_sensor(directory: Mapping[int, Value]) -> bool:
    photometric, compression = _read_numbers(directory, _PHOTOMETRIC), _read_numbers(directory, _COMPRESSION)
    return not (_SENSOR_PHOTOMETRIC.isdisjoint(photometric) and _SENSOR_COMPRESSION.isdisjoint(compression))


def _read_numbers(directory: Mapping[int, Value], tag: int) -> list[int]:
    value = directory.get(tag)
    return [int(number) for number in value.read_numbers()] if value else []
