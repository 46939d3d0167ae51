"""What systems leave beside pictures: known by its path, left out quietly, counted with its folder."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from mediahub.library.models import Image
from mediahub.local import stack
from mediahub.messages import CheckKey, ObjectCreated, ObjectRemoved
from mediahub.recovery.models import FailedItem
from mediahub.uploads import folder_batches, ingest
from mediahub.uploads.models import Upload, UploadBatch
from mediahub.uploads.system_files import is_system_file
from mediahub.worker.handlers import Invocation, handle
from processing import Unavailable
from tests.pictures import jpeg

BUCKET = "mediahub-local-uploads-000000000000"
LEFT_OUT = [
    "summer/",
    "summer/2024/.DS_Store",
    "summer/2024/._IMG_0001.JPG",
    "summer/2024/Thumbs.db",
    "summer/2024/desktop.ini",
    "summer/2024/Icon\r",
    "summer/2024/.picasa.ini",
    "summer/2024/IMG_0001.AAE",
    "summer/2024/IMG_0001.xmp",
    "summer/2024/MVI_0001.THM",
    "summer/2024/IMG_0001.jpg.supplemental-metadata.json",
    "summer/2024/IMG_0001.jpg(1).json",
    "summer/2024/.trashed-1699999999-IMG_0001.jpg",
    "__MACOSX/summer/IMG_0001.jpg",
    "summer/@eaDir/IMG_0001.jpg/SYNOPHOTO_THUMB_M.jpg",
    "$RECYCLE.BIN/S-1-5-21/$R0001.jpg",
    "summer_$folder$",
]
TAKEN = [
    "IMG_0001.JPG",
    "summer/IMG_0001",
    "summer/.IMG_0001.jpg",
    "summer/.jpg",
    "summer/xmp",
    "summer/thumbs.jpg",
    "summer/Icon.png",
    "summer/data.json",
    "summer/DS_Store/a.jpg",
    "uploads/6f1c3c1e-6a53-4f0c-9b0e-0d7d3f1a2b3c/original",
]


@pytest.mark.parametrize("path", LEFT_OUT)
def test_what_a_system_leaves_is_known(path: str) -> None:
    assert is_system_file(path)
    assert path.endswith("/") or is_system_file(path.upper())


@pytest.mark.parametrize("path", TAKEN)
def test_what_may_be_a_picture_is_taken(path: str) -> None:
    assert not is_system_file(path)


@pytest.mark.parametrize(
    ("key", "folder"),
    [
        ("a.jpg", "/"),
        ("summer/a.jpg", "summer"),
        ("summer/2024/a.jpg", "summer/2024"),
        ("summer/2024/day 1/a.jpg", "summer/2024"),
        ("uploads/a.jpg", "/"),
        ("uploads/summer/2024/day 1/a.jpg", "summer/2024"),
        ("uploads/6f1c3c1e-6a53-4f0c-9b0e-0d7d3f1a2b3c/original", "/"),
    ],
)
def test_a_line_names_the_upper_folders(key: str, folder: str) -> None:
    assert folder_batches.find_folder(key) == folder


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", LEFT_OUT)
def test_no_event_of_a_system_file_leaves_a_record(key: str) -> None:
    run = Invocation(datetime.now(UTC) + timedelta(seconds=30))
    for message in (ObjectCreated(BUCKET, key, "v", "01"), CheckKey(key), ObjectRemoved(BUCKET, key, "02")):
        assert handle(message, run) == "system file"
    ingest.record_not_begun(key, Unavailable("late", "Later."))
    assert not Upload.objects.exists()
    assert not FailedItem.objects.exists()
    assert not Image.objects.exists()
    assert not folder_batches.list_folder_batches(User(is_superuser=True, is_active=True, pk=1), 5)


@pytest.fixture
def put(local_aws: stack.Stack, aws: Callable[[str, str], Any]) -> Callable[[str, bytes], str]:
    operator = aws("operator", "s3")
    sequence = iter(range(1, 100))

    def put_object(key: str, data: bytes = b"system") -> str:
        version = operator.put_object(Bucket=BUCKET, Key=key, Body=data)["VersionId"]
        event = ObjectCreated(BUCKET, key, version, f"{next(sequence):04X}")
        return ingest.ingest_file(event, deadline=datetime.now(UTC) + timedelta(seconds=30))

    return put_object


@pytest.mark.django_db(transaction=True)
def test_a_synced_folder_is_one_line(put: Callable[..., str], admin_user: User) -> None:
    outcomes = [put(f"summer/2024/{name}") for name in (".DS_Store", "Thumbs.db", "day 1/._a.jpg")]
    outcomes += [put(f"summer/2024/day {n}/a.jpg", jpeg(200 + n, 160)) for n in (1, 2)]
    outcomes += [put("summer/2024/notes.txt", b"Call the harbour master."), put("winter.jpg", jpeg(300, 160))]
    assert outcomes == ["system file"] * 3 + ["ready"] * 2 + ["rejected", "ready"]
    root, summer = folder_batches.list_folder_batches(admin_user, 5)
    assert (root.batch.folder, root.counts, root.batch.system_files) == ("/", {"ready": 1}, 0)
    assert (summer.batch.folder, summer.counts, summer.batch.system_files) == (
        "summer/2024",
        {"ready": 2, "rejected": 1},
        3,
    )
    assert summer.files == 3
    assert {image.title for image in Image.objects.all()} == {"a", "winter"}
    assert [batch.folder for batch in UploadBatch.objects.filter(by=None)] == ["/", "summer/2024"]


@pytest.mark.django_db(transaction=True)
def test_another_day_is_another_line(put: Callable[..., str], admin_user: User) -> None:
    put("summer/a.jpg", jpeg(200, 160))
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=True):
        # The tomorrow of a record alone: S3 takes no request of tomorrow.
        tomorrow = folder_batches.get_or_create_folder_batch("summer/b.jpg")
    assert tomorrow != Upload.objects.get().batch
    assert tomorrow.folder == "summer"
    # Nothing but system files came on that day.
    assert [line.batch for line in folder_batches.list_folder_batches(admin_user, 5)] == [Upload.objects.get().batch]


@pytest.mark.django_db(transaction=True)
def test_files_of_closed_images_are_not_counted(put: Callable[..., str], editor: User) -> None:
    put("summer/a.jpg", jpeg(200, 160))
    assert len(folder_batches.list_folder_batches(editor, 5)) == 1
    editor.groups.clear()
    stranger = User.objects.get(pk=editor.pk)
    assert folder_batches.list_folder_batches(stranger, 5) == []
