"""Metadata in an AVIF file: two items that describe the picture. Source: ISO/IEC 23008-12, annex A."""

from itertools import accumulate

from processing.metadata.write.items import (
    IN_FILE,
    XMP_TYPE,
    Box,
    Item,
    build_item,
    encode_description,
    encode_infos,
    encode_locations,
    read_boxes,
    read_items,
    read_references,
)

# In this order in the meta box, so that the same items always make the same bytes.
_FIRST_BOXES = (b"hdlr", b"pitm", b"iloc", b"iinf", b"iref")


def replace_metadata(data: bytes, exif: bytes, xmp: bytes) -> bytes:
    """Return the file with these blocks as items behind its pixels, and no other metadata; raise ValueError.

    The file consists of its type, the meta box, and the items' data; everything else is left out.
    """
    top = {box.kind: box for box in read_boxes(data)}
    if b"moov" in top or not {b"ftyp", b"meta"} <= top.keys():
        raise ValueError("The file is not a still AVIF picture.")
    meta = {box.kind: box for box in read_boxes(top[b"meta"].payload[4:])}
    if not {b"hdlr", b"pitm", b"iinf", b"iloc"} <= meta.keys():
        raise ValueError("The AVIF file does not say where its picture lies.")
    items = [item for item in read_items(meta[b"iinf"].payload, meta[b"iloc"].payload, data) if not item.is_metadata]
    added = _build_metadata(max((item.item_id for item in items), default=0) + 1, exif, xmp)
    # What lies first in the file stays first: transparency before color, for readers that decode while they load.
    in_file = sorted((item for item in items if item.method == IN_FILE), key=lambda item: item.extents)
    payloads = {item.item_id: item.payload for item in (*in_file, *added)}
    meta[b"iinf"] = Box(b"iinf", encode_infos([*items, *added]))
    meta[b"iref"] = _build_references(meta, items, added)
    ftyp = top[b"ftyp"].encode()

    def encode_meta(start: int) -> bytes:
        starts = dict(zip(payloads, accumulate(map(len, payloads.values()), initial=start), strict=False))
        meta[b"iloc"] = Box(b"iloc", encode_locations([*items, *added], starts))
        kinds = [*_FIRST_BOXES, *(kind for kind in meta if kind not in _FIRST_BOXES)]
        boxes = (meta[kind].encode() for kind in kinds if kind != b"iref" or len(meta[kind].payload) > 4)
        return Box(b"meta", top[b"meta"].payload[:4] + b"".join(boxes)).encode()

    # The data begins behind the header of its own box; the meta box is as long wherever that is.
    start = len(ftyp) + len(encode_meta(0)) + 8
    return ftyp + encode_meta(start) + Box(b"mdat", b"".join(payloads.values())).encode()


def _build_metadata(first_id: int, exif: bytes, xmp: bytes) -> list[Item]:
    # An EXIF item begins with how many bytes lie before its TIFF header.
    blocks = [(b"Exif", bytes(4) + exif)] if exif else []
    blocks += [(b"mime" + XMP_TYPE + b"\0", xmp)] if xmp else []
    return [build_item(first_id + number, *block) for number, block in enumerate(blocks)]


def _build_references(meta: dict[bytes, Box], items: list[Item], added: list[Item]) -> Box:
    """Return the references between the picture's items, and those of metadata to the picture."""
    existing = meta[b"iref"].payload if b"iref" in meta else bytes(4)
    references = read_references(existing, {item.item_id for item in items})
    primary_id = int.from_bytes(meta[b"pitm"].payload[4:])
    described = [encode_description(item, primary_id, 4 if existing[0] else 2) for item in added]
    return Box(b"iref", existing[:4] + b"".join([*references, *described]))
