"""The main job, tried from outside: files sent through the site's own pages and followed to their end."""

import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import requests

from mediahub.uploads.models import Upload
from mediahub.uploads.system_files import is_system_file
from processing import kinds
from processing.formats import identify_input, map_suffixes

# Long enough for every delivery that the queue allows a file.
PATIENCE = 180
LOST = "lost"
REFUSED, TOO_MANY = 400, 429


class DemoError(Exception):
    """Why the demo cannot begin, and what to do."""


@dataclass
class SentFile:
    """One file on its way; `state` is empty until it has ended."""

    file: str
    upload_id: str = ""
    state: str = ""
    reason: str = ""
    seconds: float = 0
    began: float = field(default_factory=time.monotonic)

    def build_row(self) -> dict[str, Any]:
        """Return the file with its labels and renditions from the records."""
        upload = Upload.objects.select_related("image").get(pk=self.upload_id) if self.upload_id else None
        image = upload.image if upload else None
        return {
            "file": self.file,
            "state": self.state,
            "reason": self.reason,
            "renditions": [
                {
                    "name": rendition.name,
                    "format": rendition.format,
                    "width": rendition.width,
                    "height": rendition.height,
                    "bytes": rendition.bytes,
                    "key": rendition.key,
                }
                for rendition in (image.renditions.all() if image else [])
            ],
            "labels": [
                {"name": tagging.tag.name, "confidence": tagging.confidence}
                for tagging in (image.taggings.select_related("tag") if image else [])
            ],
            "seconds": round(self.seconds, 3),
        }


class Browser:
    """A session of an editor, as a browser would hold it."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._http = requests.Session()

    def sign_in(self, name: str, password: str) -> None:
        """Sign in by the form; raise DemoError when the site is not there or says no."""
        page = f"{self._site}/admin/login/"
        try:
            self._http.get(page, timeout=30)
        except requests.RequestException as error:
            raise DemoError(f"No site answers at {self._site}. Start it with `make run`, or add --alone.") from error
        form = {"username": name, "password": password, "csrfmiddlewaretoken": self._csrf()}
        self._http.post(page, form, headers={"Referer": page}, timeout=30)
        if "sessionid" not in self._http.cookies:
            raise DemoError(f"{self._site} rejected the password of {name} in the sign-in file.")

    def send(self, path: Path, sent: SentFile) -> None:
        """Ask for a ticket and send the file as it says; a refusal is the end of the file."""
        kind = _identify_file(path) or "application/octet-stream"
        wish = {"method": "POST", "name": path.name, "type": kind, "size": path.stat().st_size}
        answer = self._sign(wish)
        while answer.status_code == TOO_MANY:
            time.sleep(int(answer.headers["Retry-After"]))
            answer = self._sign(wish)
        ticket = answer.json()
        if not answer.ok:
            sent.state = Upload.State.REJECTED if answer.status_code == REFUSED else LOST
            sent.reason = ticket["reason"]
            return
        sent.upload_id = ticket["upload"]
        with path.open("rb") as file:
            if ticket.get("fields"):
                form = requests.post(ticket["url"], ticket["fields"], files={"file": file}, timeout=60)
                form.raise_for_status()
            else:
                self._send_parts(ticket, file, kind)

    def fetch_states(self, uploads: Sequence[SentFile]) -> dict[str, dict[str, Any]]:
        """Return the uploads' states from the status view, by id."""
        ids = ",".join(sent.upload_id for sent in uploads)
        answer = self._http.get(f"{self._site}/admin/upload/status/", params={"ids": ids}, timeout=30)
        return {state["id"]: state for state in answer.json()["uploads"]}

    def _sign(self, wish: dict[str, Any]) -> requests.Response:
        headers = {"X-CSRFToken": self._csrf(), "Referer": self._site}
        return self._http.post(f"{self._site}/admin/upload/sign/", json=wish, headers=headers, timeout=30)

    def _step(self, wish: dict[str, Any]) -> dict[str, Any]:
        answer = self._sign(wish)
        answer.raise_for_status()
        signed: dict[str, Any] = answer.json()
        return signed

    def _send_parts(self, ticket: dict[str, Any], file: BinaryIO, kind: str) -> None:
        headers = {"Content-Type": kind, **ticket["headers"]}
        begun = requests.post(ticket["url"], headers=headers, timeout=60)
        begun.raise_for_status()
        match = re.search(r"<UploadId>([^<]+)</UploadId>", begun.text)
        step = {"key": ticket["key"], "uploadId": match[1] if match else ""}
        completion = ET.Element("CompleteMultipartUpload")
        for number, data in enumerate(iter(partial(file.read, ticket["part_bytes"]), b""), 1):
            signed = self._step({**step, "method": "PUT", "partNumber": number})
            sent = requests.put(signed["url"], data, timeout=60)
            sent.raise_for_status()
            part = ET.SubElement(completion, "Part")
            ET.SubElement(part, "PartNumber").text = str(number)
            ET.SubElement(part, "ETag").text = sent.headers["ETag"]
        signed = self._step({**step, "method": "POST"})
        whole = requests.post(signed["url"], ET.tostring(completion), headers=signed["headers"], timeout=60)
        whole.raise_for_status()

    def _csrf(self) -> str:
        return self._http.cookies.get("csrftoken") or ""


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Return the named files, and the pictures in the named folders; raise DemoError for what is not there."""
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise DemoError(f"{path} does not exist. Name an image or a folder of images.")
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in filter(Path.is_file, inside):
            is_left_out = is_system_file(file.relative_to(path).as_posix()) or _identify_file(file) is None
            if file == path or not is_left_out:
                files.append(file)
    if not files:
        raise DemoError("There is no image to upload. Name an image or a folder of images.")
    return files


def send_files(browser: Browser, paths: Sequence[Path], progress: Callable[[int, int], None]) -> list[SentFile]:
    """Send every file and follow it to its end; one that has none in time is lost."""
    sent = [SentFile(path.name) for path in paths]
    for path, file in zip(paths, sent, strict=True):
        file.began = time.monotonic()
        try:
            browser.send(path, file)
        except requests.HTTPError as error:
            # The address in the error's own words is signed, and no business of a log.
            file.state, file.reason = LOST, f"The storage or the site answered {error.response.status_code}."
        except OSError as error:
            file.state, file.reason = LOST, f"The file could not be uploaded: {error}"
        _update_states(browser, sent)
        progress(sum(bool(file.state) for file in sent), len(sent))
    for _ in _wait_at_most(PATIENCE):
        _update_states(browser, sent)
        progress(sum(bool(file.state) for file in sent), len(sent))
        if all(file.state for file in sent):
            break
    for file in sent:
        file.state = file.state or LOST
    return sent


def _identify_file(path: Path) -> str | None:
    """Return the MIME type of a picture by its bytes; for other bytes by its name, so that the site says what it is."""
    with path.open("rb") as file:
        identified = identify_input(file.read(kinds.HEAD))
    return identified.content_type if identified else map_suffixes().get(path.suffix[1:].lower())


def _update_states(browser: Browser, sent: Sequence[SentFile]) -> None:
    waiting = [file for file in sent if file.upload_id and not file.state]
    for start in range(0, len(waiting), 100):
        part = waiting[start : start + 100]
        states = browser.fetch_states(part)
        for file in part:
            state = states.get(file.upload_id)
            if state and state["ended"]:
                file.state, file.reason = state["state"], state["reason"]
                file.seconds = time.monotonic() - file.began


def _wait_at_most(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.1)
