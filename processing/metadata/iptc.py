"""IPTC-IIM → MetadataFields. Source: "IPTC - NAA Information Interchange Model", version 4.2."""

from collections.abc import Mapping
from typing import Any

from PIL import Image, IptcImagePlugin, JpegImagePlugin

from processing.errors import Note
from processing.limits import clean_text
from processing.metadata.fields import (
    MAX_LENGTHS,
    MetadataFields,
    collect_keywords,
    join_credit,
    read_last_day,
)

_ENCODING = (1, 90)
# The escape sequence ESC % G says that the text is UTF-8.
_UTF8 = b"\x1b%G"
# Datasets of record 2
_OBJECT_NAME, _KEYWORDS, _EXPIRATION_DATE, _BYLINE = 5, 25, 37, 80
_HEADLINE, _CREDIT, _COPYRIGHT_NOTICE, _CAPTION = 105, 110, 116, 120


def read_iptc(picture: Image.Image, notes: list[Note]) -> MetadataFields:
    """Return the fields of the datasets in a JPEG; raise whatever hostile ones raise."""
    datasets: Mapping[tuple[int, int], Any] = {}
    if isinstance(picture, JpegImagePlugin.JpegImageFile):
        datasets = IptcImagePlugin.getiptcinfo(picture) or {}
    is_utf8 = _UTF8 in _list_values(datasets.get(_ENCODING))

    def read_texts(number: int) -> list[str]:
        return [_decode(value, is_utf8=is_utf8) for value in _list_values(datasets.get((2, number)))]

    def join(number: int, max_length: int = MAX_LENGTHS["title"]) -> str:
        return clean_text(", ".join(read_texts(number)), max_length)

    return MetadataFields(
        title=join(_HEADLINE) or join(_OBJECT_NAME),
        caption=join(_CAPTION, MAX_LENGTHS["caption"]),
        credit=join_credit(join(_BYLINE), join(_CREDIT)),
        license=join(_COPYRIGHT_NOTICE),
        rights_until=read_last_day(join(_EXPIRATION_DATE), notes),
        keywords=collect_keywords(read_texts(_KEYWORDS)),
    )


def _list_values(value: Any) -> list[bytes]:
    return value if isinstance(value, list) else [value] if value else []


def _decode(value: bytes, *, is_utf8: bool) -> str:
    """Decode the text of a dataset; files that do not declare UTF-8 use it all the same, or Latin-1."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace") if is_utf8 else value.decode("latin-1")
