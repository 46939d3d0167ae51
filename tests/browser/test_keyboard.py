"""Review and repair with nothing but keys: no mouse event is sent."""

from typing import Any

import pytest
import urllib3
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from mediahub.library.models import Image, Tagging
from mediahub.local import stack
from mediahub.recovery.models import FailedItem
from mediahub.uploads import tickets
from mediahub.uploads.models import Upload
from tests.browser import stock
from tests.browser.desk import Desk
from tests.pictures import jpeg

MOST_TABS = 80


def reach(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab, or Shift+Tab, until the focus is where it is wanted."""
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
    pytest.fail(f"{wanted} cannot be reached with {key}")


def state_of(image: Image, name: str) -> str:
    return image.taggings.get(tag__name=name).state


@pytest.fixture
def image(signed_in: Desk, chief: User, settings: Any) -> Image:
    """Provide the newest of the library, with tags, open in the browser."""
    newest = stock.library(settings)[-1]
    stock.tag(newest, chief)
    signed_in.open(f"/admin/library/image/{newest.pk}/change/")
    return newest


def test_tags_are_accepted_rejected_and_added(signed_in: Desk, image: Image) -> None:
    page = signed_in.page
    reach(page, page.get_by_role("button", name="Accept Mountain range"))
    page.keyboard.press("Enter")
    expect(page.locator(".tagging", has_text="Mountain range").locator(".chip")).to_have_text("accepted")
    # The journey goes on where it was: the next stop is in the same tag or right after it.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.tagging') !== null")
    reach(page, page.get_by_role("button", name="Reject Mist"))
    page.keyboard.press("Enter")
    expect(page.locator(".tagging", has_text="Mist").locator(".chip")).to_have_text("rejected")
    reach(page, page.get_by_label("Add a tag"))
    page.keyboard.type("Ålesund")
    page.keyboard.press("Enter")
    expect(page.locator(".tagging", has_text="Ålesund").locator(".chip")).to_have_text("accepted")
    assert [state_of(image, name) for name in ("Mountain range", "Mist", "Ålesund")] == [
        Tagging.State.ACCEPTED,
        Tagging.State.REJECTED,
        Tagging.State.ACCEPTED,
    ]


def test_images_are_selected_and_published(signed_in: Desk, image: Image) -> None:
    page = signed_in.page
    signed_in.open("/admin/library/image/?state=in_review")
    reach(page, page.get_by_role("checkbox", name=f"Select {image.title}"))
    page.keyboard.press("Space")
    expect(page.locator("[data-count]")).to_have_text("1")
    page.get_by_role("button", name="Publish").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("1 image published")
    image.refresh_from_db()
    assert image.state == Image.State.PUBLISHED


def test_a_filter_menu_opens_and_closes(signed_in: Desk, image: Image) -> None:
    page = signed_in.page
    signed_in.open("/admin/library/image/")
    reach(page, page.locator(".filter summary", has_text="Filters"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Shape")).to_be_visible()
    assert signed_in.findings() == []
    page.keyboard.press("Escape")
    expect(page.get_by_label("Shape")).to_be_hidden()
    page.keyboard.press("Enter")
    reach(page, page.locator("#filter-state"))
    page.keyboard.type("published")
    reach(page, page.get_by_role("button", name="Apply", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator(".filter-chip")).to_contain_text("published")


def test_the_words_are_kept(signed_in: Desk, image: Image) -> None:
    page = signed_in.page
    reach(page, page.get_by_label("Alt text"))
    page.keyboard.press("Control+a")
    page.keyboard.type("A fjord <b>at dawn</b>")
    reach(page, page.get_by_role("button", name="Save"))
    page.keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_be_visible()
    image.refresh_from_db()
    assert image.alt_text == "A fjord <b>at dawn</b>"


@pytest.fixture
def failed(signed_in: Desk, chief: User) -> FailedItem:
    """Provide the item of a file that lies in the bucket, and whose event was delivered in vain."""
    data = jpeg()
    ticket = tickets.issue_ticket(chief, "again.jpg", "image/jpeg", len(data))
    fields: dict[str, Any] = {**ticket.fields, "file": ("original", data, "image/jpeg")}
    assert urllib3.request("POST", ticket.url, fields=fields).status == 204
    sqs = stack.root_client("sqs", str(settings.AWS_ENDPOINT_URL))
    (event,) = sqs.receive_message(QueueUrl=settings.UPLOAD_QUEUE_URL, WaitTimeSeconds=10)["Messages"]
    sqs.delete_message(QueueUrl=settings.UPLOAD_QUEUE_URL, ReceiptHandle=event["ReceiptHandle"])
    Upload.objects.filter(pk=ticket.upload_id).update(state=Upload.State.FAILED, reason="The store was away.")
    return stock.failed_item(Upload.objects.get(), "The store was away.")


def test_a_failed_item_is_retried_to_its_end(signed_in: Desk, failed: FailedItem, worker: None) -> None:
    page = signed_in.page
    signed_in.open("/admin/recovery/faileditem/")
    reach(page, page.get_by_role("link", name="The store was away."))
    page.keyboard.press("Enter")
    reach(page, page.get_by_role("link", name="again.jpg"))
    page.keyboard.press("Enter")
    reach(page, page.get_by_role("button", name="Retry", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator("#progress-title")).to_have_text("1 succeeded")
    signed_in.open(f"/admin/upload/{failed.upload_id}/")
    signed_in.ends_as("again.jpg", "done")
    failed.refresh_from_db()
    assert failed.state == FailedItem.State.RESOLVED
    assert Image.objects.count() == 1
