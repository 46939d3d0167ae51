"""What a file says of itself: size, hash, date, camera, place, credit; every word of it written by a stranger."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import IO, Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from processing import embedded
from processing.bounds import check_degrees, clean_text, parse_moment, parse_offset
from processing.embedded import SHORT, Words, read_field
from processing.errors import Note
from processing.formats import find_format
from processing.png import Png

# Orientations that lie the picture on its side; EXIF 2.32, tag 0x0112.
SIDEWAYS = (5, 6, 7, 8)


@dataclass(frozen=True)
class Metadata:
    """Width and height are upright pixels; `sha256` is of the file; `taken_at` has a zone if the file names one."""

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
    words: Words
    notes: tuple[Note, ...]


def orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 when there is none or it makes no sense."""
    try:
        value = picture.getexif().get(Base.Orientation)
    except Exception:  # broken EXIF raises anything, and a picture without it stands as it is
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read(file: IO[bytes], picture: Image.Image) -> Metadata:
    """Everything that is kept of a file besides its pixels; a field that cannot be read leaves a note."""
    notes: list[Note] = []
    field = partial(read_field, notes)
    if isinstance(picture, Png) and picture.has_unread_chunks:
        notes.append(Note("unreadable_metadata", {"field": "exif"}))
    exif: Any = field("exif", lambda: picture.getexif(), Image.Exif())
    details: Any = field("exif", lambda: exif.get_ifd(IFD.Exif), {}) if exif else {}
    place: Any = field("location", lambda: exif.get_ifd(IFD.GPSInfo), {}) if exif else {}
    nowhere: tuple[float | None, float | None] = (None, None)
    latitude, longitude = field("location", lambda: _place(place), nowhere)
    width, height = picture.size
    if orientation(picture) in SIDEWAYS:
        width, height = height, width
    size = file.seek(0, 2)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    artist = field("credit", lambda: _text(exif.get(Base.Artist)) or _text(exif.get(Base.Copyright)), "")
    words, unread = embedded.read(picture)
    notes += unread
    known = find_format(picture.format)
    if known is None:
        raise ValueError(f"{picture.format} is not in the table of formats.")
    return Metadata(
        format=known.name,
        content_type=known.content_type,
        width=width,
        height=height,
        bytes=size,
        sha256=digest,
        taken_at=field("date_taken", lambda: _taken(details, exif, notes), None),
        camera=field("camera", lambda: _camera(exif), ""),
        latitude=latitude,
        longitude=longitude,
        words=replace(words, credit=words.credit or artist),
        notes=tuple({note.message: note for note in notes}.values()),
    )


def _text(value: object) -> str:
    return clean_text(value, SHORT)


def _taken(details: Any, exif: Any, notes: list[Note]) -> datetime | None:
    taken = parse_moment(_text(details.get(Base.DateTimeOriginal) or exif.get(Base.DateTime)))
    if taken is None:
        return None
    offset = _text(details.get(Base.OffsetTimeOriginal))
    # A zone that cannot be one leaves the clock's time as it is, without a zone.
    return taken.replace(tzinfo=read_field(notes, "time_zone", lambda: parse_offset(offset), None))


def _camera(exif: Any) -> str:
    make, model = _text(exif.get(Base.Make)), _text(exif.get(Base.Model))
    return _text(model if model.lower().startswith(make.lower()) else f"{make} {model}")


def _place(place: Any) -> tuple[float | None, float | None]:
    """Latitude and longitude, both or none: half a place is somewhere else."""
    latitude = _degrees(place, GPS.GPSLatitude, "NS", 90)
    longitude = _degrees(place, GPS.GPSLongitude, "EW", 180)
    return (None, None) if latitude is None or longitude is None else (latitude, longitude)


def _degrees(place: Any, tag: GPS, directions: str, most: int) -> float | None:
    parts = place.get(tag)
    if not parts:
        return None
    value = check_degrees(sum(float(part) / unit for part, unit in zip(parts, (1, 60, 3600), strict=True)), most)
    # The reference of each coordinate is the tag before it.
    direction = _text(place.get(tag - 1)).upper()[:1] or directions[0]
    if direction not in directions:
        raise ValueError(direction)
    return -value if direction == directions[1] else value
