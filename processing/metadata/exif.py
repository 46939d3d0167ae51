"""EXIF → ExifFields, each field read on its own. Source: CIPA DC-008, "Exif 2.32"."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from processing.errors import Note
from processing.limits import check_degrees, clean_text, parse_moment, parse_offset
from processing.metadata.fields import MAX_LENGTHS, read_field
from processing.png import Png

# Orientations that lay the picture on its side; tag 0x0112.
SIDEWAYS = (5, 6, 7, 8)


@dataclass(frozen=True)
class ExifFields:
    """What a camera writes.

    Attributes:
        taken_at: Has a time zone if the file names one.
        camera: Make and model.
        latitude: Degrees, north is positive; None without a whole location.
        longitude: Degrees, east is positive; None without a whole location.
        credit: The artist, or the copyright notice.
    """

    taken_at: datetime | None
    camera: str
    latitude: float | None
    longitude: float | None
    credit: str


def read_orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 when there is none or it makes no sense."""
    try:
        value = picture.getexif().get(Base.Orientation)
    except Exception:  # broken EXIF raises anything, and a picture without it is shown as it is
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read_exif(picture: Image.Image, notes: list[Note]) -> ExifFields:
    """Return the fields of the EXIF block; one that cannot be read leaves a note."""
    field = partial(read_field, notes)
    if isinstance(picture, Png) and picture.has_unread_chunks:
        notes.append(Note("unreadable_metadata", {"field": "exif"}))
    exif: Any = field("exif", lambda: picture.getexif(), Image.Exif())
    details: Any = field("exif", lambda: exif.get_ifd(IFD.Exif), {}) if exif else {}
    gps: Any = field("location", lambda: exif.get_ifd(IFD.GPSInfo), {}) if exif else {}
    nowhere: tuple[float | None, float | None] = (None, None)
    latitude, longitude = field("location", lambda: _read_location(gps), nowhere)
    return ExifFields(
        taken_at=field("date_taken", lambda: _read_moment(details, exif, notes), None),
        camera=field("camera", lambda: _read_camera(exif), ""),
        latitude=latitude,
        longitude=longitude,
        credit=field("credit", lambda: _clean(exif.get(Base.Artist)) or _clean(exif.get(Base.Copyright)), ""),
    )


def _clean(value: object) -> str:
    return clean_text(value, MAX_LENGTHS["title"])


def _read_moment(details: Any, exif: Any, notes: list[Note]) -> datetime | None:
    taken_at = parse_moment(_clean(details.get(Base.DateTimeOriginal) or exif.get(Base.DateTime)))
    if taken_at is None:
        return None
    offset = _clean(details.get(Base.OffsetTimeOriginal))
    # A time zone that does not exist leaves the camera's time as it is, without a zone.
    return taken_at.replace(tzinfo=read_field(notes, "time_zone", lambda: parse_offset(offset), None))


def _read_camera(exif: Any) -> str:
    make, model = _clean(exif.get(Base.Make)), _clean(exif.get(Base.Model))
    return _clean(model if model.lower().startswith(make.lower()) else f"{make} {model}")


def _read_location(gps: Any) -> tuple[float | None, float | None]:
    """Return latitude and longitude, both or none: half a location is somewhere else."""
    latitude = _read_degrees(gps, GPS.GPSLatitude, "NS", 90)
    longitude = _read_degrees(gps, GPS.GPSLongitude, "EW", 180)
    return (None, None) if latitude is None or longitude is None else (latitude, longitude)


def _read_degrees(gps: Any, tag: GPS, directions: str, maximum: float) -> float | None:
    parts = gps.get(tag)
    if not parts:
        return None
    degrees = sum(float(part) / unit for part, unit in zip(parts, (1, 60, 3600), strict=True))
    check_degrees(degrees, maximum)
    # The reference of each coordinate is the tag before it.
    direction = _clean(gps.get(tag - 1)).upper()[:1] or directions[0]
    if direction not in directions:
        raise ValueError(direction)
    return -degrees if direction == directions[1] else degrees
