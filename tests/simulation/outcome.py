"""What a run came to, in a form that processes hand to each other."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What one run came to; each list is empty when the promise was kept."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)
    drift: list[str] = field(default_factory=list)

    @property
    def broken(self) -> list[str]:
        """Every promise that was not kept, in words."""
        return [*self.lost, *self.duplicated, *self.orphaned, *self.drift]
