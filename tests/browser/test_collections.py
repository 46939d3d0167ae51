"""Collections under an editor's hands: images dragged onto one, the same by keys, and without JavaScript."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect

from mediahub.history.change_set import ChangeSet
from mediahub.library import collections, memberships
from mediahub.library.models import Collection
from tests.browser import stock
from tests.browser.desk import Desk

LIBRARY = "/admin/library/image/"


@pytest.fixture
def sport(settings: Any, local_aws: Any) -> Collection:
    """Provide a library with a small tree of collections."""
    images = stock.library(settings)
    news = collections.create(ChangeSet(None), "News")
    collections.create(ChangeSet(None), "Archive", groups=Group.objects.filter(name="Chief editor"))
    memberships.add_images(ChangeSet(None), images[:2], news)
    return collections.create(ChangeSet(None), "Sport", news)


def choose(page: Page, *numbers: int) -> None:
    for number in numbers:
        page.locator(".card input[name=image]").nth(number).check()


def test_selected_images_are_dragged_onto_a_collection(signed_in: Desk, sport: Collection) -> None:
    page = signed_in.page
    signed_in.open(LIBRARY)
    choose(page, 0, 2)
    place = page.locator(f"[data-collection='{sport.pk}']")
    page.locator(".card .picture").nth(2).drag_to(place)
    expect(page.locator("#dropped [role=status]")).to_have_text("2 images added to “Sport”.")
    expect(place.locator(".quiet")).to_have_text("2")
    expect(page.locator(".lasso")).to_have_count(0)
    assert sport.images.count() == 2
    assert signed_in.findings() == []
    page.locator("#dropped").get_by_role("button", name="Undo").click()
    expect(page.locator(".messagelist")).to_contain_text("Undone for 2 images")
    assert sport.images.count() == 0


def test_by_keys_images_are_put_in_and_the_tree_narrows(signed_in: Desk, sport: Collection) -> None:
    page = signed_in.page
    signed_in.open(LIBRARY)
    page.locator(".card-link").first.focus()
    page.keyboard.press("Space")
    page.locator(".bulk summary", has_text="Collection").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("News › Spo")
    expect(page.locator("#bulk-collections option")).to_have_count(1)
    page.keyboard.type("rt")
    assert signed_in.findings() == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("1 image added to “Sport”")
    page.locator("#places a", has_text="Sport").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator("#places [aria-current]")).to_contain_text("Sport")


def test_the_tree_stays_as_it_was_left(signed_in: Desk, sport: Collection) -> None:
    page = signed_in.page
    signed_in.open(LIBRARY)
    page.locator("#places > summary").click()
    expect(page.locator("#places nav")).to_be_hidden()
    page.reload()
    expect(page.locator("#places nav")).to_be_hidden()


def test_without_javascript_all_of_it_is_forms(signed_in: Desk, sport: Collection, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(signed_in.page.context.cookies())
    page = context.new_page()
    page.goto(signed_in.address + LIBRARY)
    choose(page, 0)
    page.locator(".bulk summary", has_text="Collection").click()
    page.get_by_label("Collection", exact=True).last.fill("News › Sport")
    page.get_by_role("button", name="Add to collection").click()
    expect(page.locator(".messagelist")).to_contain_text("1 image added to “Sport”")
    page.goto(f"{signed_in.address}/admin/collections/{sport.pk}/")
    page.locator("#parent").select_option("")
    page.get_by_role("button", name="Move").click()
    expect(page.locator(".messagelist")).to_contain_text("“Sport” is now at the top level.")
    context.close()
