"""`python -m deploy measure FOLDER`: what one image takes of this code, counted on the local AWS with photographs."""

import argparse
import io
import json
import os
import platform
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import date
from pathlib import Path
from typing import Any

from deploy.stacks import DeployError

OUT = Path(__file__).resolve().parent.parent / "mediahub" / "costs" / "measured.json"
SERVICES = ("s3", "sqs", "dynamodb")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", type=Path, help="a folder of JPEG photographs")


def run(options: argparse.Namespace) -> int:
    """Measure and write measured.json."""
    photos = sorted(options.folder.glob("*.jpg"))
    if not photos:
        raise DeployError(f"{options.folder} holds no .jpg files. Name a folder of photographs.")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder, _site(Path(folder)):
        found = _measured(photos)
    OUT.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    return 0


@contextmanager
def _site(folder: Path) -> Iterator[None]:
    """The local AWS and an empty database, with this process as their worker."""
    told = {"MEDIAHUB_ENV_FILE": "", "SECRET_KEY": "measures-nothing-secret" * 3, "LOCAL": "true", "LABELER": "off"}
    os.environ.update(told, DJANGO_SETTINGS_MODULE="mediahub.settings", HTTPS="false", CLOCK_REST_SECONDS="3600")
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'measure.sqlite3'}"
    from mediahub.local import emulator, stack

    running = emulator.start(emulator.free_port(), folder / "aws", keep=False)
    try:
        deployed = stack.deploy(running, "measure", {"SiteOrigin": "http://127.0.0.1:8000"})
        stack.write_profiles(folder / "aws-config", deployed)
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


class _Counted:
    """The requests of this process, by service and operation, while the block runs."""

    def __init__(self) -> None:
        from mediahub.aws import clients

        self.requests: Counter[tuple[str, str]] = Counter()
        for service in SERVICES:
            clients.client(service).meta.events.register(f"before-call.{service}", self._count)

    def _count(self, model: Any, **_: Any) -> None:
        self.requests[(model.service_model.service_name, model.name)] += 1

    def taken(self) -> dict[str, dict[str, int]]:
        """What was counted since the last time."""
        found: dict[str, dict[str, int]] = {}
        for (service, operation), n in self.requests.items():
            found.setdefault(service, {})[operation] = n
        self.requests.clear()
        return found


def _measured(photos: list[Path]) -> dict[str, Any]:
    from django.contrib.auth.models import Group, User
    from django.db.models import Sum

    from mediahub.aws import clients

    said = io.StringIO()
    with redirect_stdout(said):
        # The logger keeps the stream that it finds when it is made.
        from mediahub.worker.handlers import on_minute, on_object_created
    from mediahub.library.models import Rendition
    from mediahub.local.event_loop import Context
    from mediahub.uploads import tickets

    person = User.objects.create(username="editor", is_staff=True)
    person.groups.add(Group.objects.get(name="Editor"))
    counted = _Counted()
    web, worker, cpu, requests = [], [], [], Counter[tuple[str, str]]()
    for photo in photos:
        data, start = photo.read_bytes(), time.perf_counter()
        ticket = tickets.issue(person, photo.name, "image/jpeg", len(data))
        web.append(time.perf_counter() - start)
        _send(ticket.key, data)
        event = {"Records": [_record(message) for message in clients.queue().receive()]}
        counted.taken()
        start, busy = time.perf_counter(), time.process_time()
        with redirect_stdout(said):
            on_object_created(event, Context("measure"))
        worker.append(time.perf_counter() - start)
        cpu.append(time.process_time() - busy)
        for service, operations in counted.taken().items():
            requests.update({(service, name): n for name, n in operations.items()})
    clock, ticks = [], 5
    for _ in range(20):
        on_minute({}, Context("measure"))
    counted.taken()
    for _ in range(ticks):
        start = time.perf_counter()
        on_minute({}, Context("measure"))
        clock.append(time.perf_counter() - start)
    taken = counted.taken()
    resting = {service: {name: n / ticks for name, n in held.items()} for service, held in taken.items()}
    mean: dict[str, dict[str, float]] = {}
    for (service, name), n in sorted(requests.items()):
        mean.setdefault(service, {})[name] = n / len(photos)
    sizes = Rendition.objects.values("name").annotate(bytes=Sum("bytes"))
    return {
        "command": "python -m deploy measure FOLDER",
        "date": date.today().isoformat(),
        "machine": f"one core of {platform.machine()}, Python {platform.python_version()}, the local AWS beside it",
        "photographs": len(photos),
        "worker": {
            "ms": round(1000 * statistics.mean(worker)),
            "median_ms": round(1000 * statistics.median(worker)),
            "cpu_ms": round(1000 * statistics.mean(cpu)),
            "peak_mb": _peak(),
            "requests": mean,
            # A transaction costs two units for each kilobyte of an item, and removing one costs one.
            "dynamodb_writes": round(4 + mean["dynamodb"].get("DeleteItem", 0), 2),
        },
        "web": {"ms": max(50, round(1000 * statistics.mean(web))), "ticket_ms": round(1000 * statistics.mean(web), 1)},
        "clock": {"ms": max(1, round(1000 * statistics.median(clock))), "requests": resting},
        "bytes": {
            "original": round(statistics.mean(photo.stat().st_size for photo in photos)),
            "renditions": round(sum(held["bytes"] for held in sizes) / len(photos)),
            "viewed": round(next(held["bytes"] for held in sizes if held["name"] == "medium") / len(photos)),
            "logs": round(len(said.getvalue().encode()) / len(photos)),
            "logs_invocation": 350,
            "logs_database_hour": 1_000_000,
        },
        "assumed": {
            "web.ms": "A page through Django, of which the ticket is the smaller part: 50 ms at least.",
            "worker.dynamodb_writes": "One item of up to 2 KB in a transaction; each accepted tag adds a pointer.",
            "worker.requests": "One image at a time, each of which wakes the clock: the dearest case.",
            "bytes.logs_invocation": "Lambda's own three lines on an invocation: START, END and REPORT.",
            "bytes.logs_database_hour": "A megabyte an hour while it is awake: PostgreSQL's start, its checkpoints, "
            "and statements of a second or more.",
        },
    }


def _peak() -> int:
    """The largest resident size of this process, in MB."""
    status = Path("/proc/self/status").read_text()
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024)


def _send(key: str, data: bytes) -> None:
    """As a browser sends it: nothing that the worker's client counts."""
    from django.conf import settings

    from mediahub.local import stack

    s3 = stack.root_client("s3", str(settings.AWS_ENDPOINT_URL))
    s3.put_object(Bucket=settings.UPLOAD_BUCKET, Key=key, Body=data)


def _record(message: dict[str, Any]) -> dict[str, Any]:
    """A received message in the form in which Lambda's mapping hands it over."""
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
