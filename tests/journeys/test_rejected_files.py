"""A file that was rejected is there as long as a person may ask for it again, and then in no version any more."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from mediahub.aws import clients
from mediahub.local.event_loop import EventLoop
from mediahub.reasons import build_error
from mediahub.recovery import consistency_checks
from mediahub.uploads import rejected_sweep, tickets
from mediahub.uploads.models import Upload
from processing import Unavailable
from tests.journeys.test_purge import post
from tests.local_aws import drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
NO_IMAGE = b"%PDF-1.7 no image" * 9
KEPT = timedelta(seconds=settings.REJECTED_KEEP_SECONDS)


@pytest.fixture
def send(event_loop: EventLoop, as_role: Callable[[str], None]) -> Callable[..., Upload]:
    """send(data, data…): the upload whose ticket was used for each, after the worker has seen all of them."""
    person = User.objects.create_superuser("chief")

    def send_all(*files: bytes) -> Upload:
        as_role("web")
        ticket = tickets.issue_ticket(person, "a.jpg", "image/jpeg", len(files[0]))
        assert {post(ticket, data) for data in files} == {204}
        as_role("worker")
        drain(event_loop)
        return Upload.objects.get(pk=ticket.upload_id)

    return send_all


def age(upload: Upload, by: timedelta) -> None:
    Upload.objects.filter(pk=upload.pk).update(finished_at=timezone.now() - by)


def list_versions(aws: Callable[[str, str], Any], upload: Upload) -> int:
    answer = aws("operator", "s3").list_object_versions(Bucket=upload.bucket, Prefix=upload.key)
    return len(answer.get("Versions", []) + answer.get("DeleteMarkers", []))


def test_a_rejected_file_goes_when_its_time_is_over(
    send: Callable[..., Upload], event_loop: EventLoop, aws: Callable[[str, str], Any]
) -> None:
    rejected, ready = send(NO_IMAGE, NO_IMAGE.lower()), send(jpeg(64, 48))
    assert (rejected.state, ready.state) == (Upload.State.REJECTED, Upload.State.READY)
    age(ready, KEPT * 2)
    age(rejected, KEPT - timedelta(hours=1))
    assert rejected_sweep.sweep_rejected_uploads() == 0
    assert list_versions(aws, rejected) == 2
    age(rejected, KEPT + timedelta(seconds=1))
    event_loop.tick()
    # The bucket's own events of what was erased change nothing.
    drain(event_loop)
    assert (list_versions(aws, rejected), list_versions(aws, ready)) == (0, 1)
    rejected.refresh_from_db()
    assert (rejected.state, rejected.code, rejected.params) == (Upload.State.DELETED, "rejected_erased", {"days": 90})
    assert rejected.reason == "The file was rejected, and removed after 90 days."
    check = consistency_checks.begin_check(by_hand=True, grace_seconds=0)
    assert list(consistency_checks.run_check(check)) == []


def test_what_an_operator_placed_and_what_a_record_names_stays(
    send: Callable[..., Upload], aws: Callable[[str, str], Any]
) -> None:
    placed, named = send(NO_IMAGE), send(jpeg(64, 48))
    Upload.objects.filter(pk=placed.pk).update(source=Upload.Source.BUCKET)
    Upload.objects.filter(pk=named.pk).update(state=Upload.State.REJECTED)
    for upload in (placed, named):
        age(upload, KEPT * 2)
    assert rejected_sweep.sweep_rejected_uploads() == 0
    assert [list_versions(aws, upload) for upload in (placed, named)] == [1, 1]


def test_a_file_that_the_bucket_did_not_erase_is_erased_later(
    send: Callable[..., Upload], aws: Callable[[str, str], Any]
) -> None:
    rejected = send(NO_IMAGE)
    age(rejected, KEPT * 2)
    store = clients.get_upload_store()
    with (
        patch.object(type(store), "erase_key", side_effect=build_error(Unavailable, "late")),
        pytest.raises(Unavailable),
    ):
        rejected_sweep.sweep_rejected_uploads()
    assert Upload.objects.get(pk=rejected.pk).state == Upload.State.REJECTED
    assert rejected_sweep.sweep_rejected_uploads() == 1
    assert list_versions(aws, rejected) == 0
