"""Times of one photograph: what the product's own processes spend, and how long it takes by the clock on the wall."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Stopwatch:
    """Add up the seconds of one photograph.

    Attributes:
        cpu: Seconds of the processor in the product's processes.
        wall: Seconds on the wall, of the product and of what it waits for.
        read_processor_seconds: Says how many seconds of the processor the product has had.
    """

    cpu: float = 0.0
    wall: float = 0.0
    read_processor_seconds: Callable[[], float] = time.process_time

    @contextmanager
    def time_product(self) -> Iterator[None]:
        """Count both the processor's time and the time on the wall."""
        wall, cpu = time.perf_counter(), self.read_processor_seconds()
        try:
            yield
        finally:
            self.cpu += self.read_processor_seconds() - cpu
            self.wall += time.perf_counter() - wall

    @contextmanager
    def time_others(self) -> Iterator[None]:
        """Count the time on the wall alone: a browser or AWS is at work, and this process stands for it."""
        wall = time.perf_counter()
        try:
            yield
        finally:
            self.wall += time.perf_counter() - wall
