"""Charts as numbers: what a template draws as SVG, and the same as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from math import floor, log10
from typing import Literal

Value = int | float | Decimal | None
# A column and the gap beside it, and how high the drawing is, in its own units.
STEP, GAP, HEIGHT = 10, 2, 100


@dataclass(frozen=True)
class Series:
    """One kind of thing that is counted: a value for each label, None where there is none."""

    name: str
    tone: str
    values: Sequence[Value]


@dataclass(frozen=True)
class Mark:
    """One rectangle, in units of the drawing; `says` is what it stands for."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    says: str


@dataclass(frozen=True)
class Chart:
    """Values by label: `columns` stand side by side for times, `rows` lie one under the other.

    Series are stacked, or with `over` drawn one over the other from the same ground. `say` makes a value readable.
    """

    name: str
    title: str
    about: str
    labels: Sequence[str]
    series: Sequence[Series]
    say: Callable[[Value], str]
    form: Literal["columns", "rows"] = "columns"
    over: bool = False
    links: Sequence[str] = ()

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to draw."""
        return not any(value for series in self.series for value in series.values)

    @property
    def top(self) -> float:
        """Return the value at the end of the axis."""
        columns = [
            [float(value or 0) for value in column] for column in zip(*(s.values for s in self.series), strict=True)
        ]
        return round_up(max((max(column) if self.over else sum(column) for column in columns), default=0))

    @property
    def width(self) -> int:
        """Return the width of the drawing, in its own units."""
        return STEP * len(self.labels)

    @property
    def ticks(self) -> list[str]:
        """Return the labels of the axis, from the top down."""
        half = self.top / 2
        # Half an upload is nothing to count by.
        middle = [] if self.top % 2 == 1 else [self.say(int(half) if half == int(half) else half)]
        return [self.say(self.top), *middle, self.say(0)]

    @property
    def marks(self) -> list[Mark]:
        """Return the columns as rectangles."""
        return [mark for place in range(len(self.labels)) for mark in self._column(place)]

    @property
    def rows(self) -> list[tuple[str, str, list[Mark], list[str]]]:
        """Return (label, link, rectangles, readable values) of each label."""
        rows = []
        for place, label in enumerate(self.labels):
            link = self.links[place] if place < len(self.links) else ""
            lying = [
                Mark(HEIGHT - mark.y - mark.height, 0, mark.height, 1, mark.tone, mark.says)
                for mark in self._column(place)
            ]
            rows.append((label, link, lying, [self.say(series.values[place]) for series in self.series]))
        return rows

    @property
    def ends(self) -> list[str]:
        """Return the labels below the columns: the first, the middle and the last."""
        last = len(self.labels) - 1
        return [self.labels[place] for place in sorted({0, last // 2, last})] if self.labels else []

    def _column(self, place: int) -> list[Mark]:
        values = [float(series.values[place] or 0) for series in self.series]
        scaled = [round(value / self.top * HEIGHT, 2) for value in values]
        grounds = [0.0] * len(scaled) if self.over else [0.0, *accumulate(scaled)]
        return [
            Mark(
                place * STEP + GAP / 2,
                round(HEIGHT - ground - height, 2),
                STEP - GAP,
                height,
                series.tone,
                f"{self.labels[place]}: {series.name}, {self.say(series.values[place])}",
            )
            for series, height, ground in zip(self.series, scaled, grounds, strict=False)
            if height
        ]


def round_up(most: float) -> float:
    """Return the least of 1, 2, 4, 5, 6, 8 and 10 times a power of ten that is no less; 1 for nothing."""
    if most <= 0:
        return 1
    power = 10 ** floor(log10(most))
    share = next(step for step in (1, 2, 4, 5, 6, 8, 10) if most <= step * power * (1 + 1e-9))
    rounded = share * power
    return int(rounded) if rounded >= 1 else round(rounded, 6)
