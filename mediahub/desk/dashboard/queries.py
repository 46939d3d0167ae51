"""What the dashboard counts: each figure from the records alone, in as many queries whatever there is to count."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import BigIntegerField, Case, Count, F, IntegerField, Max, Q, QuerySet, Sum, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone

from mediahub import costs
from mediahub.library import access, figures
from mediahub.library.models import Image, Rendition, Version
from mediahub.recovery import queue_hours
from mediahub.recovery.models import FailedItem, QueueHour
from mediahub.uploads import arrival_figures
from mediahub.uploads.access import open_uploads
from mediahub.uploads.arrival_figures import DayFigures
from mediahub.uploads.models import Upload

PERIODS = (7, 30, 90)
MAX_CAUSES = 6
# A public file is a copy of its rendition: one by content, and one that follows the image.
PUBLIC_COPIES = 2
OUTCOMES = (Upload.State.READY, Upload.State.REJECTED, Upload.State.FAILED, "open")
Share = tuple[int, int]


@dataclass(frozen=True)
class Period:
    """Days up to today by the site's clock; `starts` are the first moments of its parts, each of `step` days."""

    days: int
    step: int
    starts: tuple[datetime, ...]

    @classmethod
    def of_last_days(cls, days: int) -> "Period":
        """Return a period in parts of a day, or of a week where days would be too many to draw."""
        step = 1 if days <= 31 else 7
        today = timezone.localdate()
        first = today - timedelta(days=days - 1)
        parts = -(-days // step)
        firsts = [max(first, today - timedelta(days=step * (parts - n) - 1)) for n in range(parts)]
        return cls(days, step, tuple(timezone.make_aware(datetime.combine(day, time.min)) for day in firsts))

    def part(self, field: str) -> Case:
        """Return an expression for the part, from 0, that a moment within the period lies in."""
        # Days differ in length where clocks are put forward, so that no division finds the part.
        later = list(enumerate(self.starts))[:0:-1]
        return Case(
            *(When(**{f"{field}__gte": start}, then=Value(n)) for n, start in later),
            default=Value(0),
            output_field=IntegerField(),
        )

    def spread(self, rows: Iterable[tuple[int, Any]], missing: Any) -> list[Any]:
        """Return one value for each part."""
        values = dict(rows)
        return [values.get(n, missing) for n in range(len(self.starts))]


@dataclass(frozen=True)
class Arrivals:
    """What came in each part of a period: how many uploads by what became of them, and how long the work on one took.

    `outcomes` has the states, and "open" for what has no end yet or never arrived. Of the images, a half took at most
    `half` seconds and 95 of 100 at most `most`, to a hundredth; None where there are none.
    """

    outcomes: dict[str, list[int]]
    half: list[float | None]
    most: list[float | None]


def count_arrivals(user: User | AnonymousUser, period: Period) -> Arrivals:
    """Count the uploads of the period, each in the part in which its ticket was given.

    Of very many, those that became images were counted by the clock; the others are few.
    """
    uploads = open_uploads(user).filter(issued_at__gte=period.starts[0])
    days = arrival_figures.read_days(user, timezone.localdate(period.starts[0]))
    rows = (
        (uploads if days is None else uploads.filter(image=None))
        .order_by()
        .values_list(period.part("issued_at"), "state", F("work_ms") / 10)
        .annotate(n=Count("pk"))
    )
    outcomes = {name: [0] * len(period.starts) for name in OUTCOMES}
    times: list[list[Share]] = [[] for _ in period.starts]
    for part, state, hundredths, n in [*rows, *_spread_days(period, days or {})]:
        outcomes[state if state in OUTCOMES else "open"][part] += n
        if state == Upload.State.READY and hundredths is not None:
            times[part].append((hundredths, n))
    return Arrivals(
        outcomes, [_find_percentile(part, 50) for part in times], [_find_percentile(part, 95) for part in times]
    )


def _spread_days(period: Period, days: dict[date, DayFigures]) -> Iterator[tuple[int, str, int | None, int]]:
    """Yield the figures of days as the database counts uploads: part of the period, state, hundredths, number."""
    firsts = [timezone.localdate(start) for start in period.starts]
    for day, counted in days.items():
        part = bisect_right(firsts, day) - 1
        if part >= 0:
            ready = str(Upload.State.READY)
            yield from ((part, state, None, number) for state, number in counted.outcomes.items() if state != ready)
            yield from ((part, ready, hundredths, number) for hundredths, number in counted.times.items())
            # Of some nobody knows how long they took.
            yield part, ready, None, counted.outcomes[ready] - counted.times.total()


def _find_percentile(times: list[Share], per_cent: int) -> float | None:
    """Return the least time, in seconds, that `per_cent` of (hundredths of a second, count) do not exceed."""
    enough = sum(n for _time, n in times) * per_cent / 100
    for hundredths, n in sorted(times):
        enough -= n
        if enough <= 0:
            return hundredths / 100
    return None


@dataclass(frozen=True)
class Cause:
    """Failures of one cause: `failed` in the period, of which `open` wait for a person."""

    fingerprint: str
    sample: FailedItem | None
    failed: int
    open: int


def count_failures(items: QuerySet[FailedItem], period: Period) -> tuple[list[Cause], Cause | None]:
    """Return the causes of most failures in the period, and all others as one."""
    failures_by_cause = (
        items.filter(last_failed_at__gte=period.starts[0])
        .order_by()
        .values("fingerprint")
        .annotate(n=Count("pk"), still=Count("pk", filter=Q(state=FailedItem.State.OPEN)), sample=Max("pk"))
        .order_by("-n", "-sample")
    )
    rows = list(failures_by_cause)
    shown, rest = rows[:MAX_CAUSES], rows[MAX_CAUSES:]
    samples = items.in_bulk([row["sample"] for row in shown])
    causes = [Cause(row["fingerprint"], samples.get(row["sample"]), row["n"], row["still"]) for row in shown]
    if not rest:
        return causes, None
    return causes, Cause("", None, sum(row["n"] for row in rest), sum(row["still"] for row in rest))


@dataclass(frozen=True)
class QueueFigures:
    """The queue as the clock found it last, None before it looked; `age` in seconds is of this moment."""

    last: QueueHour | None
    age: int
    waiting: list[int | None]
    oldest: list[int | None]


def read_queue_figures(period: Period) -> QueueFigures:
    """Return what waits now, and the most that waited in each part of the period."""
    rows = list(
        QueueHour.objects.filter(hour__gte=period.starts[0])
        .order_by()
        .values_list(period.part("hour"))
        .annotate(Max("waiting_most"), Max("oldest_most"))
    )
    return QueueFigures(
        *queue_hours.read_last_hour(timezone.now()),
        period.spread([(part, waiting) for part, waiting, _oldest in rows], None),
        period.spread([(part, oldest) for part, _waiting, oldest in rows], None),
    )


@dataclass(frozen=True)
class StorageFigures:
    """Bytes as the records know them: originals in use, their renditions, public copies, all of earlier versions."""

    originals: int
    renditions: int
    public: int
    earlier: int


def measure_storage(user: User | AnonymousUser) -> StorageFigures:
    """Return how many bytes the files of the images take that are open to this person."""
    if bytes_by_use := figures.measure_bytes(user):
        public = bytes_by_use["published"] * PUBLIC_COPIES
        return StorageFigures(bytes_by_use["originals"], bytes_by_use["renditions"], public, bytes_by_use["earlier"])
    images = access.open_images(user).filter(deleted_at=None)
    originals = images.order_by().aggregate(all=Sum("bytes"))["all"] or 0
    out = Q(image__state=Image.State.PUBLISHED, image__deleted_at=None)
    renditions = access.about_open_images(user, Rendition.objects.order_by())
    current = renditions.aggregate(all=Sum("bytes"), public=Sum("bytes", filter=out))
    earlier = access.about_open_images(user, Version.objects.filter(current=False).order_by())
    sums = earlier.aggregate(
        originals=Sum(Cast(KT("facts__bytes"), BigIntegerField())), renditions=Sum("rendition_bytes")
    )
    return StorageFigures(
        originals,
        current["all"] or 0,
        (current["public"] or 0) * PUBLIC_COPIES,
        sum(total or 0 for total in sums.values()),
    )


@dataclass(frozen=True)
class MonthFigures:
    """This month's `images`, how many were `labelled`, and what both cost: (standing, for images) by service."""

    began: datetime
    images: int
    labelled: int
    bill: dict[str, tuple[Decimal, Decimal]]
    labels: Decimal


def estimate_month() -> MonthFigures:
    """Return what the whole desk took in and had labelled since the first of this month, at the list prices.

    A bill for a part of the images would be wrong for everybody, so that it counts those that are closed to a reader.
    """
    began = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    month = figures.read_month(began.date()) or _count_month(began)
    published = round(100 * month["published"] / month["images"]) if month["images"] else 0
    taken = costs.bill(costs.Plan(images=month["images"], published=published)).by_service()
    asked = costs.Plan(images=month["labeled"], labels=True, moderation=settings.MODERATION)
    labels = costs.bill(asked).by_service().get("Rekognition", (Decimal(0), Decimal(0)))
    return MonthFigures(
        began, month["images"], month["labeled"], {**taken, "Rekognition": labels}, sum(labels, Decimal(0))
    )


def _count_month(began: datetime) -> dict[str, int]:
    since: QuerySet[Image] = Image.objects.order_by()
    published = Count("pk", filter=Q(state=Image.State.PUBLISHED))
    created = since.filter(created_at__gte=began).aggregate(images=Count("pk"), published=published)
    return {**created, "labeled": since.filter(labeled_at__gte=began, label_source="rekognition").count()}


def count_alt_texts(user: User | AnonymousUser) -> dict[str, Share]:
    """Return (with alt text, without) of the images that the person may see, by state."""
    rows = figures.count_images(user) if user.has_perm("library.view_image") else []
    shares = {row["state"]: (row["images"] - row["without_alt_text"], row["without_alt_text"]) for row in rows}
    return {state: shares.get(state, (0, 0)) for state in Image.State.values}
