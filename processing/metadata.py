"""What a file says of itself: size, hash, date, camera, place, credit; every word of it written by a stranger."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import IO, Any, TypeVar

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from processing import embedded
from processing.embedded import Words, clean
from processing.png import Png

T = TypeVar("T")
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
    notes: tuple[str, ...]


def orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 when there is none or it makes no sense."""
    try:
        value = picture.getexif().get(Base.Orientation)
    except Exception:  # broken EXIF raises anything, and a picture without it stands as it is
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read(file: IO[bytes], picture: Image.Image) -> Metadata:
    """Everything that is kept of a file besides its pixels; a field that cannot be read leaves a note."""
    notes: list[str] = []

    def field(name: str, get: Callable[[], T], empty: T) -> T:
        try:
            return get()
        except Exception:  # hostile EXIF raises anything; one field is no reason to lose the picture
            notes.append(f"The {name} in the file could not be read.")
            return empty

    if isinstance(picture, Png) and picture.has_unread_chunks:
        notes.append("The EXIF block in the file could not be read.")
    exif: Any = field("EXIF block", lambda: picture.getexif(), Image.Exif())
    details: Any = field("EXIF block", lambda: exif.get_ifd(IFD.Exif), {}) if exif else {}
    place: Any = field("place", lambda: exif.get_ifd(IFD.GPSInfo), {}) if exif else {}
    width, height = picture.size
    if orientation(picture) in SIDEWAYS:
        width, height = height, width
    size = file.seek(0, 2)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    artist = field("credit", lambda: clean(exif.get(Base.Artist) or exif.get(Base.Copyright) or ""), "")
    words, unread = embedded.read(picture)
    notes += unread
    content = "JPEG" if picture.format == "MPO" else str(picture.format)
    return Metadata(
        format=content,
        content_type=f"image/{content.lower()}",
        width=width,
        height=height,
        bytes=size,
        sha256=digest,
        taken_at=field("date taken", lambda: _taken(details, exif), None),
        camera=field("camera", lambda: _camera(exif), ""),
        latitude=field("place", lambda: _degrees(place, GPS.GPSLatitude, "S", 90), None),
        longitude=field("place", lambda: _degrees(place, GPS.GPSLongitude, "W", 180), None),
        words=replace(words, credit=words.credit or artist),
        notes=tuple(dict.fromkeys(notes)),
    )


def _taken(details: Any, exif: Any) -> datetime | None:
    text = details.get(Base.DateTimeOriginal) or exif.get(Base.DateTime)
    # Cameras whose clock was never set write zeros or spaces.
    if not text or not clean(text).strip("0: "):
        return None
    taken = datetime.strptime(clean(text)[:19], "%Y:%m:%d %H:%M:%S")
    offset = clean(details.get(Base.OffsetTimeOriginal) or "")
    if not offset:
        return taken
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    east = timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1)
    return taken.replace(tzinfo=timezone(east))


def _camera(exif: Any) -> str:
    make, model = clean(exif.get(Base.Make) or ""), clean(exif.get(Base.Model) or "")
    return clean(model if model.lower().startswith(make.lower()) else f"{make} {model}")


def _degrees(place: Any, tag: GPS, negative: str, most: int) -> float | None:
    parts = place.get(tag)
    if not parts:
        return None
    value = sum(float(part) / unit for part, unit in zip(parts, (1, 60, 3600), strict=True))
    if not math.isfinite(value) or value > most:
        raise ValueError(value)
    # The reference of each coordinate is the tag before it.
    return -value if place.get(tag - 1) == negative else value
