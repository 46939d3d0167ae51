"""What is done before and while files are sent: folders, what is pasted, what is there already, words for all."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from mediahub.history.change_set import ChangeSet
from mediahub.library import collections
from mediahub.library.models import Image
from mediahub.uploads.models import Upload, UploadBatch
from tests.browser.desk import Desk
from tests.pictures import jpeg

pytestmark = pytest.mark.usefixtures("worker")


def drag(desk: Desk, *paths: Path, until: str = "drop") -> None:
    """Drag files and folders of the disk over the edge of the page, as a person's hand does."""
    hand = desk.page.context.new_cdp_session(desk.page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        hand.send("Input.dispatchDragEvent", {"type": kind, "x": 8, "y": 200, "data": data})
        if kind == until:
            return


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Provide a folder with two pictures, one deeper and twice, and what systems and people leave in folders."""
    trip = tmp_path / "trip"
    (trip / "day two").mkdir(parents=True)
    (trip / "one.jpg").write_bytes(jpeg(300, 200))
    (trip / "day two" / "two.jpg").write_bytes(jpeg(320, 200))
    (trip / "day two" / "again.jpg").write_bytes(jpeg(320, 200))
    for name in (".DS_Store", "Thumbs.db", "._one.jpg", "one.xmp"):
        (trip / name).write_bytes(b"left behind")
    for name in ("notes.txt", "more notes", "day two/notes.txt"):
        (trip / name).write_bytes(b"Call the harbour master.")
    return trip


def test_a_folder_is_dropped_anywhere_and_words_reach_all_its_pictures(
    signed_in: Desk, chief: User, folder: Path
) -> None:
    page = signed_in.page
    harbour = collections.create(ChangeSet(chief), "Harbour")
    signed_in.open("/admin/upload/")
    drag(signed_in, folder, until="dragOver")
    expect(page.get_by_text("Drop to upload").last).to_be_visible()
    assert signed_in.findings() == []
    drag(signed_in, folder)
    expect(page.locator("#cover")).to_be_hidden()
    expect(page.locator("#noted")).to_have_text("System files and sidecar files skipped: 4")
    refused = page.locator("#arrivals .entry", has_text="a text file, which is not supported")
    expect(refused.locator("[data-name]")).to_have_text(re.compile("^.+ and 2 more$"))
    held_entries = page.locator("#arrivals .entry", has_text="on hold")
    expect(held_entries).to_have_count(1)
    assert signed_in.findings() == []
    held_entries.get_by_role("button", name="anyway").click()
    page.get_by_label("Title", exact=True).fill("Trip")
    page.get_by_label("Credit").fill("Ada Byron")
    page.get_by_label("Tags, separated by commas").fill("boats, summer")
    page.get_by_label("Collection").select_option("Harbour")
    page.get_by_role("button", name="Save for all images").click()
    expect(page.locator("#batch-said")).to_contain_text("Saved.")
    for name in ("one.jpg", "two.jpg", "again.jpg"):
        signed_in.ends_as(name, "done")
    expect(page.locator("#far [data-line]")).to_contain_text("All files uploaded · 3 of 3 files")
    assert {image.title for image in Image.objects.all()} == {"Trip 1", "Trip 2", "Trip 3"}
    assert {image.credit for image in Image.objects.all()} == {"Ada Byron"}
    assert Image.objects.filter(taggings__tag__name="summer", taggings__state="accepted").count() == 3
    assert harbour.images.count() == 3
    assert signed_in.findings() == []
    page.get_by_role("link", name="View these images in the library (3)").click()
    expect(page.locator(".card")).to_have_count(3)
    assert UploadBatch.objects.get().by == chief


def test_what_is_there_already_waits_for_an_answer_and_what_is_pasted_is_named(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    signed_in.drop(("dawn.jpg", "image/jpeg", jpeg(300, 200)))
    signed_in.ends_as("dawn.jpg", "done")
    page.reload()
    signed_in.drop(("copy.jpg", "image/jpeg", jpeg(300, 200)), ("other.jpg", "image/jpeg", jpeg(310, 200)))
    signed_in.ends_as("other.jpg", "done")
    signed_in.ends_as("copy.jpg", "on hold")
    expect(signed_in.row("copy.jpg").get_by_role("link", name="dawn")).to_be_visible()
    expect(page.locator("#held")).to_contain_text("1 is already in the library")
    assert signed_in.findings() == []
    page.get_by_role("button", name="Skip all").click()
    expect(signed_in.row("copy.jpg")).to_have_count(0)
    expect(page.locator("#held")).to_be_hidden()
    signed_in.paste(jpeg(330, 200))
    expect(page.locator("#arrivals .entry", has_text="Pasted 20")).to_have_count(1)
    page.get_by_label("Credit").focus()
    signed_in.paste(jpeg(340, 200))
    expect(page.locator("#arrivals .entry", has_text="done")).to_have_count(3)
    assert Upload.objects.count() == 3
