"""Files as people have them: names without an ending or with an odd one, names that lie, what systems leave."""

import unicodedata
from pathlib import Path

import pytest
from playwright.sync_api import expect

from mediahub.library.models import Image
from mediahub.uploads.models import Upload
from processing import formats
from tests.browser.desk import Desk
from tests.browser.test_sending import drag
from tests.pictures import encoded, jpeg, picture

pytestmark = pytest.mark.usefixtures("worker")
# Only the beginning of a file is looked at.
PHOTOSHOP = b"8BPS\0\x01" + bytes(60)
VIDEO = b"\0\0\0\x18ftypisom\0\0\2\0isommp42" + bytes(60)
BITMAP = encoded(picture(40, 30), "BMP")


def test_names_do_not_decide(signed_in: Desk) -> None:
    odd = [
        ("IMG_0001", ""),
        ("poster.JPG_large", "application/octet-stream"),
        ("photo.jpg (1)", ""),
        ("stereo.mpo", ""),
        ("scan.bmp", "image/bmp"),
        ("notes.txt", "text/plain"),
        ("Zürich.2024.06.01", ""),
    ]
    signed_in.open("/admin/upload/")
    signed_in.drop(*((name, kind, jpeg(200 + place, 160)) for place, (name, kind) in enumerate(odd)))
    for name, _kind in odd:
        signed_in.ends_as(name, "done")
    assert set(Upload.objects.values_list("content_type", flat=True)) == {"image/jpeg"}
    titles = {"IMG 0001", "poster", "photo (1)", "stereo", "scan", "notes", "Zürich.2024.06.01"}
    assert {image.title for image in Image.objects.all()} == titles
    assert signed_in.findings() == []


def test_a_name_that_lies_does_not_decide(signed_in: Desk) -> None:
    signed_in.open("/admin/upload/")
    signed_in.drop(
        ("picture.jpg", "image/jpeg", encoded(picture(90, 60), "PNG")),
        ("layers.jpg", "image/jpeg", PHOTOSHOP),
        ("clip.png", "image/png", VIDEO),
        ("drawing.gif", "image/gif", BITMAP),
        ("noise.webp", "image/webp", b"\xfe\xff" * 40),
        ("empty.jpg", "image/jpeg", b""),
    )
    signed_in.ends_as("picture.jpg", "done")
    refused = {
        "layers.jpg": "The file is a Photoshop file, which is not supported.",
        "clip.png": "The file is a video, which is not supported.",
        "drawing.gif": "The file is a BMP file, which is not supported.",
        "noise.webp": "The file is not an image in a supported format.",
        "empty.jpg": "The file is empty. Check it and upload it again.",
    }
    for name, reason in refused.items():
        signed_in.ends_as(name, "not uploaded")
        expect(signed_in.row(name).locator("[data-reason]")).to_contain_text(reason)
    assert Upload.objects.get().content_type == "image/png"
    assert signed_in.findings() == []
    assert signed_in.violations == []


def test_every_file_can_be_chosen(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    page.locator(".uppy-Dashboard-AddFiles").first.wait_for()
    assert page.locator("input[type=file]").count() > 0
    assert page.locator("input[type=file][accept]").count() == 0
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(
        {"name": "photo.jpg (1)", "mimeType": "", "buffer": jpeg()}
    )
    signed_in.ends_as("photo.jpg (1)", "done")
    signed_in.open("/admin/upload/plain/")
    assert page.locator("input[type=file][accept]").count() == 0
    page.get_by_label(f"Image ({formats.describe_inputs()})").set_input_files(
        {"name": "IMG_0002", "mimeType": "", "buffer": jpeg(210, 160)}
    )
    page.get_by_role("button", name="Upload", exact=True).click()
    signed_in.ends_as("IMG_0002", "done")


def test_a_composed_name_is_stored_composed(signed_in: Desk) -> None:
    apart = unicodedata.normalize("NFD", "Café in Łódź.jpg")
    signed_in.open("/admin/upload/")
    signed_in.drop((apart, "image/jpeg", jpeg()))
    expect(signed_in.page.locator("#arrivals [data-chip]")).to_have_text("done")
    assert Upload.objects.get().file_name == unicodedata.normalize("NFC", apart) != apart


def test_a_folder_with_what_systems_leave_is_told_in_one_line(signed_in: Desk, tmp_path: Path) -> None:
    trip = tmp_path / "trip"
    (trip / "__MACOSX").mkdir(parents=True)
    (trip / "IMG_0001.JPG").write_bytes(jpeg())
    for name in ("__MACOSX/._IMG_0001.JPG", ".DS_Store", "Thumbs.db", "desktop.ini", "IMG_0001.AAE", "IMG_0001.xmp"):
        (trip / name).write_bytes(b"left behind")
    (trip / "IMG_0002.PSD").write_bytes(PHOTOSHOP)
    for number in range(1, 41):
        (trip / f"MVI_{number:04}.MP4").write_bytes(VIDEO)
    signed_in.open("/admin/upload/")
    drag(signed_in, trip)
    signed_in.ends_as("IMG_0001.JPG", "done")
    expect(signed_in.page.locator("#noted")).to_have_text("System files and sidecar files skipped: 6")
    signed_in.ends_as("IMG_0002.PSD", "not uploaded")
    expect(signed_in.page.locator("#arrivals .entry", has_text="and 39 more")).to_contain_text("a video")
    expect(signed_in.page.locator("#arrivals .entry")).to_have_count(3)
    assert Upload.objects.count() == 1
    assert signed_in.findings() == []
