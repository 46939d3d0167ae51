"""The library under an editor's hands: choosing with mouse and keys, more while scrolling, undo."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from playwright.sync_api import Locator, Page, expect

from mediahub.history.change_set import ChangeSet
from mediahub.library import publishing
from mediahub.library.models import Image, Rendition, Tagging
from tests.browser import stock
from tests.browser.desk import Desk

LIBRARY = "/admin/library/image/"
MANY = 150
FILE = ("name", "mode", "format", "key", "width", "height", "bytes", "content_type", "sha256")


@pytest.fixture
def library(signed_in: Desk, settings: Any) -> Page:
    """Provide a library of many images, each with the renditions of one of a few."""
    few = stock.library(settings)
    Image.objects.update(state=Image.State.IN_REVIEW, alt_text="A view", credit="Ada Lund", license="CC BY 4.0")
    with transaction.atomic():
        for number in range(MANY - len(few)):
            like = few[number % len(few)]
            copy = Image.objects.get(pk=like.pk)
            copy.pk, copy.title = uuid4(), f"Copy {number:03}"
            copy.save(force_insert=True)
            files = like.renditions.values(*FILE)
            Rendition.objects.bulk_create(Rendition(image=copy, **file) for file in files)
    signed_in.open(LIBRARY)
    return signed_in.page


def card(page: Page, number: int) -> Locator:
    return page.locator(".card").nth(number)


def chosen(page: Page) -> list[int]:
    positions: list[int] = page.evaluate(
        "[...document.querySelectorAll('.card')].flatMap((card, n) => card.querySelector('input:checked') ? [n] : [])"
    )
    return positions


def test_shift_and_control_choose_ranges_and_single_ones(library: Page) -> None:
    card(library, 1).locator(".card-check").click()
    card(library, 4).locator(".card-link").click(modifiers=["Shift"])
    assert chosen(library) == [1, 2, 3, 4]
    card(library, 2).locator(".card-link").click(modifiers=["ControlOrMeta"])
    assert chosen(library) == [1, 3, 4]
    expect(library.locator("[data-count]")).to_have_text("3")
    library.keyboard.press("Escape")
    assert chosen(library) == []


def test_a_frame_drawn_with_the_mouse_chooses_what_it_touches(library: Page) -> None:
    first, second = card(library, 0).bounding_box(), card(library, 1).bounding_box()
    assert first
    assert second
    library.mouse.move(first["x"] + 30, first["y"] + 60)
    library.mouse.down()
    library.mouse.move(first["x"] + 60, first["y"] + 80)
    library.mouse.move(second["x"] + 40, second["y"] + 100)
    expect(library.locator(".lasso")).to_be_visible()
    library.mouse.up()
    assert chosen(library) == [0, 1]
    expect(library.locator(".lasso")).to_have_count(0)
    assert library.url.endswith(LIBRARY)


def test_arrows_move_space_chooses_and_shift_takes_along(library: Page) -> None:
    card(library, 0).locator(".card-link").focus()
    library.keyboard.press("ArrowRight")
    library.keyboard.press("Space")
    library.keyboard.press("Shift+ArrowRight")
    library.keyboard.press("Shift+ArrowRight")
    assert chosen(library) == [1, 2, 3]
    library.keyboard.press("ArrowDown")
    below = library.evaluate("[...document.querySelectorAll('.card')].indexOf(document.activeElement.closest('.card'))")
    assert below > 3
    library.keyboard.press("ControlOrMeta+a")
    assert len(chosen(library)) == library.locator(".card").count()


def test_more_comes_while_one_scrolls_until_all_are_there(library: Page) -> None:
    assert library.locator(".card").count() < MANY
    for _ in range(30):
        library.mouse.wheel(0, 20_000)
        if library.locator(".card").count() == MANY:
            break
        library.wait_for_timeout(200)
    expect(library.locator(".card")).to_have_count(MANY)
    expect(library.locator("#more")).to_have_count(0)
    ids = library.evaluate("[...document.querySelectorAll('.card')].map((card) => card.dataset.image)")
    assert len(set(ids)) == MANY


def test_all_results_are_tagged_and_it_is_undone(library: Page) -> None:
    library.get_by_label(f"all {MANY} results").check()
    library.locator(".bulk summary", has_text="Tag").click()
    library.locator("#bulk-tag").fill("Autumn")
    library.get_by_role("button", name="Add to all").click()
    message = library.locator(".messagelist")
    expect(message).to_contain_text(f"“Autumn” added to {MANY} images.")
    assert Tagging.objects.filter(tag__name="Autumn").count() == MANY
    message.get_by_role("button", name="Undo").click()
    expect(library.locator(".messagelist")).to_contain_text(f"Undone for {MANY} images.")
    assert not Tagging.objects.filter(tag__name="Autumn").exists()


def test_enter_in_a_field_presses_its_own_button_and_publishes_nothing(library: Page) -> None:
    library.locator(".card input[name=image]").first.check()
    library.locator(".bulk summary", has_text="Credit").click()
    library.locator("#bulk-license").fill("CC BY-SA 4.0")
    library.locator("#bulk-license").press("Enter")
    expect(library.locator(".messagelist")).to_contain_text("License: saved for 1 image.")
    assert Image.objects.filter(license="CC BY-SA 4.0").count() == 1
    assert not Image.objects.filter(state=Image.State.PUBLISHED).exists()


def test_filters_stay_in_the_address_and_go_one_by_one(library: Page) -> None:
    library.locator("summary", has_text="Filters").click()
    library.get_by_label("Shape").select_option("landscape")
    library.get_by_role("button", name="Apply", exact=True).click()
    library.get_by_role("link", name="in review").click()
    expect(library).to_have_url(re.compile("state=in_review"))
    expect(library).to_have_url(re.compile("shape=landscape"))
    library.locator(".filter-chip", has_text="landscape").click()
    expect(library.locator(".filter-chip")).to_have_count(1)
    library.get_by_role("link", name="Show all").click()
    expect(library.locator(".filter-chip")).to_have_count(0)


def test_how_it_is_shown_is_remembered(library: Page, signed_in: Desk) -> None:
    library.get_by_role("button", name="List", exact=True).click()
    signed_in.open(LIBRARY)
    expect(library.locator("body")).to_have_class(re.compile("as-list"))
    assert signed_in.findings() == []
    library.get_by_role("button", name="Compact").click()
    assert signed_in.findings() == []


def test_pictures_keep_their_place_while_they_load(library: Page, signed_in: Desk) -> None:
    library.route("**/small/**", lambda route: route.abort())
    signed_in.open(LIBRARY)
    before = [card(library, n).bounding_box() for n in range(8)]
    library.unroute("**/small/**")
    signed_in.open(LIBRARY)
    library.wait_for_load_state("networkidle")
    assert [card(library, n).bounding_box() for n in range(8)] == before
    # A picture that was not let through is an error of the browser's own.
    signed_in.errors.clear()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_a_script_images_are_published_and_taken_down(library: Page, signed_in: Desk) -> None:
    title = card(library, 0).locator(".card-name").inner_text()
    card(library, 0).get_by_role("checkbox").check()
    card(library, 1).get_by_role("checkbox").check()
    library.get_by_role("button", name="Publish").click()
    expect(library.locator(".messagelist")).to_contain_text("2 images published")
    library.get_by_role("link", name="published", exact=True).click()
    expect(library.locator(".card")).to_have_count(2)
    library.locator(".card-link", has_text=title).click()
    library.get_by_role("button", name="Archive").click()
    library.get_by_role("button", name="Publish").click()
    library.get_by_role("button", name="Archive").click()
    expect(library.locator(".messagelist")).to_contain_text("archived")
    assert Image.objects.filter(state=Image.State.PUBLISHED).count() == 1


def test_what_somebody_else_changes_shows_by_itself(library: Page, signed_in: Desk, chief: User) -> None:
    changed, untouched = Image.objects.order_by("-created_at", "id")[:2]
    card(library, 1).locator(".card-check").click()
    publishing.archive(ChangeSet(chief), [changed, untouched])
    expect(card(library, 0).locator(".chip").first).to_have_text("archived")
    expect(card(library, 1).locator(".chip").first).to_have_text("in review")
    signed_in.open("/admin/")
    waiting = library.locator(".door", has_text="in review").locator(".door-count")
    expect(waiting).to_have_text(str(MANY - 2))
    publishing.reopen(ChangeSet(chief), [changed])
    expect(waiting).to_have_text(str(MANY - 1))
