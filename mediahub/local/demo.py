"""The main job, tried from outside: files sent through the site's own pages and followed to their end."""

import mimetypes
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from mediahub.intake.models import Upload

PICTURES = {".jpg", ".jpeg", ".png", ".gif", ".webp"}
# Long enough for every delivery that the queue allows a file.
PATIENCE = 180
LOST = "lost"


class DemoError(Exception):
    """Why the demo cannot begin, and what to do."""


@dataclass
class Sent:
    """One file on its way; `state` is empty until it has ended."""

    file: str
    upload_id: str = ""
    state: str = ""
    reason: str = ""
    seconds: float = 0
    began: float = field(default_factory=time.monotonic)

    def row(self) -> dict[str, Any]:
        """What is told of the file, with its labels and renditions from the records."""
        upload = Upload.objects.select_related("image").get(pk=self.upload_id) if self.upload_id else None
        image = upload.image if upload else None
        return {
            "file": self.file,
            "state": self.state,
            "reason": self.reason,
            "renditions": [
                {"name": made.name, "width": made.width, "height": made.height, "bytes": made.bytes, "key": made.key}
                for made in (image.renditions.all() if image else [])
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
        """Sign in by the form; raises DemoError when the site is not there or says no."""
        page = f"{self._site}/admin/login/"
        try:
            self._http.get(page, timeout=30)
        except requests.RequestException as error:
            raise DemoError(f"Nothing answers at {self._site}. Start it with `make run`, or add --alone.") from error
        form = {"username": name, "password": password, "csrfmiddlewaretoken": self._csrf()}
        self._http.post(page, form, headers={"Referer": page}, timeout=30)
        if "sessionid" not in self._http.cookies:
            raise DemoError(f"{self._site} does not let {name} in with the password of the sign-in file.")

    def send(self, path: Path, sent: Sent) -> None:
        """Ask for a ticket and send the file as it says; a refusal is the end of the file."""
        wish = {"name": path.name, "type": mimetypes.guess_type(path)[0] or "", "size": path.stat().st_size}
        answer = self._sign({"method": "POST", **wish})
        if "reason" in answer:
            sent.state, sent.reason = Upload.State.REJECTED, str(answer["reason"])
            return
        sent.upload_id = answer["upload"]
        data = path.read_bytes()
        if answer.get("fields"):
            form = requests.post(answer["url"], answer["fields"], files={"file": data}, timeout=60)
            form.raise_for_status()
        else:
            self._send_parts(answer, data)

    def standing(self, uploads: Sequence[Sent]) -> dict[str, dict[str, Any]]:
        """What the status view says of the uploads, by id."""
        ids = ",".join(sent.upload_id for sent in uploads)
        answer = self._http.get(f"{self._site}/admin/upload/status/", params={"ids": ids}, timeout=30)
        return {found["id"]: found for found in answer.json()["uploads"]}

    def _sign(self, wish: dict[str, Any]) -> dict[str, Any]:
        headers = {"X-CSRFToken": self._csrf(), "Referer": self._site}
        answer = self._http.post(f"{self._site}/admin/upload/sign/", json=wish, headers=headers, timeout=30)
        return dict(answer.json())

    def _send_parts(self, ticket: dict[str, Any], data: bytes) -> None:
        begun = requests.post(ticket["url"], timeout=60)
        begun.raise_for_status()
        found = re.search(r"<UploadId>([^<]+)</UploadId>", begun.text)
        step = {"key": ticket["key"], "uploadId": found[1] if found else ""}
        done = ET.Element("CompleteMultipartUpload")
        for number, start in enumerate(range(0, len(data), ticket["part_bytes"]), 1):
            address = self._sign({**step, "method": "PUT", "partNumber": number})["url"]
            sent = requests.put(address, data[start : start + ticket["part_bytes"]], timeout=60)
            sent.raise_for_status()
            part = ET.SubElement(done, "Part")
            ET.SubElement(part, "PartNumber").text = str(number)
            ET.SubElement(part, "ETag").text = sent.headers["ETag"]
        address = self._sign({**step, "method": "POST"})["url"]
        requests.post(address, ET.tostring(done), timeout=60).raise_for_status()

    def _csrf(self) -> str:
        return self._http.cookies.get("csrftoken") or ""


def files(paths: Sequence[Path]) -> list[Path]:
    """The files that are named, and the pictures of the folders that are; raises DemoError for what is not there."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise DemoError(f"{path} is not there. Name a picture or a folder of pictures.")
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [file for file in inside if file.is_file() and (file == path or file.suffix.lower() in PICTURES)]
    if not found:
        raise DemoError("There is no picture to send. Name a picture or a folder of pictures.")
    return found


def send_all(browser: Browser, paths: Sequence[Path], progress: Callable[[int, int], None]) -> list[Sent]:
    """Send every file and follow it to its end; one that has none in time is lost."""
    sent = [Sent(path.name) for path in paths]
    for path, one in zip(paths, sent, strict=True):
        one.began = time.monotonic()
        browser.send(path, one)
        _look(browser, sent)
        progress(sum(bool(one.state) for one in sent), len(sent))
    for _ in _until(PATIENCE):
        _look(browser, sent)
        progress(sum(bool(one.state) for one in sent), len(sent))
        if all(one.state for one in sent):
            break
    for one in sent:
        one.state = one.state or LOST
    return sent


def _look(browser: Browser, sent: Sequence[Sent]) -> None:
    waiting = [one for one in sent if one.upload_id and not one.state]
    for start in range(0, len(waiting), 100):
        part = waiting[start : start + 100]
        known = browser.standing(part)
        for one in part:
            found = known.get(one.upload_id)
            if found and found["ended"]:
                one.state, one.reason = found["state"], found["reason"]
                one.seconds = time.monotonic() - one.began


def _until(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.1)
