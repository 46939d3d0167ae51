"""What the clock does for whatever waits for a message that may never come."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.library.models import Image
from mediahub.local import stack
from mediahub.local.event_loop import Context, EventLoop
from mediahub.recovery import dead_letters, retries
from mediahub.recovery.models import FailedItem
from mediahub.uploads import ingest, rendition_sweep, stalled_uploads
from mediahub.uploads.models import Claim, Upload, pad_sequencer
from mediahub.worker import handlers, redelivery
from processing import Unavailable
from tests.local_aws import drain
from tests.pictures import encoded, jpeg, picture
from tests.specs import count_files

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def harbour(local_aws: stack.Stack, aws: Callable[[str, str], Any], settings: Any) -> Upload:
    """Provide a file in the bucket whose event is lost, and the row that knows it."""
    aws("operator", "s3").put_object(Bucket=settings.UPLOAD_BUCKET, Key="harbour.jpg", Body=jpeg())
    aws("operator", "sqs").purge_queue(QueueUrl=settings.UPLOAD_QUEUE_URL)
    return ingest._find_or_adopt("harbour.jpg")


def test_c11_what_a_dead_worker_left_is_taken_up(harbour: Upload, event_loop: EventLoop, settings: Any) -> None:
    Upload.claim_version(harbour.pk, Claim("v1", pad_sequencer("01"), timezone.now() + timedelta(seconds=30)))
    assert stalled_uploads.resume_stalled() == 0
    Upload.objects.update(lease_until=timezone.now() - timedelta(seconds=settings.RESUME_SECONDS + 1))
    assert stalled_uploads.resume_stalled() == 1
    # Asked for once: the message may wait its turn.
    assert stalled_uploads.resume_stalled() == 0
    drain(event_loop)
    harbour.refresh_from_db()
    assert (harbour.state, harbour.attempts) == (Upload.State.READY, 2)


def test_a_ticket_that_was_never_used_expires(local_aws: stack.Stack) -> None:
    fresh, late, begun = (ingest._find_or_adopt(key) for key in ("fresh.jpg", "late.jpg", "begun.jpg"))
    past = timezone.now() - stalled_uploads.GRACE - timedelta(minutes=1)
    Upload.objects.filter(pk=fresh.pk).update(expires_at=timezone.now())
    Upload.objects.filter(pk=late.pk).update(expires_at=past)
    Upload.objects.filter(pk=begun.pk).update(expires_at=past, attempts=1)
    assert stalled_uploads.expire_unused_tickets() == 1
    late.refresh_from_db()
    assert (late.state, late.reason) == ("expired", "The file was not sent in time. Add it again.")


def test_a_duty_that_fails_holds_up_no_other(harbour: Upload, settings: Any) -> None:
    settings.DEAD_LETTER_QUEUE_URL += "-gone"
    Upload.objects.update(expires_at=timezone.now() - timedelta(days=1))
    report = handlers.on_minute({}, Context("test"))
    # Dead letters are collected and counted.
    assert (report["clock_failures"], report["expired"]) == (2, 1)


def test_renditions_of_a_deleted_image_go_after_the_grace(
    harbour: Upload, event_loop: EventLoop, aws: Callable[[str, str], Any], settings: Any
) -> None:
    ingest.check_key("harbour.jpg", deadline=timezone.now() + timedelta(seconds=30))
    aws("operator", "s3").delete_object(Bucket=settings.UPLOAD_BUCKET, Key="harbour.jpg")
    drain(event_loop)
    image = Image.objects.get()
    assert mirror.read_item(image.pk) == {"pk": str(image.pk), "sk": "image", "revision": 2, "state": "deleted"}
    assert rendition_sweep.sweep_deleted_images() == 0
    assert image.renditions.count() == count_files(clients.get_specs())
    Image.objects.update(deleted_at=timezone.now() - timedelta(seconds=settings.SWEEP_GRACE_SECONDS + 1))
    assert rendition_sweep.sweep_deleted_images() == 1
    assert image.renditions.count() == 0


def test_metrics_are_written_for_the_alarms(harbour: Upload, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.LOCAL = False
    handlers.on_minute({}, Context("test"))
    line = next(line for line in capsys.readouterr().out.splitlines() if "_aws" in line)
    assert '"Namespace":"MediaHub"' in line.replace(" ", "")
    for name in ("failed_items", "drift", "unmirrored", "duties_failing"):
        assert f'"{name}"' in line
    assert "clock_failures" not in line


def test_a_picture_over_the_limit_passes_once_when_a_chief_says_so(
    local_aws: stack.Stack, aws: Callable[[str, str], Any], event_loop: EventLoop, chief: User, settings: Any
) -> None:
    settings.IMAGE_MAX_PIXELS, settings.IMAGE_MAX_PIXELS_ONCE = 10_000, 1_000_000
    aws("operator", "s3").put_object(
        Bucket=settings.UPLOAD_BUCKET, Key="wide.png", Body=encoded(picture(400, 300), "PNG")
    )
    drain(event_loop)
    upload = Upload.objects.get()
    assert (upload.state, upload.code) == ("rejected", "too_many_pixels")
    assert retries.allow_more_pixels(chief, upload)
    assert not retries.allow_more_pixels(chief, upload)
    drain(event_loop)
    upload.refresh_from_db()
    assert (upload.state, upload.recipe) == ("ready", "")
    assert upload.decisions.get().by == chief


def test_a_retry_without_labels_leaves_them_out(
    harbour: Upload, event_loop: EventLoop, editor: User, aws: Callable[[str, str], Any], settings: Any
) -> None:
    aws("operator", "sqs").send_message(
        QueueUrl=settings.DEAD_LETTER_QUEUE_URL, MessageBody='{"mediahub": "look", "key": "harbour.jpg"}'
    )
    dead_letters.collect_letters()
    assert retries.order_retry(editor, FailedItem.objects.all(), labels=False)
    drain(event_loop)
    assert Image.objects.get().label_state == "off"
    assert FailedItem.objects.get().decisions.get().note == "without labels"


def test_a_retry_that_was_never_heard_of_again_is_sent_once_more(
    harbour: Upload, event_loop: EventLoop, editor: User, aws: Callable[[str, str], Any], settings: Any
) -> None:
    item = FailedItem.objects.create(
        message_id="m1",
        upload=harbour,
        kind="upload",
        reason="lost",
        payload="{}",
        state=FailedItem.State.RETRIED,
        first_failed_at=timezone.now(),
        last_failed_at=timezone.now(),
        sent_at=timezone.now() - retries.PATIENCE - timedelta(minutes=1),
    )
    assert retries.request_lost_retries() == 1
    drain(event_loop)
    item.refresh_from_db()
    assert item.state == FailedItem.State.RESOLVED


def test_c12_without_time_left_nothing_is_begun(harbour: Upload) -> None:
    class Late(Context):
        def get_remaining_time_in_millis(self) -> int:
            return 4000

    record = {
        "messageId": "m1",
        "receiptHandle": "r1",
        "body": '{"mediahub": "look", "key": "harbour.jpg"}',
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:mediahub-local-uploads",
        "awsRegion": "us-east-1",
    }
    answer = handlers.on_object_created({"Records": [record]}, Late("test"))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert Upload.objects.get().attempts == 0


@pytest.mark.parametrize(("received", "shortest", "longest"), [(1, 15, 30), (3, 60, 120), (20, 450, 900)])
def test_r5_what_is_unavailable_comes_back_later(received: int, shortest: int, longest: int, settings: Any) -> None:
    settings.RETRY_SECONDS = 30
    delays = {redelivery.calculate_delay(Unavailable("slow", "Slow."), received) for _ in range(50)}
    assert shortest <= min(delays) <= max(delays) <= longest
    assert len(delays) > 3
