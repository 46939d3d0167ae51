"""What fails too often comes to an editor's desk, and goes back to work or out."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User

from mediahub.intake import dead_letters
from mediahub.intake.models import FailedItem, Upload
from mediahub.library.models import Image
from mediahub.local import stack
from mediahub.local.event_loop import EventLoop
from processing import Misconfigured
from tests.local_aws import RECEIVES, VISIBILITY, drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def send(local_aws: stack.Stack, aws: Callable[[str, str], Any]) -> Callable[[Any], None]:
    def to_dead_letters(body: Any) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        aws("operator", "sqs").send_message(QueueUrl=django_settings.DEAD_LETTER_QUEUE_URL, MessageBody=text)

    return to_dead_letters


def fail_for_good(loop: EventLoop) -> None:
    """Deliver until the queue gives the message up, and collect it."""
    for _ in range(RECEIVES):
        drain(loop)
        time.sleep(VISIBILITY + 0.3)
    drain(loop)
    loop.tick()


def test_a_failing_store_ends_on_the_desk_and_a_retry_ends_in_ready_once(
    event_loop: EventLoop, aws: Callable[[str, str], Any], editor: User, settings: Any
) -> None:
    settings.RENDITION_BUCKET = "no-such-bucket"
    aws("operator", "s3").put_object(Bucket=django_settings.UPLOAD_BUCKET, Key="harbour.jpg", Body=jpeg())
    fail_for_good(event_loop)
    item = FailedItem.objects.get()
    assert (item.state, item.step, item.attempts) == ("open", "store", RECEIVES)
    assert "NoSuchBucket" in item.reason
    assert item.upload
    assert item.upload.state == Upload.State.FAILED

    settings.RENDITION_BUCKET = "mediahub-local-renditions"
    assert dead_letters.retry(editor, [item]) == 1
    assert dead_letters.retry(editor, [item]) == 0
    drain(event_loop)
    assert Upload.objects.get().state == Upload.State.READY
    assert Image.objects.count() == 1
    item.refresh_from_db()
    assert (item.state, item.handled_by) == ("resolved", editor)


def test_a_retry_that_fails_again_comes_back_to_the_same_item(
    event_loop: EventLoop, aws: Callable[[str, str], Any], editor: User, settings: Any
) -> None:
    settings.RENDITION_BUCKET = "no-such-bucket"
    aws("operator", "s3").put_object(Bucket=django_settings.UPLOAD_BUCKET, Key="harbour.jpg", Body=jpeg())
    fail_for_good(event_loop)
    dead_letters.retry(editor, FailedItem.objects.all())
    fail_for_good(event_loop)
    item = FailedItem.objects.get()
    assert (item.state, item.attempts) == ("open", 2 * RECEIVES)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("not json at all", "no JSON text"),
        ({"Records": [{"an": "older form"}]}, "names no bucket"),
        ({"mediahub": "retry", "upload": "00000000-0000-0000-0000-000000000000"}, "nothing was noted"),
        ({"mediahub": "mirror", "image": "00000000-0000-0000-0000-000000000000"}, "could not be mirrored"),
        ("[" * 5000, "no JSON text"),
    ],
)
def test_c21_any_dead_letter_is_shown(send: Callable[[Any], None], body: Any, said: str) -> None:
    send(body)
    assert dead_letters.collect() == 1
    assert said in FailedItem.objects.get().reason
    assert dead_letters.collect() == 0


def test_a_dead_letter_without_upload_is_sent_again_as_it_was(
    send: Callable[[Any], None], editor: User, aws: Callable[[str, str], Any]
) -> None:
    send({"mediahub": "mirror", "image": "00000000-0000-0000-0000-000000000000"})
    dead_letters.collect()
    dead_letters.retry(editor, FailedItem.objects.all())
    got = aws("worker", "sqs").receive_message(QueueUrl=django_settings.UPLOAD_QUEUE_URL)
    assert json.loads(got["Messages"][0]["Body"])["mediahub"] == "mirror"


def test_what_is_no_json_is_sent_again_wrapped(send: Callable[[Any], None], editor: User) -> None:
    send("not json at all")
    dead_letters.collect()
    assert dead_letters.retry(editor, FailedItem.objects.all()) == 1


def test_discard_keeps_who_and_why(send: Callable[[Any], None], chief: User) -> None:
    send({"an": "unknown message"})
    dead_letters.collect()
    assert dead_letters.discard(chief, FailedItem.objects.all(), "  sent by\nmistake ") == 1
    item = FailedItem.objects.get()
    assert (item.state, item.handled_by, item.note) == ("discarded", chief, "sent by mistake")
    assert dead_letters.discard(chief, [item], "again") == 0


def test_a_queue_that_takes_nothing_leaves_the_item_open(
    send: Callable[[Any], None], editor: User, settings: Any
) -> None:
    send({"an": "unknown message"})
    dead_letters.collect()
    settings.UPLOAD_QUEUE_URL = f"{django_settings.AWS_ENDPOINT_URL}/000000000000/no-such-queue"
    with pytest.raises(Misconfigured, match="no-such-queue"):
        dead_letters.retry(editor, FailedItem.objects.all())
    assert FailedItem.objects.get().state == FailedItem.State.OPEN
