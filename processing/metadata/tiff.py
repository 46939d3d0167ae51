"""The directories of a TIFF structure, which EXIF is too, each value on its own.

Pillow reads such texts as Latin-1, does not know the type UTF-8 of EXIF 3, and gives up a directory for one bad value.
Sources: "TIFF Revision 6.0"; "BigTIFF"; CIPA DC-008, "Exif 3.0".
"""

import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import IO

ASCII, UTF8 = 2, 129
# Bytes of one value of each type.
_SIZES: Mapping[int, int] = {
    **dict.fromkeys((1, ASCII, 6, 7, UTF8), 1),
    **dict.fromkeys((3, 8), 2),
    **dict.fromkeys((4, 9, 11, 13), 4),
    **dict.fromkeys((5, 10, 12, 16, 17, 18), 8),
}
_NUMBERS = {3: "H", 8: "h", 4: "I", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q", 11: "f", 12: "d", 1: "B", 6: "b"}
_RATIONALS = {5: "I", 10: "i"}
_MAX_ENTRIES = 1000
# An XMP packet may be the longest value that is read.
MAX_VALUE_BYTES = 10_000_000
# No value that is read as numbers has more than a few.
MAX_NUMBERS = 100


@dataclass(frozen=True)
class Value:
    """The value of one tag: its type, its bytes, and "<" or ">" for their order."""

    kind: int
    raw: bytes
    order: str

    def read_numbers(self) -> tuple[float, ...]:
        """Return the first numbers, at most MAX_NUMBERS; a rational with the denominator 0 is not a number.

        Raise ValueError for another type.
        """
        if self.kind in _RATIONALS:
            pairs = struct.iter_unpack(f"{self.order}{_RATIONALS[self.kind] * 2}", self.raw)
            return tuple(above / below if below else float("nan") for above, below in islice(pairs, MAX_NUMBERS))
        if self.kind not in _NUMBERS:
            raise ValueError(f"Type {self.kind} is no number.")
        numbers = struct.iter_unpack(f"{self.order}{_NUMBERS[self.kind]}", self.raw)
        return tuple(number for (number,) in islice(numbers, MAX_NUMBERS))


class TiffStructure:
    """An open TIFF structure, whose directories are read where they lie.

    Raises ValueError or struct.error for bytes that are no TIFF.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        file.seek(0)
        head = file.read(16)
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        if not self.order:
            raise ValueError("The bytes are no TIFF structure.")
        self._is_big = struct.unpack(f"{self.order}H", head[2:4])[0] == 43
        (self.first,) = self._unpack("Q", head[8:16]) if self._is_big else self._unpack("I", head[4:8])

    def read_directory(self, start: int, tags: Collection[int]) -> dict[int, Value]:
        """Return the values of those of the tags that the directory at `start` has and that can be read.

        Each is read once: a thousand entries that name one large value are not worth its bytes a thousand times.
        """
        values: dict[int, Value] = {}
        tried: set[int] = set()
        for tag, kind, length, field in self._read_entries(start):
            if tag in tags and tag not in tried:
                tried.add(tag)
                if value := self._read_value(kind, length, field):
                    values[tag] = value
        return values

    def find_directory(self, directory: Mapping[int, Value], tag: int) -> int:
        """Return where the directory lies that a tag points to; 0 for none."""
        value = directory.get(tag)
        return int(value.read_numbers()[0]) if value else 0

    def _unpack(self, format_: str, raw: bytes) -> tuple[int, ...]:
        return struct.unpack(f"{self.order}{format_}", raw)

    def _read_entries(self, start: int) -> Iterator[tuple[int, int, int, bytes]]:
        """Yield tag, type, number of values and the field for them of each entry."""
        count_format, entry_format = ("Q", "HHQ8s") if self._is_big else ("H", "HHI4s")
        self._file.seek(start)
        (count,) = self._unpack(count_format, self._file.read(struct.calcsize(f"={count_format}")))
        size = struct.calcsize(f"={entry_format}")
        entries = self._file.read(min(count, _MAX_ENTRIES) * size)
        for place in range(0, len(entries) - size + 1, size):
            yield struct.unpack(f"{self.order}{entry_format}", entries[place : place + size])

    def _read_value(self, kind: int, length: int, field: bytes) -> Value | None:
        """Return a value that lies in its entry or elsewhere in the file; None for one that is not whole."""
        size = length * _SIZES.get(kind, 0)
        if not 0 < size <= MAX_VALUE_BYTES:
            return None
        if size <= len(field):
            return Value(kind, field[:size], self.order)
        (offset,) = self._unpack("Q" if self._is_big else "I", field)
        self._file.seek(offset)
        raw = self._file.read(size)
        return Value(kind, raw, self.order) if len(raw) == size else None
