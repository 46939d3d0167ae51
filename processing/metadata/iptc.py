"""IPTC-IIM → IptcFields. Source: "IPTC - NAA Information Interchange Model", version 4.2."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from processing.metadata.blocks import Blocks
from processing.metadata.charsets import decode_text
from processing.metadata.date_taken import DateSource
from processing.metadata.fields import Source

_ENCODING = (1, 90)
# Datasets of record 2
_OBJECT_NAME, _KEYWORDS, _EXPIRATION_DATE, _DATE_CREATED, _TIME_CREATED, _BYLINE = 5, 25, 37, 55, 60, 80
_HEADLINE, _CREDIT, _COPYRIGHT_NOTICE, _CAPTION = 105, 110, 116, 120
_TEXTS = {
    "headline": _HEADLINE,
    "title": _OBJECT_NAME,
    "caption": _CAPTION,
    "creators": _BYLINE,
    "credit_line": _CREDIT,
    "copyright": _COPYRIGHT_NOTICE,
    "keywords": _KEYWORDS,
}
# Bytes that a dataset may have; what is longer was cut when it was copied from XMP.
MAX_BYTES: Mapping[str, int] = {
    "headline": 256,
    "title": 64,
    "caption": 2000,
    "creators": 32,
    "credit_line": 32,
    "copyright": 128,
    "keywords": 64,
}
_MAX_DATASETS, _MAX_VALUES = 5000, 1000
_MARKER = 0x1C


@dataclass
class IptcFields:
    """What an agency writes.

    Attributes:
        source: The fields.
        dates: When the picture was taken.
        is_newer: Whether a program changed these after XMP was written, and left XMP as it was.
    """

    source: Source = field(default_factory=Source)
    dates: DateSource = field(default_factory=DateSource)
    is_newer: bool = False


def read_iptc(blocks: Blocks) -> IptcFields:
    """Return the fields of the datasets in a file.

    Programs that write XMP and IIM note the MD5 of the datasets; where it is another, a program that knows IIM alone
    came after them. Source: "Guidelines for Handling Image Metadata", Metadata Working Group, 2.0, section 5.2.
    """
    datasets: dict[tuple[int, int], list[bytes]] = {}
    for record, number, value in _read_datasets(blocks.iim):
        datasets.setdefault((record, number), []).append(value)
    encoding = b"".join(datasets.get(_ENCODING, []))
    source = Source()
    for name, number in _TEXTS.items():
        for value in datasets.get((2, number), [])[:_MAX_VALUES]:
            source.try_extend(name, lambda value=value: [decode_text(value, encoding)])  # type: ignore[misc]

    def read_ascii(number: int) -> str:
        return b"".join(datasets.get((2, number), [])[:1]).decode("ascii", "replace").strip("\0 ")

    source.try_add_last_day(lambda: read_ascii(_EXPIRATION_DATE))
    date, time = read_ascii(_DATE_CREATED), read_ascii(_TIME_CREATED)
    digest = blocks.iim_digest.strip(b"\0")
    is_newer = bool(digest) and hashlib.md5(blocks.iim, usedforsecurity=False).digest() != blocks.iim_digest
    dates = DateSource([f"{date} {time}", date] if time else [date])
    return IptcFields(source, dates, is_newer=is_newer and bool(blocks.iim))


def drop_cut_texts(iptc: Source, xmp: Source) -> None:
    """Remove texts of IIM that are the beginning of XMP's, cut at what a dataset may have."""
    for name, limit in MAX_BYTES.items():
        text, whole = ("".join(source.values.get(name, ())[:1]) for source in (iptc, xmp))
        # A character of UTF-8 that was cut leaves up to three bytes fewer.
        if text and len(text) < len(whole) and whole.startswith(text) and len(text.encode()) > limit - 4:
            del iptc.values[name]


def _read_datasets(block: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield record, number and value of each dataset, up to the first that is not whole."""
    place = 0
    for _dataset in range(_MAX_DATASETS):
        if place + 5 > len(block) or block[place] != _MARKER:
            return
        record, number = block[place + 1], block[place + 2]
        length = int.from_bytes(block[place + 3 : place + 5])
        place += 5
        if length & 0x8000:
            # The length of the length, for values of more than 32,767 bytes.
            width = length & 0x7FFF
            length = int.from_bytes(block[place : place + width])
            place += width
        if place + length > len(block):
            return
        yield record, number, block[place : place + length]
        place += length
