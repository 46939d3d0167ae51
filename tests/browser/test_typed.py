"""Nothing typed is lost in the review: by going on, a reload, a session that ends, or another editor."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from mediahub.history.change_set import ChangeSet
from mediahub.library import metadata
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image
from tests.browser.conftest import sign_in
from tests.browser.desk import Desk, sign_in_again, sign_in_by_hand
from tests.browser.test_review import ACTS, decided, saved, shown

Rows = list[Image]


def come_back(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('focus'))")


def change_person(tab: Page, address: str, user: User) -> None:
    """Log out in this tab, and sign in as somebody else."""
    home = address.split("/images/")[0] + "/"
    tab.goto(home)
    tab.locator(".tools summary").click()
    tab.get_by_role("button", name="Sign out").click()
    tab.goto(home)
    sign_in_by_hand(tab, user)


def tags_of(image: Image) -> dict[str, str]:
    return dict(image.taggings.values_list("tag__name", "state"))


def test_a_half_typed_tag_stays_with_its_image(reviewed: Page, row: Rows, signed_in: Desk) -> None:
    field = reviewed.get_by_label("Add a tag")
    field.fill("Har")
    reviewed.get_by_role("link", name="Next").click()
    shown(reviewed, "Image 01")
    expect(field).to_have_value("")
    expect(reviewed.get_by_role("button", name="1 tag entered but not added")).to_be_visible()
    field.fill("Quay")
    assert signed_in.findings() == []
    field.press("Enter")
    saved(reviewed)
    assert set(tags_of(row[1])) == {"Boat", "Mist", "Quay"}
    reviewed.wait_for_url(f"**/{row[1].pk}/review/")
    reviewed.reload()
    reviewed.locator("[data-review=ready]").wait_for()
    reviewed.keyboard.press("k")
    shown(reviewed, "Image 00")
    expect(field).to_have_value("Har")
    expect(reviewed.get_by_text("Not added yet")).to_be_visible()
    field.press("End")
    reviewed.keyboard.type("bour")
    reviewed.keyboard.press("Enter")
    saved(reviewed)
    assert tags_of(row[0])["Harbour"] == "accepted"
    assert "Harbour" not in tags_of(row[1])
    expect(reviewed.locator("#drafts")).to_be_hidden()


@pytest.mark.parametrize("way", ["next", "publish", "undo"])
def test_half_typed_words_are_saved_for_the_image_they_were_typed_for(
    reviewed: Page,
    row: Rows,
    way: str,
) -> None:
    before = dict(Image.objects.values_list("pk", "caption"))
    reviewed.keyboard.press("a")
    shown(reviewed, "Image 01")
    saved(reviewed)
    reviewed.get_by_label("Caption").fill("Fog over")
    # A script of the page, an assistive technology: something acts while the field still has the focus.
    reviewed.evaluate("(id) => document.getElementById(id).click()", way)
    shown(reviewed, "Image 01" if way == "undo" else "Image 02")
    saved(reviewed)
    captions = dict(Image.objects.values_list("pk", "caption"))
    changed = {pk for pk, caption in captions.items() if caption != before[pk]}
    assert changed == (set() if way == "undo" else {row[1].pk})


def test_words_that_a_crash_cut_off_are_there_again(reviewed: Page, row: Rows, context: BrowserContext) -> None:
    reviewed.get_by_label("Caption").fill("Fog over the har")
    # Nobody tells a page that the machine goes out: a second tab finds what the first has kept so far.
    second = context.new_page()
    second.goto(reviewed.url)
    expect(second.get_by_label("Caption")).to_have_value("Fog over the har")
    second.get_by_label("Caption").press("Escape")
    saved(second)
    row[0].refresh_from_db()
    assert row[0].caption == "Fog over the har"
    second.close()


def test_what_another_editor_wrote_first_is_shown_beside_what_was_typed(
    reviewed: Page,
    row: Rows,
    signed_in: Desk,
    other_editor: User,
) -> None:
    theirs = Image.objects.get(pk=row[0].pk)
    metadata.edit(ChangeSet(other_editor), theirs, {"caption": Edit("Theirs")})
    reviewed.get_by_label("Caption").fill("Mine, long and dear")
    reviewed.keyboard.press("Escape")
    notice = reviewed.locator("#notices li")
    expect(notice).to_contain_text("Theirs")
    expect(notice).to_contain_text("Mine, long and dear")
    expect(reviewed.get_by_label("Caption")).to_have_value("Theirs")
    assert signed_in.findings() == []
    reviewed.reload()
    reviewed.locator("[data-review=ready]").wait_for()
    expect(notice).to_contain_text("Mine, long and dear")
    notice.get_by_role("button", name="Use my text").click()
    saved(reviewed)
    expect(notice).to_have_count(0)
    theirs.refresh_from_db()
    assert theirs.caption == "Mine, long and dear"


def test_a_slow_answer_moves_nothing_that_is_being_typed(reviewed: Page, row: Rows) -> None:
    held_routes: list[Route] = []
    reviewed.route(ACTS, lambda route: held_routes.append(route))
    reviewed.keyboard.press("1")
    reviewed.get_by_label("Add a tag").fill("Har")
    reviewed.get_by_label("Caption").fill("Fog")
    reviewed.get_by_label("Add a tag").focus()
    reviewed.unroute(ACTS)
    for route in held_routes:
        route.continue_()
    saved(reviewed)
    expect(reviewed.get_by_label("Add a tag")).to_have_value("Har")
    expect(reviewed.get_by_label("Caption")).to_have_value("Fog")
    row[0].refresh_from_db()
    assert row[0].caption == "Fog"
    assert decided(row)["Image 00"] == {"Boat": "accepted", "Mist": "suggested"}


def test_the_session_ends_in_the_review_and_all_goes_on_after_signing_in_again(
    reviewed: Page,
    row: Rows,
    signed_in: Desk,
    chief: User,
    end_session: Callable[[], None],
) -> None:
    end_session()
    reviewed.get_by_label("Caption").fill("Fog")
    reviewed.keyboard.press("Escape")
    reviewed.keyboard.press("2")
    reviewed.get_by_label("Add a tag").fill("Har")
    expect(reviewed.locator("#signed-out")).to_contain_text("You are signed out")
    expect(reviewed.locator("#saving")).to_contain_text("you are signed out")
    assert signed_in.findings() == []
    sign_in_again(reviewed, chief)
    # Nothing is pressed here: the page finds out by itself.
    saved(reviewed)
    expect(reviewed.locator("#signed-out")).to_be_hidden()
    expect(reviewed.get_by_label("Add a tag")).to_have_value("Har")
    row[0].refresh_from_db()
    assert row[0].caption == "Fog"
    assert decided(row)["Image 00"] == {"Boat": "suggested", "Mist": "accepted"}


def test_nothing_is_sent_under_the_name_of_another_who_signs_in(
    reviewed: Page,
    row: Rows,
    chief: User,
    other_editor: User,
    context: BrowserContext,
) -> None:
    tab = context.new_page()
    change_person(tab, reviewed.url, other_editor)
    reviewed.keyboard.press("1")
    expect(reviewed.locator("#signed-out")).to_contain_text("Someone else has signed in")
    assert decided(row)["Image 00"]["Boat"] == "suggested"
    change_person(tab, reviewed.url, chief)
    tab.close()
    come_back(reviewed)
    saved(reviewed)
    assert decided(row)["Image 00"]["Boat"] == "accepted"
    assert row[0].taggings.get(tag__name="Boat").reviewed_by == chief


def test_two_editors_in_one_review_lose_nothing(
    reviewed: Page,
    row: Rows,
    other_editor: User,
    browser: Browser,
    signed_in: Desk,
) -> None:
    context = browser.new_context()
    sign_in(context, signed_in.address, other_editor)
    theirs = context.new_page()
    theirs.goto(reviewed.url)
    theirs.locator("[data-review=ready]").wait_for()
    # Both type at once, each in a field of their own, and both in the same.
    reviewed.get_by_label("Caption").fill("Mine")
    theirs.get_by_label("Title").fill("Theirs")
    theirs.keyboard.press("Escape")
    saved(theirs)
    reviewed.keyboard.press("Escape")
    saved(reviewed)
    row[0].refresh_from_db()
    assert (row[0].title, row[0].caption) == ("Theirs", "Mine")
    theirs.get_by_label("Credit").fill("Theirs")
    reviewed.get_by_label("Credit").fill("Mine")
    reviewed.keyboard.press("Escape")
    saved(reviewed)
    theirs.keyboard.press("Escape")
    notice = theirs.locator("#notices li")
    expect(notice).to_contain_text("“Mine”")
    expect(notice).to_contain_text("You entered in Credit: Theirs")
    row[0].refresh_from_db()
    assert row[0].credit == "Mine"
    context.close()
