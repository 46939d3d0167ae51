"""A world in which everything goes wrong that may: clock, stores, queue, mirror and workers, all from one seed.

Workers are greenlets. They hand over at each call to a part of AWS, which is the only place where one worker can see
what another did: no call is made inside a transaction.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import time_machine
from greenlet import getcurrent, greenlet

from processing import Label, LabelAnswer, Misconfigured, Unavailable
from tests.doubles import MemoryQueue, MemoryStore, MemoryTable

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)


class Killed(BaseException):
    """The end of a worker as SIGKILL brings it: no handler of errors sees it."""


@dataclass
class Weather:
    """How much goes wrong in one run, as probabilities of each call or event."""

    fails: float
    kills: float
    hands_over: float
    drops: float
    repeats: float
    delays: float

    @classmethod
    def of(cls, chance: random.Random) -> "Weather":
        """Return some runs are calm but for one thing, some are wild."""
        wild = chance.choice((0.2, 0.6, 1.0))
        return cls(
            fails=chance.choice((0, 0.05, 0.15)) * wild,
            kills=chance.choice((0, 0.02, 0.08)) * wild,
            hands_over=chance.choice((0.1, 0.3, 0.6)),
            drops=chance.choice((0, 0.1, 0.3)) * wild,
            repeats=chance.choice((0, 0.2, 0.5)) * wild,
            delays=chance.choice((0, 60, 600)) * wild,
        )


@dataclass
class FixedLabeler:
    """A labeler that knows one word for each file; what is asked of it is counted."""

    source: str = "recorded"
    asked: Counter[str] = field(default_factory=Counter)

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        """Return the same answer for the same file."""
        self.asked[sha256] += 1
        return LabelAnswer((Label(f"Word {int(sha256[:2], 16) % 5}", 90.0),), "recorded", "1", {})


class World:
    """The parts, the time, and what befalls them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.weather = Weather.of(self.chance)
        self.storm = True
        self.faults: Counter[str] = Counter()
        self.dead_letters = MemoryQueue(visibility=60, receives=1000)
        self.queue = MemoryQueue(visibility=90, receives=5, dead_letters=self.dead_letters)
        self.uploads = MemoryStore()
        self.renditions = MemoryStore(versioned=False)
        self.table = MemoryTable()
        self.labeler = FixedLabeler()
        self.scheduler: greenlet | None = None
        self.travel = time_machine.travel(EPOCH, tick=False)
        self.clock = self.travel.start()
        # A part that is set up wrongly for a while refuses all that is asked of it.
        self.misconfigured = ""

    def close(self) -> None:
        """Let the time of the machine be the time again."""
        self.travel.stop()

    def part(self, name: str) -> Any:
        """One of the parts, as workers see it."""
        return _Part(self, name, getattr(self, name))

    def pass_time(self, seconds: float) -> None:
        """Nothing happens for so long."""
        self.clock.shift(seconds)

    def point(self, name: str) -> None:
        """Let a worker pass a named step: it may be killed here, or another go first."""
        if getcurrent() is self.scheduler or self.scheduler is None:
            return
        if self.storm and self.chance.random() < self.weather.kills:
            self.faults[f"killed at {name}"] += 1
            raise Killed(name)
        if self.chance.random() < self.weather.hands_over:
            self.scheduler.switch()

    def call(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """One call to a part: it may fail before or after it had its effect."""
        self.point(f"before {name}")
        self._fail(name, "before")
        answer = method(*args, **kwargs)
        self._fail(name, "after")
        self.point(f"after {name}")
        return answer

    def _fail(self, name: str, when: str) -> None:
        if not self.storm:
            return
        if self.misconfigured and name.startswith(self.misconfigured):
            self.faults[f"misconfigured {name}"] += 1
            raise Misconfigured("AccessDenied", f"AWS refused {name}.")
        if self.chance.random() < self.weather.fails:
            self.faults[f"failed {when} {name}"] += 1
            raise Unavailable("SlowDown", f"AWS could not serve {name} {when} its effect.")


class _Part:
    """A part of AWS behind the world's faults."""

    def __init__(self, world: World, name: str, real: Any) -> None:
        self._world, self._name, self._real = world, name, real

    def __getattr__(self, method: str) -> Any:
        attribute = getattr(self._real, method)
        if not callable(attribute):
            return attribute
        return lambda *args, **kwargs: self._world.call(f"{self._name}.{method}", attribute, *args, **kwargs)
