"""`python -m bench.usage FOLDER`: measure what one image uses of AWS, on the local AWS with photographs.

It writes mediahub/costs/measured.json, from which `python -m deploy cost` and the costs in the desk are computed.
"""

import io
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processing.jail import pool

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MEASURED = Path(__file__).resolve().parent.parent / "mediahub" / "costs" / "measured.json"
SERVICES = ("s3", "sqs", "dynamodb")
# Ticks before the measured ones bring the clock to rest.
WARM_UP_TICKS, TICKS = 20, 5
ASSUMPTIONS = {
    "web.ms": "A page through Django, of which the ticket is the smaller part: 50 ms at least.",
    "worker.dynamodb_writes": "One item of up to 2 KB in a transaction; each accepted tag adds a pointer.",
    "worker.requests": "One image at a time, each of which wakes the clock: the dearest case.",
    "bytes.viewed": "The medium rendition in JPEG: browsers that show AVIF fetch about a quarter less.",
    "bytes.logs_invocation": "Lambda's own three lines on an invocation: START, END and REPORT.",
    "bytes.logs_database_hour": "A megabyte an hour while it is awake: PostgreSQL's start, its checkpoints, "
    "and statements of a second or more.",
}


@dataclass
class Measurements:
    """Hold the measurements: seconds of web, worker, credit and clock, and the requests of all but the web."""

    web: list[float] = field(default_factory=list)
    worker: list[float] = field(default_factory=list)
    worker_cpu: list[float] = field(default_factory=list)
    worker_requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    credit: list[float] = field(default_factory=list)
    credit_requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    clock: list[float] = field(default_factory=list)
    clock_requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    log: io.StringIO = field(default_factory=io.StringIO)


def main(arguments: list[str]) -> int:
    """Measure with the photographs of a folder, write measured.json and print it."""
    photos = sorted(Path(arguments[0]).glob("*.jpg")) if arguments else []
    if not photos:
        print("Name a folder of JPEG photographs: python -m bench.usage FOLDER", file=sys.stderr)
        return 2
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder, run_site(Path(folder)):
        report = summarize(measure(photos), photos)
    text = json.dumps(report, indent=2)
    MEASURED.write_text(text + "\n")
    print(text)
    return 0


@contextmanager
def run_site(folder: Path) -> Iterator[None]:
    """Start the local AWS with an empty database, and make this process its worker."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="mediahub.settings",
        MEDIAHUB_ENV_FILE="",
        SECRET_KEY="measures-nothing-secret" * 3,
        LOCAL="true",
        HTTPS="false",
        LABELER="off",
        CLOCK_REST_SECONDS="3600",
        DATABASE_URL=f"sqlite:///{folder / 'usage.sqlite3'}",
    )
    from mediahub.local import emulator, stack

    running = emulator.start_emulator(emulator.find_free_port(), folder / "aws", keep=False)
    try:
        deployed = stack.deploy_stack(running, "measure", {"SiteOrigin": "http://127.0.0.1:8000"})
        stack.write_profiles(folder / "aws-config", deployed, running.root_key)
        from django.conf import settings

        for name, value in deployed.settings().items():
            setattr(settings, name, value)
        settings.AWS_ENDPOINT_URL, settings.AWS_PROFILE = running.endpoint, "worker"
        os.environ.update(AWS_CONFIG_FILE=str(folder / "aws-config"), AWS_ENDPOINT_URL=running.endpoint)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", "--no-input", verbosity=0)
        yield
    finally:
        running.stop()


class RequestCounter:
    """Count the requests that this process sends to AWS, by service and operation."""

    def __init__(self) -> None:
        """Register with the clients of this process."""
        from mediahub.aws import clients

        self._requests: Counter[tuple[str, str]] = Counter()
        for service in SERVICES:
            clients.get_client(service).meta.events.register(f"before-call.{service}", self._count)

    def _count(self, model: Any, **_: Any) -> None:
        self._requests[(model.service_model.service_name, model.name)] += 1

    def reset(self) -> Counter[tuple[str, str]]:
        """Return the requests since the last reset, and start again at zero."""
        requests, self._requests = self._requests, Counter()
        return requests


def measure(photos: list[Path]) -> Measurements:
    """Send each photograph through the worker, one at a time, then let the clock tick with nothing to do."""
    from django.contrib.auth.models import Group, User

    from mediahub.aws import clients

    measurements = Measurements()
    with redirect_stdout(measurements.log):
        # The logger keeps the stream that it finds when it is created.
        from mediahub.worker.handlers import on_minute, on_object_created
    from mediahub.local.event_loop import Context
    from mediahub.uploads import tickets

    editor = User.objects.create(username="editor", is_staff=True)
    editor.groups.add(Group.objects.get(name="Editor"))
    counter = RequestCounter()
    for photo in photos:
        data, start = photo.read_bytes(), time.perf_counter()
        ticket = tickets.issue_ticket(editor, photo.name, "image/jpeg", len(data))
        measurements.web.append(time.perf_counter() - start)
        send_as_browser(ticket.key, data)
        event = {"Records": [build_lambda_record(message) for message in clients.get_upload_queue().receive()]}
        counter.reset()
        start, cpu_start = time.perf_counter(), read_processor_seconds()
        with redirect_stdout(measurements.log):
            on_object_created(event, Context("measure"))
        measurements.worker.append(time.perf_counter() - start)
        measurements.worker_cpu.append(read_processor_seconds() - cpu_start)
        measurements.worker_requests += counter.reset()
    measure_credit_changes(measurements, counter, editor)
    # What asks for mirror updates that were made; the clock does not rest while messages wait.
    while messages := clients.get_upload_queue().receive():
        for message in messages:
            clients.get_upload_queue().delete(message["ReceiptHandle"])
    for _ in range(WARM_UP_TICKS):
        on_minute({}, Context("measure"))
    counter.reset()
    for _ in range(TICKS):
        start = time.perf_counter()
        on_minute({}, Context("measure"))
        measurements.clock.append(time.perf_counter() - start)
    measurements.clock_requests = counter.reset()
    return measurements


def measure_credit_changes(measurements: Measurements, counter: RequestCounter, editor: "User") -> None:
    """Publish each image, change its credit, and measure how its public copies are written anew."""
    from mediahub.delivery import mirror
    from mediahub.history.change_set import ChangeSet
    from mediahub.library import metadata, publishing
    from mediahub.library.field_edits import Edit
    from mediahub.library.models import Image

    for image in Image.objects.all():
        fields = {"alt_text": "A photograph", "credit": "Ada Lund", "license": "CC BY 4.0"}
        metadata.edit(ChangeSet(editor), image, {name: Edit(text) for name, text in fields.items()})
        publishing.publish(ChangeSet(editor), [Image.objects.get(pk=image.pk)])
        mirror.push_image(image.pk)
        metadata.edit(ChangeSet(editor), image, {"credit": Edit("Bo Berg")})
        counter.reset()
        start = time.perf_counter()
        mirror.push_image(image.pk)
        measurements.credit.append(time.perf_counter() - start)
        measurements.credit_requests += counter.reset()


def summarize(measurements: Measurements, photos: list[Path]) -> dict[str, Any]:
    """Return the content of measured.json."""
    from django.db.models import Sum

    from mediahub.library.models import Rendition

    requests = divide_by_service(measurements.worker_requests, len(photos))
    web_ms = 1000 * statistics.mean(measurements.web)
    written = Rendition.objects.aggregate(bytes=Sum("bytes"))["bytes"]
    viewed = Rendition.objects.filter(name="medium", format="JPEG").aggregate(bytes=Sum("bytes"))["bytes"]
    return {
        "command": "python -m bench.usage FOLDER",
        "date": date.today().isoformat(),
        "machine": f"one core of {platform.machine()}, Python {platform.python_version()}, the local AWS beside it",
        "photographs": len(photos),
        "worker": {
            "ms": round(1000 * statistics.mean(measurements.worker)),
            "median_ms": round(1000 * statistics.median(measurements.worker)),
            "cpu_ms": round(1000 * statistics.mean(measurements.worker_cpu)),
            "peak_mb": read_peak_megabytes(),
            "requests": requests,
            # A transaction costs two units for each kilobyte of an item, and removing one costs one.
            "dynamodb_writes": round(4 + requests["dynamodb"].get("DeleteItem", 0), 2),
        },
        "web": {"ms": max(50, round(web_ms)), "ticket_ms": round(web_ms, 1)},
        # What is pushed after the credit of a published image has changed.
        "credit": {
            "ms": round(1000 * statistics.mean(measurements.credit)),
            "requests": divide_by_service(measurements.credit_requests, len(photos)),
        },
        "clock": {
            "ms": max(1, round(1000 * statistics.median(measurements.clock))),
            "requests": divide_by_service(measurements.clock_requests, TICKS),
        },
        "bytes": {
            "original": round(statistics.mean(photo.stat().st_size for photo in photos)),
            "renditions": round(written / len(photos)),
            "viewed": round(viewed / len(photos)),
            "logs": round(len(measurements.log.getvalue().encode()) / len(photos)),
            "logs_invocation": 350,
            "logs_database_hour": 1_000_000,
        },
        "assumed": ASSUMPTIONS,
    }


def divide_by_service(requests: Counter[tuple[str, str]], parts: int) -> dict[str, dict[str, float]]:
    """Return the mean number of requests of one part, by service and operation."""
    mean: dict[str, dict[str, float]] = {}
    for (service, operation), count in sorted(requests.items()):
        mean.setdefault(service, {})[operation] = count / parts
    return mean


def read_peak_megabytes() -> int:
    """Return the largest resident sizes of this process and its decoder in the jail, in MB, as if at the same time."""
    statuses = [Path(f"/proc/{pid}/status").read_text() for pid in (os.getpid(), *list_decoders())]
    return round(sum(int(status.split("VmHWM:")[1].split()[0]) for status in statuses) / 1024)


def read_processor_seconds() -> float:
    """Return the seconds of the processor that this process, its decoder in the jail and those before it have had."""
    ended = os.times()
    decoders = sum(map(pool.read_processor_seconds, list_decoders()))
    return time.process_time() + ended.children_user + ended.children_system + decoders


def list_decoders() -> list[int]:
    """Return the numbers of the processes in the jail that wait for a file."""
    return [child.pid for child in pool.children.idle]


def send_as_browser(key: str, data: bytes) -> None:
    """Put the file into the upload bucket with a client that is not counted."""
    from django.conf import settings

    from mediahub.local import stack

    s3 = stack.root_client("s3", str(settings.AWS_ENDPOINT_URL))
    s3.put_object(Bucket=settings.UPLOAD_BUCKET, Key=key, Body=data)


def build_lambda_record(message: dict[str, Any]) -> dict[str, Any]:
    """Return a received message in the form in which Lambda's event source mapping delivers it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:mediahub-measure-uploads",
        "awsRegion": "us-east-1",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
