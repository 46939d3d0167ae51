"""What fails too often comes to an editor's desk, and goes back to work or out."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from mediahub.library.models import Image
from mediahub.local import stack
from mediahub.recovery import dead_letters, retries
from mediahub.recovery.models import FailedItem, RetryOrder
from mediahub.uploads import ingest
from mediahub.uploads.models import Claim, Upload, pad_sequencer
from tests.event_loops import PatientLoop
from tests.local_aws import RECEIVES, drain, fail_for_good
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def send(local_aws: stack.Stack, aws: Callable[[str, str], Any]) -> Callable[[Any], None]:
    def to_dead_letters(body: Any) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        aws("operator", "sqs").send_message(QueueUrl=django_settings.DEAD_LETTER_QUEUE_URL, MessageBody=text)

    return to_dead_letters


def test_r6_a_failing_store_ends_on_the_desk_and_a_retry_ends_in_ready_once(
    event_loop: PatientLoop, aws: Callable[[str, str], Any], editor: User, settings: Any
) -> None:
    settings.RENDITION_BUCKET = "no-such-bucket"
    aws("operator", "s3").put_object(Bucket=django_settings.UPLOAD_BUCKET, Key="harbour.jpg", Body=jpeg())
    fail_for_good(event_loop)
    item = FailedItem.objects.get()
    assert (item.state, item.step, item.attempts, item.error) == ("open", "store", RECEIVES, "NoSuchBucket")
    assert item.request_id
    assert "NoSuchBucket" in item.reason
    assert item.upload
    assert item.upload.state == Upload.State.FAILED

    settings.RENDITION_BUCKET = "mediahub-local-renditions-000000000000"
    assert retries.order_retry(editor, FailedItem.objects.all())
    assert retries.order_retry(editor, FailedItem.objects.all()) is None
    drain(event_loop)
    assert Upload.objects.get().state == Upload.State.READY
    assert Image.objects.count() == 1
    item.refresh_from_db()
    assert (item.state, item.handled_by) == ("resolved", editor)
    assert [(decision.kind, decision.by) for decision in item.decisions.all()] == [("retry", editor)]


def test_c20_a_retry_that_fails_again_comes_back_to_the_same_item(
    event_loop: PatientLoop, aws: Callable[[str, str], Any], editor: User, settings: Any
) -> None:
    settings.RENDITION_BUCKET = "no-such-bucket"
    aws("operator", "s3").put_object(Bucket=django_settings.UPLOAD_BUCKET, Key="harbour.jpg", Body=jpeg())
    fail_for_good(event_loop)
    retries.order_retry(editor, FailedItem.objects.all())
    fail_for_good(event_loop)
    item = FailedItem.objects.get()
    assert (item.state, item.attempts) == ("open", 2 * RECEIVES)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("not json at all", "is not JSON"),
        ({"Records": [{"an": "older form"}]}, "names no bucket"),
        ({"mediahub": "retry", "upload": "00000000-0000-0000-0000-000000000000"}, "no reason was recorded"),
        ({"mediahub": "mirror", "image": "00000000-0000-0000-0000-000000000000"}, "could not be mirrored"),
        ("[" * 5000, "is not JSON"),
    ],
)
def test_c21_any_dead_letter_is_shown(send: Callable[[Any], None], body: Any, said: str) -> None:
    send(body)
    assert dead_letters.collect_letters() == 1
    assert said in FailedItem.objects.get().reason
    assert dead_letters.collect_letters() == 0


def test_a_dead_letter_without_upload_is_worked_on_as_it_was(
    send: Callable[[Any], None], editor: User, event_loop: PatientLoop
) -> None:
    send({"mediahub": "mirror", "image": "00000000-0000-0000-0000-000000000000"})
    dead_letters.collect_letters()
    assert retries.order_retry(editor, FailedItem.objects.all())
    drain(event_loop)
    assert FailedItem.objects.get().state == FailedItem.State.RESOLVED


def test_c21_what_this_version_cannot_read_is_not_sent_again(send: Callable[[Any], None], editor: User) -> None:
    send({"mediahub": "of another version"})
    dead_letters.collect_letters()
    assert retries.order_retry(editor, FailedItem.objects.all()) is None
    assert FailedItem.objects.get().state == FailedItem.State.OPEN


def test_r6_discard_keeps_who_and_why(send: Callable[[Any], None], chief: User) -> None:
    send({"an": "unknown message"})
    dead_letters.collect_letters()
    with pytest.raises(ValidationError, match="Enter a reason"):
        retries.discard_items(chief, FailedItem.objects.all(), "  ")
    assert retries.discard_items(chief, FailedItem.objects.all(), "  sent by\nmistake ") == 1
    item = FailedItem.objects.get()
    assert (item.state, item.handled_by, item.note) == ("discarded", chief, "sent by mistake")
    assert retries.discard_items(chief, FailedItem.objects.all(), "again") == 0
    assert [(decision.kind, decision.note) for decision in item.decisions.all()] == [("discard", "sent by mistake")]


def test_c10_an_order_that_the_queue_did_not_take_is_asked_for_again(
    event_loop: PatientLoop, send: Callable[[Any], None], editor: User, settings: Any
) -> None:
    send({"mediahub": "mirror", "image": "00000000-0000-0000-0000-000000000000"})
    dead_letters.collect_letters()
    settings.UPLOAD_QUEUE_URL = f"{django_settings.AWS_ENDPOINT_URL}/000000000000/no-such-queue"
    assert retries.order_retry(editor, FailedItem.objects.all())
    settings.UPLOAD_QUEUE_URL = f"{django_settings.AWS_ENDPOINT_URL}/000000000000/mediahub-local-uploads"
    assert retries.request_lost_retries() == 0
    RetryOrder.objects.update(asked_at=timezone.now() - timedelta(minutes=6))
    assert retries.request_lost_retries() == 1
    drain(event_loop)
    assert FailedItem.objects.get().state == FailedItem.State.RESOLVED


def test_c20_what_was_tried_too_often_stays_for_an_operator(
    send: Callable[[Any], None], editor: User, settings: Any
) -> None:
    send({"mediahub": "mirror", "image": "00000000-0000-0000-0000-000000000000"})
    dead_letters.collect_letters()
    FailedItem.objects.update(retries=settings.REDRIVE_MOST)
    assert retries.order_retry(editor, FailedItem.objects.all()) is None


def test_c20_a_retry_of_a_file_that_is_gone_ends_as_deleted(
    event_loop: PatientLoop, aws: Callable[[str, str], Any], editor: User, settings: Any
) -> None:
    settings.RENDITION_BUCKET = "no-such-bucket"
    aws("operator", "s3").put_object(Bucket=django_settings.UPLOAD_BUCKET, Key="harbour.jpg", Body=jpeg())
    fail_for_good(event_loop)
    aws("operator", "s3").delete_object(Bucket=django_settings.UPLOAD_BUCKET, Key="harbour.jpg")
    retries.order_retry(editor, FailedItem.objects.all())
    drain(event_loop)
    assert Upload.objects.get().state == Upload.State.DELETED
    assert FailedItem.objects.get().state == FailedItem.State.RESOLVED


def test_r6_a_large_order_goes_back_a_few_a_minute(
    send: Callable[[Any], None], editor: User, settings: Any, local_aws: stack.Stack
) -> None:
    settings.REDRIVE_PER_MINUTE = 2
    for _ in range(3):
        send({"mediahub": "mirror", "image": "00000000-0000-0000-0000-000000000000"})
    while dead_letters.collect_letters():
        pass
    order = retries.order_retry(editor, FailedItem.objects.all())
    assert order
    assert order.total == 3
    assert retries.send_next_items(order.pk) == 2
    assert FailedItem.objects.filter(sent_at=None).count() == 1
    assert retries.send_next_items(order.pk) == 1
    assert retries.send_next_items(order.pk) == 0


def test_failures_of_one_cause_are_one_group(send: Callable[[Any], None]) -> None:
    for body in ({"mediahub": "new 1"}, {"mediahub": "new 2"}, "no json", {"an": "odd one"}, {"another": "odd one"}):
        send(body)
    while dead_letters.collect_letters():
        pass
    groups = dead_letters.group_by_cause(FailedItem.objects.all())
    assert [group.count for group in groups] == [2, 2, 1]
    assert groups[0].fingerprint != groups[1].fingerprint


def test_a_dead_letter_of_an_upload_that_ended_otherwise_is_no_work_for_an_editor(
    event_loop: PatientLoop, send: Callable[[Any], None], aws: Callable[[str, str], Any]
) -> None:
    aws("operator", "s3").put_object(Bucket=django_settings.UPLOAD_BUCKET, Key="harbour.jpg", Body=jpeg())
    drain(event_loop)
    send({"mediahub": "look", "key": "harbour.jpg"})
    dead_letters.collect_letters()
    assert FailedItem.objects.get().state == FailedItem.State.RESOLVED
    assert Upload.objects.get().state == Upload.State.READY


def test_a_worker_that_has_a_file_in_hand_keeps_it(send: Callable[[Any], None]) -> None:
    upload = ingest._find_or_adopt("harbour.jpg")
    Upload.claim_version(upload.pk, Claim("v1", pad_sequencer("01"), timezone.now() + timedelta(seconds=30)))
    send({"mediahub": "look", "key": "harbour.jpg"})
    dead_letters.collect_letters()
    assert Upload.objects.get().state == Upload.State.WORKING
    Upload.objects.update(lease_until=timezone.now())
    send({"mediahub": "look", "key": "harbour.jpg"})
    dead_letters.collect_letters()
    assert Upload.objects.get().state == Upload.State.FAILED
    assert "ran out of time or memory" in FailedItem.objects.get().reason
