"""A file and its open picture → Metadata."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from PIL import Image

from processing.dates import Moment
from processing.errors import Note
from processing.formats import find_format
from processing.metadata.blocks import Blocks, find_blocks
from processing.metadata.content_credentials import has_content_credentials
from processing.metadata.date_taken import choose_date_taken
from processing.metadata.exif import read_exif
from processing.metadata.fields import MetadataFields, merge_sources, read_field
from processing.metadata.iptc import IptcFields, drop_cut_texts, read_iptc
from processing.metadata.xmp import read_xmp
from processing.orientation import get_upright_size


@dataclass(frozen=True)
class Metadata:
    """What is kept of a file besides its pixels.

    Attributes:
        format: A name in processing.formats.
        content_type: Its MIME type.
        width: Pixels of the upright picture.
        height: Pixels of the upright picture.
        bytes: Size of the file.
        sha256: Hash of the file, as 64 hexadecimal digits.
        taken_at: Has a time zone if the file names one.
        taken_day_only: Whether the file names a day without a time, which then is midnight.
        content_credentials: Whether the file carries Content Credentials (C2PA).
        camera: Make and model.
        latitude: Degrees, north is positive.
        longitude: Degrees, east is positive.
        fields: What was written for readers.
        notes: What could not be read.
    """

    format: str
    content_type: str
    width: int
    height: int
    bytes: int
    sha256: str
    taken_at: datetime | None
    camera: str
    latitude: float | None
    longitude: float | None
    fields: MetadataFields
    notes: tuple[Note, ...]
    taken_day_only: bool = False
    content_credentials: bool = False


def read_metadata(file: IO[bytes], picture: Image.Image) -> Metadata:
    """Read the metadata of a file whose picture is open; a field that cannot be read leaves a note.

    The file is left at its beginning. Raise ValueError for a picture whose format is not in processing.formats.
    """
    format_ = find_format(picture.format)
    if format_ is None:
        raise ValueError(f"{picture.format} is not in the table of formats.")
    notes: list[Note] = []
    contents = _read_contents(read_field(notes, "exif", lambda: find_blocks(file, picture), Blocks()), notes)
    width, height = get_upright_size(picture)
    size = file.seek(0, 2)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    latitude, longitude = contents.location or (None, None)
    return Metadata(
        format=format_.name,
        content_type=format_.content_type,
        width=width,
        height=height,
        bytes=size,
        sha256=digest,
        taken_at=contents.taken.at if contents.taken else None,
        taken_day_only=contents.taken is not None and contents.taken.day_only,
        camera=contents.camera,
        latitude=latitude,
        longitude=longitude,
        fields=contents.fields,
        # The same part may be tried twice.
        notes=tuple({note.message: note for note in notes}.values()),
        content_credentials=has_content_credentials(file),
    )


@dataclass(frozen=True)
class _Contents:
    """What the blocks of a file say together."""

    fields: MetadataFields
    taken: Moment | None
    camera: str
    location: tuple[float, float] | None


def _read_contents(blocks: Blocks, notes: list[Note]) -> _Contents:
    """Read EXIF, IPTC-IIM and XMP, and merge them.

    Where nothing says which is newer, XMP comes before IIM and IIM before EXIF: XMP alone has no limits of length and
    names its encoding. Where IIM was changed after XMP was written, it comes first, unless it only repeats the
    beginning of XMP's text. Source: "Guidelines for Handling Image Metadata", Metadata Working Group, 2.0, section 5.2.
    """
    exif = read_exif(blocks.exif, notes)
    iptc = read_field(notes, "iptc", lambda: read_iptc(blocks), IptcFields())
    xmp = read_xmp(blocks, notes)
    order = [xmp.source, iptc.source, exif.source]
    dates = [exif.dates, xmp.dates, iptc.dates]
    if iptc.is_newer:
        drop_cut_texts(iptc.source, xmp.source)
        order, dates = [iptc.source, xmp.source, exif.source], [iptc.dates, exif.dates, xmp.dates]
    return _Contents(
        merge_sources(order, notes), choose_date_taken(dates, notes), exif.camera, exif.location or xmp.location
    )
