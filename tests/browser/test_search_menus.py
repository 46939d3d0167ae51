"""The menus of filters and saved searches: fetched when somebody turns to one."""

import re

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from mediahub.library.models import SavedSearch
from tests.browser.desk import Desk

LIBRARY = "/admin/library/image/"


def test_filters_are_fetched_when_somebody_turns_to_them(signed_in: Desk, page: Page, chief: User) -> None:
    SavedSearch.objects.create(owner=chief, name="Boats", query="q=boat", shared=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/images/filters/" in request.url else None)
    signed_in.open(f"{LIBRARY}?q=sea")
    page.locator("summary", has_text="Filters").focus()
    page.keyboard.press("Enter")
    page.locator("#filter-shape").select_option("landscape")
    page.locator("summary", has_text="Saved searches").click()
    expect(page.locator("#saved-searches a", has_text="Boats")).to_be_visible()
    assert len(asked) == 1
    page.locator("summary", has_text="Filters").click()
    page.locator("#filters").get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"q=sea.*shape=landscape"))
    expect(page.locator(".filter-chip", has_text="landscape")).to_be_visible()


def test_filters_that_cannot_be_fetched_stand_on_a_page_of_their_own(signed_in: Desk, page: Page) -> None:
    page.route("**/images/filters/**", lambda route: route.abort())
    signed_in.open(f"{LIBRARY}?q=sea")
    page.locator("summary", has_text="Filters").click()
    link = page.get_by_role("link", name="Choose filters")
    expect(link).to_be_visible()
    page.unroute("**/images/filters/**")
    link.click()
    page.locator("#filter-alt").select_option("no")
    page.locator("#filters").get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"/library/image/\?.*q=sea.*alt=no"))
