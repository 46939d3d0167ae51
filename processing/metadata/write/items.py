"""Boxes of an ISO base media file, and the items that a picture consists of. Source: ISO/IEC 14496-12, 4.2 and 8.11."""

import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

XMP_TYPE = b"application/rdf+xml"
# Where an item lies: in the file, or in a box inside the meta box.
IN_FILE, IN_META = 0, 1
_FULL_BOX = 4  # bytes of version and flags
_LARGEST_ID = 0xFFFF


@dataclass(frozen=True)
class Box:
    """A box: four letters that say what it is, and its bytes behind the header."""

    kind: bytes
    payload: bytes

    def encode(self) -> bytes:
        """Return the box with its header."""
        return struct.pack(">I4s", len(self.payload) + 8, self.kind) + self.payload


@dataclass(frozen=True)
class Item:
    """An item of a picture.

    Attributes:
        item_id: Its number in the file.
        info: What it is: the payload of its `infe` box.
        method: IN_FILE or IN_META.
        extents: Where it lies: places, and numbers of bytes.
        payload: Its bytes, if it lies in the file.
    """

    item_id: int
    info: bytes
    method: int = IN_FILE
    extents: tuple[tuple[int, int], ...] = ()
    payload: bytes = b""

    @property
    def is_metadata(self) -> bool:
        """Whether it is an EXIF block or an XMP packet."""
        # Behind the number stand two bytes of protection and the kind; with `mime`, behind its name, the type.
        start = _FULL_BOX + _get_id_size(self.info) + 2
        kind, rest = self.info[start : start + 4], self.info[start + 4 :]
        return kind == b"Exif" or (kind == b"mime" and XMP_TYPE in rest)


class _Reader:
    """Reads whole numbers, one behind the other."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    def read(self, size: int) -> int:
        return int.from_bytes(self.read_bytes(size))

    def read_bytes(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self.data):
            raise ValueError("A box of the AVIF file is cut off.")
        piece = self.data[self.position : end]
        self.position = end
        return piece


def read_boxes(data: bytes) -> Iterator[Box]:
    """Yield the boxes one behind the other; raise ValueError for one that is cut off."""
    reader = _Reader(data)
    while reader.position < len(data):
        start = reader.position
        size, kind = reader.read(4), reader.read_bytes(4)
        if size == 1:
            size = reader.read(8)
        end = start + size if size else len(data)
        if end < reader.position:
            raise ValueError("A box of the AVIF file is shorter than its header.")
        yield Box(kind, reader.read_bytes(end - reader.position))


def read_items(infos: bytes, locations: bytes, data: bytes) -> list[Item]:
    """Return the items of a file.

    Args:
        infos: The payload of its `iinf` box.
        locations: The payload of its `iloc` box.
        data: The file.
    """
    located = dict(_read_locations(_Reader(locations)))
    if sum(length for _method, extents in located.values() for _start, length in extents) > len(data):
        raise ValueError("The items of the AVIF file are longer than the file.")
    items = []
    for box in read_boxes(infos[_FULL_BOX + (4 if infos[0] else 2) :]):
        item_id = int.from_bytes(box.payload[_FULL_BOX : _FULL_BOX + _get_id_size(box.payload)])
        method, extents = located.get(item_id, (IN_META, ()))
        if method == IN_FILE and any(start + length > len(data) for start, length in extents):
            raise ValueError("The AVIF file ends before its picture.")
        pieces = [data[start : start + length] for start, length in extents] if method == IN_FILE else []
        items.append(Item(item_id, box.payload, method, extents, b"".join(pieces)))
    return items


def _get_id_size(info: bytes) -> int:
    if len(info) < _FULL_BOX or info[0] not in (2, 3):
        raise ValueError("An item of the AVIF file is of no known version.")
    return 4 if info[0] == 3 else 2


def _read_locations(reader: _Reader) -> Iterator[tuple[int, tuple[int, tuple[tuple[int, int], ...]]]]:
    """Yield the number of each item, its method, and its extents."""
    version = reader.read(_FULL_BOX) >> 24
    sizes, more_sizes = reader.read(1), reader.read(1)
    offset_size, length_size = sizes >> 4, sizes & 15
    if not offset_size + length_size:
        # Each of millions of extents would take no byte of the file.
        raise ValueError("The AVIF file does not say where its items lie.")
    base_size, index_size = more_sizes >> 4, more_sizes & 15 if version else 0
    id_size = 4 if version == 2 else 2
    for _item in range(reader.read(id_size)):
        item_id = reader.read(id_size)
        method = reader.read(2) & 15 if version else IN_FILE
        if reader.read(2) or method not in (IN_FILE, IN_META):
            raise ValueError("An item of the AVIF file lies in another file or item.")
        base = reader.read(base_size)
        extents = []
        for _extent in range(reader.read(2)):
            reader.read(index_size)
            extents.append((base + reader.read(offset_size), reader.read(length_size)))
        yield item_id, (method, tuple(extents))


def build_item(item_id: int, kind: bytes, payload: bytes) -> Item:
    """Return a new item without a name; `kind` is the type, with what belongs to it behind the name."""
    if item_id > _LARGEST_ID:
        raise ValueError("The AVIF file has more items than can be numbered.")
    return Item(item_id, struct.pack(">B3xHH4sx", 2, item_id, 0, kind[:4]) + kind[4:], payload=payload)


def encode_infos(items: Sequence[Item]) -> bytes:
    """Return the payload of the `iinf` box."""
    return struct.pack(">4xH", len(items)) + b"".join(Box(b"infe", item.info).encode() for item in items)


def encode_locations(items: Sequence[Item], starts: Mapping[int, int]) -> bytes:
    """Return the payload of the `iloc` box, whose length does not depend on where the items lie.

    Args:
        items: The items, each of whose data lies in one piece if it lies in the file.
        starts: Where it lies, by their numbers.
    """
    # Places and lengths of four bytes, and no base.
    parts = [struct.pack(">B3xBBH", 1, 0x44, 0, len(items))]
    for item in items:
        extents = ((starts[item.item_id], len(item.payload)),) if item.method == IN_FILE else item.extents
        parts.append(struct.pack(">HHHH", item.item_id, item.method, 0, len(extents)))
        parts += [struct.pack(">II", *extent) for extent in extents]
    return b"".join(parts)


def read_references(references: bytes, item_ids: Collection[int]) -> list[bytes]:
    """Return the boxes, in a payload of the `iref` box, of references from these items."""
    id_size = 4 if references[0] else 2
    boxes = read_boxes(references[_FULL_BOX:])
    return [box.encode() for box in boxes if int.from_bytes(box.payload[:id_size]) in item_ids]


def encode_description(item: Item, described_id: int, id_size: int) -> bytes:
    """Return the reference from an item of metadata to the picture that it describes."""
    numbers = item.item_id.to_bytes(id_size), (1).to_bytes(2), described_id.to_bytes(id_size)
    return Box(b"cdsc", b"".join(numbers)).encode()
