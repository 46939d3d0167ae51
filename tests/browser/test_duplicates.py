"""Duplicates in a browser: compared, laid over each other, and merged by keys."""

from typing import Any

from playwright.sync_api import expect

from mediahub.library.models import Image
from tests.browser import stock
from tests.browser.desk import Desk

NAME = "Harbour at dawn"


def test_copies_are_compared_and_merged_by_keys(signed_in: Desk, settings: Any) -> None:
    first, second = stock.copy(NAME, settings, 1200), stock.copy(NAME, settings, 900)
    other = [stock.copy("First snow", settings, width) for width in (800, 1000)]
    Image.objects.filter(pk=second.pk).update(
        state=Image.State.PUBLISHED, alt_text="A harbour", credit="Ada", license="CC BY 4.0"
    )
    page, title = signed_in.page, f"{NAME} copy"
    signed_in.open("/admin/duplicates/")
    expect(page.get_by_text("2 groups to decide on")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator(".compare-name").first).to_have_text(title)
    page.locator("#overlay-swap").click()
    expect(page.locator(".overlay-picture").last).to_have_css("opacity", "0")
    assert signed_in.findings() == []
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Their public addresses will stop working.")).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator("button:focus")).to_contain_text("Keep this one")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Kept {title}; 1 duplicate was merged")).to_be_visible()
    expect(page).to_have_url(f"{signed_in.address}/admin/duplicates/{min(one.pk for one in other)}/")
    first.refresh_from_db()
    assert first.state == Image.State.ARCHIVED
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 groups to decide on")).to_be_visible()
