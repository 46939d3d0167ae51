"""The model: requests, milliseconds and bytes of this code as they were measured, times the list of prices."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import ROUND_CEILING, Decimal
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
HOURS = Decimal(730)
MINUTES = Decimal(43_800)
GB = Decimal(10**9)
ZERO = Decimal(0)

WEB_GB = Decimal(512) / 1024
WORKER_GB = Decimal(1792) / 1024
# Lambda's poller asks an idle queue with five long polls of twenty seconds each ("Configuring scaling behavior for SQS
# event source mappings", AWS Lambda developer guide).
POLLS = Decimal(5) * 3 * MINUTES
# With bucket keys S3 asks KMS once for many objects; measured nowhere, told by AWS as up to 99 % fewer.
KMS_SHARE = 1 / Decimal(100)
# Aurora's least while it is awake, and the least that RDS Proxy counts.
LEAST_ACU = Decimal("0.5")
PROXY_ACU = Decimal(8)
DAY = 24 * 3600
DAYS = HOURS / 24
# What a wake of the database takes besides the pause: to resume, to tick, and to notice that nobody is connected.
WAKE_SECONDS = 60
# DynamoDB and SQS keep a data key for five minutes, DynamoDB for each caller ("DynamoDB encryption at rest: usage
# notes"), SQS for each principal, twice for one that sends ("Amazon SQS key management").
DATA_KEY_SECONDS = 300
# The upload queue has three that send (S3, web, worker) and one that receives, the CDN's one of each.
QUEUE_CALLS = (2 * 3 + 1) + (2 * 1 + 1)
# The queues' own keys aside, each start of a function decrypts its settings and reads and decrypts a secret.
KMS_A_START = 2
# The function that tells CloudFront gathers what changes within so many seconds.
INVALIDATION_SECONDS = 10
# It names no more paths than these one by one.
MOST_PATHS = 5


class CostError(ValueError):
    """A plan that cannot be priced, and why."""


@dataclass(frozen=True)
class Plan:
    """What is to be priced: images of one month, and how the desk is deployed.

    `endpoints` and what follows is counted in the template; the defaults are those of the stack with its own defaults
    and without labels, and a test compares them with the template.
    """

    images: int
    labels: bool = False
    moderation: bool = False
    published: int = 100
    replaced: int = 0
    taken_down: int = 0
    reprocessed: int = 0
    recredited: int = 0
    storage_days: int = 30
    views: int = 10
    pages: int = 3
    zones: int = 1
    database: str = "aurora"
    active_hours: int = 80
    pause_seconds: int = 300
    rest_seconds: int = DAY
    proxy: bool = False
    key_versions: int = 2
    worker_hours: int = 0
    endpoints: int = 2
    alarms: int = 16
    metrics: int = 4
    dashboards: int = 0
    secrets: int = 2
    mappings: int = 2

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int) and value < 0:
                raise CostError(f"{field.name} is {value}; give 0 or more.")
        if not 0 <= self.published <= 100:
            raise CostError(f"published is {self.published}; give the share of the images in per cent, 0 to 100.")
        if self.zones not in (1, 2):
            raise CostError(f"zones is {self.zones}; the network has one or two.")
        if self.database not in ("aurora", "own"):
            raise CostError(f"database is {self.database!r}; give aurora or own.")
        if self.key_versions > 2:
            raise CostError(f"key_versions is {self.key_versions}; no more than two former versions are paid for.")
        if not self.rest_seconds:
            raise CostError("rest_seconds is 0; give how long the clock rests, 86400 until the day ends.")

    @property
    def wakes(self) -> Decimal:
        """Return how often a month the clock alone wakes the database: each rest ends with the day at the latest."""
        return DAYS * DAY / min(self.rest_seconds, DAY)

    @property
    def awake_hours(self) -> Decimal:
        """Hours in which the database is awake, for people, for files, and for the clock."""
        if self.proxy:
            return HOURS
        by_the_clock = self.wakes * (self.pause_seconds + WAKE_SECONDS) / 3600
        return min(HOURS, self.active_hours + by_the_clock)

    @property
    def metric_hours(self) -> Decimal:
        """Hours in which metrics are sent; a clock before a database that does not pause never rests."""
        return HOURS if self.database == "own" else min(HOURS, self.active_hours + self.wakes)


@dataclass(frozen=True)
class Line:
    """One line of a bill: `quantity` at the price named `price`; standing lines cost as much without an image."""

    service: str
    what: str
    quantity: Decimal
    price: str
    standing: bool = False

    @property
    def dollars(self) -> Decimal:
        """US dollars."""
        return self.quantity * price(self.price)


@dataclass(frozen=True)
class Bill:
    """All lines of a plan."""

    plan: Plan
    lines: tuple[Line, ...]

    def total(self, *, standing: bool | None = None) -> Decimal:
        """US dollars of all lines, or of those that stand or do not."""
        return sum((line.dollars for line in self.lines if standing in (None, line.standing)), ZERO)

    def by_service(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Return (standing, for the images) in US dollars, by service, in the order of the lines."""
        totals: dict[str, tuple[Decimal, Decimal]] = {}
        for line in self.lines:
            standing, images = totals.get(line.service, (ZERO, ZERO))
            totals[line.service] = (
                (standing + line.dollars, images) if line.standing else (standing, images + line.dollars)
            )
        return totals


@cache
def prices() -> dict[str, Any]:
    """Return the price list: its date, region, and each price with unit and source."""
    return dict(json.loads((FOLDER / "prices.json").read_text()))


@cache
def measured() -> dict[str, Any]:
    """Return the measured usage of one image, which `python -m bench.usage` writes."""
    return dict(json.loads((FOLDER / "measured.json").read_text()))


def price(name: str) -> Decimal:
    """Return the US dollars for one unit."""
    return Decimal(prices()["prices"][name]["price"])


def bill(plan: Plan) -> Bill:
    """Return the bill of a plan for one month."""
    per_image = [*_images(plan, measured()), *_reprocesses(plan, measured()), *_credit_changes(plan, measured())]
    lines = [*per_image, *_standing(plan, measured()), *_keys(plan), *_database(plan, measured())]
    return Bill(plan, tuple(line for line in lines if line.quantity))


def count_paths(addresses: Decimal) -> Decimal:
    """Return how many paths are invalidated for so many addresses of one image: its folder, where they are many."""
    return addresses if addresses <= MOST_PATHS else Decimal(1)


def _images(plan: Plan, seen: Mapping[str, Any]) -> Iterator[Line]:
    images, worker, web, size = Decimal(plan.images), seen["worker"], seen["web"], seen["bytes"]
    yield Line("Lambda", "worker, GB-seconds", images * _ms(worker) / 1000 * WORKER_GB, "lambda_gb_second")
    # The queue hands over up to ten at once; one at a time is the dearest.
    yield Line("Lambda", "worker, invocations", images, "lambda_request")
    visits = images * (1 + plan.pages)
    yield Line("Lambda", "web, GB-seconds", visits * _ms(web) / 1000 * WEB_GB, "lambda_gb_second")
    yield Line("Lambda", "web, invocations", visits, "lambda_request")
    yield Line("API Gateway", "tickets and pages", visits, "api_request")
    puts, gets = _requests(worker, "s3", "Put", "List", "Post"), _requests(worker, "s3", "Get", "Head")
    yield Line("S3", "originals and renditions written", images * (1 + puts), "s3_put")
    yield Line("S3", "originals read", images * gets, "s3_get")
    # Each rendition is read once and written twice: to its address by content, and to the permanent one.
    copied = images * plan.published / 100 * _requests(worker, "s3", "Put")
    yield Line("S3", "public copies written", 2 * copied, "s3_put")
    yield Line("S3", "renditions read for public copies", copied, "s3_get")
    days = Decimal(plan.storage_days) / 30
    renditions = Decimal(str(size["renditions"])) * (1 + 2 * Decimal(plan.published) / 100)
    stored = images * (Decimal(str(size["original"])) + renditions) / GB
    yield Line("S3", f"storage, {plan.storage_days} days", stored * days, "s3_storage")
    if plan.storage_days:
        yield Line("S3", "moved to Intelligent-Tiering", images, "s3_transition")
        yield Line("S3", "monitored in Intelligent-Tiering", images * days, "s3_monitoring")
    yield Line("KMS", "requests, with bucket keys", images * (1 + puts + gets) * KMS_SHARE, "kms_request")
    # One to be told, one to be received, one to be deleted, and the worker's own.
    yield Line("SQS", "messages", images * (3 + _requests(worker, "sqs", "")), "sqs_request")
    yield Line("DynamoDB", "mirror written", images * Decimal(str(worker["dynamodb_writes"])), "dynamodb_write")
    yield Line("DynamoDB", "mirror read", images * _requests(worker, "dynamodb", "Query", "Get"), "dynamodb_read")
    yield Line("CloudWatch", "logs", images * Decimal(str(size["logs"])) / GB, "log_gb")
    seen_bytes = images * plan.views * Decimal(str(size["viewed"])) / GB
    yield Line("CloudFront", f"{plan.views} views per image", images * plan.views, "cloudfront_request")
    yield Line("CloudFront", "formats chosen for views", images * plan.views, "cloudfront_function")
    yield Line("CloudFront", "bytes out", seen_bytes, "cloudfront_gb")
    # What is replaced changes each permanent address; what is taken down is one folder.
    paths = plan.replaced * count_paths(_requests(worker, "s3", "Put")) + plan.taken_down
    yield Line("CloudFront", "paths invalidated", paths, "invalidation")
    if plan.labels:
        yield Line("Rekognition", "DetectLabels", images, "detect_labels")
    if plan.labels and plan.moderation:
        yield Line("Rekognition", "DetectModerationLabels", images, "detect_moderation_labels")


def _reprocesses(plan: Plan, seen: Mapping[str, Any]) -> Iterator[Line]:
    """Price renditions that are made anew with other bytes, one after the other; what is published is copied again."""
    images, worker, size = Decimal(plan.reprocessed), seen["worker"], seen["bytes"]
    public = images * plan.published / 100
    puts, gets = _requests(worker, "s3", "Put", "List", "Post"), _requests(worker, "s3", "Get", "Head")
    seconds = images * _ms(worker) / 1000
    yield Line("Lambda", "reprocessing, GB-seconds", seconds * WORKER_GB, "lambda_gb_second")
    yield Line("Lambda", "reprocessing, invocations", images, "lambda_request")
    yield Line("S3", "originals read again", images * gets, "s3_get")
    yield Line("S3", "renditions written again", images * puts, "s3_put")
    yield Line("S3", "public copies written again", public * 2 * puts, "s3_put")
    yield Line("S3", "renditions read for public copies again", public * puts, "s3_get")
    superseded = public * Decimal(str(size["renditions"])) / GB
    yield Line("S3", "superseded copies by content, 30 days", superseded, "s3_storage")
    yield Line("KMS", "requests for reprocessing", (images + 2 * public) * (puts + gets) * KMS_SHARE, "kms_request")
    yield Line("SQS", "messages for reprocessing", images * (3 + _requests(worker, "sqs", "")), "sqs_request")
    writes = images * Decimal(str(worker["dynamodb_writes"]))
    yield Line("DynamoDB", "mirror written again", writes, "dynamodb_write")
    yield Line("DynamoDB", "mirror read again", images * _requests(worker, "dynamodb", "Query", "Get"), "dynamodb_read")
    yield Line("CloudWatch", "logs of reprocessing", images * Decimal(str(size["logs"])) / GB, "log_gb")
    paths = min(_count_gathered_paths(seconds), public * count_paths(puts))
    yield Line("CloudFront", "paths invalidated by reprocessing", paths, "invalidation")


def _credit_changes(plan: Plan, seen: Mapping[str, Any]) -> Iterator[Line]:
    """Price published images whose public copies are written anew with another credit, one after the other."""
    images, credit = Decimal(plan.recredited), seen["credit"]
    puts, gets = _requests(credit, "s3", "Put"), _requests(credit, "s3", "Get", "Head")
    seconds = images * _ms(credit) / 1000
    yield Line("Lambda", "credit changes, GB-seconds", seconds * WORKER_GB, "lambda_gb_second")
    yield Line("Lambda", "credit changes, invocations", images, "lambda_request")
    yield Line("S3", "renditions read for another credit", images * gets, "s3_get")
    yield Line("S3", "public copies written with another credit", images * puts, "s3_put")
    superseded = images * Decimal(str(seen["bytes"]["renditions"])) / GB
    yield Line("S3", "copies with the former credit, 30 days", superseded, "s3_storage")
    yield Line("KMS", "requests for credit changes", images * (puts + gets) * KMS_SHARE, "kms_request")
    yield Line("SQS", "messages for credit changes", images * (3 + _requests(credit, "sqs", "")), "sqs_request")
    writes = images * Decimal(str(seen["worker"]["dynamodb_writes"]))
    yield Line("DynamoDB", "mirror written for credit changes", writes, "dynamodb_write")
    reads = images * _requests(credit, "dynamodb", "Query", "Get")
    yield Line("DynamoDB", "mirror read for credit changes", reads, "dynamodb_read")
    # Half of the copies are at permanent addresses.
    paths = min(_count_gathered_paths(seconds), images * count_paths(puts / 2))
    yield Line("CloudFront", "paths invalidated by credit changes", paths, "invalidation")


def _count_gathered_paths(seconds: Decimal) -> Decimal:
    """Return how many paths are invalidated while images change one after the other for so long."""
    # Many images within some seconds are one path together.
    return (seconds / INVALIDATION_SECONDS).to_integral_value(ROUND_CEILING)


def _standing(plan: Plan, seen: Mapping[str, Any]) -> Iterator[Line]:
    # A clock that never rests asks about as much of the database as a page does.
    ticks = _ms(seen["web" if plan.database == "own" else "clock"]) / 1000 * WORKER_GB
    yield Line("Lambda", "clock, GB-seconds", MINUTES * ticks, "lambda_gb_second", True)
    yield Line("Lambda", "clock, invocations", MINUTES, "lambda_request", True)
    yield Line("EventBridge", "clock", MINUTES, "scheduler", True)
    polls = f"{plan.mappings} mappings polling idle queues"
    yield Line("SQS", polls, POLLS * plan.mappings, "sqs_request", True)
    looks = MINUTES * _requests(seen["clock"], "sqs", "")
    yield Line("SQS", "the clock checks for dead letters", looks, "sqs_request", True)
    reads = MINUTES * _requests(seen["clock"], "dynamodb", "")
    yield Line("DynamoDB", "checks whether the clock rests", reads, "dynamodb_read", True)
    yield Line("Secrets Manager", "secrets", Decimal(plan.secrets), "secret", True)
    yield Line("Secrets Manager", "read when functions start", _starts(plan), "secret_request", True)
    yield Line("CloudWatch", "metrics that alarms watch", Decimal(plan.alarms), "alarm", True)
    metrics = plan.metrics * plan.metric_hours / HOURS
    yield Line("CloudWatch", f"{plan.metrics} custom metrics, by the hour", metrics, "metric", True)
    yield Line("CloudWatch", "dashboards", Decimal(plan.dashboards), "dashboard", True)
    lines = MINUTES * seen["bytes"]["logs_invocation"] / GB
    yield Line("CloudWatch", "clock logs", lines, "log_gb", True)
    yield Line("Fargate", "bulk workers", Decimal(plan.worker_hours), "fargate_hour")


def _keys(plan: Plan) -> Iterator[Line]:
    yield Line("KMS", "key", Decimal(1), "kms_key", True)
    yield Line("KMS", "former versions of the key", Decimal(plan.key_versions), "kms_version", True)
    # The table is asked each minute whether the clock rests.
    yield Line("KMS", "the table's key, for the clock", MINUTES * 60 / DATA_KEY_SECONDS, "kms_request", True)
    queues = Decimal(plan.active_hours) * 3600 / DATA_KEY_SECONDS * QUEUE_CALLS
    yield Line("KMS", "the queues' keys, while there is work", queues, "kms_request", True)
    yield Line("KMS", "settings and secrets of functions", _starts(plan) * KMS_A_START, "kms_request", True)


def _starts(plan: Plan) -> Decimal:
    """Return how often functions start anew: the clock's every two hours, two others in each active hour."""
    return DAYS * 12 + plan.active_hours * 2


def _database(plan: Plan, seen: Mapping[str, Any]) -> Iterator[Line]:
    places = Decimal(plan.endpoints * plan.zones)
    yield Line("Network", f"{places} endpoints", places * HOURS, "endpoint_hour", True)
    if plan.database == "own":
        return
    active = min(Decimal(plan.active_hours), HOURS)
    alone = "awake behind the proxy" if plan.proxy else f"woken {plan.wakes:.0f} times by the clock"
    yield Line("Aurora", "awake while there is work", LEAST_ACU * active, "aurora_acu_hour", True)
    yield Line("Aurora", alone, LEAST_ACU * (plan.awake_hours - active), "aurora_acu_hour", True)
    yield Line("Aurora", "storage, 1 GB", Decimal(1), "aurora_storage", True)
    yield Line("Aurora", "reads and writes, 100 per image", Decimal(plan.images) * 100, "aurora_io")
    log = plan.awake_hours * seen["bytes"]["logs_database_hour"] / GB
    yield Line("CloudWatch", "database log", log, "log_gb", True)
    if plan.proxy:
        yield Line("Aurora", "proxy", HOURS * PROXY_ACU, "proxy_acu_hour", True)


def _ms(part: Mapping[str, Any]) -> Decimal:
    return Decimal(str(part["ms"]))


def _requests(part: Mapping[str, Any], service: str, *kinds: str) -> Decimal:
    """Count the requests of these kinds, by the beginning of the operation's name; an empty kind is every one."""
    requests = part["requests"].get(service, {})
    return sum((Decimal(str(n)) for name, n in requests.items() if name.startswith(kinds)), ZERO)
