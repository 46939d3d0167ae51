"""One file by its form, for a new image or in place of an image's file: each refusal comes back with a sentence."""

import base64
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from bench.scenes import make_heavy_photograph, make_photograph
from mediahub.library.models import Image
from mediahub.uploads.models import Upload
from processing import formats
from tests.browser.desk import DROP, Desk, sign_in_again
from tests.browser.test_going_on import hold, is_store, to_store, wait_for
from tests.pictures import jpeg

pytestmark = pytest.mark.usefixtures("worker")
PICTURE = f"Image ({formats.describe_inputs()})"


def choose(page: Page, name: str, data: bytes, kind: str = "image/jpeg") -> None:
    page.get_by_label(PICTURE).set_input_files({"name": name, "mimeType": kind, "buffer": data})


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def replaced(signed_in: Desk) -> Image:
    """Provide an image that came by the plain form, with its page to replace it open."""
    page = signed_in.page
    signed_in.open("/admin/upload/plain/")
    choose(page, "dawn.jpg", make_photograph("Harbour at dawn"))
    press(page, "Upload")
    signed_in.ends_as("dawn.jpg", "done")
    image = Image.objects.get()
    signed_in.open(f"/admin/images/{image.pk}/replace/")
    return image


def test_a_file_is_sent_and_followed_on_the_page_of_the_form(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/plain/")
    assert signed_in.findings() == []
    choose(page, "plain.jpg", jpeg())
    press(page, "Upload")
    signed_in.ends_as("plain.jpg", "done")
    # The file's own name is known here, which the form alone could not say.
    assert Upload.objects.get(version_id__gt="").file_name == "plain.jpg"
    assert signed_in.findings() == []
    choose(page, "second.jpg", jpeg(310, 200))
    press(page, "Upload")
    signed_in.ends_as("second.jpg", "done")


@pytest.mark.parametrize(
    ("name", "kind", "data", "says"),
    [
        ("empty.jpg", "image/jpeg", b"", "The file is empty"),
        ("minutes.pdf", "application/pdf", b"%PDF-1.7", "The file is a PDF document, which is not supported"),
        ("notes.jpg", "image/jpeg", b"Call the harbour master.", "The file is a text file, which is not supported"),
        ("noise.jpg", "image/jpeg", b"\xfe" * 100, "The file is not an image in a supported format"),
        ("large.jpg", "image/jpeg", jpeg().ljust(3_000_000, b"\0"), "The file is 3 MB; the limit is 2 MB"),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused_before_it_is_sent(
    signed_in: Desk, settings: object, name: str, kind: str, data: bytes, says: str
) -> None:
    settings.UPLOAD_MAX_BYTES = 2_000_000  # type: ignore[attr-defined]
    page = signed_in.page
    signed_in.open("/admin/upload/plain/")
    choose(page, name, data, kind)
    press(page, "Upload")
    expect(page.locator("#noted")).to_contain_text(says)
    assert signed_in.findings() == []
    assert not Upload.objects.exclude(method=Upload.Method.PLAIN).exists()
    choose(page, "good.jpg", jpeg())
    press(page, "Upload")
    expect(page.locator("#noted")).to_be_hidden()
    signed_in.ends_as("good.jpg", "done")


@pytest.mark.parametrize("code", ["EntityTooLarge", "AccessDenied"])
def test_what_the_store_refuses_comes_back_with_a_sentence(signed_in: Desk, code: str) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/plain/")

    def refuse(route: Route) -> None:
        if not is_store(route.request):
            return route.fallback()
        xml = f"<Error><Code>{code}</Code><Message>No</Message></Error>"
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/xml"}
        return route.fulfill(status=400, body=xml, headers=headers)

    page.route(to_store, refuse)
    choose(page, "plain.jpg", jpeg())
    press(page, "Upload")
    signed_in.ends_as("plain.jpg", "not uploaded")
    reason = signed_in.row("plain.jpg").locator("[data-reason]")
    expect(reason).to_contain_text(f"The storage refused the file (S3 returned 400 – {code})")
    expect(page).to_have_url(re.compile("/admin/upload/plain/"))
    page.unroute(to_store)
    press(page, "Upload")
    signed_in.ends_as("plain.jpg", "done")


def test_a_form_that_lay_open_over_night_sends_all_the_same(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/plain/")
    Upload.objects.update(expires_at=timezone.now() - timedelta(hours=9), state=Upload.State.EXPIRED)
    choose(page, "plain.jpg", jpeg())
    press(page, "Upload")
    signed_in.ends_as("plain.jpg", "done")


def test_a_form_without_a_ticket_says_why(signed_in: Desk, settings: object) -> None:
    signed_in.open("/admin/upload/plain/")
    settings.UPLOAD_MAX_OPEN_TICKETS = 0  # type: ignore[attr-defined]
    choose(signed_in.page, "plain.jpg", jpeg())
    press(signed_in.page, "Upload")
    signed_in.ends_as("plain.jpg", "not uploaded")
    expect(signed_in.row("plain.jpg").locator("[data-reason]")).to_contain_text("still in progress")


def test_without_scripts_the_way_back_from_the_stores_own_page_says_what_to_do(
    signed_in: Desk, browser: Browser, settings: object
) -> None:
    settings.UPLOAD_MAX_BYTES = 1000  # type: ignore[attr-defined]
    context = browser.new_context(java_script_enabled=False, storage_state=signed_in.page.context.storage_state())
    page = context.new_page()
    page.goto(f"{signed_in.address}/admin/upload/plain/")
    help_text = page.locator("#one-file [data-plain]")
    expect(help_text).to_contain_text("This form is valid until")
    expect(help_text).not_to_contain_text("No file has arrived through this form yet")
    choose(page, "large.jpg", jpeg())
    press(page, "Upload")
    expect(page.locator("html")).to_contain_text("EntityTooLarge")
    page.go_back()
    expect(help_text).to_contain_text("No file has arrived through this form yet")
    context.close()


def test_a_large_file_replaces_an_image_in_parts_with_a_pause(signed_in: Desk, replaced: Image) -> None:
    page = signed_in.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "partNumber=" in request.url else None)
    assert signed_in.findings() == []
    choose(page, "poster.jpg", make_heavy_photograph(12))
    held_routes = hold(page, lambda route: "partNumber=2&" in route.request.url, arrives=False)
    press(page, "Replace")
    wait_for(page, held_routes)
    row = signed_in.row("poster.jpg")
    expect(row.locator("[data-progress]")).to_contain_text("of 12 MB")
    row.get_by_role("button", name="Pause: poster.jpg").click()
    signed_in.ends_as("poster.jpg", "paused")
    assert signed_in.findings() == []
    page.unroute(to_store)
    row.get_by_role("button", name="Resume: poster.jpg").click()
    signed_in.ends_as("poster.jpg", "done")
    replaced.refresh_from_db()
    assert list(replaced.versions.order_by("number").values_list("number", "current")) == [(1, False), (2, True)]
    assert Image.objects.count() == 1
    upload = Upload.objects.get(file_name="poster.jpg")
    assert (upload.method, upload.image_id) == (Upload.Method.MULTIPART, replaced.pk)
    assert len({part for url in sent for part in url.split("&") if part.startswith("partNumber=")}) > 1


def test_the_session_and_the_line_end_while_a_file_is_replaced(
    signed_in: Desk, replaced: Image, chief: User, end_session: Callable[[], None]
) -> None:
    page = signed_in.page
    choose(page, "dusk.jpg", make_photograph("Dunes at noon"))
    end_session()
    press(page, "Replace")
    expect(page.locator("#signed-out")).to_be_visible()
    assert signed_in.findings() == []
    sign_in_again(page, chief)
    signed_in.ends_as("dusk.jpg", "done")
    page.context.set_offline(True)
    choose(page, "snow.jpg", make_photograph("First snow"))
    press(page, "Replace")
    expect(page.locator("#why")).to_contain_text("Offline.")
    page.context.set_offline(False)
    signed_in.ends_as("snow.jpg", "done")
    assert replaced.versions.count() == 3
    assert Image.objects.count() == 1


def test_a_file_dropped_to_replace_another_waits_for_the_button(signed_in: Desk, replaced: Image) -> None:
    page = signed_in.page
    before = Upload.objects.count()
    carried = [["dropped.jpg", "image/jpeg", base64.b64encode(jpeg()).decode()]]
    page.locator("body").evaluate(f"(target, files) => ({DROP})(target, files)", carried)
    expect(page.get_by_role("button", name="Replace")).to_be_focused()
    assert page.get_by_label(PICTURE).evaluate("(input) => input.files[0].name") == "dropped.jpg"
    assert Upload.objects.count() == before
    page.keyboard.press("Enter")
    signed_in.ends_as("dropped.jpg", "done")
    assert replaced.versions.count() == 2


def test_a_reload_while_a_file_is_replaced_loses_no_one(signed_in: Desk, replaced: Image) -> None:
    page = signed_in.page
    held_routes = hold(page, lambda route: is_store(route.request), arrives=False)
    choose(page, "dusk.jpg", jpeg())
    press(page, "Replace")
    wait_for(page, held_routes)
    # The upload page would make a new image of it.
    signed_in.open("/admin/upload/")
    page.unroute(to_store)
    expect(page.locator("#batch")).to_be_visible()
    expect(signed_in.row("dusk.jpg")).to_have_count(0)
    signed_in.open(f"/admin/images/{replaced.pk}/replace/")
    signed_in.ends_as("dusk.jpg", "not uploaded")
    with page.expect_file_chooser() as chosen:
        signed_in.row("dusk.jpg").get_by_role("button", name="Choose the file again").click()
    chosen.value.set_files({"name": "dusk.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
    press(page, "Replace")
    signed_in.ends_as("dusk.jpg", "done")
    expect(page.locator("#arrivals .entry")).to_have_count(1)
    assert Upload.objects.filter(file_name="dusk.jpg").count() == 1
    assert replaced.versions.count() == 2


def test_who_may_not_replace_any_more_is_told_so(signed_in: Desk, replaced: Image, chief: User) -> None:
    for group in chief.groups.all():
        group.permissions.remove(Permission.objects.get(codename="replace_image"))
    choose(signed_in.page, "dusk.jpg", jpeg())
    press(signed_in.page, "Replace")
    signed_in.ends_as("dusk.jpg", "not uploaded")
    expect(signed_in.row("dusk.jpg").locator("[data-reason]")).to_contain_text(
        "You don't have permission to upload this file here"
    )
