"""What reprocessing will take before it begins: how many images, which requests of AWS, dollars, and minutes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest, Least

from mediahub.aws import clients
from mediahub.costs import model
from mediahub.jobs.models import Job
from mediahub.jobs.selection import Selection
from mediahub.library import rendition_recipes
from mediahub.library.models import Image, Rendition
from mediahub.library.publishing import match_public
from processing.formats import get_output
from processing.labels import MIN_SIDE
from processing.renditions import LABEL_EDGE

Stage = Job.Stage
# Seconds of one worker for an image, until a job of this stage has shown how fast it is here.
SECONDS: dict[str, float] = {Stage.LABELS: 0.004, Stage.MIRROR: 0.06}
# A shorter job says little about the speed of the next.
LEAST_IMAGES = 20
NEWEST_JOBS = 3
# One item of a mirrored image in a transaction, as `python -m bench.usage` measured it.
MIRROR_WRITES = Decimal(str(model.measured()["worker"]["dynamodb_writes"]))


@dataclass(frozen=True)
class PlannedCall:
    """One kind of request: how many, and of how many billed units each, at the price of this name."""

    service: str
    operation: str
    number: int
    price: str
    units: Decimal = Decimal(1)

    @property
    def dollars(self) -> Decimal:
        """US dollars."""
        return self.number * self.units * model.price(self.price)


@dataclass(frozen=True)
class Speed:
    """How many images a minute are expected, and the job that showed it, if one did."""

    images_a_minute: float
    shown_by: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """What one order will take."""

    stage: str
    images: int
    calls: tuple[PlannedCall, ...]
    speed: Speed

    @property
    def requests(self) -> Decimal:
        """US dollars of all requests."""
        return sum((call.dollars for call in self.calls), Decimal(0))

    @property
    def seconds(self) -> float:
        """Seconds until the last image."""
        return self.images * 60 / self.speed.images_a_minute

    @property
    def work(self) -> Decimal:
        """US dollars of the workers' time, at the price of Lambda."""
        return (
            Decimal(str(self.images * _measure_seconds(self.stage))) * model.WORKER_GB * model.price("lambda_gb_second")
        )

    @property
    def dollars(self) -> Decimal:
        """US dollars of requests and time together."""
        return self.requests + self.work


def plan_reprocess(selection: Selection, stage: str, *, relabel: bool = False) -> Plan:
    """Return what it takes to bring these images through a stage. Nothing is asked of AWS, and nothing changes."""
    images = selection.images(stage).order_by()
    number = images.count()
    calls: tuple[PlannedCall, ...] = ()
    if stage == Stage.RENDITIONS:
        calls = (*_plan_renditions(images, number), *_plan_labels(images, relabel=relabel))
    elif stage == Stage.MIRROR:
        calls = (
            PlannedCall("DynamoDB", "Query", number, "dynamodb_read"),
            PlannedCall("DynamoDB", "TransactWriteItems", number, "dynamodb_write", MIRROR_WRITES),
        )
    return Plan(stage, number, tuple(call for call in calls if call.number), _measure_speed(stage))


def _plan_renditions(images: QuerySet[Image], number: int) -> Iterator[PlannedCall]:
    """Yield the requests for pixels; an image of the same file by the same recipe becomes the same bytes again."""
    opaque = _count_opaque(images)
    changed = images.filter(rendition_recipes.match_stale())
    public = changed.filter(match_public())
    opaque_public = _count_opaque(public)
    specs = clients.get_specs()
    # Of an opaque image and of a transparent one, whose formats may be others.
    files = [sum(len(spec.list_formats(is_transparent=each)) for spec in specs) for each in (False, True)]
    # Each file of a public image is copied to an address by its content, and two of each name to permanent ones.
    copied = [count + 2 * len(specs) for count in files]
    transparent_public = public.count() - opaque_public
    yield PlannedCall("S3", "GetObject", number, "s3_get")
    yield PlannedCall("S3", "PutObject", opaque * files[0] + (number - opaque) * files[1], "s3_put")
    yield PlannedCall(
        "S3", "GetObject for public copies", opaque_public * files[0] + transparent_public * files[1], "s3_get"
    )
    yield PlannedCall(
        "S3", "PutObject for public copies", opaque_public * copied[0] + transparent_public * copied[1], "s3_put"
    )
    yield PlannedCall("DynamoDB", "Query", number, "dynamodb_read")
    yield PlannedCall("DynamoDB", "TransactWriteItems", changed.count(), "dynamodb_write", MIRROR_WRITES)


def _plan_labels(images: QuerySet[Image], *, relabel: bool) -> Iterator[PlannedCall]:
    """Yield the requests for labels of the images that are to be asked about and not too small."""
    if settings.LABELER != "rekognition":
        return
    unlabeled = images if relabel else images.exclude(label_state=Image.LabelState.DONE)
    sides = unlabeled.annotate(shorter=Least("width", "height"), longer=Greatest("width", "height", LABEL_EDGE))
    number = sides.filter(shorter__gte=MIN_SIDE * F("longer") / LABEL_EDGE).count()
    yield PlannedCall("Rekognition", "DetectLabels", number, "detect_labels")
    if settings.MODERATION:
        yield PlannedCall("Rekognition", "DetectModerationLabels", number, "detect_moderation_labels")


def _count_opaque(images: QuerySet[Image]) -> int:
    """Return how many of the images have a rendition in a format that knows no transparency."""
    formats = {name for spec in clients.get_specs() for name in spec.formats}
    without_alpha = [name for name in formats if not get_output(name).has_alpha]
    renditions = Rendition.objects.filter(format__in=without_alpha)
    return images.filter(pk__in=renditions.values("image")).count() if without_alpha else images.count()


def _measure_seconds(stage: str) -> float:
    """Return the seconds of a worker for one image of a stage."""
    return SECONDS.get(stage) or float(model.measured()["worker"]["ms"]) / 1000


def _measure_speed(stage: str) -> Speed:
    """Return the speed of the newest jobs of this stage that went through without a break, else of one worker.

    Several, because jobs of a stage differ in how much each image changes.
    """
    finished = Job.objects.filter(
        kind=Job.Kind.REPROCESS, stage=stage, state=Job.State.DONE, passed_before=0, total__gte=LEAST_IMAGES
    )
    times = finished.exclude(started_at=None).order_by("-finished_at").values_list("total", "started_at", "finished_at")
    newest = [(total, end - start, end) for total, start, end in times[:NEWEST_JOBS] if start and end and end > start]
    if not newest:
        return Speed(60 / _measure_seconds(stage))
    minutes = sum(time.total_seconds() for _total, time, _end in newest) / 60
    return Speed(sum(total for total, _time, _end in newest) / minutes, newest[0][2])
