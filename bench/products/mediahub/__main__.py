"""`python -m bench.products.mediahub FOLDER [defaults]`: an empty MediaHub that takes in photographs.

Web and worker, two functions on AWS, are one process here. It stands for the browser and for Lambda as well, and what
these do is counted on the wall only.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.products.django_client import create_client
from bench.products.site import LibraryPage, serve_commands
from bench.products.stopwatch import Stopwatch
from bench.usage import build_lambda_record, read_peak_megabytes, read_processor_seconds, run_site

# The sizes of the defaults, without AVIF and without crops.
EDGES = {"xlarge": 2048, "large": 1024, "medium": 512, "small": 256}
JPEG_ALONE = ",".join(f"{name}={edge}x{edge}:fit:jpeg" for name, edge in EDGES.items())
# Deliveries take milliseconds; a file that is not ready after this long has failed.
PATIENCE_SECONDS = 60


class MediaHubSite:
    """MediaHub's own upload: a ticket from the desk, the file to the bucket, and the worker's handler."""

    def __init__(self) -> None:
        """Sign in as a chief editor."""
        import PIL

        import mediahub

        self.versions = {"MediaHub": mediahub.__version__, "Pillow": PIL.__version__}
        self._client = create_client()
        self._latest = ""

    def add_photograph(self, stopwatch: Stopwatch, name: str, data: bytes) -> list[int]:
        """Ask for a ticket, send the file as the ticket says, and deliver its event to the worker until it is ready."""
        from mediahub.uploads.models import Upload

        question = {"method": "POST", "name": name, "type": "image/jpeg", "size": len(data)}
        with stopwatch.time_product(), act_as("web"):
            response = self._client.post("/admin/upload/sign/", question, content_type="application/json")
        ticket = response.json()
        if "fields" not in ticket:
            raise RuntimeError(f"MediaHub refused {name}: {ticket}")
        with stopwatch.time_others():
            send_form(ticket, name, data)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not deliver_messages(stopwatch, ticket["upload"]):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{name} was not ready within {PATIENCE_SECONDS} s.")
        image = Upload.objects.get(pk=ticket["upload"]).image
        if image is None:
            raise RuntimeError(f"{name} is ready and has no image.")
        self._latest = str(image.pk)
        return [rendition.bytes for rendition in image.renditions.all()]

    def open_library(self) -> LibraryPage:
        """Request the page of the library."""
        with act_as("web"):
            html = self._client.get("/admin/library/image/").content
        return LibraryPage(html, html.count(b'<li class="card"'))

    def copy_renditions(self, folder: Path) -> str:
        """Copy the renditions from the bucket."""
        from mediahub.aws import clients
        from mediahub.library.models import Image

        image = Image.objects.get(pk=self._latest)
        store = clients.get_rendition_store()
        for rendition in image.renditions.filter(mode="fit", format="JPEG"):
            with store.get(rendition.key) as file:
                (folder / f"{rendition.width}.jpg").write_bytes(file.read())
        return " ".join(str(value) for value in vars(image).values())

    def read_processor_seconds(self) -> float:
        """Return the seconds of the processor that this process and its decoders have had."""
        return read_processor_seconds()

    def read_peak_megabytes(self) -> float:
        """Return the largest resident sizes of this process and its decoder, in MB, as if at the same time."""
        return read_peak_megabytes()


def send_form(ticket: dict[str, Any], name: str, data: bytes) -> None:
    """Post a file to the bucket with the fields of its ticket, as a browser does."""
    import requests

    response = requests.post(ticket["url"], ticket["fields"], files={"file": (name, data, "image/jpeg")}, timeout=60)
    response.raise_for_status()


def deliver_messages(stopwatch: Stopwatch, upload_id: str) -> bool:
    """Hand what waits in the queue to the worker, as Lambda does; return whether the upload is ready."""
    from mediahub.aws import clients
    from mediahub.local.event_loop import Context
    from mediahub.uploads.models import Upload
    from mediahub.worker.handlers import on_object_created

    queue = clients.get_upload_queue()
    with stopwatch.time_others():
        messages = queue.receive()
    if messages:
        with stopwatch.time_product():
            event = {"Records": [build_lambda_record(message) for message in messages]}
            failures = on_object_created(event, Context("bench"))
        if failures["batchItemFailures"]:
            raise RuntimeError(f"The worker failed: {failures}")
    for message in messages:
        queue.delete(message["ReceiptHandle"])
    return Upload.objects.get(pk=upload_id).state == Upload.State.READY


@contextmanager
def act_as(role: str) -> Iterator[None]:
    """Use the credentials of another function's role for a while."""
    from django.conf import settings

    former, settings.AWS_PROFILE = settings.AWS_PROFILE, role
    try:
        yield
    finally:
        settings.AWS_PROFILE = former


@contextmanager
def open_site(folder: Path) -> Iterator[MediaHubSite]:
    """Start an empty local AWS, and set up an empty MediaHub in the folder."""
    os.environ.update(ALLOWED_HOSTS="testserver", LOG_LEVEL="WARNING")
    if sys.argv[2:] != ["defaults"]:
        os.environ.update(RENDITIONS=JPEG_ALONE, RENDITION_FILLS="")
    with run_site(folder):
        from django.conf import settings

        # Scripts and styles have their plain names in all products.
        settings.STATIC_ROOT = folder / "static"
        settings.STATIC_ROOT.mkdir()
        settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        yield MediaHubSite()


if __name__ == "__main__":
    sys.exit(serve_commands(open_site))
