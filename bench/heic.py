"""Writes HEIC files, which no library here encodes: HEVC of uncompressed blocks in a HEIF container.

Sources: ITU-T H.265 (7.3: syntax; 9.3: CABAC; 7.3.8.7: PCM samples), ISO/IEC 14496-15 (hvcC), ISO/IEC 23008-12 (items).
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image

BLOCK = 16
# rangeTabLps for the fourth quarter of ranges, which is the only one here, by state; H.265, table 9-46.
_LPS = (
    240, 227, 216, 205, 195, 185, 175, 166, 158, 150, 142, 135, 128, 122, 116, 110, 104, 99, 94, 89, 85, 80, 76, 72,
    69, 65, 62, 59, 56, 53, 50, 48, 45, 43, 41, 39, 37, 35, 33, 31, 30, 28, 27, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
    15, 14, 14, 13, 12, 12, 11, 11, 10, 9,
)  # fmt: skip
_LAST_STATE = 62
_SLICE_PIXELS = 4_000_000
_VPS, _SPS, _PPS, _IDR = 32, 33, 34, 20
# Main profile, level 6.2: profile, compatibility flags, constraint flags, level.
_PROFILE = bytes((1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 186))
SRGB = (1, 13, 6, 1)


class _Bits:
    """Writes bits, the highest first."""

    def __init__(self) -> None:
        self.text: list[str] = []

    def add(self, value: int, length: int) -> None:
        self.text.append(format(value, f"0{length}b"))

    def add_exponential(self, *values: int) -> None:
        """Write Exp-Golomb codes, ue(v)."""
        for value in values:
            code = format(value + 1, "b")
            self.text.append("0" * (len(code) - 1) + code)

    def finish(self) -> bytes:
        """Return the bytes, with the bit that ends them."""
        bits = "".join(self.text) + "1"
        bits += "0" * (-len(bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")


class _Cabac:
    """The arithmetic encoder between two blocks: H.265, section 9.3.4 turned around."""

    def __init__(self) -> None:
        self.low, self.range, self.bits, self.outstanding, self.is_first = 0, 510, "", 0, True

    def add_likely(self, state: int) -> None:
        """Write the more probable value of a context in this state."""
        self.range -= _LPS[state]
        self._normalize()

    def add_end(self, *, is_end: bool) -> None:
        """Write a bin that can end the data."""
        self.range -= 2
        if is_end:
            self.low += self.range
            self.range = 2
            self._normalize()
            self._put(self.low >> 9 & 1)
            self.bits += format(self.low >> 7 & 3 | 1, "02b")
        else:
            self._normalize()

    def finish(self) -> bytes:
        bits = self.bits + "0" * (-len(self.bits) % 8)
        return int(bits, 2).to_bytes(len(bits) // 8, "big")

    def _normalize(self) -> None:
        while self.range < 256:
            if self.low < 256:
                self._put(0)
            elif self.low >= 512:
                self.low -= 512
                self._put(1)
            else:
                self.low -= 256
                self.outstanding += 1
            self.range, self.low = self.range << 1, self.low << 1

    def _put(self, bit: int) -> None:
        if self.is_first:
            self.is_first = False
        else:
            self.bits += str(bit)
        self.bits += str(1 - bit) * self.outstanding
        self.outstanding = 0


@dataclass(frozen=True)
class HeicOptions:
    """Describe a picture as a HEIC does.

    Attributes:
        nclx: Primaries, transfer function, matrix and whether the range is full; None for none.
        profile: An ICC profile.
        rotation: Quarter turns to the left.
        mirror: The axis of a mirror: 0 turns top and bottom, 1 left and right; None for none.
        exif: A TIFF block.
        xmp: An XMP packet.
        columns: How often the picture is repeated to the right, in a grid.
        rows: How often it is repeated downwards.
        brands: Major and compatible brands.
    """

    nclx: tuple[int, int, int, int] | None = SRGB
    profile: bytes = b""
    rotation: int = 0
    mirror: int | None = None
    exif: bytes = b""
    xmp: bytes = b""
    columns: int = 1
    rows: int = 1
    brands: tuple[bytes, ...] = (b"heic", b"mif1", b"heic")


@dataclass
class _Item:
    """An item of a file; one that repeats has the data of the first."""

    kind: bytes
    data: bytes
    properties: list[int] = field(default_factory=list)
    references: tuple[bytes, tuple[int, ...]] | None = None
    repeats: bool = False


def encode_heic(picture: Image.Image, options: HeicOptions | None = None) -> bytes:
    """Return a picture, whose sides are multiples of 16, as HEIC; its grid repeats it."""
    options = options or HeicOptions()
    width, height = picture.size
    boxes = [_build_configuration(width, height), _build_full_box(b"ispe", struct.pack(">II", width, height))]
    is_grid = (options.columns, options.rows) != (1, 1)
    items = [_Item(b"hvc1", _encode_slices(picture), [1, 2])]
    if is_grid:
        size = (width * options.columns, height * options.rows)
        boxes.append(_build_full_box(b"ispe", struct.pack(">II", *size)))
        grid = struct.pack(">BBBBII", 0, 1, options.rows - 1, options.columns - 1, *size)
        tiles = options.columns * options.rows
        items += [_Item(b"hvc1", b"", [1, 2], repeats=True) for _ in range(tiles - 1)]
        items.append(_Item(b"grid", grid, [3], (b"dimg", tuple(range(1, tiles + 1)))))
    for box in _describe_picture(options):
        boxes.append(box)
        items[-1].properties.append(len(boxes))
    main = len(items)
    if options.exif:
        items.append(_Item(b"Exif", struct.pack(">I", 6) + b"Exif\0\0" + options.exif, [], (b"cdsc", (main,))))
    if options.xmp:
        items.append(_Item(b"mime", options.xmp, [], (b"cdsc", (main,))))
    return _build_file(options.brands, items, boxes, main)


def _describe_picture(options: HeicOptions) -> list[bytes]:
    boxes = []
    if options.profile:
        boxes.append(_build_box(b"colr", b"prof" + options.profile))
    if options.nclx:
        primaries, transfer, matrix, full = options.nclx
        boxes.append(_build_box(b"colr", b"nclx" + struct.pack(">HHHB", primaries, transfer, matrix, full << 7)))
    if options.rotation:
        boxes.append(_build_box(b"irot", bytes((options.rotation,))))
    if options.mirror is not None:
        boxes.append(_build_box(b"imir", bytes((options.mirror,))))
    return boxes


def _build_box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), kind) + data


def _build_full_box(kind: bytes, data: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _build_box(kind, struct.pack(">I", version << 24 | flags) + data)


def _build_file(brands: Sequence[bytes], items: Sequence[_Item], boxes: Sequence[bytes], main: int) -> bytes:
    head = _build_box(b"ftyp", brands[0] + bytes(4) + b"".join(brands[1:]))
    # The offsets have a fixed length, so that the second time they are right.
    start = len(head) + len(_build_meta(items, boxes, main, 0)) + 8
    meta = _build_meta(items, boxes, main, start)
    return head + meta + _build_box(b"mdat", b"".join(item.data for item in items))


def _build_meta(items: Sequence[_Item], boxes: Sequence[bytes], main: int, start: int) -> bytes:
    infos, places, associations, references = b"", b"", b"", b""
    first = start
    for number, item in enumerate(items, 1):
        more = b"\0application/rdf+xml\0" if item.kind == b"mime" else b"\0"
        infos += _build_full_box(b"infe", struct.pack(">HH4s", number, 0, item.kind) + more, version=2)
        place = (first, len(items[0].data)) if item.repeats else (start, len(item.data))
        places += struct.pack(">HHHII", number, 0, 1, *place)
        start += len(item.data)
        if item.properties:
            associations += struct.pack(">HB", number, len(item.properties)) + bytes(item.properties)
        if item.references:
            kind, targets = item.references
            data = struct.pack(f">HH{len(targets)}H", number, len(targets), *targets)
            references += _build_box(kind, data)
    described = sum(bool(item.properties) for item in items)
    parts = _build_full_box(b"hdlr", bytes(4) + b"pict" + bytes(13))
    parts += _build_full_box(b"pitm", struct.pack(">H", main))
    parts += _build_full_box(b"iloc", b"\x44\x00" + struct.pack(">H", len(items)) + places)
    parts += _build_full_box(b"iinf", struct.pack(">H", len(items)) + infos)
    parts += _build_full_box(b"iref", references) if references else b""
    properties = _build_box(b"ipco", b"".join(boxes))
    properties += _build_full_box(b"ipma", struct.pack(">I", described) + associations)
    return _build_full_box(b"meta", parts + _build_box(b"iprp", properties))


def _build_configuration(width: int, height: int) -> bytes:
    arrays = b""
    for kind, payload in ((_VPS, _build_vps()), (_SPS, _build_sps(width, height)), (_PPS, _build_pps())):
        unit = _build_unit(kind, payload)
        arrays += bytes((0x80 | kind, 0, 1)) + struct.pack(">H", len(unit)) + unit
    # No parallelism, 4:2:0, eight bits, no frame rate, one layer, lengths of four bytes, three arrays.
    fixed = bytes((0xF0, 0, 0xFC, 0xFD, 0xF8, 0xF8, 0, 0, 0x0F, 3))
    return _build_box(b"hvcC", b"\1" + _PROFILE + fixed + arrays)


def _build_unit(kind: int, payload: bytes) -> bytes:
    """Return a NAL unit; no three of its bytes look like the beginning of another."""
    protected, zeros = bytearray(), 0
    for byte in payload:
        if zeros == 2 and byte <= 3:
            protected.append(3)
            zeros = 0
        protected.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes((kind << 1, 1)) + bytes(protected)


def _build_vps() -> bytes:
    bits = _Bits()
    bits.add(0b0000_11_000000_000_1, 16)
    bits.add(0xFFFF, 16)
    bits.add(int.from_bytes(_PROFILE, "big"), 96)
    bits.add(1, 1)
    bits.add_exponential(0, 0, 0)
    bits.add(0, 6)
    bits.add_exponential(0)
    bits.add(0, 2)
    return bits.finish()


def _build_sps(width: int, height: int) -> bytes:
    bits = _Bits()
    bits.add(0b0000_000_1, 8)
    bits.add(int.from_bytes(_PROFILE, "big"), 96)
    bits.add_exponential(0, 1, width, height)
    bits.add(0, 1)
    # Eight bits; POC of four bits; one picture; blocks of 16; transforms of 4 to 16, not split.
    bits.add_exponential(0, 0, 0)
    bits.add(1, 1)
    bits.add_exponential(0, 0, 0)
    bits.add_exponential(1, 0, 0, 2, 0, 0)
    # No scaling lists, AMP or SAO; PCM of eight bits in blocks of 16, without loop filter.
    bits.add(0b000_1, 4)
    bits.add(0x77, 8)
    bits.add_exponential(1, 0)
    bits.add(1, 1)
    bits.add_exponential(0)
    bits.add(0, 5)
    return bits.finish()


def _build_pps() -> bytes:
    bits = _Bits()
    bits.add_exponential(0, 0)
    bits.add(0, 7)
    bits.add_exponential(0, 0, 0)
    bits.add(0, 3)
    bits.add_exponential(0, 0)
    bits.add(0, 7)
    # Deblocking is switched off.
    bits.add(0b1_0_1, 3)
    bits.add(0, 2)
    bits.add_exponential(0)
    bits.add(0, 2)
    return bits.finish()


def _encode_slices(picture: Image.Image) -> bytes:
    """Return the slices, each of at most some megabytes, because decoders limit their size."""
    planes = picture.convert("YCbCr").split()
    size = (picture.width // 2, picture.height // 2)
    planes = (planes[0], *(plane.resize(size, Image.Resampling.BOX) for plane in planes[1:]))
    rows = max(_SLICE_PIXELS // picture.width // BLOCK, 1) * BLOCK
    tops = range(0, picture.height, rows)
    units = (_encode_slice(planes, top, min(top + rows, picture.height)) for top in tops)
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


def _encode_slice(planes: Sequence[Image.Image], first: int, until: int) -> bytes:
    width, height = planes[0].size
    header = _Bits()
    header.add(0b10 if first == 0 else 0b00, 2)
    header.add_exponential(0)
    if first:
        blocks = (width // BLOCK) * (height // BLOCK)
        header.add(first // BLOCK * (width // BLOCK), (blocks - 1).bit_length())
    header.add_exponential(2, 0)
    data, cabac, state = [header.finish()], _Cabac(), 0
    for top in range(first, until, BLOCK):
        for left in range(0, width, BLOCK):
            if (left, top) != (0, first):
                cabac.add_end(is_end=False)
            cabac.add_likely(state)
            state = min(state + 1, _LAST_STATE)
            cabac.add_end(is_end=True)
            data.append(cabac.finish())
            data.append(planes[0].crop((left, top, left + BLOCK, top + BLOCK)).tobytes())
            half = (left // 2, top // 2, (left + BLOCK) // 2, (top + BLOCK) // 2)
            data += [plane.crop(half).tobytes() for plane in planes[1:]]
            cabac = _Cabac()
    cabac.add_end(is_end=True)
    return _build_unit(_IDR, b"".join([*data, cabac.finish()]))
