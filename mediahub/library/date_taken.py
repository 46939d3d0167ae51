"""When a picture was taken: the moment, and what the clocks showed where it was taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from django.utils.timezone import is_naive, make_aware

from mediahub.library.models import Image
from processing import check_moment


@dataclass(frozen=True)
class DateTaken:
    """When a picture was taken.

    Attributes:
        local: What the clocks showed there, without a zone.
        offset: Minutes from UTC to the east; None where nobody knows.
        day_only: Whether the file names a day without a time.
    """

    local: datetime
    offset: int | None
    day_only: bool


def set_date_taken(image: Image, taken_at: datetime | None, *, day_only: bool = False) -> None:
    """Set the columns of the date; a moment without a zone is taken for one in the site's, and marked as guessed.

    A camera that names no zone shows the clock of where it stood; the site's own zone is the best guess.
    """
    image.taken_guessed = taken_at is not None and is_naive(taken_at)
    image.taken_day = taken_at.date() if taken_at else None
    image.taken_day_only = taken_at is not None and day_only
    image.taken_at = make_aware(taken_at) if taken_at and image.taken_guessed else taken_at
    distance = image.taken_at.utcoffset() if image.taken_at else None
    image.taken_offset = None if distance is None else round(distance.total_seconds() / 60)


def read_date_taken(columns: Mapping[str, Any]) -> DateTaken | None:
    """Return the date that the columns of an image or the facts of a version name; None where they name none."""
    moment, offset = parse_moment(columns.get("taken_at")), columns.get("taken_offset")
    if moment is None:
        return None
    local = moment.astimezone(timezone(timedelta(minutes=offset or 0))).replace(tzinfo=None)
    is_known = not columns.get("taken_guessed")
    return DateTaken(local, offset if is_known else None, bool(columns.get("taken_day_only")))


def get_local_moment(image: Image) -> datetime | None:
    """Return when the picture was taken, in the time zone of the place, or in the one that was guessed."""
    if image.taken_at is None:
        return None
    return image.taken_at.astimezone(timezone(timedelta(minutes=image.taken_offset or 0)))


def parse_moment(value: Any) -> datetime | None:
    """Return a moment that facts have as text or a column has as such; None for one that no zone could show."""
    try:
        return check_moment(datetime.fromisoformat(value) if isinstance(value, str) else value) if value else None
    except ValueError:
        return None
