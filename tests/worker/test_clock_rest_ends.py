"""How long the clock rests: until the day ends, or until something is due; what begins meanwhile wakes it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import F
from django.utils import timezone

from mediahub.aws import clients
from mediahub.library.models import Image
from mediahub.local.event_loop import Context
from mediahub.recovery import consistency_checks
from mediahub.recovery.models import ConsistencyCheck
from mediahub.uploads.models import Upload
from mediahub.worker import clock_rest, handlers
from tests.doubles import MemoryQueue, MemoryStore, MemoryTable
from tests.records import image

pytestmark = pytest.mark.django_db(transaction=True)
# Half past ten in Berlin.
EVENING = datetime(2026, 11, 26, 21, 30, tzinfo=UTC)
RESTS = {"ticks": 1}


@pytest.fixture(autouse=True)
def rests(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Provide a clock that rests until the day ends, with the parts of AWS in memory."""
    settings.CLOCK_REST_SECONDS, settings.TIME_ZONE = 24 * 3600, "Europe/Berlin"
    parts = {
        "get_upload_store": MemoryStore(),
        "get_rendition_store": MemoryStore(versioned=False),
        "get_upload_queue": MemoryQueue(),
        "get_dead_letter_queue": MemoryQueue(),
        "get_mirror_table": MemoryTable(),
    }
    for name, part in parts.items():
        monkeypatch.setattr(clients, name, lambda part=part: part)


def tick() -> dict[str, int]:
    return handlers.on_minute({}, Context("test"))


def falls_asleep() -> bool:
    """Tick until the comparison that is due is through, as the clock does in a few minutes."""
    return any(tick() == RESTS for _ in range(10))


def test_a_rest_ends_with_the_day_on_which_rights_end() -> None:
    with time_machine.travel(EVENING, tick=False) as now:
        image(state=Image.State.PUBLISHED, rights_until=date(2026, 11, 26), mirrored_revision=1)
        assert falls_asleep()
        now.move_to(EVENING + timedelta(minutes=89, seconds=59))
        assert tick() == RESTS
        now.move_to(EVENING + timedelta(minutes=90))
        assert tick()["rights_ended"] == 1


def test_everything_is_compared_on_each_day_on_which_the_clock_comes_by_once() -> None:
    with time_machine.travel(EVENING, tick=False) as now:
        assert falls_asleep()
        for day in range(1, 4):
            now.move_to(EVENING + timedelta(days=day))
            assert falls_asleep()
            # A day and a minute lie between two of them, then a minute less than a day.
            now.shift(60 if day % 2 else -60)
    assert ConsistencyCheck.objects.filter(full=True).count() == 4


def test_a_comparison_is_due_a_little_early_and_no_earlier(settings: Any) -> None:
    values = {"finished_at": timezone.now(), "full": True}
    deadline = timezone.now() + timedelta(minutes=1)
    full_days = timedelta(seconds=settings.RECONCILE_FULL_SECONDS)
    check = ConsistencyCheck.objects.create(**values)
    for part, count in ((0.85, 1), (0.95, 2)):
        ConsistencyCheck.objects.filter(pk=check.pk).update(started_at=timezone.now() - part * full_days)
        consistency_checks.run_clock_share(deadline)
        assert ConsistencyCheck.objects.filter(full=True).count() == count


def test_it_rests_until_the_files_of_a_deleted_image_are_due(settings: Any) -> None:
    with time_machine.travel(EVENING - timedelta(hours=9), tick=False) as now:
        image()
        grace = timedelta(seconds=settings.SWEEP_GRACE_SECONDS)
        Image.objects.update(deleted_at=timezone.now() - grace + timedelta(hours=4), mirrored_revision=F("revision"))
        assert falls_asleep()
        now.shift(timedelta(hours=4) - timedelta(seconds=1))
        assert tick() == RESTS
        now.shift(timedelta(seconds=2))
        assert tick()["swept"] == 1


def test_what_begins_while_it_lies_down_keeps_it_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = MemoryTable.put

    def put(self: MemoryTable, item: dict[str, Any]) -> None:
        honest(self, item)
        Upload.objects.get_or_create(key="a.jpg", defaults={"file_name": "a.jpg"})

    monkeypatch.setattr(MemoryTable, "put", put)
    assert not falls_asleep()
    assert not clock_rest.is_resting()
