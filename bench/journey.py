"""`python -m bench.journey FOLDER`: measure photographs on their whole way, on the local AWS.

Three things are printed: what the pipeline adds to bare pixels and bare requests, how many images one, two and four
workers process in an hour, and how long it takes from the last byte sent to the thumbnail.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from bench.pipeline import SinkStore
from bench.usage import SERVICES, build_lambda_record, run_site, send_as_browser
from processing import Store, process

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ROUNDS = 1
WORKERS = (1, 2, 4)
# How much longer than its pixels and its requests, one after the other, the pipeline may take.
MOST_ADDED = 0.4
POLL_SECONDS, PATIENCE_SECONDS = 0.05, 240
PARTS = ("UPLOAD_BUCKET", "RENDITION_BUCKET", "UPLOAD_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "BULK_QUEUE_URL")


def main(arguments: list[str]) -> int:
    """Print the figures; return 1 when the pipeline adds more than it may."""
    if arguments == ["--worker"]:
        work()
        return 0
    photos = sorted(Path(arguments[0]).glob("*.jpg")) if arguments else []
    if not photos:
        print("Name a folder of JPEG photographs: python -m bench.journey FOLDER", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, run_site(Path(folder)):
        from django.contrib.auth.models import Group, User

        editor = User.objects.create(username="editor", is_staff=True)
        editor.groups.add(Group.objects.get(name="Editor"))
        print(f"{len(photos)} photographs, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.0f}\n")
        added = measure_added(photos, editor)
        for number in WORKERS:
            print(f"{number} processes: {measure_throughput(photos, editor, number):.0f} images an hour", flush=True)
        print_waits(measure_waits(photos, editor))
    return int(added > MOST_ADDED)


class RequestRecorder:
    """Notes the requests that this process sends to AWS, so that they can be sent again."""

    def __init__(self) -> None:
        """Register with the clients of this process."""
        from mediahub.aws import clients

        self._clients = {name: clients.get_client(name) for name in SERVICES}
        self._requests: list[tuple[str, str, dict[str, Any]]] = []
        self._is_on = False
        for name, client in self._clients.items():
            client.meta.events.register(f"provide-client-params.{name}", self._note)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if self._is_on:
            self._requests.append((model.service_model.service_name, model.name, dict(params)))

    @contextmanager
    def record(self) -> Iterator[None]:
        """Note what is sent meanwhile, in place of what was noted before."""
        self._requests, self._is_on = [], True
        try:
            yield
        finally:
            self._is_on = False

    def send_again(self) -> None:
        """Send the requests one after another; conditions that hold no more are answered like any other request."""
        from botocore import xform_name
        from botocore.exceptions import ClientError

        for service, operation, params in self._requests:
            try:
                answer = getattr(self._clients[service], xform_name(operation))(**params)
                if operation == "GetObject":
                    answer["Body"].read()
            except ClientError:
                continue


def measure_added(photos: Sequence[Path], editor: "User") -> float:
    """Print and return which share the pipeline adds to bare pixels and bare requests; the median photograph."""
    from mediahub.aws import clients

    with redirect_stdout(StringIO()):
        # The logger keeps the stream that it finds when it is created.
        from mediahub.worker.handlers import on_object_created
    from mediahub.local.event_loop import Context

    recorder, shares = RequestRecorder(), []
    rows: list[tuple[float, float, float]] = []
    for photo in [*photos] * ROUNDS:
        data = photo.read_bytes()
        send_photo(photo, editor)
        event = {"Records": [build_lambda_record(message) for message in clients.get_upload_queue().receive()]}
        with recorder.record(), redirect_stdout(StringIO()):
            pipeline = time_call(lambda event=event: on_object_created(event, Context("journey")))  # type: ignore[misc]
        requests = time_call(recorder.send_again)
        pixels = time_call(lambda data=data: run_pixels(data))  # type: ignore[misc]
        rows.append((pipeline, pixels, requests))
        shares.append(pipeline / (pixels + requests) - 1)
    pipeline, pixels, requests = (statistics.median(column) for column in zip(*rows, strict=True))
    added = statistics.median(shares)
    print(f"Milliseconds, median: pipeline {pipeline:.0f}, bare pixels {pixels:.0f}, bare requests {requests:.0f}.")
    print(f"The pipeline adds {100 * added:.0f} % (required: at most {100 * MOST_ADDED:.0f} %).\n", flush=True)
    return added


def time_call(call: Callable[[], object]) -> float:
    """Return the milliseconds that a call takes."""
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)


def run_pixels(data: bytes) -> None:
    """Process a photograph with the site's renditions and a store that keeps nothing."""
    from mediahub.aws import clients

    store = cast("Store", SinkStore())
    process(BytesIO(data), uuid4(), store=store, labeler=None, specs=clients.get_specs(), limits=clients.get_limits())


def send_photo(photo: Path, editor: "User") -> Any:
    """Send a photograph as the browser does; return its upload's id."""
    from mediahub.uploads import tickets

    data = photo.read_bytes()
    ticket = tickets.issue_ticket(editor, photo.name, "image/jpeg", len(data))
    send_as_browser(ticket.key, data)
    return ticket.upload_id


@contextmanager
def start_workers(number: int) -> Iterator[Callable[[], None]]:
    """Start workers that have imported everything; what is yielded lets them begin."""
    from django.conf import settings

    parts = {name: str(getattr(settings, name)) for name in (*PARTS, "MIRROR_TABLE", "KMS_KEY_ARN")}
    environment = {**os.environ, **parts, "AWS_PROFILE": "worker", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "bench.journey", "--worker"]
    pipe = subprocess.PIPE
    workers = [subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) for _ in range(number)]
    try:
        for worker in workers:
            assert worker.stdout
            worker.stdout.readline()

        def begin() -> None:
            for worker in workers:
                assert worker.stdin
                print("begin", file=worker.stdin, flush=True)

        yield begin
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.communicate()


def work() -> None:
    """Take messages of the upload queue, one at a time, until this process is ended."""
    import django

    django.setup()
    from mediahub.aws import clients
    from mediahub.local.event_loop import Context

    # The parent reads one line, and the logger would write others.
    console, sys.stdout = sys.stdout, sys.stderr
    from mediahub.worker.handlers import on_object_created

    # Ended in the middle of a request, it would take a message along that nobody else sees for minutes.
    ended = Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    queue = clients.get_upload_queue()
    print("ready", file=console, flush=True)
    sys.stdin.readline()
    while not ended.is_set():
        answer = queue.client.receive_message(
            QueueUrl=queue.url, MaxNumberOfMessages=1, WaitTimeSeconds=1, MessageSystemAttributeNames=["All"]
        )
        for message in answer.get("Messages", []):
            result = on_object_created({"Records": [build_lambda_record(dict(message))]}, Context("journey"))
            if not result["batchItemFailures"]:
                queue.delete(message["ReceiptHandle"])


def measure_throughput(photos: Sequence[Path], editor: "User", number: int) -> float:
    """Return how many images so many workers process in an hour, from the messages of these photographs."""
    from mediahub.uploads.models import Upload

    ids = [send_photo(photo, editor) for photo in photos]
    with start_workers(number) as begin:
        start = time.perf_counter()
        begin()
        while Upload.objects.filter(pk__in=ids, state=Upload.State.READY).count() < len(ids):
            if time.perf_counter() - start > PATIENCE_SECONDS:
                raise RuntimeError("The workers did not process all photographs.")
            time.sleep(POLL_SECONDS)
        return 3600 * len(ids) / (time.perf_counter() - start)


def measure_waits(photos: Sequence[Path], editor: "User") -> list[float]:
    """Return the seconds from the last byte sent to the bytes of the thumbnail, of each photograph, one at a time."""
    from django.test import Client

    client, waits = Client(SERVER_NAME="localhost"), []
    client.force_login(editor)
    with start_workers(1) as begin:
        begin()
        for photo in photos:
            upload_id = send_photo(photo, editor)
            start = time.perf_counter()
            while not (picture := read_picture(client, str(upload_id))):
                if time.perf_counter() - start > PATIENCE_SECONDS:
                    raise RuntimeError(f"{photo.name} did not become an image.")
                time.sleep(POLL_SECONDS)
            fetch(client, picture["address"])
            waits.append(time.perf_counter() - start)
    return waits


def read_picture(client: Any, upload_id: str) -> dict[str, Any]:
    """Return the picture of an upload as the upload page gets it; empty until there is one."""
    from django.urls import reverse

    [upload] = client.get(reverse("desk:status"), {"ids": upload_id}).json()["uploads"]
    return upload["picture"] or {}


def fetch(client: Any, address: str) -> None:
    """Fetch a thumbnail from the store, or from the site."""
    if address.startswith("http"):
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - signed by the site
            answer.read()
    else:
        client.get(address, follow=True)


def print_waits(waits: Sequence[float]) -> None:
    """Print the median and the 95th percentile."""
    p95 = statistics.quantiles(waits, n=20, method="inclusive")[-1]
    print(f"\nFrom the last byte sent to the thumbnail: p50 {statistics.median(waits):.2f} s, p95 {p95:.2f} s.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
