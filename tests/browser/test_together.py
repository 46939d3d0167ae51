"""Two editors at once, and a session that ends while one works: nothing that was typed is lost."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page, Route, expect

from mediahub.desk.models import Session
from mediahub.library.models import Image
from mediahub.uploads import upload_batches
from tests.browser import stock
from tests.browser.desk import Desk

LIBRARY = "/admin/library/image/"


@pytest.fixture
def images(signed_in: Desk, settings: Any) -> list[Image]:
    """Provide a library that nobody has described yet."""
    library_images = stock.library(settings)
    Image.objects.update(state=Image.State.IN_REVIEW, alt_text="", credit="", caption="")
    return library_images


@pytest.fixture
def colleague(
    signed_in: Desk, browser: Any, browser_context_args: dict[str, Any], other_editor: User
) -> Iterator[Desk]:
    """Provide the desk in another browser, with another editor signed in."""
    context = browser.new_context(**browser_context_args)
    client = Client()
    client.force_login(other_editor)
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": signed_in.address}])
    opened = Desk(context.new_page(), signed_in.address)
    yield opened
    assert opened.violations == opened.errors == []
    context.close()


def path_of(image: Image) -> str:
    return f"/admin/library/image/{image.pk}/change/"


def save(page: Page) -> None:
    page.locator(".words").get_by_role("button", name="Save").click()


def is_saved(page: Page) -> None:
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")


def fields_of(image: Image) -> tuple[str, str, str]:
    image.refresh_from_db()
    return image.title, image.caption, image.credit


def end_session(page: Page) -> None:
    """As it ends by itself, while the page stays open for an hour."""
    Session.objects.all().delete()
    page.clock.fast_forward(3600_000)


def sign_in_elsewhere(page: Page, name: str = "chief") -> None:
    """Sign in in another tab of the same browser, by the link that the page offers."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    sign_in(opened.value, name)
    opened.value.close()


def sign_in(page: Page, name: str = "chief") -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#header")).to_contain_text("Sign out")


def test_two_editors_change_different_words_of_one_image(signed_in: Desk, colleague: Desk, images: list[Image]) -> None:
    image = images[0]
    for desk in (signed_in, colleague):
        desk.open(path_of(image))
    signed_in.page.get_by_label("Caption").fill("Two lines\nof a caption")
    colleague.page.get_by_label("Credit").fill("Ben")
    for desk in (signed_in, colleague):
        save(desk.page)
        is_saved(desk.page)
    title = image.title
    assert fields_of(image) == (title, "Two lines\nof a caption", "Ben")


def test_two_editors_change_the_same_words_and_the_second_sees_both(
    signed_in: Desk, colleague: Desk, images: list[Image]
) -> None:
    image, page = images[0], signed_in.page
    for desk in (signed_in, colleague):
        desk.open(path_of(image))
    colleague.page.get_by_label("Caption").fill("Boats at dawn")
    save(colleague.page)
    is_saved(colleague.page)
    page.get_by_label("Caption").fill("Boats at noon")
    page.get_by_label("Credit").fill("Ada")
    save(page)
    conflict = page.locator(".conflict")
    expect(conflict).to_contain_text("other changed this on")
    expect(conflict).to_contain_text("Boats at dawn")
    expect(page.get_by_label("Caption")).to_have_value("Boats at noon")
    assert signed_in.findings() == []
    assert fields_of(image)[1:] == ("Boats at dawn", "")
    page.get_by_label("Caption").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Keep theirs")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Use mine")).to_be_checked()
    page.get_by_label("Credit").press("Enter")
    is_saved(page)
    assert fields_of(image)[1:] == ("Boats at noon", "Ada")


def test_a_credit_for_many_leaves_the_caption_that_is_saved_meanwhile(
    signed_in: Desk, colleague: Desk, images: list[Image]
) -> None:
    image, page = Image.objects.order_by("-created_at", "pk")[0], signed_in.page
    signed_in.open(LIBRARY)
    colleague.open(path_of(image))
    for number in range(3):
        page.locator(".card-check").nth(number).click()
    page.locator(".bulk summary", has_text="Credit").click()
    page.locator("#bulk-credit").fill("Ada Lund")
    colleague.page.get_by_label("Caption").fill("Boats at dawn")
    save(colleague.page)
    is_saved(colleague.page)
    page.locator("button[value=set_credit]").click()
    expect(page.locator(".messagelist")).to_contain_text("Credit: saved for 3 images.")
    assert fields_of(image)[1:] == ("Boats at dawn", "Ada Lund")


def test_a_credit_that_somebody_else_gives_meanwhile_is_asked_about(
    signed_in: Desk, colleague: Desk, images: list[Image]
) -> None:
    image, page = Image.objects.order_by("-created_at", "pk")[0], signed_in.page
    signed_in.open(LIBRARY)
    page.locator(".card-check").first.click()
    page.locator(".card-check").nth(1).click()
    page.locator(".bulk summary", has_text="Credit").click()
    page.locator("#bulk-credit").fill("Ada Lund")
    page.route("**/pulse/", lambda route: route.abort())
    colleague.open(path_of(image))
    colleague.page.get_by_label("Credit").fill("Ben")
    save(colleague.page)
    is_saved(colleague.page)
    page.locator("button[value=set_credit]").click()
    expect(page.locator("#content")).to_contain_text("credit stays “Ben”, as other changed it on")
    expect(page.locator("#content")).to_contain_text("you entered “Ada Lund”.")
    assert signed_in.findings() == []
    assert fields_of(image)[2] == "Ben"
    page.get_by_role("button", name="Include this 1 image").click()
    expect(page.locator(".messagelist")).to_contain_text("Credit: saved for 1 image.")
    assert fields_of(image)[2] == "Ada Lund"
    signed_in.errors.clear()


def test_words_for_a_batch_leave_the_title_that_is_typed_meanwhile(
    signed_in: Desk, images: list[Image], chief: User, other_editor: User, colleague: Desk
) -> None:
    batch = upload_batches.get_or_create_batch(chief, uuid4())
    for image in images[:2]:
        stock.upload(chief, image.file_name, "ready", image=image, batch=batch)
    colleague.open(path_of(images[0]))
    colleague.page.get_by_label("Title").fill("The old quay")
    colleague.page.get_by_label("Caption").fill("Boats at dawn")
    save(colleague.page)
    is_saved(colleague.page)
    words = {"title": "Harbour", "numbered": False, "credit": "Ada", "tags": [], "collection": None}
    signed_in.open("/admin/")
    answer = signed_in.page.evaluate(
        """async ([address, words]) => {
          const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
          const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
          const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(words) });
          return answer.json();
        }""",
        [f"/admin/upload/batches/{batch.pk}/words/", words],
    )
    assert "title stays “The old quay”, as other changed it on" in answer["refused"][0]
    assert fields_of(images[0]) == ("The old quay", "Boats at dawn", "Ada")
    assert fields_of(images[1])[::2] == ("Harbour", "Ada")


def test_the_words_of_an_image_are_saved_after_the_session_has_ended(signed_in: Desk, images: list[Image]) -> None:
    image, page = images[0], signed_in.page
    page.clock.install()
    signed_in.open(path_of(image))
    page.get_by_label("Caption").fill("Typed in an hour")
    end_session(page)
    save(page)
    expect(page.locator("#signed-out")).to_contain_text("You are signed out.")
    expect(page.get_by_label("Caption")).to_have_value("Typed in an hour")
    assert signed_in.findings() == []
    sign_in_elsewhere(page)
    is_saved(page)
    assert fields_of(image)[1] == "Typed in an hour"
    signed_in.errors.clear()


def test_a_bulk_edit_is_done_after_the_session_has_ended(signed_in: Desk, images: list[Image]) -> None:
    page = signed_in.page
    page.clock.install()
    signed_in.open(LIBRARY)
    page.locator(".card-check").first.click()
    page.locator(".card-check").nth(1).click()
    page.locator(".bulk summary", has_text="Credit").click()
    page.locator("#bulk-credit").fill("Ada Lund")
    end_session(page)
    page.locator("button[value=set_credit]").click()
    expect(page.locator("#signed-out")).to_contain_text("You are signed out.")
    sign_in_elsewhere(page)
    expect(page.locator(".messagelist")).to_contain_text("Credit: saved for 2 images.")
    assert Image.objects.filter(credit="Ada Lund").count() == 2


def test_a_sign_in_that_overtakes_the_answer_about_the_session_breaks_no_form(
    signed_in: Desk, images: list[Image]
) -> None:
    image, page = images[0], signed_in.page
    page.clock.install()
    signed_in.open(path_of(image))
    page.get_by_label("Caption").fill("Typed before")

    def overtake(route: Route) -> None:
        answer = route.fetch()
        # What another tab's sign-in has left by the time the answer arrives.
        page.context.add_cookies([{"name": "csrftoken", "value": "n" * 32, "url": signed_in.address}])
        route.fulfill(response=answer, headers={"content-type": "application/json"})

    page.route("**/session/", overtake)
    page.clock.fast_forward(3600_000)
    save(page)
    is_saved(page)
    assert fields_of(image)[1] == "Typed before"


def test_somebody_else_who_signs_in_sends_nothing_of_it(
    signed_in: Desk, images: list[Image], other_editor: User
) -> None:
    image, page = images[0], signed_in.page
    page.clock.install()
    signed_in.open(path_of(image))
    page.get_by_label("Caption").fill("Typed by the chief")
    end_session(page)
    save(page)
    sign_in_elsewhere(page, "other")
    expect(page.locator("#signed-out")).to_contain_text("Someone else has signed in in this browser")
    save(page)
    expect(page.get_by_label("Caption")).to_have_value("Typed by the chief")
    assert fields_of(image)[1] == ""
    page.context.clear_cookies()
    sign_in_elsewhere(page)
    is_saved(page)
    assert fields_of(image)[1] == "Typed by the chief"


def test_a_sign_in_in_another_tab_breaks_no_form(signed_in: Desk, images: list[Image]) -> None:
    image, page = images[0], signed_in.page
    signed_in.open(path_of(image))
    page.get_by_label("Caption").fill("Typed before")
    other = page.context.new_page()
    other.goto(f"{signed_in.address}/admin/")
    other.locator("#header details.menu-end summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.locator("#header")).not_to_contain_text("Sign out")
    other.goto(f"{signed_in.address}/admin/login/")
    sign_in(other)
    save(page)
    is_saved(page)
    assert fields_of(image)[1] == "Typed before"


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_a_script_what_was_typed_comes_along_through_the_sign_in(signed_in: Desk, images: list[Image]) -> None:
    image, page = images[0], signed_in.page
    signed_in.open(path_of(image))
    page.get_by_label("Caption").fill("Typed in an hour\nin two lines")
    Session.objects.all().delete()
    save(page)
    expect(page.locator(".notice")).to_contain_text("Nothing is lost")
    page.get_by_label("Username").fill("chief")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#content")).to_contain_text("Typed in an hour")
    page.get_by_role("button", name="Send now").click()
    is_saved(page)
    assert fields_of(image)[1] == "Typed in an hour\nin two lines"


def test_a_picture_that_comes_while_all_results_are_chosen_is_not_published(
    signed_in: Desk, images: list[Image]
) -> None:
    Image.objects.update(alt_text="A view", credit="Ada Lund", license="CC BY 4.0")
    page = signed_in.page
    for number in range(70 - len(images)):
        copy = Image.objects.get(pk=images[0].pk)
        copy.pk, copy.title = uuid4(), f"Copy {number:03}"
        copy.save(force_insert=True)
    signed_in.open(LIBRARY)
    page.get_by_label("all 70 results").check()
    late = Image.objects.get(pk=images[0].pk)
    late.pk, late.title = uuid4(), "Nobody saw this"
    late.save(force_insert=True)
    expect(page.locator(".card", has_text="Nobody saw this")).to_be_visible()
    expect(page.get_by_label("all 70 results")).to_be_checked()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".messagelist")).to_contain_text("70 images published.")
    expect(page.locator(".messagelist")).to_contain_text(re.compile("1 image was added or changed after"))
    late.refresh_from_db()
    assert late.state == Image.State.IN_REVIEW


def test_a_session_that_ends_a_moment_after_the_page_came_loses_nothing(signed_in: Desk, images: list[Image]) -> None:
    image, page = images[0], signed_in.page
    signed_in.open(path_of(image))
    page.get_by_label("Caption").fill("Typed at once")
    Session.objects.all().delete()
    save(page)
    expect(page.locator(".notice")).to_contain_text("Nothing is lost")
    assert signed_in.findings() == []
    page.get_by_text("What you entered", exact=True).click()
    expect(page.locator(".typed")).to_contain_text("Typed at once")
    page.get_by_label("Username").fill("chief")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#content")).to_contain_text("as chief")
    assert signed_in.findings() == []
    page.get_by_role("button", name="Send now").click()
    is_saved(page)
    assert fields_of(image)[1] == "Typed at once"
    signed_in.errors.clear()


def test_words_that_are_not_saved_yet_stay_while_a_tag_is_decided(
    signed_in: Desk, colleague: Desk, images: list[Image]
) -> None:
    image, page = images[0], signed_in.page
    signed_in.open(path_of(image))
    page.get_by_label("Caption").fill("Typed, not saved")
    colleague.open(path_of(image))
    colleague.page.get_by_label("Caption").fill("Saved by another")
    save(colleague.page)
    is_saved(colleague.page)
    page.locator(".tagging").first.get_by_role("button", name="Accept").click()
    expect(page.locator(".tagging").first).to_contain_text("accepted")
    expect(page.get_by_label("Caption")).to_have_value("Typed, not saved")
    expect(page.locator("[data-unsaved-note]")).to_be_visible()
    assert signed_in.findings() == []
    save(page)
    expect(page.locator(".conflict")).to_contain_text("Saved by another")
    page.get_by_label("Use mine").check()
    save(page)
    is_saved(page)
    expect(page.locator("[data-unsaved-note]")).to_be_hidden()
    assert fields_of(image)[1] == "Typed, not saved"
    signed_in.open(path_of(image))
    expect(page.get_by_label("Caption")).to_have_value("Typed, not saved")
    expect(page.locator("[data-unsaved-note]")).to_be_hidden()
