"""Where a picture was taken: both coordinates or none, as half a location is somewhere else.

Sources: CIPA DC-008, "Exif 3.0", section 4.6.6; "XMP Specification", part 2, GPSCoordinate.
"""

import math
import re
from collections.abc import Mapping, Sequence

from PIL.ExifTags import GPS

from processing.limits import check_degrees
from processing.metadata.tiff import Value

_UNITS = (1, 60, 3600)
_XMP_COORDINATE = re.compile(r"([0-9.]+)(?:,([0-9.]+))?(?:,([0-9.]+))?([A-Za-z])")


def read_exif_location(place: Mapping[int, Value]) -> tuple[float, float] | None:
    """Return latitude and longitude; None where the camera knew none. Raise ValueError for half or broken ones."""
    latitude = _read_coordinate(place, GPS.GPSLatitude, "NS", 90)
    longitude = _read_coordinate(place, GPS.GPSLongitude, "EW", 180)
    return _join(latitude, longitude)


def parse_xmp_location(latitude: str, longitude: str) -> tuple[float, float] | None:
    """Return latitude and longitude of texts such as 59,54.6N; None for none. Raise ValueError like EXIF's."""
    return _join(_parse_coordinate(latitude, "NS", 90), _parse_coordinate(longitude, "EW", 180))


def _join(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        raise ValueError("One of the coordinates is missing.")
    # A receiver that knows no place yet says that it is in the Gulf of Guinea.
    return (latitude, longitude) if latitude or longitude else None


def _read_coordinate(place: Mapping[int, Value], tag: GPS, directions: str, maximum: float) -> float | None:
    value = place.get(tag)
    parts = value.read_numbers()[:3] if value else ()
    if not parts or all(map(math.isnan, parts)):
        return None
    # The reference of each coordinate is the tag before it.
    reference = place.get(tag - 1)
    direction = reference.raw[:1].decode("latin-1").upper() if reference else ""
    return _compute_degrees(parts, direction, directions, maximum)


def _parse_coordinate(text: str, directions: str, maximum: float) -> float | None:
    if not text.strip():
        return None
    match = _XMP_COORDINATE.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    return _compute_degrees([float(part) for part in match.groups()[:3] if part], match[4].upper(), directions, maximum)


def _compute_degrees(parts: Sequence[float], direction: str, directions: str, maximum: float) -> float:
    """Return signed degrees; minutes or seconds that are not given, or not a number, are 0."""
    if not direction or direction not in directions:
        raise ValueError(direction)
    first, *rest = parts
    degrees = first + sum(0 if math.isnan(part) else part / unit for part, unit in zip(rest, _UNITS[1:], strict=False))
    check_degrees(degrees, maximum)
    return -degrees if direction == directions[1] else degrees
