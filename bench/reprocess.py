"""`python -m bench.reprocess IMAGES`: apply another threshold to the labels of so many images, by Celery.

Two workers take chunks from the queue of a local AWS; every ten seconds one of them is killed, and another begins.
Meanwhile an editor uploads pictures, one after the other, which the worker of the upload queue takes in. The database
is beside the one that DATABASE_URL names. Then another threshold is applied, and the first one again, after a plan that
says what it takes.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from PIL import Image as Pixels

from bench.database import analyze, open_test_database
from bench.local_aws import run_local_aws
from bench.usage import build_lambda_record, send_as_browser

if TYPE_CHECKING:
    from django.contrib.auth.models import User


BATCH = 2000
WORKERS = 2
KILL_SECONDS = 10
LEASE_SECONDS = 5
# What a killed worker held is delivered again so soon; a stack waits longer.
VISIBILITY_SECONDS = 10
# At most so much longer may an upload take than without bulk work.
MOST_DELAY = 2.0
LABELS = {"Boat": 95.0, "Quay": 72.0, "Fog": 55.0}
BEFORE, LOWER, HIGHER = 60, 50, 80


def main(number: int) -> int:
    """Print how the work went; return 1 when an image was not done once, or an upload waited too long."""
    with (
        open_test_database() as vendor,
        tempfile.TemporaryDirectory() as folder,
        run_local_aws(Path(folder), "worker", VISIBILITY_SECONDS) as environment,
    ):
        editor = _create_editor()
        _fill(number)
        analyze()
        fleet = Fleet({**environment, **_describe_database(), "LEASE_SECONDS": str(LEASE_SECONDS)})
        alone = [_upload(editor) for _ in range(6)][1:]
        print(f"{vendor}, {number:,} images, {WORKERS} workers, one killed every {KILL_SECONDS} s", flush=True)
        first = _run(fleet, editor, number, LOWER)
        second = _run(fleet, editor, number, HIGHER)
        planned = _plan()
        last = _run(fleet, editor, number, LOWER)
    during = [*first.uploads, *second.uploads, *last.uploads]
    slower = median(during) - median(alone)
    print(f"an upload alone: {median(alone):.2f} s (median of {len(alone)}); meanwhile: {median(during):.2f} s")
    print(f"  (median of {len(during)}, the slowest {max(during):.2f} s), {slower:.2f} s slower")
    print(f"planned: {planned[0]:,} images, ${planned[1]:.4f} of requests, {planned[2]:.0f} s")
    print(f"taken:   {last.images:,} images, $0.0000 of requests, {last.seconds:.0f} s", end="")
    print(f" ({100 * (last.seconds / planned[2] - 1):+.0f} %)")
    return int(slower > MOST_DELAY or not all(run.is_right for run in (first, second, last)))


@dataclass
class Run:
    """How one job went."""

    images: int = 0
    seconds: float = 0
    killed: int = 0
    is_right: bool = False
    uploads: list[float] = field(default_factory=list)


class Fleet:
    """The Celery workers, as processes of their own."""

    def __init__(self, environment: dict[str, str]) -> None:
        """Begin with none, which will have this environment."""
        self._environment = {**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "mediahub.settings"}
        self._workers: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def work(self, threshold: int) -> Iterator[None]:
        """Have all workers at work in the block, with this least confidence of labels."""
        self._environment["LABEL_MIN_CONFIDENCE"] = str(threshold)
        self._workers = [self._start() for _ in range(WORKERS)]
        try:
            yield
        finally:
            for worker in self._workers:
                worker.kill()
                worker.wait()

    def kill_oldest(self) -> None:
        """Kill the worker that has been there longest, as the kernel does, and start another."""
        oldest = self._workers.pop(0)
        oldest.send_signal(signal.SIGKILL)
        oldest.wait()
        self._workers.append(self._start())

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "celery", "-A", "mediahub", "worker", "--pool", "solo", "--loglevel", "ERROR"]
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _run(fleet: Fleet, editor: "User", number: int, threshold: int) -> Run:
    from mediahub.jobs import celery_queue, orders, runner
    from mediahub.jobs.models import Job
    from mediahub.jobs.selection import Selection

    job, _resumed = orders.order_reprocess(Selection(where="boat"), stage=Job.Stage.LABELS)
    celery_queue.send_chunks(runner.list_unfinished_chunks(job))
    run, start = Run(), time.perf_counter()
    with fleet.work(threshold):
        killed_at = start
        while not runner.measure_progress(job).finished:
            run.uploads.append(_upload(editor))
            if time.perf_counter() - killed_at > KILL_SECONDS:
                fleet.kill_oldest()
                killed_at, run.killed = time.perf_counter(), run.killed + 1
            time.sleep(0.5)
    job.refresh_from_db()
    run.seconds = (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at else 0
    progress = runner.measure_progress(job)
    run.images = progress.succeeded
    run.is_right = progress.succeeded == job.total == number and not progress.failed and _is_right(number, threshold)
    print(
        f"from {threshold} %: {run.images:,} of {number:,} images once, {progress.failed} failed, 0 label calls, "
        f"{run.seconds:.0f} s, {run.images / run.seconds:.0f} images a second, {run.killed} workers killed; "
        f"{'all tags are right' if run.is_right else 'WRONG'}",
        flush=True,
    )
    return run


def _is_right(number: int, threshold: int) -> bool:
    """Return whether each image has the labels from this confidence on, and no other."""
    from mediahub.library.models import Tagging

    return all(
        Tagging.objects.filter(tag__name=name).count() == (number if confidence >= threshold else 0)
        for name, confidence in LABELS.items()
    )


def _plan() -> tuple[int, float, float]:
    """Return what the plan says: images, dollars of requests, seconds."""
    from mediahub.jobs import plans
    from mediahub.jobs.models import Job
    from mediahub.jobs.selection import Selection

    plan = plans.plan_reprocess(Selection(where="boat"), Job.Stage.LABELS)
    return plan.images, float(plan.requests), plan.seconds


def _upload(editor: "User") -> float:
    """Send a picture as a browser does; return the seconds until it is an image."""
    from mediahub.aws import clients
    from mediahub.local.event_loop import Context
    from mediahub.uploads import tickets
    from mediahub.uploads.models import Upload

    with redirect_stdout(StringIO()):
        from mediahub.worker.handlers import on_object_created

        data = BytesIO()
        Pixels.effect_mandelbrot((1600, 1200), (-2, -1.5, 1, 1.5), 50).save(data, "JPEG")
        start = time.perf_counter()
        ticket = tickets.issue_ticket(editor, "picture.jpg", "image/jpeg", data.tell())
        send_as_browser(ticket.key, data.getvalue())
        queue = clients.get_upload_queue()
        while not Upload.objects.filter(key=ticket.key, state=Upload.State.READY).exists():
            messages = queue.receive()
            if messages:
                event = {"Records": [build_lambda_record(message) for message in messages]}
                on_object_created(event, Context("bench"))
            for message in messages:
                queue.delete(message["ReceiptHandle"])
    return time.perf_counter() - start


def _create_editor() -> "User":
    from django.contrib.auth.models import Group, User

    editor = User.objects.create(username="Editor", is_staff=True)
    editor.groups.add(Group.objects.get(name="Editor"))
    return editor


def _fill(number: int) -> None:
    from mediahub.library.models import Image, Tag, Tagging
    from mediahub.library.search import index

    raw = {"Labels": [{"Name": name, "Confidence": confidence} for name, confidence in LABELS.items()]}
    claimed = [(Tag.objects.create(name=name), c) for name, c in LABELS.items() if c >= BEFORE]
    facts = {"format": "JPEG", "width": 4000, "height": 3000, "bytes": 2_900_000, "placeholder": "x" * 700}
    labels = {"label_raw": raw, "label_source": "rekognition", "label_state": "done"}
    for first in range(0, number, BATCH):
        images = Image.objects.bulk_create(
            Image(title=f"Boat {n}", file_name=f"IMG_{n}.jpg", sha256=f"{n:064x}", **facts, **labels)
            for n in range(first, min(first + BATCH, number))
        )
        Tagging.objects.bulk_create(
            Tagging(image=image, tag=tag, source="rekognition", confidence=confidence)
            for image in images
            for tag, confidence in claimed
        )
        index.update_entries(image.pk for image in images)


def _describe_database() -> dict[str, str]:
    """Return the setting that names this process's test database."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return {"DATABASE_URL": f"sqlite:///{name}"}
    return {"DATABASE_URL": urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))}


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
