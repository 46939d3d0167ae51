"""The list of uploads, where files of the bucket are told by their folders."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mediahub.uploads.models import Upload
from tests.browser.stock import sync_folder, upload
from tests.desk.conftest import HOSTILE

pytestmark = pytest.mark.django_db
LIST = "/admin/uploads/upload/"


def read(client: Client, query: str = "") -> str:
    answer = client.get(LIST + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_sync_is_one_line_and_files_of_browsers_are_told_each(signed_in: Client, editor: User) -> None:
    upload(editor, "dawn.jpg", "ready")
    batch = sync_folder("summer/2024", {"ready": 60, "rejected": 2, "working": 1}, system_files=3)
    page = read(signed_in)
    assert "dawn.jpg" in page
    texts = ("63 files", "60 done", "2 rejected", "1 processing", "3 system files skipped")
    assert [page.index(f">{text}<") for text in texts] == sorted(page.index(f">{text}<") for text in texts)
    assert not any(sent.file_name in page for sent in batch.uploads.all())
    assert read(signed_in, f"?batch__id__exact={batch.pk}").count("entry-name") == 50
    assert "Files from the bucket: summer/2024" in read(signed_in, f"?batch__id__exact={batch.pk}")
    assert read(signed_in, f"?batch__id__exact={batch.pk}&state__exact=rejected").count("entry-name") == 2
    assert f"batch={batch.pk}" in signed_in.get(reverse("desk:batch", args=[batch.pk]))["Location"]
    assert "entry-name" in read(signed_in, "?source__exact=bucket")


@pytest.mark.parametrize(
    ("states", "label"),
    [
        ({"ready": 1}, "done"),
        ({"ready": 1, "rejected": 1}, "rejected"),
        ({"ready": 1, "failed": 1, "working": 1}, "failed"),
        ({"deleted": 2}, "deleted"),
    ],
)
def test_the_chip_of_a_folder_tells_what_needs_somebody(signed_in: Client, states: dict[str, int], label: str) -> None:
    sync_folder("summer", states)
    assert f">{label}</span>" in read(signed_in)


def test_only_the_first_page_of_the_whole_list_shows_folders(signed_in: Client, editor: User) -> None:
    sync_folder("summer", {"ready": 1})
    for number in range(51):
        upload(editor, f"{number}.jpg", "ready")
    assert "From the bucket" in read(signed_in)
    for query in ("?p=2", "?state__exact=ready", "?q=a", f"?batch__id__exact={uuid4()}"):
        assert "From the bucket" not in read(signed_in, query)


def test_folders_are_shown_where_nothing_came_from_a_browser(signed_in: Client) -> None:
    assert "Nothing has been uploaded yet." in read(signed_in)
    sync_folder(f"{HOSTILE}/2024", {"ready": 1})
    page = read(signed_in)
    assert "Nothing has been uploaded in a browser yet." in page
    assert HOSTILE not in page


def test_what_stands_at_the_top_of_the_bucket_has_a_name(signed_in: Client) -> None:
    sync_folder("/", {"ready": 2})
    assert "Top level of the bucket" in read(signed_in)


def test_an_upload_of_a_folder_is_found_and_can_be_acted_on(chief_client: Client) -> None:
    batch = sync_folder("summer", {"rejected": 1})
    held = batch.uploads.get()
    Upload.objects.update(code="too_many_pixels")
    assert "Allow once" in chief_client.get(f"{LIST}{held.pk}/change/").content.decode()
    order = {"action": "allow_more_pixels", "_selected_action": str(held.pk), "index": 0, "stay": 1}
    answer = chief_client.post(LIST, order, follow=True)
    assert "Retrying 1 image." in answer.content.decode()


def test_an_odd_batch_is_no_error(signed_in: Client) -> None:
    for text in ("7", "x\0", "", "../.."):
        assert signed_in.get(LIST, {"batch__id__exact": text}, follow=True).status_code in (200, 400)


def test_a_folder_is_named_where_the_library_is_narrowed_to_it(signed_in: Client) -> None:
    batch = sync_folder("summer/2024", {"ready": 1})
    assert "summer/2024" in signed_in.get(f"/admin/library/image/?batch={batch.pk}").content.decode()
