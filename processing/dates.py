"""Dates and times as files write them.

What passes can be written in every time zone and stored in every database; ValueError is raised for what cannot.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

# No photograph is older, and no clock that was set is ahead of it; both are far from where dates and zones end.
EARLIEST_YEAR, LATEST_YEAR = 1800, 2200
# Zones in use reach from -12:00 to +14:00; cameras also write what lies opposite.
MAX_HOURS_FROM_UTC = 14
_NOTHING = "0:-/. "
_DAY = r"([0-9]{4})(?:[:\-/.]([0-9]{1,2})[:\-/.]([0-9]{1,2})|([0-9]{2})([0-9]{2}))"
_TIME = r"([0-9]{1,2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,][0-9]*)?)?"
_MOMENT = re.compile(rf"{_DAY}(?:[T ]+{_TIME} ?(Z|[+-][0-9]{{2}}:?[0-9]{{2}})?|[T ]*[:. ]*)")
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
_LAST_DAY = re.compile(
    r"(?:([0-9]{4})(?:([0-9]{2})([0-9]{2})?)?|([0-9]{4})[-:/.]([0-9]{1,2})(?:[-:/.]([0-9]{1,2}))?)(?:[TZ ].*)?"
)


@dataclass(frozen=True)
class Moment:
    """A moment as a file writes it.

    Attributes:
        at: By the clocks of the place, with a time zone if the file names one.
        day_only: Whether the file names a day alone; the time then is midnight.
    """

    at: datetime
    day_only: bool = False


def check_moment(moment: datetime) -> datetime:
    """Return the moment; raise ValueError unless it can be written in every time zone."""
    _check_year(moment.year)
    return moment


def parse_moment(text: str) -> Moment | None:
    """Read a moment of EXIF, IPTC-IIM or XMP; None for a clock that was not set.

    Each writes year, month and day, then hour, minute, second, a part of a second and an offset from UTC, as far as
    they are known: 2024:05:06 07:08:09, 2024-05-06T07:08+02:00, 20240506 070809+0200, 2024-05-06. An offset that no
    zone has is left out. Raise ValueError for anything else, also for a year or a month without a day.
    """
    if not text.strip(_NOTHING):
        return None
    match = _MOMENT.fullmatch(text.strip())
    if not match:
        raise ValueError(text)
    year, month, day, compact_month, compact_day, hour, minute, second, offset = match.groups()
    at = datetime(int(year), int(month or compact_month), int(day or compact_day))
    if hour is not None:
        # A leap second is none on a clock of Python's.
        at = at.replace(hour=int(hour), minute=int(minute), second=min(int(second or 0), 59 if second == "60" else 60))
    try:
        zone = parse_offset(offset or "")
    except ValueError:
        zone = None
    return Moment(check_moment(at).replace(tzinfo=zone), day_only=hour is None)


def parse_offset(text: str) -> tzinfo | None:
    """Read an offset from UTC as EXIF writes it, +05:30; None for none. Raise ValueError for one that no zone has."""
    if not text.strip(": "):
        return None
    if text == "Z":
        return UTC
    match = _OFFSET.fullmatch(text)
    if not match or int(match[3]) > 59:
        raise ValueError(text)
    distance = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if distance > timedelta(hours=MAX_HOURS_FROM_UTC):
        raise ValueError(text)
    return timezone(-distance if match[1] == "-" else distance)


def parse_last_day(text: str) -> date | None:
    """Read a day, or the last day of a month or year: 2026-11-24T10:00, 20261124, 2026-11, 2026; None for none."""
    if not text[:10].strip(_NOTHING):
        return None
    match = _LAST_DAY.fullmatch(text)
    if not match:
        raise ValueError(text)
    # In IPTC-IIM zeros stand for a month or a day that nobody knows.
    year, month, day = (int(part or 0) for part in (match.groups()[:3] if match[1] else match.groups()[3:]))
    _check_year(year)
    month, day = (month, day) if month else (12, 0)
    return date(year, month, day or monthrange(year, month)[1])


def _check_year(year: int) -> None:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValueError(year)
