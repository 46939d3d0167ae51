"""The review by keys: what is pressed is painted at once, and each act reaches the records, however slow the server."""

from typing import Any

from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Dialog, Page, Route, expect

from mediahub.desk.models import Preference
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.library import tag_decisions
from mediahub.library.models import Image, Tagging
from tests.browser import stock
from tests.browser.conftest import MANY
from tests.browser.desk import Desk, open_review

ACTS = "**/admin/review/acts/"


def shown(page: Page, title: str) -> None:
    expect(page.locator("#title")).to_have_text(title)


def saved(page: Page) -> None:
    expect(page.locator("#saving")).to_have_text("All changes saved")


def decided(row: list[Image]) -> dict[str, dict[str, str]]:
    """Return the state of each tag by the title of its image."""
    states_by_tag: dict[str, dict[str, str]] = {image.title: {} for image in row}
    for title, name, state in Tagging.objects.values_list("image__title", "tag__name", "state"):
        states_by_tag[title][name] = state
    return states_by_tag


def states(row: list[Image]) -> dict[str, str]:
    return dict(Image.objects.filter(pk__in=[image.pk for image in row]).values_list("title", "state"))


def test_keys_that_come_faster_than_the_server_answers_lose_nothing(reviewed: Page, row: list[Image]) -> None:
    held_routes: list[Route] = []
    reviewed.route(ACTS, lambda route: held_routes.append(route))
    pressed = ["a", "r", "1", "p", "2", "2", "j"] * (MANY // 5)
    at, expected_states, expected_tags = 0, states(row), decided(row)
    turns = {"suggested": "accepted", "accepted": "rejected", "rejected": "suggested"}
    for key in pressed[: 7 * (MANY // 5 - 1)]:
        reviewed.keyboard.press(key)
        tags = expected_tags[row[at].title]
        if key in "12":
            name = ("Boat", "Mist")[int(key) - 1]
            tags[name] = turns[tags[name]]
        elif key == "a" and tags["Boat"] == "suggested":
            tags["Boat"] = "accepted"
        elif key in "rp":
            expected_states[row[at].title] = "archived" if key == "r" else "published"
        if key in "arpj":
            at += 1
            # Answers or not, the next image is there; the data of it may be a moment late on a busy machine.
            shown(reviewed, row[at].title)
    # Nothing was answered, and every image was shown and left.
    expect(reviewed.locator("#saving")).to_contain_text("changes to save")
    assert Change.objects.count() == 0
    reviewed.unroute(ACTS)
    for route in held_routes:
        route.continue_()
    saved(reviewed)
    assert states(row) == expected_states
    assert decided(row) == expected_tags


def test_what_was_meant_for_an_image_that_is_not_there_yet_hits_no_other(
    signed_in: Desk, reviewed: Page, row: list[Image]
) -> None:
    held_routes: list[Route] = []
    reviewed.route("**/admin/review/items/?_after=*", lambda route: held_routes.append(route))
    open_review(signed_in, row[10])
    for number in range(11, 31):
        reviewed.keyboard.press("j")
        shown(reviewed, f"Image {number}")
    for key in ("a", "r", "1", "p"):
        reviewed.keyboard.press(key)
    expect(reviewed.locator("#said")).to_have_text("Loading the next image.")
    held_routes[0].continue_()
    shown(reviewed, "Image 31")
    saved(reviewed)
    assert decided(row)["Image 30"] == {"Boat": "accepted", "Mist": "suggested"}
    assert set(states(row).values()) == {Image.State.IN_REVIEW}
    assert Change.objects.count() == 1


def test_what_waits_survives_a_reload_and_answers_that_were_lost(reviewed: Page, row: list[Image]) -> None:
    answered: list[bool] = []

    def lose(route: Route) -> None:
        """Let the server do what it is asked, and break the line before it can say so."""
        if not answered:
            route.fetch()
        answered.append(True)
        route.abort()

    reviewed.route(ACTS, lose)
    reviewed.on("dialog", lambda dialog: dialog.accept())
    for key in ("a", "r", "a"):
        reviewed.keyboard.press(key)
    expect(reviewed.locator("#saving")).to_contain_text("the server is not responding")
    reviewed.wait_for_url(f"**/{row[3].pk}/review/")
    reviewed.reload()
    # What is not saved yet is painted over what the server knows.
    reviewed.locator("[data-review=ready]").wait_for()
    reviewed.keyboard.press("k")
    shown(reviewed, "Image 02")
    expect(reviewed.get_by_role("button", name="Accept Boat")).to_have_attribute("aria-pressed", "true")
    reviewed.unroute(ACTS)
    reviewed.evaluate("dispatchEvent(new Event('online'))")
    saved(reviewed)
    decisions = decided(row)
    assert [decisions[title]["Boat"] for title in ("Image 00", "Image 02")] == ["accepted", "accepted"]
    assert states(row)["Image 01"] == Image.State.ARCHIVED
    assert Change.objects.count() == 3


def test_leaving_is_warned_of_while_something_waits(reviewed: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    reviewed.on("dialog", stay)
    reviewed.route(ACTS, lambda route: None)
    reviewed.keyboard.press("a")
    reviewed.get_by_role("link", name="Images").click(no_wait_after=True)
    shown(reviewed, "Image 01")
    reviewed.wait_for_function("() => true")
    assert asked == ["beforeunload"]
    reviewed.unroute(ACTS)


def test_a_refusal_names_the_image_and_paints_it_as_it_is(
    reviewed: Page, signed_in: Desk, row: list[Image], other_editor: User
) -> None:
    tag_decisions.reject(ChangeSet(other_editor), row[1].taggings.filter(tag__name="Boat"))
    reviewed.keyboard.press("j")
    reviewed.keyboard.press("a")
    notice = reviewed.locator("#notices li")
    expect(notice).to_contain_text("Image 01 was not changed. Someone else has decided on “Boat” in the meantime")
    notice.get_by_role("button", name="Open the image").click()
    shown(reviewed, "Image 01")
    expect(reviewed.get_by_role("button", name="Reject Boat")).to_have_attribute("aria-pressed", "true")
    assert signed_in.findings() == []
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


def test_acts_of_who_was_signed_out_wait_for_the_next_sign_in(
    reviewed: Page, context: BrowserContext, row: list[Image]
) -> None:
    cookies = context.cookies()
    context.clear_cookies(name="sessionid")
    reviewed.keyboard.press("a")
    expect(reviewed.locator("#saving")).to_contain_text("you are signed out")
    context.add_cookies([cookie for cookie in cookies if cookie["name"] == "sessionid"])  # type: ignore[misc]
    reviewed.evaluate("dispatchEvent(new Event('focus'))")
    saved(reviewed)
    assert decided(row)["Image 00"]["Boat"] == "accepted"


def test_everything_is_taken_back_in_its_turn(reviewed: Page, row: list[Image]) -> None:
    before = decided(row), states(row)
    for key in ("a", "2", "r", "p"):
        reviewed.keyboard.press(key)
    reviewed.keyboard.press("t")
    reviewed.keyboard.type("Quay")
    reviewed.keyboard.press("Enter")
    expect(reviewed.locator(".row-name", has_text="Quay")).to_be_visible()
    reviewed.keyboard.press("Escape")
    saved(reviewed)
    for title in ("Image 03", "Image 02", "Image 01", "Image 01", "Image 00"):
        reviewed.keyboard.press("u")
        shown(reviewed, title)
    saved(reviewed)
    assert (decided(row), states(row)) == before
    reviewed.keyboard.press("u")
    expect(reviewed.locator("#notices")).to_contain_text("left to undo")


def test_words_are_typed_kept_and_keys_stay_letters(reviewed: Page, signed_in: Desk, row: list[Image]) -> None:
    reviewed.keyboard.press("e")
    expect(reviewed.get_by_label("Title")).to_be_focused()
    reviewed.keyboard.press("Control+a")
    reviewed.keyboard.type("Japan ajar")
    reviewed.keyboard.press("Tab")
    reviewed.keyboard.press("Control+a")
    reviewed.keyboard.type("A jar")
    reviewed.keyboard.press("Escape")
    expect(reviewed.locator("#stage")).to_be_focused()
    shown(reviewed, "Japan ajar")
    saved(reviewed)
    row[0].refresh_from_db()
    assert (row[0].title, row[0].alt_text) == ("Japan ajar", "A jar")
    for key in ("Control+a", "Alt+a", "Meta+a", "Shift+R"):
        reviewed.keyboard.press(key)
    shown(reviewed, "Japan ajar")
    assert decided(row)["Japan ajar"]["Boat"] == "suggested"


def test_what_cannot_be_published_says_why_and_can_after_the_words(reviewed: Page, row: list[Image]) -> None:
    Image.objects.filter(pk=row[0].pk).update(alt_text="")
    reviewed.reload()
    reviewed.locator("[data-review=ready]").wait_for()
    reviewed.keyboard.press("p")
    expect(reviewed.locator("#notices")).to_contain_text("Image 00 cannot be published yet. The alt text is missing.")
    reviewed.keyboard.press("e")
    reviewed.keyboard.type("Boats at a quay")
    reviewed.keyboard.press("Escape")
    reviewed.keyboard.press("p")
    shown(reviewed, "Image 01")
    saved(reviewed)
    assert states(row)["Image 00"] == Image.State.PUBLISHED


def test_a_file_that_was_replaced_since_it_was_shown_is_not_published_unseen(reviewed: Page, row: list[Image]) -> None:
    Image.objects.filter(pk=row[0].pk).update(sha256="ee" * 32)
    reviewed.keyboard.press("p")
    expect(reviewed.locator("#notices")).to_contain_text("Its file has been replaced since you saw it.")
    assert states(row)["Image 00"] == Image.State.IN_REVIEW
    # Once the new file was in sight it may go out.
    reviewed.keyboard.press("k")
    shown(reviewed, "Image 00")
    reviewed.keyboard.press("p")
    saved(reviewed)
    assert states(row)["Image 00"] == Image.State.PUBLISHED


def test_the_threshold_shows_what_is_taken_and_is_remembered(reviewed: Page, chief: User) -> None:
    accept = reviewed.locator("#accept")
    expect(accept).to_contain_text("Accept 1")
    slider = reviewed.get_by_label("Accept from")
    slider.focus()
    with reviewed.expect_response(lambda answer: answer.request.post_data == "threshold=60"):
        for _ in range(20):
            reviewed.keyboard.press("ArrowLeft")
    expect(accept).to_contain_text("Accept 2")
    expect(reviewed.locator(".row-above")).to_have_count(2)
    # Arrows in the slider are the slider's.
    shown(reviewed, "Image 00")
    assert Preference.objects.get(user=chief).threshold == 60


def test_boxes_are_brought_out_by_mouse_and_focus(reviewed: Page) -> None:
    reviewed.get_by_text("Boat", exact=True).hover()
    expect(reviewed.locator("#boxes .is-one")).to_have_count(1)
    reviewed.locator("#stage").hover()
    expect(reviewed.locator("#boxes .is-one")).to_have_count(0)
    reviewed.get_by_role("button", name="Reject Boat").focus()
    expect(reviewed.locator("#boxes .is-one")).to_have_count(1)
    expect(reviewed.locator(".row").first).to_contain_text("1 box: upper left")
    reviewed.keyboard.press("Enter")
    # What is rejected is drawn no more, and the focus stays where it was.
    expect(reviewed.locator("#boxes g")).to_have_count(0)
    expect(reviewed.get_by_role("button", name="Reject Boat")).to_be_focused()


def test_the_zoom_is_moved_by_arrows_and_left(reviewed: Page) -> None:
    reviewed.keyboard.press("z")
    stage = reviewed.locator("#stage")
    expect(reviewed.get_by_role("button", name="Zoom")).to_have_attribute("aria-pressed", "true")
    # What can be done stays in sight.
    expect(reviewed.locator("#next")).to_be_in_viewport(ratio=1)
    before = stage.evaluate("(stage) => stage.scrollLeft")
    reviewed.keyboard.press("ArrowRight")
    assert stage.evaluate("(stage) => stage.scrollLeft") > before
    shown(reviewed, "Image 00")
    reviewed.keyboard.press("Escape")
    reviewed.keyboard.press("ArrowRight")
    shown(reviewed, "Image 01")


def test_the_list_of_keys_opens_holds_the_focus_and_closes(reviewed: Page, signed_in: Desk) -> None:
    reviewed.keyboard.press("?")
    dialog = reviewed.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Accept all tags above the threshold")
    assert signed_in.findings() == []
    for _ in range(8):
        reviewed.keyboard.press("Tab")
        assert reviewed.evaluate(
            "document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))"
        )
    reviewed.keyboard.press("a")
    reviewed.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    shown(reviewed, "Image 00")


def test_keys_are_those_that_the_editor_has_set(signed_in: Desk, reviewed: Page, chief: User, row: list[Image]) -> None:
    Preference.objects.create(user=chief, shortcuts={"next": "n", "accept": "ä", "previous": ""})
    open_review(signed_in, row[1])
    reviewed.keyboard.press("j")
    reviewed.keyboard.press("k")
    shown(reviewed, "Image 01")
    reviewed.keyboard.press("n")
    shown(reviewed, "Image 02")
    reviewed.keyboard.insert_text("")
    reviewed.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ä', bubbles: true}))")
    shown(reviewed, "Image 03")
    saved(reviewed)
    Preference.objects.update(shortcuts_on=False)
    open_review(signed_in, row[1])
    for key in ("n", "1", "ArrowRight", "?"):
        reviewed.keyboard.press(key)
    shown(reviewed, "Image 01")
    expect(reviewed.locator("#help")).to_be_hidden()
    reviewed.get_by_role("link", name="Next").click()
    shown(reviewed, "Image 02")


def test_the_place_the_address_and_what_is_left_follow(reviewed: Page, row: list[Image]) -> None:
    expect(reviewed.locator("#place")).to_have_text("1 of 60")
    expect(reviewed.locator("#left")).to_have_text("60 left to review")
    for key in ("a", "r", "j"):
        reviewed.keyboard.press(key)
    expect(reviewed.locator("#place")).to_have_text("4 of 60")
    expect(reviewed.locator("#left")).to_have_text("58 left to review")
    expect(reviewed.locator("#said")).to_contain_text("Image 03. 4 of 60. Tags: 2, undecided: 2.")
    reviewed.wait_for_url(f"**/{row[3].pk}/review/")
    saved(reviewed)
    reviewed.reload()
    shown(reviewed, "Image 03")
    # What was rejected is no more in review: the way back leads around it, as the filter says.
    expect(reviewed.locator("#place")).to_have_text("3 of 59")
    reviewed.keyboard.press("k")
    shown(reviewed, "Image 02")


def test_the_end_is_said(signed_in: Desk, reviewed: Page, row: list[Image]) -> None:
    reviewed.keyboard.press("k")
    expect(reviewed.locator("#said")).to_have_text("This is the first image.")
    open_review(signed_in, row[-1])
    reviewed.keyboard.press("j")
    expect(reviewed.locator("#said")).to_have_text("That was the last image.")
    for number in (58, 57, 56, 55):
        reviewed.keyboard.press("k")
        shown(reviewed, f"Image {number}")
    expect(reviewed.locator("#place")).to_have_text("56 of 60")


def test_without_a_script_the_review_goes_on(signed_in: Desk, browser: Any, row: list[Image]) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=signed_in.page.context.storage_state())
    page = context.new_page()
    page.goto(f"{signed_in.address}/admin/review/")
    shown(page, "Image 00")
    page.get_by_role("button", name="Accept 1").click()
    shown(page, "Image 01")
    page.get_by_role("button", name="Reject image").click()
    shown(page, "Image 02")
    page.get_by_role("button", name="Undo").last.click()
    shown(page, "Image 02")
    page.get_by_role("link", name="Previous").click()
    shown(page, "Image 01")
    page.get_by_label("Caption").fill("Fog over the harbour")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Add a tag").fill("Quay")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Reject Mist").click()
    page.get_by_role("button", name="Publish").click()
    shown(page, "Image 02")
    page.get_by_role("link", name="Previous").click()
    shown(page, "Image 00")
    context.close()
    assert decided(row)["Image 00"]["Boat"] == "accepted"
    assert decided(row)["Image 01"] == {"Boat": "suggested", "Mist": "rejected", "Quay": "accepted"}
    row[1].refresh_from_db()
    assert (row[1].state, row[1].caption) == (Image.State.PUBLISHED, "Fog over the harbour")


def test_everything_is_above_the_fold(signed_in: Desk, chief: User, settings: Any) -> None:
    newest = stock.library(settings)[-1]
    stock.tag(newest, chief)
    page = signed_in.page
    page.set_viewport_size({"width": 1280, "height": 860})
    open_review(signed_in, newest)
    front = page.locator("#front")
    assert front.evaluate("(picture) => picture.decode().then(() => picture.naturalWidth)") == 1024
    for part in (front, page.locator(".row").last, page.locator("#next"), page.locator("#accept")):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 860


def test_a_tag_of_the_whole_batch_leaves_an_image_to_review(signed_in: Desk, reviewed: Page, row: list[Image]) -> None:
    for image in row[:2]:
        tag_decisions.add_tag(ChangeSet(None), image, "Harbour fair", reviewed=False)
    open_review(signed_in, row[0])
    expect(reviewed.locator("#left")).to_have_text(f"{len(row)} left to review")
    # The third tag is the batch's, and was accepted: pressed, it is rejected by a person.
    reviewed.keyboard.press("3")
    expect(reviewed.locator("#left")).to_have_text(f"{len(row) - 1} left to review")
    saved(reviewed)
    open_review(signed_in, row[1])
    expect(reviewed.locator("#left")).to_have_text(f"{len(row) - 1} left to review")
    assert decided(row)[row[0].title]["Harbour fair"] == "rejected"
