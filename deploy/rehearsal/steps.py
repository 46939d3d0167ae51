"""The steps of the rehearsal: the way of a stage from `up` to a second `up`, with an editor at its address."""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """Raised when a step sees something else than it should."""


class Operator(Protocol):
    """What the operator of a stage does, each by the function behind the command of this name."""

    def up(self) -> str:
        """Deploy; return the site's address."""

    def check(self) -> list[str]:
        """Return what is not as the template says."""

    def invite(self, person: str) -> str:
        """Return the path at which a chief editor chooses a password."""

    def capacity(self, since: datetime) -> float | None:
        """Return the database's latest capacity after this moment; None while CloudWatch knows none."""

    def restore(self, moment: datetime) -> str:
        """Bring the database back to this moment; return what stands now, in words."""

    def reconcile(self) -> None:
        """Compare files, records and mirror, and mend what does not fit."""

    def down(self) -> list[str]:
        """Remove functions and stack; return the names of what is kept."""


@dataclass(frozen=True)
class Bounds:
    """How long each wait may take, and `poll`, the time between two looks, in seconds."""

    ready: float = 600
    public: float = 900
    pause: float = 2400
    poll: float = 5


@dataclass(frozen=True)
class Step:
    """One step: its title, and what does it and returns the result in a few words."""

    title: str
    run: Callable[[], str]


@dataclass
class Rehearsal:
    """The steps in their order, and what one hands to the next."""

    operator: Operator
    send: Send
    bounds: Bounds = field(default_factory=Bounds)
    sleep: Callable[[float], None] = time.sleep
    make_photo: Callable[[str, int], bytes] = make_photo
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    images: list[str] = field(default_factory=list)
    digest: str = ""
    _editor: Editor | None = None

    def steps(self) -> list[Step]:
        """Return the whole way."""
        return [
            Step("up", self.up),
            Step("check", self.check),
            Step("invite an editor and sign in", self.sign_in),
            Step(f"upload {SMALL // MB} MB in one form", lambda: self.upload("harbor", SMALL)),
            Step(f"upload {LARGE // MB} MB in parts", lambda: self.upload("mountain", LARGE)),
            Step("publish", self.publish),
            Step("replace a published file", self.replace),
            Step(f"take down {TAKEN_DOWN_AT_ONCE} at once", self.take_down),
            Step("wait until the database pauses", self.wait_for_pause),
            Step("first page after the pause", self.open_first_page),
            Step("restore the database", self.restore),
            Step("fit files and mirror to the records", self.reconcile),
            Step("down", self.down),
            Step("up again, with what was kept", self.up_again),
        ]

    @property
    def editor(self) -> Editor:
        """Return the person who signed in."""
        if self._editor is None:
            raise RehearsalError("Nobody signed in.")
        return self._editor

    def up(self) -> str:
        """Deploy a stage that nobody knows yet."""
        self._editor = Editor(self.operator.up(), self.send)
        return self.editor.site

    def check(self) -> str:
        """Look whether all is as the template says."""
        if faults := self.operator.check():
            raise RehearsalError("; ".join(faults))
        return "all is as the template says"

    def sign_in(self) -> str:
        """Open the invitation, choose a password, sign in."""
        self.editor.accept_invitation(self.operator.invite(PERSON), PERSON, self.password)
        self.editor.page(f"{self.editor.prefix}/admin/")
        return f"as {PERSON}"

    def upload(self, title: str, size: int) -> str:
        """Send one file and wait until it is an image."""
        data = self.make_photo(title, size)
        self.digest = hashlib.sha256(data).hexdigest()
        self.images += self._ready([self.editor.upload(f"{title}.jpg", data)])
        return f"{len(data) / MB:.1f} MB are ready"

    def publish(self) -> str:
        """Publish what came, and fetch it as the public does."""
        self.editor.act("publish", self.images)
        addresses = [self._address(image) for image in self.images]
        seconds = self._wait("public", lambda: all(self._status(address) == 200 for address in addresses))
        return f"{len(addresses)} public addresses answer after {seconds:.0f} s"

    def replace(self) -> str:
        """Put another file to use and see the permanent address change."""
        image = self.images[0]
        address = self._address(image)
        before = self._public(address)
        self._ready([self.editor.upload("harbor, again.jpg", self.make_photo("harbor, again", TINY), image)])
        self.editor.use_version(image, 2)
        seconds = self._wait("public", lambda: self._public(address) != before and self._status(address) == 200)
        return f"the permanent address shows the new file after {seconds:.0f} s"

    def take_down(self) -> str:
        """Publish many, let CloudFront keep them, take them down in one act, and see every address refuse."""
        photos = [f"picture {number}" for number in range(1, TAKEN_DOWN_AT_ONCE + 1)]
        uploads = [self.editor.upload(f"{title}.jpg", self.make_photo(title, TINY)) for title in photos]
        images = self._ready(uploads)
        self.editor.act("publish", images)
        addresses = [self._address(image) for image in images]
        self._wait("public", lambda: all(self._status(address) == 200 for address in addresses))
        self.editor.act("archive", images)
        seconds = self._wait("public", lambda: all(self._status(address) in GONE for address in addresses))
        return f"{len(images)} addresses refuse after {seconds:.0f} s"

    def wait_for_pause(self) -> str:
        """Ask nothing of the site until CloudWatch tells of no capacity."""
        since = datetime.now(UTC)
        seconds = self._wait("pause", lambda: self.operator.capacity(since) == 0)
        return f"capacity 0 after {seconds:.0f} s"

    def open_first_page(self) -> str:
        """Ask for a page while the database wakes."""
        start = time.monotonic()
        # API Gateway gives up after 29 s; an editor asks again.
        self._wait("ready", lambda: self.editor.request("GET", f"{self.editor.prefix}/admin/upload/").status == 200)
        return f"answers after {time.monotonic() - start:.1f} s"

    def restore(self) -> str:
        """Archive an image, bring the database back to the moment before, and see it published again."""
        image = self.images[0]
        self.sleep(self.bounds.poll)
        moment = datetime.now(UTC)
        self.sleep(self.bounds.poll)
        self.editor.act("archive", [image])
        if self.editor.public_address(image):
            raise RehearsalError("The image is still published after it was archived.")
        said = self.operator.restore(moment)
        # Until the functions have found the restored database, pages answer with an error.
        self._wait("ready", lambda: self._is_published(image))
        return said

    def reconcile(self) -> str:
        """Fit files and mirror to the restored records: what was taken down after the moment is public again."""
        self.operator.reconcile()
        address = self._address(self.images[0])
        seconds = self._wait("public", lambda: self._status(address) == 200)
        return f"the public address answers again after {seconds:.0f} s"

    def _is_published(self, image: str) -> bool:
        try:
            return bool(self.editor.public_address(image))
        except EditorError:
            return False

    def down(self) -> str:
        """Remove the stage, and keep what holds data."""
        retained = self.operator.down()
        if not retained:
            raise RehearsalError("Nothing was kept.")
        return f"{len(retained)} kept"

    def up_again(self) -> str:
        """Deploy once more under the same name, and find the picture with its original."""
        self._editor = Editor(self.operator.up(), self.send)
        self.editor.submit(f"{self.editor.prefix}/admin/login/", username=PERSON, password=self.password)
        original = self.editor.original(self.images[-1])
        if hashlib.sha256(original).hexdigest() != self.digest:
            raise RehearsalError("The original is not the file that was uploaded.")
        return f"the original of {len(original) / MB:.1f} MB is still there"

    def _address(self, image: str) -> str:
        if address := self.editor.public_address(image):
            return address
        raise RehearsalError(f"The image {image} is not published. See its page: what does it lack?")

    def _ready(self, uploads: Sequence[str]) -> list[str]:
        """Wait until all uploads ended and the editor's browser can open the pictures; return their images."""
        states: list[Mapping[str, Any]] = []

        def have_ended() -> bool:
            states[:] = self.editor.uploads(uploads)
            return len(states) == len(uploads) and all(one["state"] in ENDED for one in states)

        self._wait("ready", have_ended)
        if bad := [f"{one['name']} is {one['state']}: {one['reason']}" for one in states if one["state"] != "ready"]:
            raise RehearsalError("; ".join(bad))
        # CloudFront opens these for signed addresses only; the status view hands the browser one for each.
        if closed := [one["name"] for one in states if self._status(one["picture"]["address"]) != 200]:
            raise RehearsalError(f"The pictures of {', '.join(closed)} cannot be opened by their signed addresses.")
        images = {one["id"]: str(one["image"]) for one in states}
        return [images[upload] for upload in uploads]

    def _public(self, address: str) -> bytes:
        return self.send("GET", address, {}, b"").body

    def _status(self, address: str) -> int:
        if not urlsplit(address).netloc:
            raise RehearsalError(f"{address} is no public address.")
        return self.send("GET", address, {}, b"").status

    def _wait(self, bound: str, is_done: Callable[[], bool]) -> float:
        """Look again and again until it is done; return the seconds it took. Raises RehearsalError at the bound."""
        most, start = float(getattr(self.bounds, bound)), time.monotonic()
        for _ in self._looks(most):
            if is_done():
                return time.monotonic() - start
        raise RehearsalError(f"Not so within {most:.0f} s.")

    def _looks(self, most: float) -> Iterator[None]:
        for number in range(max(1, round(most / self.bounds.poll))):
            if number:
                self.sleep(self.bounds.poll)
            yield
