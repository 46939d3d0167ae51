"""How the clock goes through its duties: each in its time and guarded against every error, and what fails is noted.

A duty that fails twice in a row is told: by a metric, an alarm, and on the page of checks.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.db import DatabaseError
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from mediahub import rounds
from mediahub.recovery.models import Duty
from processing import Misconfigured, ProcessingError, translate_botocore_error

log = logging.getLogger(__name__)
Duties = Mapping[str, Callable[[], int]]

# So often in a row a duty fails before people are told.
ANNOUNCED_AFTER = 2
# Of the time that is left, these take more than an equal share.
SHARES = {"mirrored": 3, "reconciled": 4}
ITEMS = 1000


class CutOff(Exception):
    """The invocation ended while the clock was at this duty: nobody could note why."""


class Tick:
    """One tick of the clock, which ends at `deadline`; `failures` counts the duties that failed in it."""

    def __init__(self, deadline: datetime, names: Sequence[str]) -> None:
        self.deadline = deadline
        self.failures = 0
        self._failing: dict[str, list[str]] = {}
        self._cut_off: set[str] = set()
        self._at = ""
        _record(lambda: self._look_back(names))

    def run_duties(self, duties: Duties) -> dict[str, int]:
        """Do each duty in turn; return what each did. Those that an invocation ended at come last."""
        counts = dict.fromkeys(duties, 0)
        names = sorted(duties, key=lambda name: name in self._cut_off)
        succeeded: list[str] = []
        for place, name in enumerate(names):
            shares = [SHARES.get(later, 1) for later in names[place:]]
            now = timezone.now()
            current = rounds.Round(now + (self.deadline - now) * shares[0] / sum(shares), self._failing.get(name, []))
            _record(lambda name=name: self._begin(name))  # type: ignore[misc]
            counts[name], error = _run_duty(name, duties[name], current)
            if error or current.failed:
                self.failures += 1
                error = error or next(iter(current.failed.values()))
                _record(lambda: _record_failure(name, error, current.still_failing))  # noqa: B023 - called at once
            elif current.still_failing:
                items = current.still_failing
                _record(lambda: Duty.objects.filter(name=name).update(items=items))  # noqa: B023 - called at once
            else:
                succeeded.append(name)
        _record(lambda: self._end(succeeded))
        return counts

    def _look_back(self, names: Sequence[str]) -> None:
        """Read what failed before, and note where the invocation before this one came to its end."""
        rows = {row.name: row for row in Duty.objects.filter(name__in=names)}
        missing = [name for name in names if name not in rows]
        if missing:
            Duty.objects.bulk_create([Duty(name=name) for name in missing], ignore_conflicts=True)
        self._failing = {name: row.items for name, row in rows.items()}
        for name, row in rows.items():
            if row.busy_until and row.busy_until < timezone.now():
                log.error("the clock could not do its duty %s: the invocation ended while it was at it", name)
                self.failures += 1
                self._cut_off.add(name)
                _record_failure(name, CutOff(), row.items)

    def _begin(self, name: str) -> None:
        """Note in one statement that the clock is at this duty, and no more at the one before."""
        busy = Case(When(name=name, then=Value(self.deadline)), default=None)
        Duty.objects.filter(name__in=[name, self._at]).update(busy_until=busy)
        self._at = name

    def _end(self, succeeded: Sequence[str]) -> None:
        Duty.objects.filter(name=self._at).update(busy_until=None)
        Duty.objects.filter(name__in=succeeded).update(
            succeeded_at=timezone.now(), failing_since=None, failures=0, fault="", code="", items=[]
        )


def filter_failing() -> QuerySet[Duty]:
    """Return the duties that failed so often in a row that people are told."""
    return Duty.objects.filter(failures__gte=ANNOUNCED_AFTER)


def count_failing(failures: int) -> int:
    """Return how many duties people are told of; where nobody can look, each that failed just now counts."""
    with suppress(DatabaseError):
        return filter_failing().count()
    return failures


def _run_duty(name: str, duty: Callable[[], int], current: rounds.Round) -> tuple[int, Exception | None]:
    try:
        with rounds.run_in_round(current):
            return int(duty()), None
    except (ProcessingError, DatabaseError) as error:
        log.warning("the clock could not do its duty %s: %s", name, error)
        rounds.recover_connection(error)
        return 0, error
    except Exception as error:
        log.exception("the clock could not do its duty %s", name)
        return 0, error


def _record(write: Callable[[], Any]) -> None:
    """Write down how the duties stand; where that is not possible, the duties are done all the same."""
    try:
        write()
    except Exception as error:
        log.exception("the clock could not note how its duties stand")
        rounds.recover_connection(error)


def _record_failure(name: str, error: Exception, items: Sequence[str]) -> None:
    now = timezone.now()
    kind, code = _classify(error)
    Duty.objects.filter(name=name).update(
        failures=F("failures") + 1,
        failing_since=Coalesce(F("failing_since"), now),
        failed_at=now,
        fault=kind,
        code=code[:64],
        items=list(items)[-ITEMS:],
    )


def _classify(error: Exception) -> tuple[str, str]:
    """Return the kind of the error and its code, which name no file and hold no secret."""
    if isinstance(error, ClientError | BotoCoreError):
        error = translate_botocore_error(error, "call", name="AWS")
    match error:
        case CutOff():
            return Duty.Fault.CUT_OFF, ""
        case Misconfigured():
            return Duty.Fault.MISCONFIGURED, error.specific_code
        case ProcessingError():
            return Duty.Fault.UNAVAILABLE, error.specific_code
        case DatabaseError():
            return Duty.Fault.DATABASE, type(error).__name__
    return Duty.Fault.UNFORESEEN, type(error).__name__
