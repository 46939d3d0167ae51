"""A file and its open picture → Metadata."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import IO

from PIL import Image

from processing.errors import Note
from processing.formats import find_format
from processing.metadata.exif import SIDEWAYS, read_exif, read_orientation
from processing.metadata.fields import MetadataFields, merge_fields, read_field
from processing.metadata.iptc import read_iptc
from processing.metadata.xmp import read_xmp


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
    exif = read_exif(picture, notes)

    def read(name: str, reader: Callable[[Image.Image, list[Note]], MetadataFields]) -> MetadataFields:
        return read_field(notes, name, lambda: reader(picture, notes), MetadataFields())

    fields = merge_fields(read("xmp", read_xmp), read("iptc", read_iptc))
    width, height = picture.size
    if read_orientation(picture) in SIDEWAYS:
        width, height = height, width
    size = file.seek(0, 2)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return Metadata(
        format=format_.name,
        content_type=format_.content_type,
        width=width,
        height=height,
        bytes=size,
        sha256=digest,
        taken_at=exif.taken_at,
        camera=exif.camera,
        latitude=exif.latitude,
        longitude=exif.longitude,
        fields=replace(fields, credit=fields.credit or exif.credit),
        # The same part may be tried twice.
        notes=tuple({note.message: note for note in notes}.values()),
    )
