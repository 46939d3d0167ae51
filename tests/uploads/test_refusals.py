"""What AWS refuses the worker: one file stops no other, says what is true, and is seen by editors and the doctor."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from mediahub.aws import clients
from mediahub.desk.upload import presenters as upload_presenters
from mediahub.local.event_loop import Context, _build_record
from mediahub.reasons import read_reason
from mediahub.recovery import dead_letters
from mediahub.recovery.models import FailedItem
from mediahub.uploads import error_kinds, stalled_uploads
from mediahub.uploads.models import Upload
from mediahub.worker import handlers
from processing import Misconfigured, Unavailable
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
Deny = Callable[..., Any]
Deliver = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def patient(local_aws: object, as_role: Callable[[str], None], settings: Any) -> None:
    as_role("worker")
    settings.RETRY_SECONDS = 30


@pytest.fixture
def deny(aws: Callable[[str, str], Any]) -> Deny:
    """deny(bucket, key, *actions): in its block AWS refuses these of the object to everybody."""
    operator = aws("operator", "s3")

    @contextmanager
    def denied(bucket: str, key: str, *actions: str) -> Iterator[None]:
        policy = operator.get_bucket_policy(Bucket=bucket)["Policy"]
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": list(actions or ("s3:GetObject", "s3:GetObjectVersion")),
            "Resource": f"arn:aws:s3:::{bucket}/{key}",
        }
        whole = json.loads(policy)
        whole["Statement"].append(statement)
        operator.put_bucket_policy(Bucket=bucket, Policy=json.dumps(whole))
        try:
            yield
        finally:
            operator.put_bucket_policy(Bucket=bucket, Policy=policy)

    return denied


@pytest.fixture(params=["arrival", "look"])
def deliver(request: pytest.FixtureRequest, aws: Callable[[str, str], Any], settings: Any) -> Deliver:
    """deliver(key, …): what tells of these files as one batch, received so many times by now."""

    def tell(key: str) -> dict[str, Any]:
        if request.param == "look":
            return {"mediahub": "look", "key": key}
        versions = aws("operator", "s3").list_object_versions(Bucket=settings.UPLOAD_BUCKET, Prefix=key)["Versions"]
        stored_object = {"key": key, "versionId": versions[0]["VersionId"], "sequencer": "01"}
        bucket = {"name": settings.UPLOAD_BUCKET}
        return {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": bucket, "object": stored_object}}]}

    def delivered(*keys: str, received: int = 1) -> dict[str, Any]:
        messages = []
        for number, key in enumerate(keys):
            body = json.dumps(tell(key))
            attributes = {"ApproximateReceiveCount": str(received)}
            messages.append(
                {"MessageId": f"m{number}", "ReceiptHandle": f"r{number}", "Body": body, "MD5OfBody": ""}
                | {"Attributes": attributes}
            )
        records = [_build_record(message, settings.UPLOAD_QUEUE_URL) for message in messages]
        return handlers.on_object_created({"Records": records}, Context("test"))

    return delivered


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """For how many seconds each message was hidden."""
    seconds: list[int] = []
    queue = clients.get_upload_queue()
    monkeypatch.setattr(type(queue), "hide_message", lambda _queue, _receipt, delay: seconds.append(delay))
    return seconds


@pytest.fixture
def files(aws: Callable[[str, str], Any], settings: Any) -> None:
    for number, key in enumerate(("closed.jpg", "open.jpg")):
        aws("operator", "s3").put_object(Bucket=settings.UPLOAD_BUCKET, Key=key, Body=jpeg(200 + number))


def upload(key: str) -> Upload:
    return Upload.objects.get(key=key)


@pytest.mark.usefixtures("files")
def test_a_file_that_aws_refuses_stops_no_other_and_says_when_it_is_tried_again(
    deny: Deny, deliver: Deliver, hidden: list[int], settings: Any, chief: User, client: Client
) -> None:
    with deny(settings.UPLOAD_BUCKET, "closed.jpg"):
        answer = deliver("closed.jpg", "open.jpg")
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert upload("open.jpg").state == Upload.State.READY
    closed = upload("closed.jpg")
    [delay] = hidden
    assert closed.next_try_at
    assert abs(closed.next_try_at - timezone.now() - timedelta(seconds=delay)) < timedelta(seconds=30)
    client.force_login(chief)
    Upload.objects.update(next_try_at=timezone.now() + timedelta(minutes=5))
    [shown] = client.get("/admin/upload/status/", {"ids": str(closed.pk)}).json()["uploads"]
    at = timezone.localtime(upload("closed.jpg").next_try_at)
    assert (shown["label"], shown["tone"]) == (f"waiting to be retried at {at:%H:%M}", "wait")
    assert "closed.jpg" in shown["reason"]
    assert "doctor" in shown["reason"]
    page = client.get(f"/admin/uploads/upload/{closed.pk}/change/").content.decode()
    assert "Waiting to be retried at" in page
    assert "The file is being processed" not in page


@pytest.mark.usefixtures("files")
def test_a_file_that_stays_refused_comes_to_the_desk_and_leaves_it_when_it_can_be_read(
    deny: Deny, deliver: Deliver, hidden: list[int], settings: Any, chief: User
) -> None:
    with deny(settings.UPLOAD_BUCKET, "closed.jpg"):
        for received in (1, 2):
            deliver("closed.jpg", received=received)
        assert not FailedItem.objects.exists()
        for received in (3, 4):
            deliver("closed.jpg", received=received)
        item = FailedItem.objects.get()
        assert (item.state, item.upload, item.message_id) == (FailedItem.State.OPEN, upload("closed.jpg"), "m0")
        assert "closed.jpg" in item.reason
        # Soon at first, so that it is on the desk in minutes; then there is time to mend it.
        assert hidden[0] <= 30 < hidden[2] <= 480 < 900
        dead_letters._collect_letter({"MessageId": "m0", "Body": item.payload})
        assert FailedItem.objects.get().state == FailedItem.State.OPEN
        assert upload("closed.jpg").state == Upload.State.FAILED
    Upload.objects.update(state=Upload.State.WORKING)
    deliver("closed.jpg", received=5)
    assert upload("closed.jpg").state == Upload.State.READY
    assert upload("closed.jpg").next_try_at is None
    assert FailedItem.objects.get().state == FailedItem.State.RESOLVED


@pytest.mark.usefixtures("files", "hidden")
def test_a_fault_of_the_setup_stops_the_batch_and_gives_no_file_the_reason_of_another(
    deliver: Deliver, settings: Any
) -> None:
    settings.RENDITION_BUCKET = "no-such-bucket"
    deliver("closed.jpg", "open.jpg")
    first, second = upload("closed.jpg"), upload("open.jpg")
    assert (first.attempts, second.attempts, second.code) == (1, 0, "not_begun")
    assert read_reason(first).specific_code == read_reason(second).specific_code == "NoSuchBucket"
    assert str(first.pk) in first.reason
    assert str(first.pk) not in second.reason
    assert "closed" not in second.reason
    said = upload_presenters.describe_status(second)
    assert "has not started, because another file failed" in said.reason
    assert said.label.startswith("waiting to be retried at")
    assert not FailedItem.objects.exists()


@pytest.mark.parametrize("code", ["AccessDenied", "403", "KMS.DisabledException"])
def test_only_what_aws_says_of_one_original_is_about_one_file(code: str) -> None:
    assert error_kinds.is_of_one_object(Misconfigured(code, "No."))
    assert not error_kinds.is_of_one_object(Misconfigured(code, "No.", "store"))
    assert not error_kinds.is_of_one_object(Misconfigured("NoSuchBucket", "No."))
    assert not error_kinds.is_of_one_object(Unavailable(code, "No."))


def test_where_nobody_knows_when_the_state_says_only_that_it_waits(editor: User) -> None:
    left = Upload(state="working", lease_until=timezone.now() - timedelta(seconds=1), attempts=1)
    assert upload_presenters.describe_status(left).label == "waiting to be retried"
    assert "stopped before it finished" in upload_presenters.describe_status(left).reason
    left.lease_until = timezone.now() + timedelta(seconds=30)
    assert upload_presenters.describe_status(left).label == "processing"
    assert stalled_uploads.resume_stalled() == 0


def examine(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    try:
        call_command("doctor", *options, no_color=True)
    except CommandError as error:
        return capsys.readouterr().out + str(error)
    return capsys.readouterr().out


@pytest.mark.usefixtures("files", "hidden")
@pytest.mark.parametrize("options", [(), ("--inside",)], ids=["outside", "inside"])
def test_the_doctor_names_each_file_that_aws_refuses(
    options: tuple[str, ...],
    deny: Deny,
    deliver: Deliver,
    settings: Any,
    as_role: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with deny(settings.UPLOAD_BUCKET, "closed.jpg"):
        deliver("closed.jpg", "open.jpg")
        as_role("worker" if options else "operator")
        settings.SITE_URL = "http://127.0.0.1:8000"
        said = examine(capsys, *options)
        assert "faults found" in said
        assert "closed.jpg (closed.jpg) is tried again" in said
        assert "look at the bucket's policy" in said
    said = examine(capsys, *options)
    assert "All is well." in said
    code = read_reason(upload("closed.jpg")).specific_code
    assert f"closed.jpg (closed.jpg) was refused ({code}) and can be read now" in said
    as_role("worker")
    deliver("closed.jpg")
    assert "closed.jpg" not in examine(capsys, "--inside")


@pytest.mark.usefixtures("files", "hidden")
def test_the_doctor_reads_what_the_worker_would_read(
    deny: Deny, deliver: Deliver, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver("closed.jpg", "open.jpg")
    assert "the newest originals were read: 2" in examine(capsys, "--inside")
    with deny(settings.UPLOAD_BUCKET, "*"):
        assert "failed: AWS refused the request (" in examine(capsys, "--inside")


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"])
def test_the_doctor_writes_reads_and_removes_a_rendition(
    action: str, deny: Deny, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "a rendition was written, read and removed" in examine(capsys, "--inside")
    with deny(settings.RENDITION_BUCKET, "*", action):
        said = examine(capsys, "--inside")
    assert "The worker cannot do its work" in said
    assert "faults found" in said


def test_the_doctor_leaves_no_probe_behind(capsys: pytest.CaptureFixture[str]) -> None:
    said = examine(capsys, "--inside")
    assert "an item of the mirror was written, read and removed" in said
    assert "a message was put on the queue" in said
    assert list(clients.get_mirror_table().list_keys()) == []
    assert not [seen for seen in clients.get_rendition_store().list_page().versions if seen.latest and not seen.removed]


def test_the_doctor_asks_for_labels_with_what_is_no_picture(
    settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.LABELER = "rekognition"
    assert "Images come in without labels" in examine(capsys, "--inside")


def test_a_web_that_has_no_worker_at_hand_says_where_to_try(
    settings: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], as_role: Callable[[str], None]
) -> None:
    as_role("operator")
    monkeypatch.setattr("boto3.Session.available_profiles", ["operator"])
    assert "doctor --inside" in examine(capsys)
