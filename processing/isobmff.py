"""Boxes of ISO base media files (AVIF, HEIC): which colors the main picture says it has, and where the file should end.

Sources: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (items and their properties), ITU-T H.273 (code points).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from PIL.AvifImagePlugin import AvifImageFile

_MAX_BOXES = 10_000
_MAX_META = 16_000_000


@dataclass(frozen=True)
class Cicp:
    """Coding-independent code points: numbers of ITU-T H.273 for primaries and for the transfer function."""

    primaries: int
    transfer: int


class Avif(AvifImageFile):
    """Pillow's AVIF, with the code points that Pillow does not tell."""

    cicp: Cicp | None = None

    def _open(self) -> None:
        assert self.fp
        self.cicp = read_cicp(self.fp)
        self.fp.seek(0)
        super()._open()


def read_cicp(file: IO[bytes]) -> Cicp | None:
    """Return the code points of the main item; None without any, or in a file that cannot be read."""
    try:
        meta = _read_meta(file)
        boxes = dict(_iterate_boxes(meta[4:]))
        version = boxes[b"pitm"][0]
        main = struct.unpack_from(">I" if version else ">H", boxes[b"pitm"], 4)[0]
        properties = dict(_iterate_boxes(boxes[b"iprp"]))
        kinds = list(_iterate_boxes(properties[b"ipco"]))
        for index in _read_associations(properties[b"ipma"]).get(main, ()):
            kind, data = kinds[index - 1] if 0 < index <= len(kinds) else (b"", b"")
            if kind == b"colr" and data[:4] == b"nclx":
                return Cicp(*struct.unpack_from(">HH", data, 4))
    except (KeyError, IndexError, struct.error):
        pass
    return None


def find_end(file: IO[bytes]) -> int:
    """Return where the file ends by the sizes of its outermost boxes."""
    end = 0
    for _kind, _start, stop in _iterate_outer(file):
        end = max(end, stop)
    return end


def _read_meta(file: IO[bytes]) -> bytes:
    for kind, start, stop in _iterate_outer(file):
        if kind == b"meta" and stop - start <= _MAX_META:
            file.seek(start)
            return file.read(stop - start)
    raise KeyError("meta")


def _iterate_outer(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each outermost box and where its data begins and should end."""
    size, at = file.seek(0, 2), 0
    for _ in range(_MAX_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        length, kind = struct.unpack_from(">I4s", head)
        start = at + 8
        if length == 1 and len(head) == 16:
            length, start = struct.unpack_from(">Q", head, 8)[0], at + 16
        # A box without a length goes to the end of the file.
        stop = at + length if length >= 8 else size
        yield kind, start, stop
        at = stop


def _iterate_boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8:
            return
        yield kind, data[at + 8 : at + length]
        at += length


def _read_associations(data: bytes) -> dict[int, list[int]]:
    """Return the numbers of each item's properties, from 1."""
    version, flags = data[0], data[3]
    (count,) = struct.unpack_from(">I", data, 4)
    associations: dict[int, list[int]] = {}
    at = 8
    for _ in range(min(count, _MAX_BOXES)):
        (item,) = struct.unpack_from(">I" if version else ">H", data, at)
        at += 4 if version else 2
        number, at = data[at], at + 1
        if flags & 1:
            indices = [value & 0x7FFF for value in struct.unpack_from(f">{number}H", data, at)]
            at += 2 * number
        else:
            indices = [value & 0x7F for value in data[at : at + number]]
            at += number
        associations.setdefault(item, []).extend(indices)
    return associations
