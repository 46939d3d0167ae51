"""The steps of the rehearsal: a stage from `up` to a second `up`, with an editor at its address."""

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from deploy.rehearsal.editor import Editor, EditorError, Send
from deploy.rehearsal.photos import make_photo

MB = 1_000_000
SMALL, LARGE, TINY = 5 * MB, 50 * MB, 60_000
TAKEN_DOWN_AT_ONCE = 20
PERSON = "rehearsal@example.org"
GONE = (403, 404)
ENDED = {"ready", "rejected", "failed", "deleted", "expired"}


class RehearsalError(Exception):
    """Say what a step saw instead of what it expected."""


class Operator(Protocol):
    """What an operator does with a stage, by the functions behind the commands of these names."""

    def up(self) -> str:
        """Deploy the stage and return the address of the site."""

    def check(self) -> list[str]:
        """Return what does not match the template."""

    def invite(self, person: str) -> str:
        """Invite a chief editor and return the path at which they choose a password."""

    def read_capacity(self, since: datetime) -> float | None:
        """Return the database's latest capacity after this moment; None while CloudWatch has none."""

    def restore(self, moment: datetime) -> str:
        """Restore the database to this moment; return the result as a sentence."""

    def reconcile(self) -> None:
        """Compare files, records and mirror, and repair the differences."""

    def down(self) -> list[str]:
        """Remove functions and stack; return the names of the resources that were kept."""


@dataclass(frozen=True)
class Bounds:
    """How long each wait may take, and the time between two checks (`poll`), in seconds."""

    ready: float = 600
    public: float = 900
    pause: float = 2400
    poll: float = 5


@dataclass(frozen=True)
class Step:
    """One step: its title, and a function that takes it and returns the result in a few words."""

    title: str
    run: Callable[[], str]


@dataclass
class Rehearsal:
    """The steps in their order, and what they pass on to each other."""

    operator: Operator
    send: Send
    bounds: Bounds = field(default_factory=Bounds)
    sleep: Callable[[float], None] = time.sleep
    make_photo: Callable[[str, int], bytes] = make_photo
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    images: list[str] = field(default_factory=list)
    digest: str = ""
    _editor: Editor | None = None

    def list_steps(self) -> list[Step]:
        """Return all steps in their order."""
        return [
            Step("up", self.up),
            Step("check", self.check),
            Step("invite an editor and sign in", self.sign_in),
            Step(f"upload {SMALL // MB} MB in one request", lambda: self.upload("harbor", SMALL)),
            Step(f"upload {LARGE // MB} MB in parts", lambda: self.upload("mountain", LARGE)),
            Step("publish", self.publish),
            Step("replace a published file", self.replace),
            Step(f"take down {TAKEN_DOWN_AT_ONCE} at once", self.take_down),
            Step("wait until the database pauses", self.wait_for_pause),
            Step("open a page after the pause", self.open_first_page),
            Step("restore the database", self.restore),
            Step("repair files and mirror", self.reconcile),
            Step("down", self.down),
            Step("up again, with the resources that were kept", self.up_again),
        ]

    @property
    def editor(self) -> Editor:
        """Return the editor who signed in."""
        if self._editor is None:
            raise RehearsalError("Nobody has signed in.")
        return self._editor

    def up(self) -> str:
        """Deploy the new stage."""
        self._editor = Editor(self.operator.up(), self.send)
        return self.editor.site

    def check(self) -> str:
        """Check that the stage matches the template."""
        if faults := self.operator.check():
            raise RehearsalError("; ".join(faults))
        return "everything matches the template"

    def sign_in(self) -> str:
        """Open the invitation, choose a password and sign in."""
        self.editor.accept_invitation(self.operator.invite(PERSON), PERSON, self.password)
        self.editor.open_page(f"{self.editor.prefix}/admin/")
        return f"as {PERSON}"

    def upload(self, title: str, size: int) -> str:
        """Upload one file and wait until it is an image."""
        data = self.make_photo(title, size)
        self.digest = hashlib.sha256(data).hexdigest()
        self.images += self._ready([self.editor.upload(f"{title}.jpg", data)])
        return f"{len(data) / MB:.1f} MB are ready"

    def publish(self) -> str:
        """Publish the images, and fetch them as the public does."""
        self.editor.apply_action("publish", self.images)
        addresses = [self._address(image) for image in self.images]
        seconds = self._wait("public", lambda: all(self._status(address) == 200 for address in addresses))
        return f"{len(addresses)} public addresses answer after {seconds:.0f} s"

    def replace(self) -> str:
        """Replace the file of an image, and see its permanent address change."""
        image = self.images[0]
        address = self._address(image)
        before = self._public(address)
        self._ready([self.editor.upload("harbor, again.jpg", self.make_photo("harbor, again", TINY), image)])
        self.editor.use_version(image, 2)
        seconds = self._wait("public", lambda: self._public(address) != before and self._status(address) == 200)
        return f"the permanent address shows the new file after {seconds:.0f} s"

    def take_down(self) -> str:
        """Publish many images, let CloudFront cache them, take them down at once, and see every address refuse."""
        titles = [f"picture {number}" for number in range(1, TAKEN_DOWN_AT_ONCE + 1)]
        uploads = [self.editor.upload(f"{title}.jpg", self.make_photo(title, TINY)) for title in titles]
        images = self._ready(uploads)
        self.editor.apply_action("publish", images)
        addresses = [self._address(image) for image in images]
        self._wait("public", lambda: all(self._status(address) == 200 for address in addresses))
        self.editor.apply_action("archive", images)
        seconds = self._wait("public", lambda: all(self._status(address) in GONE for address in addresses))
        return f"{len(images)} addresses refuse after {seconds:.0f} s"

    def wait_for_pause(self) -> str:
        """Leave the site alone until CloudWatch reports a capacity of zero."""
        since = datetime.now(UTC)
        seconds = self._wait("pause", lambda: self.operator.read_capacity(since) == 0)
        return f"capacity 0 after {seconds:.0f} s"

    def open_first_page(self) -> str:
        """Open a page while the database resumes."""
        start = time.monotonic()
        # API Gateway times out after 29 s; an editor tries again.
        self._wait("ready", lambda: self.editor.request("GET", f"{self.editor.prefix}/admin/upload/").status == 200)
        return f"answers after {time.monotonic() - start:.1f} s"

    def restore(self) -> str:
        """Archive an image, restore the database to the moment before, and see it published again."""
        image = self.images[0]
        self.sleep(self.bounds.poll)
        moment = datetime.now(UTC)
        self.sleep(self.bounds.poll)
        self.editor.apply_action("archive", [image])
        if self.editor.read_public_address(image):
            raise RehearsalError("The image is still published after it was archived.")
        result = self.operator.restore(moment)
        # Until the functions have found the restored database, pages fail.
        self._wait("ready", lambda: self._is_published(image))
        return result

    def reconcile(self) -> str:
        """Repair files and mirror by the restored records: what was taken down after the moment is public again."""
        self.operator.reconcile()
        address = self._address(self.images[0])
        seconds = self._wait("public", lambda: self._status(address) == 200)
        return f"the public address answers again after {seconds:.0f} s"

    def _is_published(self, image: str) -> bool:
        try:
            return bool(self.editor.read_public_address(image))
        except EditorError:
            return False

    def down(self) -> str:
        """Remove the stage, except for the resources that hold data."""
        retained = self.operator.down()
        if not retained:
            raise RehearsalError("No resource was kept.")
        return f"{len(retained)} kept"

    def up_again(self) -> str:
        """Deploy once more under the same name, and find the image with its original."""
        self._editor = Editor(self.operator.up(), self.send)
        self.editor.submit_form(f"{self.editor.prefix}/admin/login/", username=PERSON, password=self.password)
        original = self.editor.download_original(self.images[-1])
        if hashlib.sha256(original).hexdigest() != self.digest:
            raise RehearsalError("The original is not the file that was uploaded.")
        return f"the original of {len(original) / MB:.1f} MB is still there"

    def _address(self, image: str) -> str:
        if address := self.editor.read_public_address(image):
            return address
        raise RehearsalError(f"The image {image} is not published. Its page lists what it lacks.")

    def _ready(self, uploads: Sequence[str]) -> list[str]:
        """Wait until all uploads have ended and the editor's browser can open the pictures; return their images."""
        states: list[Mapping[str, Any]] = []

        def have_ended() -> bool:
            states[:] = self.editor.read_uploads(uploads)
            return len(states) == len(uploads) and all(upload["state"] in ENDED for upload in states)

        self._wait("ready", have_ended)
        failures = [upload for upload in states if upload["state"] != "ready"]
        if failures:
            sentences = [f"{upload['name']} is {upload['state']}: {upload['reason']}" for upload in failures]
            raise RehearsalError("; ".join(sentences))
        # CloudFront opens these for signed addresses only; the status view hands the browser one for each.
        closed = [upload["name"] for upload in states if self._status(upload["picture"]["address"]) != 200]
        if closed:
            raise RehearsalError(f"The pictures of {', '.join(closed)} cannot be opened by their signed addresses.")
        images = {upload["id"]: str(upload["image"]) for upload in states}
        return [images[upload] for upload in uploads]

    def _public(self, address: str) -> bytes:
        return self.send("GET", address, {}, b"").body

    def _status(self, address: str) -> int:
        if not urlsplit(address).netloc:
            raise RehearsalError(f"{address} is no public address.")
        return self.send("GET", address, {}, b"").status

    def _wait(self, bound: str, is_done: Callable[[], bool]) -> float:
        """Check again and again until it is done; return the seconds it took. Raise RehearsalError at the bound."""
        most, start = float(getattr(self.bounds, bound)), time.monotonic()
        for number in range(max(1, round(most / self.bounds.poll))):
            if number:
                self.sleep(self.bounds.poll)
            if is_done():
                return time.monotonic() - start
        raise RehearsalError(f"Gave up after {most:.0f} s.")
