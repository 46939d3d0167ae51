"""What one run plays: files that come, change and go, S3's events of them, workers, a clock, and an editor."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote_plus

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import F
from django.utils import timezone
from greenlet import getcurrent, greenlet

from mediahub.history.change_set import ChangeSet
from mediahub.library import tag_decisions
from mediahub.library.models import Image, Tagging
from mediahub.recovery import retries
from mediahub.recovery.models import FailedItem
from mediahub.uploads import tickets
from mediahub.uploads.models import Upload
from mediahub.worker import handlers
from tests.doubles import now
from tests.pictures import jpeg
from tests.simulation.world import Killed, World

FUNCTION_SECONDS = 30
CLOCK_SECONDS = 60
BATCH = 4
PICTURES = 40
JUNK = b"no picture at all, but words"


@cache
def picture(number: int) -> bytes:
    """Return a small JPEG, another for each number."""
    return jpeg(84 + number % 20, 82, quality=40 + 2 * (number // 20))


@dataclass
class Context:
    """What Lambda tells a worker: how long it has."""

    ends: datetime
    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the worker."""
        return max(0, int((self.ends - timezone.now()).total_seconds() * 1000))


@dataclass
class Actor:
    """One slot that runs an invocation after the other."""

    name: str
    running: greenlet | None = None
    ends: datetime | None = None


@dataclass
class Desk:
    """One run of the desk in a world."""

    world: World
    user: User
    # What each key holds in the end, None where nothing does.
    truth: dict[str, bytes | None] = field(default_factory=dict)
    # Keys of which one version was removed for good, so that an earlier one came back and was worked on again.
    erased: set[str] = field(default_factory=set)
    workers: list[Actor] = field(default_factory=lambda: [Actor("worker 1"), Actor("worker 2"), Actor("clock")])
    _plans: list[tuple[float, str]] = field(default_factory=list)
    _events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    _sequence: int = 0
    _invocations: int = 0
    _next_tick: float = 0

    def plan(self) -> None:
        """Decide what comes when."""
        chance = self.world.chance
        for number in range(chance.choice((1, 1, 2, 3))):
            key = self._key(number)
            at = chance.uniform(0, 120)
            for _ in range(chance.choice((1, 1, 1, 2, 3))):
                self._plans.append((at, key))
                at += chance.choice((1, 20, 200))

    def storm(self) -> None:
        """Let everything happen at once, one short step after the other."""
        chance = self.world.chance
        start = now()
        for _ in range(40 + 25 * len(self._plans)):
            self.world.pass_time(chance.choice((0, 0, 0, 0.1, 0.1, 0.5, 1, 3)) if chance.random() < 0.985 else 40)
            self._happen(now() - start)
            self._step(chance.choice(self.workers))
            if chance.random() < 0.02:
                self._trouble(chance)
        self.world.misconfigured = ""

    def settle(self) -> None:
        """End the storm: all that was planned has come, and everyone works until nothing waits."""
        self.world.storm = False
        self._happen(float("inf"))
        for _ in range(120):
            self._finish()
            if not self._wait():
                break

    def redrive(self) -> None:
        """Have the editor retry what failed."""
        retries.order_retry(self.user, FailedItem.objects.all())

    def _key(self, number: int) -> str:
        if self.world.chance.random() < 0.5:
            return f"by hand/{number} ä+%2F.jpg"
        said: dict[str, Any] = {"content_type": "image/jpeg", "declared_bytes": 1000}
        return tickets._create_upload(self.user, f"{number}.jpg", Upload.Method.POST, seconds=900, **said).key

    def _happen(self, seconds: float) -> None:
        """Do what was planned for so many seconds after the start, and deliver the events that are due."""
        due = sorted(plan for plan in self._plans if plan[0] <= seconds)
        self._plans = [plan for plan in self._plans if plan[0] > seconds]
        for _, key in due:
            self._change(key)
        # In the end every event comes that was not dropped.
        arrived = [event for at, event in self._events if at <= seconds]
        self._events = [(at, event) for at, event in self._events if at > seconds]
        for event in arrived:
            self.world.queue.send(event)

    def _change(self, key: str) -> None:
        """Put a new version, a poison one, delete the file, or erase a version; S3 tells of it in its own way."""
        chance, uploads = self.world.chance, self.world.uploads
        versions = uploads.list_versions(key)
        if self.truth.get(key) is not None and chance.random() < 0.3:
            uploads.delete(key)
            name, version = "ObjectRemoved:DeleteMarkerCreated", uploads.list_versions(key)[0].version_id
        elif versions and chance.random() < 0.08:
            # The newest, which may be a delete marker, or any; what lies below may be the file again.
            version = chance.choice([versions[0], *versions]).version_id
            uploads.erase(key, version)
            name = "ObjectRemoved:Delete"
            self.erased.add(key)
        else:
            data = picture(chance.choice([n for n in range(PICTURES) if picture(n) != self.truth.get(key)][:40]))
            uploads.put(key, JUNK if chance.random() < 0.08 else data, "image/jpeg")
            name, version = "ObjectCreated:Put", uploads.list_versions(key)[0].version_id
        self.truth[key] = uploads.objects[key][0] if key in uploads.objects else None
        self._tell(key, name, version)

    def _tell(self, key: str, name: str, version: str) -> None:
        chance, weather = self.world.chance, self.world.weather
        self._sequence += chance.choice((1, 15, 4000))
        details = {"key": quote_plus(key, safe="/"), "sequencer": f"{self._sequence:06X}", "versionId": version}
        if chance.random() < 0.02:
            del details["sequencer"]
        record = {"eventName": name, "s3": {"bucket": {"name": settings.UPLOAD_BUCKET}, "object": details}}
        copies = 1 + (chance.random() < weather.repeats) + (chance.random() < weather.repeats / 2)
        if chance.random() < weather.drops:
            self.world.faults["event dropped"] += 1
            copies = 0
        for _ in range(copies):
            self._events.append((self._elapsed() + chance.uniform(0, weather.delays), {"Records": [record]}))

    def _elapsed(self) -> float:
        return now() - self._start

    def _trouble(self, chance: random.Random) -> None:
        """Do what happens now and then: a deployment, a wrong setting for a while, an editor at work."""
        match chance.randrange(4):
            case 0:
                self.world.faults["deployment"] += 1
                for actor in self.workers:
                    self._kill(actor)
            case 1:
                parts = ("", "renditions", "uploads", "table", "")
                self.world.misconfigured = chance.choice(parts)
            case 2:
                self._edit(lambda: tag_decisions.accept(ChangeSet(self.user), Tagging.objects.all()[:1]))
            case 3:
                self._edit(self.redrive)

    def _edit(self, verb: Any) -> None:
        """Make an editor's request, which may be cut off as well."""
        self._run(greenlet(self._surviving(verb)))

    def _step(self, actor: Actor) -> None:
        """Let one actor go on to its next call, or begin its next invocation."""
        if actor.running is None:
            if actor.name == "clock" and now() < self._next_tick:
                return None
            self._next_tick = now() + CLOCK_SECONDS if actor.name == "clock" else self._next_tick
            work = self._tick if actor.name == "clock" else self._deliver
            actor.running = greenlet(self._surviving(work))
            actor.ends = timezone.now() + timedelta(seconds=FUNCTION_SECONDS)
        elif actor.ends and timezone.now() >= actor.ends:
            self.world.faults["time-out"] += 1
            return self._kill(actor)
        self._run(actor.running)
        if actor.running.dead:
            actor.running = None
        return None

    def _run(self, running: greenlet) -> None:
        self.world.scheduler = getcurrent()
        running.switch()

    def _kill(self, actor: Actor) -> None:
        if actor.running is not None:
            self.world.scheduler = getcurrent()
            actor.running.throw(Killed)
            actor.running = None

    def _surviving(self, work: Any) -> Any:
        def run() -> None:
            try:
                work()
            except Killed:
                # Its messages come back, its leases end: that is all that is left of it.
                return

        return run

    def _deliver(self) -> None:
        """Do what Lambda's event source mapping does with one batch."""
        messages = self.world.queue.receive(BATCH)
        if not messages:
            return
        answer = handlers.on_object_created({"Records": [_record(message) for message in messages]}, self._context())
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in messages:
            lost = self.world.storm and self.world.chance.random() < self.world.weather.fails
            if message["MessageId"] not in failed and not lost:
                self.world.queue.delete(message["ReceiptHandle"])

    def _tick(self) -> None:
        handlers.on_minute({}, self._context())

    def _context(self) -> Context:
        self._invocations += 1
        ends = timezone.now() + timedelta(seconds=FUNCTION_SECONDS)
        return Context(ends, f"request-{self._invocations}")

    def _finish(self) -> None:
        """Let whoever is under way come to an end, then work on what is due."""
        for actor in self.workers:
            while actor.running is not None:
                self._step(actor)
        while any(message.visible <= now() for message in self.world.queue.messages.values()):
            self._deliver()

    def _wait(self) -> bool:
        """Let time pass to what comes next; False when nothing does."""
        waiting = [message.visible for message in self.world.queue.messages.values()]
        if waiting:
            self.world.pass_time(max(0.0, min(waiting) - now()) + 0.1)
            return True
        if self.world.dead_letters.messages or self._unfinished():
            self.world.pass_time(settings.RESUME_SECONDS + 1)
            self._tick()
            return True
        return False

    def _unfinished(self) -> bool:
        """Return whether a record still waits for someone."""
        return (
            Upload.objects.filter(state__in=[Upload.State.ISSUED, Upload.State.WORKING]).exists()
            or FailedItem.objects.filter(state=FailedItem.State.RETRIED).exists()
            or Image.objects.filter(mirrored_revision__lt=F("revision")).exists()
        )

    def __post_init__(self) -> None:
        self._start = now()


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:uploads",
        "awsRegion": "us-east-1",
    }
