"""What a text from outside may hold, and the numbers, days and moments it may stand for: one rule for every way in."""

from datetime import UTC, date, datetime

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from processing import clean_text, compose

# What PostgreSQL and SQLite keep as an integer.
LARGEST = 2**63 - 1
# A day on either side of these, in any zone, is still a date.
FIRST_DAY, LAST_DAY = date(1, 1, 3), date(9999, 12, 29)


def read_name(text: str) -> str | None:
    """Return a name on one line, composed (NFC); None for nothing that is seen, or with control characters.

    What joins letters stays, as in Persian and in emoji.
    """
    name = compose(" ".join(text.split()))
    return name if name and clean_text(name, len(name)) == name else None


def read_number(text: str, most: int = LARGEST) -> int | None:
    """Return the whole number that a text is, in the digits 0 to 9; None for no number or one beyond `most`."""
    # Python refuses to read more than 4,300 digits.
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(most)):
        return None
    number = int(text)
    return number if number <= most else None


def read_day(text: str) -> date | None:
    """Return the day that a text is, as 2031-12-24; None for what is none, or no zone and database could hold."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and FIRST_DAY <= day <= LAST_DAY else None


def read_moment(text: str) -> datetime | None:
    """Return the moment that a text is, in UTC; None for what is none, or no zone and database could hold."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is None or not FIRST_DAY <= moment.date() <= LAST_DAY:
        return None
    return (moment if timezone.is_aware(moment) else timezone.make_aware(moment)).astimezone(UTC)
