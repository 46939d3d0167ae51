"""CreditFields → an EXIF block, for readers that do not know XMP. Source: CIPA DC-008, "Exif 2.32"."""

import re
from datetime import datetime

from PIL.ExifTags import IFD, Base
from PIL.Image import Exif

from processing.metadata.write.credit_fields import CreditFields

PREFIX = b"Exif\0\0"
_OFFSET = re.compile(r"[+-][0-9]{2}:[0-9]{2}")


def build_exif(fields: CreditFields) -> bytes:
    """Return a TIFF header with the tags of the fields; empty where EXIF has no tag for any of them.

    Texts are UTF-8 in fields of type ASCII, creators separated by semicolons ("Guidelines for Handling Image Metadata",
    MWG 2.0, 5.4 and 5.5): ExifTool and Exiv2 read them so, while few programs know the type UTF-8 of Exif 3. Titles are
    read from XMP first by Windows ("System.Title Photo Metadata Policy").
    """
    texts = {
        # "A character string giving the title of the image."
        Base.ImageDescription: fields.title,
        Base.Artist: "; ".join(fields.creators),
        Base.Copyright: fields.copyright,
    }
    # EXIF has no date without a time.
    taken_at = fields.taken_at if isinstance(fields.taken_at, datetime) else None
    if not (any(texts.values()) or taken_at):
        return b""
    exif = Exif()
    for tag, text in texts.items():
        if text:
            exif[tag] = text.encode()
    if taken_at:
        details = exif.get_ifd(IFD.Exif)
        details[Base.ExifVersion] = b"0232"
        details[Base.DateTimeOriginal] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
        offset = taken_at.isoformat()[19:]
        if _OFFSET.fullmatch(offset):
            details[Base.OffsetTimeOriginal] = offset
    return exif.tobytes().removeprefix(PREFIX)
