"""The event loop on the real queue: what Lambda's event source mapping does with each answer of a function."""

import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from mediahub.local.event_loop import BATCH, Context, EventLoop
from mediahub.recovery.models import FailedItem
from mediahub.uploads.models import Upload
from tests.children import running
from tests.event_loops import PatientLoop
from tests.local_aws import RECEIVES, drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
Answer = Callable[[list[str]], Any]


class Function:
    """A function behind the queue that notes what it was invoked with and answers as the test says."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.events: list[dict[str, Any]] = []
        self.contexts: list[Context] = []

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        if "Records" not in event:
            return None
        self.events.append(event)
        self.contexts.append(context)
        return self.answer([record["messageId"] for record in event["Records"]])

    @property
    def bodies(self) -> list[str]:
        return [record["body"] for event in self.events for record in event["Records"]]


@pytest.fixture
def send(aws: Callable[[str, str], Any]) -> Callable[..., None]:
    def put(*bodies: str) -> None:
        for body in bodies:
            aws("operator", "sqs").send_message(QueueUrl=settings.UPLOAD_QUEUE_URL, MessageBody=body)

    return put


@pytest.fixture
def left(aws: Callable[[str, str], Any]) -> Callable[[], int]:
    """How many messages the queue still has, visible and hidden."""

    def count() -> int:
        asked = {"QueueUrl": settings.UPLOAD_QUEUE_URL, "AttributeNames": ["All"]}
        attributes = aws("operator", "sqs").get_queue_attributes(**asked)["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])

    return count


def none_failed(ids: list[str]) -> dict[str, Any]:
    return {"batchItemFailures": []}


def all_failed(ids: list[str]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": message} for message in ids]}


def raising(ids: list[str]) -> None:
    raise RuntimeError("the function broke")


def turned_until(loop: PatientLoop, true: Callable[[], bool], turns: int = 30) -> None:
    for _ in range(turns):
        if true():
            return
        loop.tick()
        loop.poll_once()
        loop.bring_back()
    raise AssertionError(f"it did not happen in {turns} turns")


def test_messages_come_in_batches_of_at_most_ten(send: Callable[..., None], left: Callable[[], int]) -> None:
    function = Function(none_failed)
    send(*(str(n) for n in range(BATCH + 3)))
    assert drain(EventLoop(function)) == BATCH + 3
    assert sorted(function.bodies, key=int) == [str(n) for n in range(BATCH + 3)]
    assert max(len(event["Records"]) for event in function.events) <= BATCH
    assert left() == 0


def test_a_record_is_told_as_lambda_tells_it(send: Callable[..., None]) -> None:
    function = Function(none_failed)
    send("hello")
    drain(EventLoop(function))
    [record] = function.events[0]["Records"]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:000000000000:mediahub-local-uploads"
    assert record["awsRegion"] == "us-east-1"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert set(record) >= {"messageId", "receiptHandle", "body", "messageAttributes", "md5OfBody"}
    assert 0 < function.contexts[0].get_remaining_time_in_millis() <= 60_000
    assert function.contexts[0].invoked_function_arn.endswith(":function:mediahub-local")


def test_only_what_failed_comes_back(send: Callable[..., None], left: Callable[[], int]) -> None:
    failing = Function(lambda ids: all_failed(ids[:1]))
    send("one", "two", "three")
    loop = PatientLoop(failing)
    turned_until(loop, lambda: len(failing.bodies) >= 3)
    assert left() >= 1
    failing.answer = none_failed
    turned_until(loop, lambda: left() == 0)
    assert sorted(set(failing.bodies)) == ["one", "three", "two"]
    assert len(failing.bodies) > 3


@pytest.mark.parametrize("answer", [all_failed, raising])
def test_what_fails_for_good_becomes_a_dead_letter(
    send: Callable[..., None], aws: Callable[[str, str], Any], answer: Answer, left: Callable[[], int]
) -> None:
    function = Function(answer)
    send("hopeless")
    turned_until(PatientLoop(function), lambda: left() == 0)
    assert function.bodies == ["hopeless"] * RECEIVES
    [letter] = aws("operator", "sqs").receive_message(QueueUrl=settings.DEAD_LETTER_QUEUE_URL)["Messages"]
    assert letter["Body"] == "hopeless"


def test_no_answer_is_success_as_it_is_to_lambda(send: Callable[..., None], left: Callable[[], int]) -> None:
    send("unmapped")
    drain(EventLoop(Function(lambda ids: None)))
    assert left() == 0


def test_the_clock_collects_dead_letters(event_loop: PatientLoop, aws: Callable[[str, str], Any]) -> None:
    body = json.dumps({"mediahub": "retry", "upload": "00000000-0000-4000-8000-000000000000"})
    aws("operator", "sqs").send_message(QueueUrl=settings.DEAD_LETTER_QUEUE_URL, MessageBody=body)
    turned_until(event_loop, FailedItem.objects.exists)
    assert FailedItem.objects.get().payload == body


def test_a_broken_clock_does_not_stop_the_queue(send: Callable[..., None], left: Callable[[], int]) -> None:
    def broken(event: dict[str, Any], context: Any) -> dict[str, Any]:
        if "Records" not in event:
            raise RuntimeError("the clock broke")
        return {"batchItemFailures": []}

    send("one")
    drain(EventLoop(broken, clock_seconds=0))
    assert left() == 0


def test_a_turn_that_fails_is_tried_again(send: Callable[..., None], settings: Any) -> None:
    function = Function(none_failed)
    loop = EventLoop(function, clock_seconds=0)
    there, turns = settings.UPLOAD_QUEUE_URL, iter(["-that-is-not-there", "", ""])

    def stop(ids: list[str]) -> dict[str, Any]:
        loop.stop()
        return none_failed(ids)

    function.answer = stop
    loop.tick = lambda: setattr(settings, "UPLOAD_QUEUE_URL", there + next(turns))  # type: ignore[method-assign]
    send("one")
    loop.run()
    assert function.bodies == ["one"]
    assert next(turns, None) is not None


def test_sigterm_ends_the_loop_after_its_batch(aws: Callable[[str, str], Any], left: Callable[[], int]) -> None:
    for n in range(3):
        aws("operator", "s3").put_object(Bucket=settings.UPLOAD_BUCKET, Key=f"trip/{n}.jpg", Body=jpeg(3000, 2000))
    with running("manage.py", "event_loop") as loop:
        while not Upload.objects.exists():
            assert loop.poll() is None, "the loop did not begin"
            time.sleep(0.05)
        loop.send_signal(signal.SIGTERM)
        assert loop.wait() == 0
    begun = Upload.objects.all()
    assert {upload.state for upload in begun} == {Upload.State.READY}
    assert begun.count() + left() == 3
