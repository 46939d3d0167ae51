"""The front door of Zappa's handler, with Zappa's own dispatch before it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from mediahub.library.models import Image
from mediahub.local import stack
from mediahub.local.event_loop import Context
from mediahub.recovery.models import FailedItem
from mediahub.uploads import ingest
from mediahub.uploads.models import Upload
from mediahub.worker import handlers
from processing import Missing, Rejected
from tests.pictures import jpeg

# Seconds for which the queue itself hides the messages of a test that asks how long they stay away.
HIDDEN = 1
pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = "arn:aws:sqs:us-east-1:000000000000:mediahub-local-uploads"


def record(number: int, body: Any) -> dict[str, Any]:
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"r{number}",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
        "awsRegion": "us-east-1",
    }


def s3_event(key: str, **stored_object: Any) -> dict[str, Any]:
    bucket = {"name": django_settings.UPLOAD_BUCKET, "arn": f"arn:aws:s3:::{django_settings.UPLOAD_BUCKET}"}
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": bucket, "object": {"key": key, **stored_object}}}
    return {"Records": [record]}


@pytest.fixture
def put(local_aws: stack.Stack, aws: Callable[[str, str], Any]) -> Callable[[str, bytes], None]:
    def put_object(key: str, data: bytes) -> None:
        aws("operator", "s3").put_object(Bucket=django_settings.UPLOAD_BUCKET, Key=key, Body=data)

    return put_object


def test_a7_only_what_can_succeed_later_comes_back(put: Callable[[str, bytes], None], handler: Any) -> None:
    for name in ("one.jpg", "two.jpg"):
        put(name, jpeg())
    put("poison.jpg", b"no picture at all, whatever the name says")
    bodies = [s3_event("one.jpg"), s3_event("poison.jpg"), "not json", s3_event("two.jpg"), {"unknown": "message"}]
    event = {"Records": [record(number, body) for number, body in enumerate(bodies)]}
    answer = handler(event, Context("test"))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m2"}, {"itemIdentifier": "m4"}]}
    assert Image.objects.count() == 2
    assert Upload.objects.get(key="poison.jpg").state == Upload.State.REJECTED


def test_c17_a_fault_of_the_setup_stops_the_batch_and_keeps_its_messages(
    put: Callable[[str, bytes], None], settings: Any, aws: Callable[[str, str], Any]
) -> None:
    settings.RENDITION_BUCKET, settings.RETRY_SECONDS = "no-such-bucket", 30
    for name in ("one.jpg", "two.jpg"):
        put(name, jpeg())
    messages = aws("worker", "sqs").receive_message(
        QueueUrl=django_settings.UPLOAD_QUEUE_URL,
        MaxNumberOfMessages=10,
        VisibilityTimeout=HIDDEN,
        MessageSystemAttributeNames=["All"],
    )["Messages"]
    records = [
        {
            **record(number, message["Body"]),
            "receiptHandle": message["ReceiptHandle"],
            "attributes": message["Attributes"],
        }
        for number, message in enumerate(messages)
    ]
    answer = handlers.on_object_created({"Records": records}, Context("test"))
    assert len(answer["batchItemFailures"]) == 2
    # The second was not begun, and both come back when an operator may have looked.
    assert sorted(Upload.objects.values_list("attempts", "code")) == [(0, "not_begun"), (1, "aws_refused")]
    time.sleep(HIDDEN + 0.3)
    again = aws("worker", "sqs").receive_message(QueueUrl=django_settings.UPLOAD_QUEUE_URL, WaitTimeSeconds=0)
    assert "Messages" not in again


def test_a10_a_foreign_bucket_does_not_stop_its_siblings(put: Callable[[str, bytes], None]) -> None:
    put("one.jpg", jpeg())
    foreign = s3_event("two.jpg")
    foreign["Records"][0]["s3"]["bucket"]["name"] = "someone-elses"
    records = [record(0, foreign), record(1, s3_event("one.jpg"))]
    answer = handlers.on_object_created({"Records": records}, Context("test"))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert Image.objects.count() == 1


def test_a_message_that_cannot_be_given_a_delay_keeps_the_queues_own(local_aws: stack.Stack, settings: Any) -> None:
    settings.RETRY_SECONDS = 30
    answer = handlers.on_object_created({"Records": [record(1, "not json")]}, Context("test"))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_a_batch_that_fails_altogether_names_every_message(local_aws: stack.Stack, handler: Any) -> None:
    event = {"Records": [record(1, "not json"), record(2, "nor this")]}
    assert [one["itemIdentifier"] for one in handler(event, Context("test"))["batchItemFailures"]] == ["m1", "m2"]


def test_a_bare_event_of_s3_works_too(put: Callable[[str, bytes], None]) -> None:
    put("a b+c.jpg", jpeg())
    answer = handlers.on_object_created(s3_event("a+b%2Bc.jpg"), Context("test"))
    assert answer == {"batchItemFailures": []}
    assert Image.objects.get().file_name == "a b+c.jpg"


def test_a_bare_event_that_nobody_handles_raises(local_aws: stack.Stack) -> None:
    with pytest.raises(Exception, match="names no bucket"):
        handlers.on_object_created({"Records": [{"eventSource": "aws:s3"}]}, Context("test"))


def test_the_clock_collects_and_mirrors(
    put: Callable[[str, bytes], None], aws: Callable[[str, str], Any], settings: Any
) -> None:
    put("a.jpg", jpeg())
    settings.MIRROR_TABLE = "no-such-table"
    handlers.on_object_created(s3_event("a.jpg"), Context("test"))
    settings.MIRROR_TABLE = "mediahub-local-images"
    aws("operator", "sqs").send_message(QueueUrl=django_settings.DEAD_LETTER_QUEUE_URL, MessageBody="{}")
    report = handlers.on_minute({}, Context("test"))
    assert {name: n for name, n in report.items() if n} == {"dead_letters": 1, "mirrored": 1}
    assert FailedItem.objects.count() == 1


def test_a_lease_ends_before_the_invocation() -> None:
    context = Context("test")
    left = handlers.calculate_deadline(context).timestamp() - time.time()
    assert 0 < left < context.get_remaining_time_in_millis() / 1000


def test_r4_c13_what_a_worker_dies_of_takes_no_sibling_along(
    put: Callable[[str, bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    class OutOfMemory(BaseException):
        """The end of a worker: nothing of ours catches it."""

    honest = ingest._run_pipeline

    def deadly(upload: Upload, *args: Any, **options: Any) -> Any:
        if upload.key == "deadly.jpg":
            raise OutOfMemory
        return honest(upload, *args, **options)

    names = ("deadly.jpg", "one.jpg", "two.jpg")
    for name in names:
        put(name, jpeg())
    monkeypatch.setattr(ingest, "_run_pipeline", deadly)
    for received in ("1", "2"):
        messages = [record(number, s3_event(name)) for number, name in enumerate(names)]
        records = [{**one, "attributes": {"ApproximateReceiveCount": received}} for one in messages]
        with pytest.raises(OutOfMemory):
            handlers.on_object_created({"Records": records}, Context("test"))
        Upload.objects.filter(state=Upload.State.WORKING).update(lease_until=timezone.now())
    assert dict(Upload.objects.values_list("key", "state")) == {
        "deadly.jpg": "working",
        "one.jpg": "ready",
        "two.jpg": "ready",
    }


def test_c12_without_time_left_a_batch_comes_back_unbegun(put: Callable[[str, bytes], None]) -> None:
    put("one.jpg", jpeg())
    records = [record(number, s3_event("one.jpg")) for number in (1, 2)]
    answer = handlers.on_object_created({"Records": records}, Context("test", _ends=time.monotonic() + 1))
    assert [one["itemIdentifier"] for one in answer["batchItemFailures"]] == ["m1", "m2"]
    assert not Upload.objects.filter(attempts__gt=0).exists()


def test_an_error_tells_a_person_and_a_program() -> None:
    error = Rejected("empty", "The file is empty.", "decode")
    assert (str(error), error.code, error.step) == ("The file is empty.", "empty", "decode")
    assert not isinstance(Missing("missing", "gone"), Rejected)


def test_what_is_logged_does_not_stop_the_work(put: Callable[[str, bytes], None], handler: Any) -> None:
    """The logger of a deployed function speaks at INFO, that of the tests does not."""
    put("one.jpg", jpeg())
    event = {"Records": [record(0, s3_event("one.jpg")), record(1, s3_event("never-there.jpg"))]}
    handlers.log.setLevel("INFO")
    try:
        assert handler(event, Context("test")) == {"batchItemFailures": []}
        handlers.on_object_created(s3_event("one.jpg"), Context("test"))
        handlers.on_minute({}, Context("test"))
    finally:
        handlers.log.setLevel("WARNING")
