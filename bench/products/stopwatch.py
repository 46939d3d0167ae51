"""Times of one photograph: what the product's own process spends, and how long it takes by the clock on the wall."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Stopwatch:
    """Add up the seconds of one photograph.

    Attributes:
        cpu: Seconds of the processor in the product's process.
        wall: Seconds on the wall, of the product and of what it waits for.
    """

    cpu: float = 0.0
    wall: float = 0.0

    @contextmanager
    def time_product(self) -> Iterator[None]:
        """Count both the processor's time and the time on the wall."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.cpu += time.process_time() - cpu
            self.wall += time.perf_counter() - wall

    @contextmanager
    def time_others(self) -> Iterator[None]:
        """Count the time on the wall alone: a browser or AWS is at work, and this process stands for it."""
        wall = time.perf_counter()
        try:
            yield
        finally:
            self.wall += time.perf_counter() - wall
