"""Work on many images as editors see and steer it, and what they take along."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
import requests
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from mediahub.aws import clients
from mediahub.history.models import Action, Change
from mediahub.jobs.models import Chunk, Job, build_failure
from mediahub.library.models import Image, Version
from mediahub.reasons import Reason
from tests import records
from tests.desk.conftest import HOSTILE

pytestmark = pytest.mark.django_db(transaction=True)
BULK = "/admin/images/act/"
State = Job.State


def chosen(act: str, *images: Image, **more: str) -> dict[str, Any]:
    return {"act": act, "image": [str(image.pk) for image in images], **more}


def job(by: User | None, images: list[Image], state: str = State.RUNNING, **values: Any) -> Job:
    """Return a job with one chunk that is half done, its first image failed."""
    ids = sorted(str(image.pk) for image in images)
    new_job = Job.objects.create(selection={"ids": ids}, state=state, by=by, total=len(ids), queued=True, **values)
    failures = [build_failure(images[0].pk, images[0].file_name, Reason("of_a_test", {}, "The disk is full."))]
    Chunk.objects.create(job=new_job, first=ids[0], last=ids[-1], only=ids, succeeded=1, failed=1, failures=failures)
    return new_job


@pytest.fixture
def images() -> list[Image]:
    return [records.image(f"Harbour {n}", file_name=f"{n}.jpg") for n in range(3)]


@pytest.fixture
def original(images: list[Image], aws: Callable[[str, str], Any]) -> Version:
    """Provide the first image's current version, with its file in the bucket, and an earlier one."""
    s3, key = aws("operator", "s3"), f"uploads/{uuid4()}/original"
    versions = [
        s3.put_object(Bucket=django_settings.UPLOAD_BUCKET, Key=key, Body=body)["VersionId"]
        for body in (b"first", b"second")
    ]
    facts: dict[str, Any] = {"file_name": 'Møte "1".jpg', "format": "JPEG", "camera": "", "sha256": "0" * 64}
    facts |= dict.fromkeys(("width", "height", "bytes"), 9)
    common = {"image": images[0], "key": key, "facts": facts}
    Version.objects.create(number=1, version_id=versions[0], current=False, **common)
    return Version.objects.create(number=2, version_id=versions[1], **common)


def test_making_renditions_anew_is_asked_for_with_its_price_and_then_begins(
    chief_client: Client, images: list[Image], settings: Any
) -> None:
    settings.LABELER = "rekognition"
    page = chief_client.post(BULK, chosen("ask_reprocess", *images)).content.decode()
    assert "The renditions of 3 images are regenerated" in page
    assert "3 images are labeled: about $0.00" in page
    answer = chief_client.post(BULK, chosen("reprocess", *images, labels="1"))
    new_job = Job.objects.get()
    assert answer["Location"] == f"/admin/jobs/{new_job.pk}/"
    assert (new_job.total, new_job.relabel, new_job.queued, str(new_job.by)) == (3, True, True, "chief")
    settings.AWS_PROFILE = "worker"
    assert clients.get_upload_queue().count_waiting() > 0
    settings.AWS_PROFILE = "web"
    again = chief_client.post(BULK, chosen("reprocess", *images, labels="1"), follow=True)
    assert "This job already exists" in again.content.decode()
    assert Job.objects.count() == 1


def test_only_a_chief_has_renditions_made_anew(signed_in: Client, images: list[Image]) -> None:
    for act in ("ask_reprocess", "reprocess"):
        assert signed_in.post(BULK, chosen(act, *images)).status_code == 403
    assert "Regenerate renditions" not in signed_in.get("/admin/library/image/").content.decode()


def test_a_download_is_its_makers_and_the_chiefs(
    signed_in: Client, chief_client: Client, other_editor: User, images: list[Image]
) -> None:
    answer = signed_in.post(BULK, chosen("download", *images, files="large"))
    new_job = Job.objects.get()
    assert (new_job.kind, new_job.files, new_job.total) == (Job.Kind.ZIP, "large", 3)
    assert signed_in.get(answer["Location"]).status_code == 200
    assert chief_client.get(answer["Location"]).status_code == 200
    other = Client()
    other.force_login(other_editor)
    assert other.get(answer["Location"]).status_code == 404
    assert "large renditions" not in other.get("/admin/jobs/").content.decode()
    assert other.post(f"{answer['Location']}steer/", {"verb": "cancel"}).status_code == 404


def test_too_much_at_once_is_refused_with_a_sentence(signed_in: Client, images: list[Image], settings: Any) -> None:
    settings.DOWNLOAD_MAX_BYTES = 1
    answer = signed_in.post(BULK, chosen("download", *images), follow=True)
    assert "the limit for one download is" in answer.content.decode()
    assert not Job.objects.exists()


def test_downloads_in_progress_are_limited_for_each_person(
    signed_in: Client, chief_client: Client, images: list[Image], settings: Any
) -> None:
    settings.DOWNLOAD_MAX_OPEN = 2
    for image in images[:2]:
        signed_in.post(BULK, chosen("download", image))
    answer = signed_in.post(BULK, chosen("download", images[2]), follow=True)
    assert "2 of your downloads are still in progress" in answer.content.decode()
    # The same again goes on with what is there, and nobody waits for another person.
    signed_in.post(BULK, chosen("download", images[0]))
    assert Job.objects.count() == 2
    chief_client.post(BULK, chosen("download", images[2]))
    assert Job.objects.count() == 3
    Job.objects.filter(by__username="editor").update(finished_at=timezone.now())
    signed_in.post(BULK, chosen("download", images[2]))
    assert Job.objects.count() == 4


def test_who_fetches_anothers_zip_file_is_noted(
    signed_in: Client, chief_client: Client, editor: User, images: list[Image]
) -> None:
    new_job = job(editor, images, State.DONE, kind=Job.Kind.ZIP, files="large")
    Chunk.objects.update(key=f"downloads/{new_job.pk}/part-1.zip", bytes=2, finished_at=timezone.now())
    path = f"/admin/jobs/{new_job.pk}/parts/{Chunk.objects.get().pk}/"
    signed_in.get(path)
    assert not Change.objects.exists()
    chief_client.get(path)
    # The first image failed, and is not in the file.
    fetched = Change.objects.filter(action=Action.ZIP_FETCHED, by__username="chief")
    assert set(fetched.values_list("image", flat=True)) == {image.pk for image in images[1:]}
    assert "fetched another person&#x27;s ZIP file with" in chief_client.get("/admin/activity/").content.decode()


def test_the_page_tells_how_far_it_is_and_what_failed(signed_in: Client, editor: User, images: list[Image]) -> None:
    Image.objects.filter(pk=images[0].pk).update(file_name=HOSTILE)
    images[0].refresh_from_db()
    new_job = job(editor, images, started_at=timezone.now())
    page = signed_in.get(f"/admin/jobs/{new_job.pk}/").content.decode()
    assert "2 of 3 processed" in page
    assert f"/admin/library/image/{images[0].pk}/change/" in page
    assert "The disk is full." in page
    assert HOSTILE not in page
    assert "data-ended" not in page
    assert "The work continues" in page


def test_the_page_of_a_job_that_ended_does_not_say_that_it_goes_on(
    signed_in: Client, editor: User, images: list[Image]
) -> None:
    page = signed_in.get(f"/admin/jobs/{job(editor, images, State.DONE).pk}/").content.decode()
    assert "data-ended" in page
    assert "The work continues" not in page


@pytest.mark.parametrize(
    ("before", "verb", "after", "said"),
    [
        (State.RUNNING, "pause", State.PAUSED, "The job is paused"),
        (State.PAUSED, "resume", State.WAITING, "The job continues"),
        (State.PAUSED, "cancel", State.CANCELLED, "Finished images keep their changes"),
        (State.PARTLY, "retry", State.WAITING, "Retrying 1 image."),
        (State.DONE, "pause", State.DONE, "Nothing was changed"),
        (State.CANCELLED, "resume", State.CANCELLED, "Nothing was changed"),
    ],
)
def test_a_job_is_steered_by_buttons(
    signed_in: Client, editor: User, images: list[Image], before: str, verb: str, after: str, said: str
) -> None:
    new_job = job(editor, images, before)
    answer = signed_in.post(f"/admin/jobs/{new_job.pk}/steer/", {"verb": verb}, follow=True)
    assert said in answer.content.decode()
    new_job.refresh_from_db()
    assert new_job.state == after
    assert signed_in.post(f"/admin/jobs/{new_job.pk}/steer/", {"verb": "burn"}).status_code == 404


def test_another_editor_sees_a_job_and_leaves_it_alone(
    signed_in: Client, other_editor: User, images: list[Image], nobody: Client
) -> None:
    new_job = job(other_editor, images)
    assert "Pause" not in signed_in.get(f"/admin/jobs/{new_job.pk}/").content.decode()
    assert signed_in.post(f"/admin/jobs/{new_job.pk}/steer/", {"verb": "pause"}).status_code == 403
    for path in ("/admin/jobs/", f"/admin/jobs/{new_job.pk}/"):
        assert nobody.get(path).status_code == 403


def test_lists_and_pages_ask_the_database_as_often_for_many(
    signed_in: Client, editor: User, images: list[Image], queries: Callable[[str], int]
) -> None:
    new_job = job(editor, images)
    few = queries("/admin/jobs/"), queries(f"/admin/jobs/{new_job.pk}/")
    for _ in range(5):
        job(editor, images, State.DONE)
    Chunk.objects.bulk_create(Chunk(job=new_job, first=uuid4(), last=uuid4(), failures=[]) for _ in range(5))
    assert (queries("/admin/jobs/"), queries(f"/admin/jobs/{new_job.pk}/")) == few


def test_running_jobs_are_counted_in_the_ways(signed_in: Client, editor: User, images: list[Image]) -> None:
    assert "in progress" not in signed_in.get("/admin/jobs/").content.decode()
    job(editor, images)
    assert "in progress" in signed_in.get("/admin/jobs/").content.decode()


def test_a_part_is_fetched_by_a_short_link_under_its_name(
    signed_in: Client, editor: User, images: list[Image], aws: Callable[[str, str], Any]
) -> None:
    new_job = job(editor, images, State.DONE, kind=Job.Kind.ZIP, files="large")
    key = f"downloads/{new_job.pk}/part-1.zip"
    aws("operator", "s3").put_object(Bucket=django_settings.RENDITION_BUCKET, Key=key, Body=b"PK")
    Chunk.objects.update(key=key, bytes=2, finished_at=timezone.now())
    path = f"/admin/jobs/{new_job.pk}/parts/{Chunk.objects.get().pk}/"
    assert path in signed_in.get(f"/admin/jobs/{new_job.pk}/").content.decode()
    answer = requests.get(signed_in.get(path)["Location"], timeout=300)
    assert answer.content == b"PK"
    assert "1-of-1.zip" in answer.headers["Content-Disposition"]
    Chunk.objects.update(key="")
    assert "expired and" in signed_in.get(path, follow=True).content.decode()


def test_d11_an_original_is_downloaded_under_its_own_name_and_noted(
    signed_in: Client, images: list[Image], original: Version
) -> None:
    assert "Download the original" in signed_in.get(f"/admin/library/image/{images[0].pk}/change/").content.decode()
    answer = signed_in.post(f"/admin/images/{images[0].pk}/original/")
    assert "X-Amz-Expires=120" in answer["Location"]
    file = requests.get(answer["Location"], timeout=300)
    assert file.content == b"second"
    # The local AWS leaves what is asked of an answer to a version aside; S3 does what was signed.
    asked = parse_qs(urlsplit(answer["Location"]).query)
    assert asked["response-content-disposition"] == ["attachment; filename*=utf-8''M%C3%B8te%20%221%22.jpg"]
    assert asked["response-content-type"] == ["application/octet-stream"]
    noted = Change.objects.get()
    assert (noted.action, str(noted.by), noted.image_id) == (Action.DOWNLOADED, "editor", images[0].pk)
    assert f"/undo/{noted.change_set}" not in signed_in.get("/admin/activity/").content.decode()


@pytest.mark.parametrize(
    ("name", "format_name", "downloaded"),
    [
        ("holiday.bat", "JPEG", "holiday.jpg"),
        ("photo.jpg (1)", "JPEG", "photo (1).jpg"),
        ("scan.jpg", "PNG", "scan.png"),
        ("IMG_0001", "GIF", "IMG_0001.gif"),
    ],
)
def test_d11_an_original_is_named_by_what_it_is(
    signed_in: Client, images: list[Image], original: Version, name: str, format_name: str, downloaded: str
) -> None:
    original.facts |= {"file_name": name, "format": format_name}
    original.save()
    answer = signed_in.post(f"/admin/images/{images[0].pk}/original/")
    [named] = parse_qs(urlsplit(answer["Location"]).query)["response-content-disposition"]
    assert f'filename="{downloaded}"' in named


def test_an_earlier_version_is_downloaded_from_its_page(
    signed_in: Client, images: list[Image], original: Version
) -> None:
    path = f"/admin/images/{images[0].pk}/versions/"
    assert f"{path}1/original/" in signed_in.get(path).content.decode()
    answer = signed_in.post(f"{path}1/original/")
    assert requests.get(answer["Location"], timeout=300).content == b"first"


def test_a_download_needs_the_right_and_a_file(signed_in: Client, editor: User, images: list[Image]) -> None:
    path = f"/admin/images/{images[1].pk}/original/"
    assert "no record of where the original" in signed_in.post(path, follow=True).content.decode()
    assert signed_in.get(path).status_code == 405
    assert signed_in.post(f"/admin/images/{uuid4()}/original/").status_code == 404
    for group in Group.objects.all():
        group.permissions.remove(*group.permissions.filter(codename="download_original"))
    assert signed_in.post(path).status_code == 403
    assert signed_in.post(BULK, chosen("download", *images)).status_code == 403
    assert not Change.objects.exists()
