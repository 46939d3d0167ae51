"""Uploading as an editor does it: dropping files, watching them, going on after a pause, without JavaScript."""

import os
import re
from io import BytesIO
from pathlib import Path

import pytest
import urllib3
from django.contrib.auth.models import User
from PIL import Image as Pillow
from playwright.sync_api import Page, expect

from bench.scenes import make_heavy_photograph, make_photograph
from mediahub.aws import clients
from mediahub.delivery.addresses import build_address
from mediahub.library.models import Image
from mediahub.uploads.models import Upload
from processing import formats
from tests.browser.desk import Desk
from tests.browser.test_going_on import hold, is_part, settle, to_store, wait_for
from tests.pictures import jpeg
from tests.specs import count_files

pytestmark = pytest.mark.usefixtures("worker")
TEXT = ("notes.jpg", "image/jpeg", b"Call the harbour master about Tuesday.\n" * 40)
# Its beginning says what it is, and only decoding that there is no picture in it.
DAMAGED = ("damaged.jpg", "image/jpeg", b"\xff\xd8\xff" + b"Call the harbour master about Tuesday.\n" * 40)


def sign_in(page: Page, user: User) -> None:
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in").click()


def corners(image: Image) -> set[str]:
    """Where the red corner of the test picture lies in each of its renditions."""
    found = set()
    for rendition in image.renditions.all():
        with Pillow.open(BytesIO(urllib3.request("GET", build_address(rendition.key)).data)) as picture:
            red, green, blue = picture.convert("RGB").resize((30, 30)).getpixel((3, 3))  # type: ignore[misc]
            found.add("top left" if red > 180 and green < 90 and blue < 90 else "elsewhere")
    return found


def test_photographs_dropped_together_become_images_and_other_files_do_not(desk: Desk, editor: User) -> None:
    desk.open("/admin/upload/")
    sign_in(desk.page, editor)
    turned = [(f"turned-{n}.jpg", "image/jpeg", jpeg(1600, 1200, orientation=n)) for n in (1, 6, 8)]
    desk.drop(*turned, TEXT, DAMAGED)
    for name, _type, _data in turned:
        desk.ends_as(name, "done")
        expect(desk.row(name).get_by_role("link")).to_have_count(1 + len(clients.get_specs()))
    desk.ends_as("damaged.jpg", "rejected")
    desk.ends_as("notes.jpg", "not uploaded")
    expect(desk.row("notes.jpg").locator("[data-reason]")).to_contain_text(formats.describe_inputs())
    expect(desk.page.locator("#summary")).to_have_text("3 done · 1 not uploaded · 1 rejected")
    for image in Image.objects.all():
        assert image.renditions.count() == count_files(clients.get_specs())
        assert corners(image) == {"top left"}
    assert desk.findings() == []


def test_new_images_appear_on_the_open_grid(signed_in: Desk, editor: User) -> None:
    grid = signed_in
    grid.open("/admin/library/image/")
    expect(grid.page.get_by_text("There are no images yet")).to_be_visible()
    grid.page.evaluate("window.stillHere = true")
    other = grid.page.context.new_page()
    upload = Desk(other, grid.address)
    upload.open("/admin/upload/")
    upload.drop(("dawn.jpg", "image/jpeg", make_photograph("Harbour at dawn")))
    upload.ends_as("dawn.jpg", "done")
    other.close()
    grid.page.bring_to_front()
    card = grid.page.locator(".card", has=grid.page.get_by_text("dawn", exact=True))
    expect(card.locator(".picture-front")).to_have_js_property("complete", True)
    assert card.locator(".picture-front").evaluate("(image) => image.naturalWidth") == 256
    assert grid.page.evaluate("window.stillHere") is True


def camera_files() -> list[tuple[str, bytes]]:
    """Three photographs of the folder that PHOTOS names, or three as a camera that was turned would make them."""
    if os.environ.get("PHOTOS"):
        return [(file.name, file.read_bytes()) for file in sorted(Path(os.environ["PHOTOS"]).glob("*.jpg"))[:3]]
    return [(f"DSC_{turn}.jpg", make_photograph("Hills after rain", orientation=turn)) for turn in (3, 6, 8)]


def test_what_a_camera_made_becomes_images(signed_in: Desk) -> None:
    files = camera_files()
    signed_in.open("/admin/upload/")
    signed_in.drop(*((name, "image/jpeg", data) for name, data in files), TEXT)
    for name, _data in files:
        signed_in.ends_as(name, "done")
    signed_in.ends_as("notes.jpg", "not uploaded")


def test_a_large_file_goes_in_parts_and_on_after_a_pause(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "partNumber=" in request.url else None)
    # So slow that nothing is sent to its end before the button is found, and that a rate is told when it goes on.
    signed_in.slow_down(500_000)
    signed_in.drop(("poster.jpg", "image/jpeg", make_heavy_photograph(12)))
    line, row = page.locator("#far [data-line]"), signed_in.row("poster.jpg")
    expect(line).to_contain_text(re.compile(r"Uploading · 0 of 1 files · .+ of 12 MB"))
    expect(row.locator("[data-progress]")).to_contain_text("of 12 MB")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator("#announced")).to_contain_text("Paused")
    signed_in.ends_as("poster.jpg", "paused")
    assert signed_in.findings() == []
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(line).to_contain_text(re.compile(r"B/s · .* left"))
    signed_in.slow_down(-1)
    signed_in.ends_as("poster.jpg", "done")
    expect(line).to_contain_text("All files uploaded")
    upload = Upload.objects.get()
    assert (upload.method, upload.declared_bytes) == (Upload.Method.MULTIPART, 12_000_000)
    assert {part for url in sent for part in url.split("&") if part.startswith("partNumber=")} >= {"partNumber=2"}


def test_what_a_reload_interrupted_is_offered_again(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    answered: list[str] = []
    page.on("response", lambda response: answered.append(response.url) if "partNumber=1&" in response.url else None)
    held = hold(page, is_part(3), arrives=False)
    signed_in.drop(("poster.jpg", "image/jpeg", make_heavy_photograph(12)))
    wait_for(page, held)
    while not answered:
        page.wait_for_timeout(50)
    settle(page)
    page.reload()
    page.unroute(to_store)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "partNumber=" in request.url else None)
    page.get_by_role("button", name="Upload").filter(has_text="file").or_(
        page.get_by_role("button", name="Resume", exact=True)
    ).first.click()
    signed_in.ends_as("poster.jpg", "done")
    assert sent
    assert not any("partNumber=1&" in url for url in sent)
    assert Upload.objects.count() == 1


def test_a_file_the_server_refuses_says_so_at_the_file(signed_in: Desk, settings: object) -> None:
    settings.UPLOAD_MAX_OPEN_TICKETS = 0  # type: ignore[attr-defined]
    signed_in.open("/admin/upload/")
    signed_in.drop(("dawn.jpg", "image/jpeg", jpeg()))
    signed_in.ends_as("dawn.jpg", "not uploaded")
    expect(signed_in.row("dawn.jpg").locator("[data-reason]")).to_contain_text("still in progress")
    assert signed_in.findings() == []


def test_a_file_of_another_kind_is_not_even_sent(signed_in: Desk) -> None:
    signed_in.open("/admin/upload/")
    signed_in.drop(("minutes.pdf", "application/pdf", b"%PDF-1.7"))
    signed_in.ends_as("minutes.pdf", "not uploaded")
    assert not Upload.objects.exists()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_a_file_is_uploaded_without_javascript(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    page.wait_for_url("**/upload/plain/")
    picture = {"name": "plain.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    page.get_by_label(f"Image ({formats.describe_inputs()})").set_input_files(picture)  # type: ignore[arg-type]
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator(".chip")).to_have_text("done")
    assert Image.objects.count() == 1
