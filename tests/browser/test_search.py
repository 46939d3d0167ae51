"""The search in a browser, by keyboard alone: what is shown instead, the tips, the order, and the count."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mediahub.desk.library import selection
from mediahub.library.models import KnownWord
from tests.browser.desk import Desk
from tests.records import image, tagging

LIBRARY = "/admin/library/image/"


@pytest.fixture
def library(signed_in: Desk, settings: Any) -> Page:
    """Provide a library of three images."""
    for title in ("Lighthouse b", "Lighthouse a", "Quay"):
        tagging(image(title), "Sea")
    assert KnownWord.objects.filter(word="lighthouse").exists()
    signed_in.open(LIBRARY)
    return signed_in.page


def test_a_slip_is_corrected_and_the_correction_refused(library: Page) -> None:
    library.get_by_role("searchbox").press_sequentially("lighthuose")
    library.keyboard.press("Enter")
    expect(library.locator(".card-name")).to_have_count(2)
    notice = library.get_by_role("status").filter(has_text="Showing results for lighthouse.")
    expect(notice).to_be_visible()
    notice.get_by_role("link").focus()
    library.keyboard.press("Enter")
    expect(library.get_by_text("Nothing matches your search and filters.")).to_be_visible()


def test_the_tips_and_the_order_open_by_keyboard(library: Page) -> None:
    library.get_by_text("Search tips").focus()
    library.keyboard.press("Enter")
    expect(library.get_by_text("in tags and their synonyms")).to_be_visible()
    library.get_by_text("Sort: Newest first").focus()
    library.keyboard.press("Enter")
    library.get_by_role("link", name="Title", exact=True).focus()
    library.keyboard.press("Enter")
    expect(library.locator(".card-name")).to_have_text(["Lighthouse a", "Lighthouse b", "Quay"])


def test_the_count_comes_after_the_page(library: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MAX_IMAGES", 2)
    library.reload()
    expect(library.locator("#found")).to_have_text("3 images")
