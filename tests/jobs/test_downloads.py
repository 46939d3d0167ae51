"""A selection as zip files: what is in them, how large they get, and what is missing."""

import csv
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.utils import timezone

from mediahub.history.models import Action, Change
from mediahub.jobs import downloads, orders, runner
from mediahub.jobs.models import Chunk, Job
from mediahub.library.models import Image
from mediahub.local.event_loop import EventLoop
from processing import Unavailable
from processing.store import S3Store
from tests.local_aws import drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
ORIGINAL, LARGE = Job.Files.ORIGINAL, Job.Files.LARGE


@pytest.fixture
def make_archives(
    three_images: list[Image], event_loop: EventLoop, editor: User, aws: Any
) -> Callable[..., list[ZipFile]]:
    """made(files): the zip files that a job on all images makes."""

    def make(files: str = ORIGINAL) -> list[ZipFile]:
        orders.order_zip(Image.objects.all(), files, editor)
        drain(event_loop)
        s3 = aws("operator", "s3")
        keys = Chunk.objects.exclude(key="").order_by("pk").values_list("key", flat=True)
        bucket = django_settings.RENDITION_BUCKET
        return [ZipFile(BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read())) for key in keys]

    return make


def names(zip_file: ZipFile) -> list[str]:
    assert zip_file.testzip() is None
    return zip_file.namelist()


def test_it_holds_the_originals_byte_for_byte_and_their_words(make_archives: Callable[..., list[ZipFile]]) -> None:
    Image.objects.filter(width=400).update(
        title="=Møte: ny/gammel", alt_text="To menn.", credit="+Ada", rights_until=date(2030, 1, 31)
    )
    [archive] = make_archives()
    assert len(names(archive)) == 4
    assert {archive.read(name) for name in names(archive) if name.endswith("jpg")} == {
        jpeg(400 + n, 300) for n in range(3)
    }
    rows = list(csv.DictReader(StringIO(archive.read("credits.csv").decode("utf-8-sig"))))
    [row] = [row for row in rows if row["alt text"]]
    assert row["file"][3:] == " =Møte ny gammel.jpg"
    assert (row["title"], row["credit"], row["rights valid until"]) == ("'=Møte: ny/gammel", "'+Ada", "2030-01-31")
    assert archive.read(row["file"]) == jpeg(400, 300)


def test_large_renditions_are_had_as_well_and_only_originals_are_noted(
    make_archives: Callable[..., list[ZipFile]],
) -> None:
    [archive] = make_archives(LARGE)
    assert len(names(archive)) == 4
    assert not Change.objects.filter(action=Action.DOWNLOADED).exists()
    make_archives(ORIGINAL)
    assert Change.objects.filter(action=Action.DOWNLOADED).count() == 3


def test_what_is_more_than_one_part_holds_goes_into_several(
    make_archives: Callable[..., list[ZipFile]], settings: Any
) -> None:
    settings.DOWNLOAD_PART_BYTES = sum(sorted(Image.objects.values_list("bytes", flat=True))[-2:])
    first, second = make_archives()
    numbers = [name[:3] for part in (first, second) for name in names(part) if name.endswith("jpg")]
    assert numbers == ["001", "002", "003"]
    settings.DOWNLOAD_MAX_BYTES = 10
    with pytest.raises(downloads.TooLarge, match="Select fewer images"):
        downloads.plan_parts(Image.objects.all(), ORIGINAL)


def test_what_is_missing_is_told_in_the_zip_and_on_the_job(
    make_archives: Callable[..., list[ZipFile]], three_images: list[Image], lose: Callable[[Image], None]
) -> None:
    lose(three_images[0])
    [archive] = make_archives()
    assert len(names(archive)) == 4
    assert three_images[0].file_name in archive.read("missing.txt").decode()
    job = Job.objects.get()
    assert job.state == Job.State.PARTLY
    assert [failure.image for failure in runner.list_failures(job)] == [str(three_images[0].pk)]


def test_whoever_lost_the_right_to_see_images_gets_none(
    three_images: list[Image], event_loop: EventLoop, editor: User
) -> None:
    job = orders.order_zip(Image.objects.all(), ORIGINAL, editor)
    editor.groups.clear()
    drain(event_loop)
    assert runner.measure_progress(job).failed == 3
    assert not Chunk.objects.exclude(key="").exists()


def test_a_zip_that_the_store_did_not_take_is_made_once_more(
    make_archives: Callable[..., list[ZipFile]], monkeypatch: pytest.MonkeyPatch, event_loop: EventLoop, settings: Any
) -> None:
    honest = S3Store.put_file

    def refused(*args: Any) -> None:
        monkeypatch.setattr(S3Store, "put_file", honest)
        raise Unavailable("busy", "The store is busy.")

    monkeypatch.setattr(S3Store, "put_file", refused)
    settings.LEASE_SECONDS = 0
    assert make_archives() == []
    Job.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    assert runner.request_lost_turns() == 1
    drain(event_loop)
    assert Job.objects.get().state == Job.State.DONE


def test_the_files_are_removed_when_their_time_is_over(
    make_archives: Callable[..., list[ZipFile]], settings: Any
) -> None:
    make_archives()
    assert runner.sweep_old_jobs() == 0
    settings.DOWNLOAD_KEEP_SECONDS = -1
    assert runner.sweep_old_jobs() == 1
    assert Chunk.objects.get().key == ""
    assert Chunk.objects.get().bytes


@pytest.mark.parametrize(
    ("title", "called"),
    [
        ("Harbour", "007 Harbour.jpg"),
        ("../../etc/passwd", "007 etc passwd.jpg"),
        ("a\x00b\nc", "007 a b c.jpg"),
        ("CON: <x>|?*", "007 CON x.jpg"),
        ("\u202egpj.exe", "007 gpj.exe.jpg"),
        ("...", "007.jpg"),
        ("ميناء", "007 ميناء.jpg"),
        ("山" * 200, f"007 {'山' * 60}.jpg"),
    ],
)
def test_a_name_is_safe_on_every_system(title: str, called: str) -> None:
    assert downloads.build_file_name(Image(title=title), 7, "jpg") == called
