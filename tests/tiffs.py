"""TIFF files of every build that the tests make, tag by tag; Pillow writes only strips of its own modes."""

import struct
import zlib
from collections.abc import Iterable

Tag = tuple[int, int, list[int] | bytes]
SHORT, LONG, BYTE, TEXT = 3, 4, 1, 2
_SIZES = {SHORT: 2, LONG: 4, BYTE: 1, TEXT: 1}


def written(tags: Iterable[Tag], data: bytes = b"", *, order: str = "<", subs: Iterable[Iterable[Tag]] = ()) -> bytes:
    """Return a file with one directory behind its data, which begins at byte 8, and directories below it."""
    out = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4) + data + bytes(len(data) % 2))
    places = []
    for sub in subs:
        places.append(len(out))
        out += directory(sub, len(out), order)
    more: list[Tag] = [(330, LONG, places)] if places else []
    struct.pack_into(f"{order}I", out, 4, len(out))
    return bytes(out) + directory([*tags, *more], len(out), order)


def directory(tags: Iterable[Tag], place: int, order: str) -> bytes:
    entries = sorted(tags, key=lambda tag: tag[0])
    table, values, at = struct.pack(f"{order}H", len(entries)), b"", place + 2 + 12 * len(entries) + 4
    for tag, kind, value in entries:
        code = {SHORT: "H", LONG: "I", BYTE: "B", TEXT: "B"}[kind]
        raw = value if isinstance(value, bytes) else struct.pack(f"{order}{len(value)}{code}", *value)
        table += struct.pack(f"{order}HHI", tag, kind, len(raw) // _SIZES[kind])
        if len(raw) > 4:
            table += struct.pack(f"{order}I", at + len(values))
            values += raw + bytes(len(raw) % 2)
        else:
            table += raw.ljust(4, b"\0")
    return table + bytes(4) + values


def tiff(
    size: tuple[int, int],
    pixels: bytes,
    *,
    bits: int = 8,
    samples: int = 3,
    photometric: int = 2,
    tile: int = 0,
    deflated: bool = False,
    order: str = "<",
    more: Iterable[Tag] = (),
) -> bytes:
    """Return a picture in strips of 16 rows or in tiles, whose sides are `tile`; samples are stored in `order`."""
    width, height = size
    step = samples * bits // 8
    pieces = []
    if tile:
        for top in range(0, height, tile):
            for left in range(0, width, tile):
                rows = [
                    pixels[(y * width + left) * step : (y * width + min(left + tile, width)) * step]
                    for y in range(top, top + tile)
                ]
                pieces.append(b"".join(row.ljust(tile * step, b"\0") for row in rows))
    else:
        pieces = [pixels[top * width * step : (top + 16) * width * step] for top in range(0, height, 16)]
    stored = [zlib.compress(piece) if deflated else piece for piece in pieces]
    places = [8 + sum(map(len, stored[:number])) for number in range(len(stored))]
    counts = [len(piece) for piece in stored]
    tags: list[Tag] = [(256, LONG, [width]), (257, LONG, [height]), (258, SHORT, [bits] * samples)]
    tags += [(259, SHORT, [8 if deflated else 1]), (262, SHORT, [photometric]), (277, SHORT, [samples])]
    if tile:
        tags += [(322, LONG, [tile]), (323, LONG, [tile]), (324, LONG, places), (325, LONG, counts)]
    else:
        tags += [(273, LONG, places), (278, LONG, [16]), (279, LONG, counts)]
    return written([*tags, *more], b"".join(stored), order=order)
