"""Words for all pictures of the upload page: nothing typed is lost by leaving, a reload or a sign-out."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Dialog, Page, Route, expect

from mediahub.history.models import Action, Change
from mediahub.library.models import Image
from mediahub.uploads.models import UploadBatch
from tests.browser.conftest import sign_in
from tests.browser.desk import Desk, sign_in_again
from tests.pictures import jpeg

WORDS = "**/upload/batches/*/words/"


def fill_words(page: Page) -> None:
    page.get_by_label("Title", exact=True).fill("Fair")
    page.get_by_label("Credit").fill("Ada By")
    page.get_by_label("Tags, separated by commas").fill("boats, summ")


def expect_words(page: Page) -> None:
    expect(page.get_by_label("Title", exact=True)).to_have_value("Fair")
    expect(page.get_by_label("Credit")).to_have_value("Ada By")
    expect(page.get_by_label("Tags, separated by commas")).to_have_value("boats, summ")


def said(page: Page, text: str) -> None:
    expect(page.locator("#batch-said")).to_contain_text(text)


@pytest.mark.parametrize("way", ["leave", "reload", "close"])
def test_words_typed_before_the_first_file_are_there_again(signed_in: Desk, way: str) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    fill_words(page)
    said(page, "Not saved yet. Your text is kept in this browser")
    if way == "leave":
        signed_in.open("/admin/")
        signed_in.open("/admin/upload/")
    elif way == "reload":
        page.reload()
    else:
        second = page.context.new_page()
        page.close()
        page = second
        page.goto(f"{signed_in.address}/admin/upload/")
    expect_words(page)
    said(page, "This is the text you entered before you left the page.")
    assert not UploadBatch.objects.exists()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value("")
    page.reload()
    page.locator("#batch").wait_for()
    expect(page.get_by_label("Credit")).to_have_value("")


@pytest.mark.usefixtures("worker")
def test_words_typed_for_sent_pictures_wait_for_them_and_no_others(signed_in: Desk) -> None:
    page = signed_in.page
    asked: list[str] = []

    def go(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    signed_in.open("/admin/upload/")
    signed_in.drop(("one.jpg", "image/jpeg", jpeg(300, 200)))
    signed_in.ends_as("one.jpg", "done")
    # The browser asks for somebody who was there, not for a script that filled fields.
    page.get_by_label("Title", exact=True).click()
    page.keyboard.type("Fair")
    fill_words(page)
    page.on("dialog", go)
    page.get_by_role("link", name="Images", exact=True).click()
    page.locator("#library").wait_for()
    assert asked == ["beforeunload"]
    # Leaving has said nothing of any picture.
    assert not Change.objects.filter(action=Action.EDITED).exists()
    signed_in.open("/admin/upload/")
    expect_words(page)
    page.get_by_role("button", name="Save for all").click()
    said(page, "Saved. Images updated:")
    image = Image.objects.get()
    assert (image.title, image.credit) == ("Fair 1", "Ada By")
    # What is saved is done: the next visit begins with nothing.
    signed_in.open("/admin/")
    signed_in.open("/admin/upload/")
    signed_in.drop(("two.jpg", "image/jpeg", jpeg(310, 200)))
    signed_in.ends_as("two.jpg", "done")
    expect(page.get_by_label("Credit")).to_have_value("")
    assert Image.objects.get(file_name="two.jpg").credit == ""
    assert UploadBatch.objects.count() == 2


@pytest.mark.usefixtures("worker")
def test_words_saved_before_the_first_file_reach_it_after_a_reload(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    page.get_by_label("Credit").fill("Ada")
    page.get_by_role("button", name="Save for all").click()
    said(page, "Saved.")
    page.reload()
    expect(page.get_by_label("Credit")).to_have_value("Ada")
    signed_in.drop(("one.jpg", "image/jpeg", jpeg(300, 200)))
    signed_in.ends_as("one.jpg", "done")
    assert Image.objects.get().credit == "Ada"


def test_another_person_at_this_machine_sees_nothing_of_it(signed_in: Desk, other_editor: User, chief: User) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    fill_words(page)
    signed_in.open("/admin/")
    sign_in(page.context, signed_in.address, other_editor)
    signed_in.open("/admin/upload/")
    page.get_by_label("Credit").fill("Bea")
    expect(page.get_by_label("Title", exact=True)).to_have_value("")
    sign_in(page.context, signed_in.address, chief)
    signed_in.open("/admin/upload/")
    # Each change of the person clears what the browser stored.
    expect(page.get_by_label("Credit")).to_have_value("")
    expect(page.get_by_label("Title", exact=True)).to_have_value("")


def test_two_pages_of_one_person_keep_their_words_apart(signed_in: Desk) -> None:
    first = signed_in.page
    signed_in.open("/admin/upload/")
    fill_words(first)
    second = first.context.new_page()
    second.goto(f"{signed_in.address}/admin/upload/")
    second.get_by_label("Credit").fill("Second")
    said(second, "Not saved yet.")
    expect(second.get_by_label("Title", exact=True)).to_have_value("")
    first.reload()
    expect_words(first)
    second.reload()
    expect(second.get_by_label("Credit")).to_have_value("Second")
    second.close()


def test_the_session_ends_while_words_are_saved_and_saving_goes_on(
    signed_in: Desk, chief: User, end_session: Callable[[], None]
) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    fill_words(page)
    end_session()
    page.get_by_role("button", name="Save for all").click()
    said(page, "you are signed out. Saving continues once you have signed in again")
    expect(page.locator("#signed-out")).to_be_visible()
    assert signed_in.findings() == []
    sign_in_again(page, chief)
    said(page, "Saved.")
    batch = UploadBatch.objects.get()
    assert (batch.by, batch.title, batch.credit, batch.tags) == (chief, "Fair", "Ada By", ["boats", "summ"])


def test_saving_waits_for_the_connection_and_goes_on_by_itself(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    fill_words(page)
    page.context.set_offline(True)
    page.get_by_role("button", name="Save for all").click()
    said(page, "the server cannot be reached")
    page.get_by_label("Title", exact=True).press("End")
    page.keyboard.type(" 26")
    page.context.set_offline(False)
    # What was typed meanwhile is another word, and stays unsaved.
    said(page, "Not saved yet.")
    expect(page.get_by_label("Title", exact=True)).to_have_value("Fair 26")
    assert UploadBatch.objects.get().title == "Fair"
    page.get_by_role("button", name="Save for all").click()
    said(page, "Saved.")
    assert UploadBatch.objects.get().title == "Fair 26"


def test_what_cannot_be_saved_stays_typed_and_says_why(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    page.get_by_label("Tags, separated by commas").fill(", ".join(f"tag {n}" for n in range(40)))
    page.get_by_role("button", name="Save for all").click()
    said(page, "Not saved: You can add at most 30 tags at once.")
    page.reload()
    expect(page.get_by_label("Tags, separated by commas")).to_have_value(", ".join(f"tag {n}" for n in range(40)))


def test_saving_that_the_page_did_not_live_to_see_is_found_done(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    fill_words(page)
    held_routes: list[Route] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            route.fetch()
            held_routes.append(route)
        else:
            route.continue_()

    page.route(WORDS, lose)
    page.get_by_role("button", name="Save for all").click()
    said(page, "Saving")
    while not held_routes:
        page.wait_for_timeout(50)
    page.unroute(WORDS)
    page.reload()
    expect_words(page)
    expect(page.locator("#batch-said")).to_have_text("")
    assert UploadBatch.objects.get().credit == "Ada By"
