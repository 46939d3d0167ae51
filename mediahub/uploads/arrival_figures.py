"""What came in on each day, counted by the clock where there are very many uploads; the dashboard adds it up."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F
from django.utils import timezone

from mediahub.library import access, figures
from mediahub.library.access import Person
from mediahub.uploads.models import ArrivalFigures, Upload

ARRIVALS = "arrivals"
# The dashboard looks no further back.
DAYS = 90


@dataclass
class DayFigures:
    """How many uploads of one day came to which state, and how many of those that are ready took which time.

    Times are in hundredths of a second, of which two digits are kept.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    times: Counter[int] = field(default_factory=Counter)


def keep_figures(large: int = figures.LARGE) -> int:
    """Count what is to be counted in this round of the clock; return how many days that were."""
    if not figures.exceeds(Upload, large):
        figures.forget_rounds([ARRIVALS])
        return 0
    return figures.advance_round(ARRIVALS, _list_days, _count_day)


def read_days(user: Person, first: date) -> dict[date, DayFigures] | None:
    """Return the figures of the days from the first on, of images that are open to a person; None while pages count.

    What became no image is not in them.
    """
    days: dict[date, DayFigures] = defaultdict(DayFigures)
    is_counted = figures.match_kept(ARRIVALS)
    rows = ArrivalFigures.objects.filter(access.match_open_audiences(user), is_counted, day__gte=first)
    for day, outcomes, times in rows.values_list("day", "outcomes", "times"):
        days[day].outcomes.update(outcomes)
        days[day].times.update({int(hundredths): number for hundredths, number in times.items()})
    return dict(days) or None


def _list_days(after: int) -> Iterable[int]:
    today = timezone.localdate().toordinal()
    return range(max(after, today - DAYS - 1) + 1, today + 1)


def _count_day(ordinal: int) -> None:
    day = date.fromordinal(ordinal)
    first, end = _begin(day), _begin(day + timedelta(days=1))
    uploads = Upload.objects.filter(issued_at__gte=first, issued_at__lt=end, image__isnull=False).order_by()
    rows = uploads.values_list("image__audience", "state", F("work_ms") / 10).annotate(n=Count("pk"))
    by_audience: dict[int | None, DayFigures] = defaultdict(DayFigures)
    for audience, state, hundredths, number in rows.iterator(1000):
        by_audience[audience].outcomes[state] += number
        if state == Upload.State.READY and hundredths is not None:
            by_audience[audience].times[_round(hundredths)] += number
    ArrivalFigures.objects.filter(day=day).delete()
    ArrivalFigures.objects.bulk_create(
        ArrivalFigures(day=day, audience_id=audience, outcomes=counted.outcomes, times=counted.times)
        for audience, counted in by_audience.items()
    )


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _round(hundredths: int) -> int:
    """Return a number with two digits and zeros behind."""
    zeros: int = 10 ** max(0, len(str(hundredths)) - 2)
    return hundredths // zeros * zeros
