"""A duty of the clock that fails: the others are done in the same tick, and people are told when it fails twice."""

from datetime import UTC, datetime, timedelta
from itertools import cycle
from types import ModuleType
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import DataError
from django.test import Client
from django.utils import timezone

from mediahub import rounds
from mediahub.aws import clients, metrics
from mediahub.delivery import mirror, public
from mediahub.delivery.models import PublicFile
from mediahub.desk.failures import presenters as failures_presenters
from mediahub.jobs import purge_files, runner
from mediahub.library import figures, publishing, revisions
from mediahub.library.models import Image
from mediahub.local.event_loop import Context
from mediahub.recovery import consistency_checks, dead_letters, duties, queue_hours, retries
from mediahub.recovery.models import ConsistencyCheck, Duty, FailedItem
from mediahub.uploads import crops, rejected_sweep, rendition_sweep, stalled_uploads
from mediahub.uploads.models import Upload
from mediahub.worker import clock, clock_rest, handlers
from processing import Misconfigured, Unavailable
from tests.doubles import MemoryQueue, MemoryStore, MemoryTable
from tests.records import image, images

pytestmark = pytest.mark.django_db(transaction=True)
DUTIES: dict[str, tuple[ModuleType, str]] = {
    "rights_ended": (publishing, "archive_expired"),
    "mirrored": (mirror, "push_stale_images"),
    "purged": (purge_files, "finish_purges"),
    "superseded": (public, "sweep_superseded"),
    "dead_letters": (dead_letters, "collect_letters"),
    "resumed": (stalled_uploads, "resume_stalled"),
    "expired": (stalled_uploads, "expire_unused_tickets"),
    "reminded": (retries, "request_lost_retries"),
    "cut": (crops, "request_missing_crops"),
    "swept": (rendition_sweep, "sweep_deleted_images"),
    "rejected_swept": (rejected_sweep, "sweep_rejected_uploads"),
    "jobs_asked": (runner, "request_lost_turns"),
    "jobs_swept": (runner, "sweep_old_jobs"),
    "counted": (figures, "keep_figures"),
    "queue_noted": (queue_hours, "record_hour"),
    "reconciled": (consistency_checks, "run_clock_share"),
    "rested": (clock_rest, "rest_if_idle"),
}
CHECKS = "/admin/recovery/consistencycheck/"


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Provide the parts of AWS, in memory."""
    parts_by_name: dict[str, Any] = {
        "get_upload_store": MemoryStore(),
        "get_rendition_store": MemoryStore(versioned=False),
        "get_upload_queue": MemoryQueue(),
        "get_dead_letter_queue": MemoryQueue(),
        "get_mirror_table": MemoryTable(),
    }
    for name, part in parts_by_name.items():
        monkeypatch.setattr(clients, name, lambda part=part: part)
    return parts_by_name


def tick() -> dict[str, int]:
    return handlers.on_minute({}, Context("test"))


def fail(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: BaseException, only: Any = None) -> None:
    """Plant an error into a function: for the item `only`, or whatever it is called with."""
    honest = getattr(owner, name)

    def planted(*args: Any, **kwargs: Any) -> Any:
        if only is None or (args and args[0] in only):
            raise error
        return honest(*args, **kwargs)

    monkeypatch.setattr(owner, name, planted)


def ended_image(**fields: Any) -> Image:
    """Return a public image whose rights ended yesterday."""
    yesterday = timezone.localdate() - timedelta(days=1)
    new_image = image(state=Image.State.PUBLISHED, rights_until=yesterday, mirrored_revision=1, **fields)
    PublicFile.objects.create(image=new_image, key=f"public/{new_image.pk}/small.jpg", source="small")
    clients.get_rendition_store().put(f"public/{new_image.pk}/small.jpg", b"small", "image/jpeg")
    return new_image


def is_fetched_by_everyone(image: Image) -> bool:
    return any(str(image.pk) in key for key in clients.get_rendition_store().objects)  # type: ignore[attr-defined]


# Of no kind that the clock expects, so that it treats all three alike: each duty raises one of them.
RAISED = (RuntimeError("planted"), OverflowError("planted"), KeyError("planted"))


@pytest.mark.parametrize(("name", "error"), list(zip(DUTIES, cycle(RAISED), strict=False)), ids=DUTIES)
def test_a_duty_that_raises_holds_up_no_other_and_is_told_on_the_page_of_checks(
    name: str, error: Exception, monkeypatch: pytest.MonkeyPatch, admin_client: Client
) -> None:
    ended: list[str] = []
    for duty, (module, function) in DUTIES.items():
        honest = getattr(module, function)

        def noting(*args: Any, duty: str = duty, honest: Any = honest, **kwargs: Any) -> Any:
            outcome = honest(*args, **kwargs)
            ended.append(duty)
            return outcome

        monkeypatch.setattr(module, function, noting)
    title, meaning = map(str, failures_presenters.DUTIES[name])
    with monkeypatch.context() as planted:
        fail(planted, *DUTIES[name], error)
        assert tick()["clock_failures"] == 1
        # Where a duty fails, the clock does not rest.
        assert set(ended) == set(DUTIES) - {name, "rested"}
        assert title not in admin_client.get(CHECKS).content.decode()
        assert tick()["duties_failing"] == 1
        page = admin_client.get(CHECKS).content.decode()
        assert title in page
        assert meaning.split(",")[0] in page
        assert ">failing</span>" in page
        assert type(error).__name__ in page
        assert "planted" not in page
    ended.clear()
    assert (tick()["duties_failing"], set(ended)) == (0, set(DUTIES))
    assert title not in admin_client.get(CHECKS).content.decode()


def test_each_duty_of_the_clock_has_its_words_and_its_place_in_this_test() -> None:
    tick()
    assert set(Duty.objects.values_list("name", flat=True)) == set(DUTIES) == set(failures_presenters.DUTIES)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("odd"), OverflowError("odd"), KeyError("odd"), DataError("odd"), Unavailable("slow", "Slow.")],
)
def test_an_image_that_cannot_be_mirrored_holds_up_no_other(
    error: Exception, monkeypatch: pytest.MonkeyPatch, admin_client: Client
) -> None:
    odd, well, ended = image(title="Odd"), image(title="Well"), ended_image(title="Ended")
    with monkeypatch.context() as planted:
        fail(planted, mirror, "_write_items", error, only=[odd])
        assert tick()["clock_failures"] == 1
        assert mirror.read_item(well.pk)
        assert mirror.read_item(odd.pk) is None
        ended.refresh_from_db()
        assert (ended.state, is_fetched_by_everyone(ended)) == (Image.State.ARCHIVED, False)
        tick()
        page = admin_client.get(CHECKS).content.decode()
        assert "Update the mirror and the public copies" in page
        assert f"/admin/library/image/{odd.pk}/change/" in page
        assert "1 item failed" in page
    assert tick()["duties_failing"] == 0
    assert mirror.read_item(odd.pk)
    assert "up to date" not in admin_client.get(CHECKS).content.decode()


def test_images_that_fail_do_not_starve_those_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [one.pk for one in images([{"title": f"Broken {number}"} for number in range(100)])]
    behind = image(title="Behind")
    Image.objects.filter(pk=behind.pk).update(updated_at=timezone.now() + timedelta(seconds=1))
    with monkeypatch.context() as planted:
        fail(planted, mirror, "push_image", RuntimeError("broken"), only=broken)
        tick()
        assert mirror.read_item(behind.pk) is None
        tick()
        assert mirror.read_item(behind.pk)
        tick()
        assert Duty.objects.get(name="mirrored").failures == 3
    for _ in range(1 + len(broken) // rounds.AGAIN):
        tick()
    assert Duty.objects.get(name="mirrored").failures == 0
    assert not Image.objects.filter(mirrored_revision=0).exists()


@pytest.mark.parametrize("most", [2, 100])
def test_rights_that_ended_are_taken_down_though_some_images_cannot_be(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [ended_image(title=str(number)) for number in range(5)]
    first = list(Image.objects.values_list("pk", flat=True)[:2])
    monkeypatch.setattr(publishing.archive_expired, "__defaults__", (most,))
    with monkeypatch.context() as planted:
        # As the database refuses a statement within the transaction.
        fail(planted, revisions, "increment_all", DataError("out of range"), only=[[image_id] for image_id in first])
        for _ in range(3):
            tick()
        assert set(Image.objects.filter(state=Image.State.PUBLISHED).values_list("pk", flat=True)) == set(first)
        assert [is_fetched_by_everyone(image) for image in images].count(True) == 2
        assert Duty.objects.get(name="rights_ended").code == "DataError"
    tick()
    assert not any(is_fetched_by_everyone(image) for image in images)


def test_an_image_whose_row_cannot_be_read_is_taken_down_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    image = ended_image()
    honest = Image.from_db.__func__  # type: ignore[attr-defined]

    def unreadable(cls: Any, db: Any, fields: Any, values: Any) -> Any:
        if "taken_at" in fields:
            raise ValueError("year -1 is out of range")
        return honest(cls, db, fields, values)

    with monkeypatch.context() as planted:
        planted.setattr(Image, "from_db", classmethod(unreadable))
        assert tick()["rights_ended"] == 1
    image.refresh_from_db()
    assert (image.state, is_fetched_by_everyone(image)) == (Image.State.ARCHIVED, False)


def test_what_is_public_no_more_is_pushed_before_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        image(title=str(number))
    ended = ended_image()
    pushed: list[Any] = []
    monkeypatch.setattr(mirror, "push_image", pushed.append)
    publishing.archive_expired()
    mirror.push_stale_images(most=1)
    assert pushed == [ended.pk]


def test_a_slow_duty_leaves_the_others_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [image(title=str(number)) for number in range(9)]
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False) as travel:
        honest = mirror.push_image

        def slow(image_id: Any) -> bool:
            travel.shift(3)
            return honest(image_id)

        monkeypatch.setattr(mirror, "push_image", slow)
        Upload.objects.create(key="a.jpg", file_name="a.jpg", expires_at=timezone.now() - timedelta(days=1))
        report = clock.tick(timezone.now() + timedelta(seconds=30))
        assert 0 < report["mirrored"] < len(images)
        assert (report["expired"], report["clock_failures"]) == (1, 0)
        for _ in range(9):
            clock.tick(timezone.now() + timedelta(seconds=30))
    assert not Image.objects.filter(mirrored_revision=0).exists()


def test_a_duty_that_ends_the_invocation_comes_last_the_next_time_and_is_told(
    monkeypatch: pytest.MonkeyPatch, admin_client: Client
) -> None:
    class OutOfTime(BaseException):
        """The end of an invocation: nothing of ours catches it."""

    Upload.objects.create(key="a.jpg", file_name="a.jpg", expires_at=timezone.now() - timedelta(days=1))
    with time_machine.travel(timezone.now(), tick=False) as travel, monkeypatch.context() as planted:
        fail(planted, mirror, "push_stale_images", OutOfTime())
        for minute in range(3):
            with pytest.raises(OutOfTime):
                clock.tick(timezone.now() + timedelta(seconds=58))
            # At first the duties behind it wait, then they come before it.
            assert Upload.objects.filter(state=Upload.State.EXPIRED).exists() == (minute > 0)
            travel.shift(60)
        assert Duty.objects.get(name="mirrored").failures == 2
        assert "ran out of time" in admin_client.get(CHECKS).content.decode()
    assert tick()["duties_failing"] == 0


def test_where_nothing_can_be_noted_the_duties_are_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    Upload.objects.create(key="a.jpg", file_name="a.jpg", expires_at=timezone.now() - timedelta(days=1))
    monkeypatch.setattr(duties, "_record", lambda write: None)
    fail(monkeypatch, mirror, "push_stale_images", RuntimeError("odd"))
    fail(monkeypatch, duties, "filter_failing", DataError("no table"))
    report = tick()
    assert (report["expired"], report["clock_failures"], report["duties_failing"]) == (1, 1, 1)


def test_a_table_that_refuses_to_be_asked_for_rest_stops_no_tick(
    monkeypatch: pytest.MonkeyPatch, settings: Any, parts: dict[str, Any]
) -> None:
    settings.CLOCK_REST_SECONDS = 3600
    image = ended_image()
    fail(monkeypatch, parts["get_mirror_table"], "query_items", Misconfigured("AccessDenied", "AWS refused."))
    report = tick()
    assert (report["rights_ended"], report["clock_failures"]) == (1, 1)
    assert not is_fetched_by_everyone(image)


def test_the_clock_does_not_rest_while_a_duty_fails(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.CLOCK_REST_SECONDS = 3600
    with monkeypatch.context() as planted:
        fail(planted, dead_letters, "collect_letters", Misconfigured("AccessDenied", "AWS refused."))
        for _ in range(10):
            assert tick() != {"ticks": 1}
    assert any(tick() == {"ticks": 1} for _ in range(10))


def test_metrics_tell_of_it_though_one_of_them_cannot_be_counted(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.LOCAL = False
    reported: dict[str, int] = {}
    monkeypatch.setattr(metrics, "report_counts", reported.update)
    fail(monkeypatch, mirror, "push_stale_images", RuntimeError("odd"))
    fail(monkeypatch, consistency_checks, "count_drift", RuntimeError("odd"))
    tick()
    tick()
    assert (reported["clock_failures"], reported["duties_failing"]) == (1, 1)
    assert "unmirrored" in reported
    assert "drift" not in reported


def test_an_item_of_a_duty_that_was_seen_to_elsewhere_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = image()
    with monkeypatch.context() as planted:
        fail(planted, mirror, "push_image", RuntimeError("odd"), only=[odd.pk])
        tick()
        tick()
    assert Duty.objects.get(name="mirrored").items == [f"image {odd.pk}"]
    mirror.push_image(odd.pk)
    assert tick()["duties_failing"] == 0


def test_a_dead_letter_that_cannot_be_kept_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, parts: dict[str, Any]
) -> None:
    for number in range(3):
        parts["get_dead_letter_queue"].send({"letter": number})
    honest = dead_letters._collect_letter

    def odd(message: dict[str, Any]) -> None:
        if "1" in message["Body"]:
            raise DataError("odd")
        honest(message)

    monkeypatch.setattr(dead_letters, "_collect_letter", odd)
    assert tick()["dead_letters"] == 2
    assert FailedItem.objects.count() == 2
    assert [message.body for message in parts["get_dead_letter_queue"].messages.values()] == ['{"letter": 1}']


def test_a_dead_letter_with_a_nul_in_its_names_is_kept(parts: dict[str, Any]) -> None:
    parts["get_dead_letter_queue"].send({"source": "aws.s3", "detail-type": "odd \0 name", "detail": {}})
    assert tick()["dead_letters"] == 1
    assert "\0" not in FailedItem.objects.get().reason


@pytest.mark.parametrize("error", [OverflowError("odd"), Unavailable("slow", "Slow.")])
def test_an_image_that_cannot_be_compared_is_a_finding_and_stops_no_comparison(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd, drifted = image(), image()
    Image.objects.update(mirrored_revision=1)
    fail(monkeypatch, mirror, "has_drifted", error, only=[odd])
    check = consistency_checks.begin_check(grace_seconds=0)
    check.step = "mirrored"
    check.save()
    kinds = {finding.what: finding.kind for finding in consistency_checks.run_check(check)}
    assert kinds == {str(odd.pk): "unjudged", str(drifted.pk): "drifted"}
    assert ConsistencyCheck.objects.get().finished_at


def test_a_service_that_answers_for_none_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [image(), image()]
    fail(monkeypatch, mirror, "has_drifted", Unavailable("slow", "Slow."), only=images)
    check = consistency_checks.begin_check(grace_seconds=0)
    check.step = "mirrored"
    check.save()
    with pytest.raises(Unavailable):
        consistency_checks.advance_check(check)
    assert ConsistencyCheck.objects.get().pages == 0


def test_a_finding_that_cannot_be_mended_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [image(), image()]
    Image.objects.update(mirrored_revision=1)
    fail(monkeypatch, mirror, "mend_image", KeyError("odd"), only=[images[0].pk])
    check = consistency_checks.begin_check(grace_seconds=0, repair=True)
    check.step = "mirrored"
    check.save()
    assert len(list(consistency_checks.run_check(check))) == 2
    assert Image.objects.get(pk=images[1].pk).revision > 1


@pytest.mark.parametrize("function", [(clock_rest, "wake_clock"), (handlers, "_put_deadly_last")])
def test_a_batch_that_is_worked_on_does_not_come_back_for_what_fails_around_it(
    function: tuple[Any, str], monkeypatch: pytest.MonkeyPatch, parts: dict[str, Any]
) -> None:
    new_image = image()
    fail(monkeypatch, *function, RuntimeError("odd"))
    body = f'{{"mediahub": "mirror", "image": "{new_image.pk}"}}'
    records = [{"messageId": "m1", "receiptHandle": "r1", "body": body, "attributes": {}, "eventSource": "aws:sqs"}]
    assert handlers.on_object_created({"Records": records}, Context("test")) == {"batchItemFailures": []}
    assert mirror.read_item(new_image.pk)


def test_titles_of_images_that_fail_are_shown_to_nobody_who_may_not_see_them() -> None:
    odd = image(title="Hidden harbour")
    Duty.objects.create(name="mirrored", failures=2, fault="unforeseen", code="KeyError", items=[f"image {odd.pk}"])
    [duty] = failures_presenters.list_failing_duties(User.objects.create_user("nobody"))
    assert (duty.items, duty.images) == (1, [])
