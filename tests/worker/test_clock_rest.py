"""When the clock rests: nothing asks the database then, and whatever is begun wakes it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from mediahub import messages
from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.local import stack
from mediahub.local.event_loop import Context, EventLoop
from mediahub.recovery import consistency_checks
from mediahub.recovery.models import ConsistencyCheck
from mediahub.uploads import tickets
from mediahub.uploads.models import Upload
from mediahub.worker import clock_rest, handlers
from processing import Unavailable
from tests.local_aws import drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rests(local_aws: stack.Stack, settings: Any) -> None:
    settings.CLOCK_REST_SECONDS = 3600


def tick() -> dict[str, int]:
    return handlers.on_minute({}, Context("test"))


def asleep() -> bool:
    """Tick until the comparison that is due is through, as the clock does in a few minutes."""
    return any(tick() == {"ticks": 1} for _ in range(10))


@pytest.mark.usefixtures("rests")
def test_a_clock_that_rests_asks_nothing_of_the_database(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assert asleep()
    with django_assert_num_queries(0):
        assert tick() == {"ticks": 1}


@pytest.mark.usefixtures("rests")
def test_it_ticks_again_when_its_rest_is_over(settings: Any) -> None:
    settings.CLOCK_REST_SECONDS = -1
    assert not asleep()


@pytest.mark.usefixtures("rests")
@pytest.mark.parametrize("state", [Upload.State.ISSUED, Upload.State.WORKING])
def test_it_does_not_rest_while_a_file_is_on_its_way(state: str, settings: Any) -> None:
    Upload.objects.create(bucket=settings.UPLOAD_BUCKET, key="a.jpg", file_name="a.jpg", state=state)
    assert not asleep()


@pytest.mark.usefixtures("rests")
def test_a_ticket_wakes_it(editor: User, event_loop: EventLoop) -> None:
    assert asleep()
    tickets.issue_ticket(editor, "a.jpg", "image/jpeg", 1000)
    drain(event_loop)
    assert not clock_rest.is_resting()
    tickets.issue_ticket(editor, "b.jpg", "image/jpeg", 1000)
    # The first ticket asked already.
    assert clients.get_upload_queue().count_waiting() == 0


@pytest.mark.usefixtures("rests")
def test_a_ticket_is_issued_though_the_clock_cannot_be_woken(editor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(message: messages.OwnMessage, delay: int = 0) -> None:
        raise Unavailable("slow", "The queue does not answer.")

    monkeypatch.setattr(messages, "send", refuse)
    assert tickets.issue_ticket(editor, "a.jpg", "image/jpeg", 1000)


@pytest.mark.usefixtures("rests")
def test_a_file_wakes_it(event_loop: EventLoop, aws: Callable[[str, str], Any], settings: Any) -> None:
    assert asleep()
    aws("operator", "s3").put_object(Bucket=settings.UPLOAD_BUCKET, Key="a.jpg", Body=jpeg())
    assert event_loop.poll_once(wait=10) == 1
    assert not clock_rest.is_resting()


@pytest.mark.usefixtures("rests")
def test_a_dead_letter_wakes_it(aws: Callable[[str, str], Any], settings: Any) -> None:
    assert asleep()
    aws("operator", "sqs").send_message(QueueUrl=settings.DEAD_LETTER_QUEUE_URL, MessageBody="{}")
    assert tick()["dead_letters"] == 1


@pytest.mark.usefixtures("rests")
def test_its_mark_is_no_image_of_the_mirror() -> None:
    assert asleep()
    assert list(mirror.find_strangers()) == []


def test_r7_what_waits_for_its_turn_is_not_taken_for_lost(
    local_aws: stack.Stack, aws: Callable[[str, str], Any], settings: Any
) -> None:
    settings.RECONCILE_GRACE_SECONDS = settings.RECONCILE_SECONDS = 0
    deadline = timezone.now() + timedelta(minutes=1)
    consistency_checks.run_clock_share(deadline)
    aws("operator", "s3").put_object(Bucket=settings.UPLOAD_BUCKET, Key="a.jpg", Body=jpeg())
    # S3 tells the queue in its own time; what is looked at stays in sight of all.
    event = aws("worker", "sqs").receive_message(
        QueueUrl=settings.UPLOAD_QUEUE_URL, VisibilityTimeout=0, WaitTimeSeconds=10
    )
    assert event["Messages"]
    before = ConsistencyCheck.objects.count()
    assert consistency_checks.run_clock_share(deadline) == 0
    assert ConsistencyCheck.objects.count() == before
    ConsistencyCheck.objects.update(started_at=timezone.now() - consistency_checks.PATIENCE)
    assert consistency_checks.run_clock_share(deadline) == 1
