"""One round of a duty of the clock, item by item: an item that raises holds up neither the others nor those behind it.

A duty picks its items with `pick_items` and works on them with `process_each`. The clock begins a round before it calls
the duty, and records afterwards what failed. Called by anyone else, a duty works on all its items and then raises the
first failure.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

log = logging.getLogger(__name__)
Row = TypeVar("Row")
Item = TypeVar("Item")

# So many items that failed before are tried again in one round, after all others.
AGAIN = 20


@dataclass
class Round:
    """What one round knows and learns: `until` ends it; items are named by their kind and id, as "image 5c…".

    `failing` are those that failed in earlier rounds, the one that was tried longest ago first.
    """

    until: datetime | None = None
    failing: list[str] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)
    failed: dict[str, Exception] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether no further item is to be begun."""
        return self.until is not None and timezone.now() >= self.until

    @property
    def still_failing(self) -> list[str]:
        """The items that failed, in the order in which they are to be tried again."""
        waiting = [name for name in self.failing if name not in self.settled and name not in self.failed]
        return waiting + list(self.failed)


_current: ContextVar[Round | None] = ContextVar("round", default=None)


@contextmanager
def run_in_round(current: Round) -> Iterator[Round]:
    """Have all that is done in this block be done in this round."""
    token = _current.set(current)
    try:
        yield current
    finally:
        _current.reset(token)


def pick_items(rows: QuerySet[Any, Row], most: int, kind: str) -> list[Row]:
    """Return up to `most` ids that did not fail lately, in their order, and after them a few that did.

    `rows` are ids and not whole rows, so that one that cannot be read takes no other along.
    """
    current = _current.get()
    failing = (
        [name.removeprefix(f"{kind} ") for name in current.failing if name.startswith(f"{kind} ")] if current else []
    )
    if current is None or not failing:
        return list(rows[:most])
    again = list(rows.filter(pk__in=failing[:AGAIN]))
    # Others have seen to these.
    current.settled.update(f"{kind} {pk}" for pk in {*failing[:AGAIN]} - {str(pk) for pk in again})
    return [*rows.exclude(pk__in=failing)[:most], *again]


def is_over() -> bool:
    """Return whether the time of this round has run out; never outside a round."""
    current = _current.get()
    return current is not None and current.is_over


def process_each(
    items: Iterable[Item], act: Callable[[Item], Any], kind: str, name: Callable[[Item], Any] = str
) -> int:
    """Act on each item until the round is over; return how many actions answered with anything but False.

    Outside a round the first failure is raised when all items were tried.
    """
    alone = _current.get() is None
    current = _current.get() or Round()
    acted = 0
    for item in items:
        if current.is_over:
            break
        what = f"{kind} {name(item)}"
        current.settled.add(what)
        try:
            # A statement that fails within a transaction must not spoil it for the others.
            with transaction.atomic() if connection.in_atomic_block else nullcontext():
                acted += act(item) is not False
        except Exception as error:
            log.warning("%s failed and is tried again: %r", what, error, exc_info=error)
            current.failed[what] = error
            recover_connection(error)
    if alone and current.failed:
        raise next(iter(current.failed.values()))
    return acted


def recover_connection(error: Exception) -> None:
    """Give up a connection that the database has closed, so that the next question opens another."""
    if isinstance(error, DatabaseError):
        connection.close_if_unusable_or_obsolete()
