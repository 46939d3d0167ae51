"""Work on many images from the bulk bar to the file in hand, by keyboard alone, with what each state looks like."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import requests
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from playwright.sync_api import expect

from mediahub.jobs.models import Job
from mediahub.library.models import Image, Version
from tests.browser import stock
from tests.browser.desk import Desk
from tests.browser.test_pages import shoot

State = Job.State


@pytest.fixture
def images(signed_in: Desk, settings: Any, aws: Any) -> list[Image]:
    """Provide a library whose images have originals in the bucket, but for the last."""
    library_images, s3 = stock.library(settings), aws("operator", "s3")
    for image in library_images:
        place = {"Bucket": django_settings.UPLOAD_BUCKET, "Key": f"uploads/{image.pk}/original"}
        written = s3.put_object(Body=f"the original of {image.title}".encode(), **place)
        Version.objects.update_or_create(
            image=image,
            current=True,
            defaults={"number": 1, "key": place["Key"], "version_id": written["VersionId"]},
        )
    s3.delete_object(VersionId=written["VersionId"], **place)
    return library_images


def press(desk: Desk, *keys: str) -> None:
    for key in keys:
        desk.page.keyboard.press(key)


def test_a_selection_becomes_a_zip_by_keyboard_and_what_failed_is_tried_again(
    signed_in: Desk, images: list[Image], chief: User, request: pytest.FixtureRequest
) -> None:
    page, shots = signed_in.page, request.config.getoption("--screenshots", default=False)
    signed_in.open("/admin/library/image/")
    page.locator(".card-link").first.focus()
    press(signed_in, "ControlOrMeta+a")
    page.locator(".bulk summary", has_text="Download").focus()
    press(signed_in, "Enter")
    assert signed_in.findings() == []
    page.get_by_role("button", name="Download ZIP").focus()
    press(signed_in, "Enter")
    title = page.get_by_role("heading", name=f"ZIP with the originals of {len(images)} images")
    expect(title).to_be_visible()
    expect(page.locator("#progress-title")).to_contain_text("waiting")
    assert signed_in.findings() == []
    page.get_by_role("button", name="Pause").focus()
    press(signed_in, "Enter")
    expect(page.locator("#progress-title")).to_contain_text(f"Paused after 0 of {len(images)}")
    assert signed_in.findings() == []
    request.getfixturevalue("worker")
    page.get_by_role("button", name="Resume").focus()
    press(signed_in, "Enter")
    expect(page.locator("#progress-title")).to_contain_text(f"{len(images) - 1} succeeded, 1 failed")
    expect(page.locator("#said")).to_contain_text("1 failed")
    expect(page.get_by_role("region", name="Failed images")).to_contain_text("no longer in the bucket")
    assert signed_in.findings() == []
    if shots:
        shoot(page, "job-failed")
    link = page.get_by_role("link", name="-1-of-1.zip").get_attribute("href")
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    archive = ZipFile(BytesIO(requests.get(f"{signed_in.address}{link}", cookies=cookies, timeout=300).content))
    assert archive.testzip() is None
    pictures = [name for name in archive.namelist() if name not in ("credits.csv", "missing.txt")]
    assert len(pictures) == len(images) - 1
    assert len(archive.namelist()) == len(images) + 1
    with page.expect_download() as download:
        page.get_by_role("link", name="-1-of-1.zip").click()
    assert download.value.suggested_filename.endswith("-1-of-1.zip")

    page.get_by_role("button", name="Retry failed images").focus()
    press(signed_in, "Enter")
    expect(page.locator(".messagelist")).to_contain_text("Retrying 1 image.")
    signed_in.open("/admin/jobs/")
    assert signed_in.findings() == []
    if shots:
        shoot(page, "jobs-list")


def test_renditions_are_made_anew_after_the_price_was_said(signed_in: Desk, images: list[Image]) -> None:
    page = signed_in.page
    signed_in.open("/admin/library/image/")
    page.locator(".card-check").first.click()
    page.get_by_role("button", name="Regenerate renditions").click()
    expect(page.get_by_text("Request labels for all images again")).to_be_visible()
    assert signed_in.findings() == []
    page.get_by_label("Request labels for all images again").check()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="Regenerate renditions of 1 image")).to_be_visible()
    page.get_by_role("button", name="Cancel the remaining images").click()
    expect(page.locator("#progress-title")).to_contain_text("Canceled after 0 of 1")
    assert signed_in.findings() == []
    assert Job.objects.get().state == State.CANCELLED
