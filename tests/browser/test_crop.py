"""The focal point by pointer and keys: previews that follow, and a worker that cuts what they showed."""

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from PIL import Image as Pillow
from playwright.sync_api import expect

from mediahub.aws import clients
from mediahub.library import focal_point
from mediahub.library.models import Image
from tests.browser.desk import Desk
from tests.pictures import jpeg


def until(condition: Callable[[], Any]) -> Any:
    """Wait for something that another process does; what takes minutes hangs."""
    for _ in range(1200):
        if value := condition():
            return value
        time.sleep(0.25)
    raise AssertionError("It did not come.")


@pytest.fixture
def image(worker: None, aws: Callable[[str, str], Any], signed_in: Desk) -> Image:
    """Provide an image that came in through the bucket, its crop page open in the browser."""
    bucket = django_settings.UPLOAD_BUCKET
    aws("operator", "s3").put_object(Bucket=bucket, Key="harbour.jpg", Body=jpeg(1500, 1000))
    new_image: Image = until(Image.objects.first)
    signed_in.open(f"/admin/images/{new_image.pk}/crop/")
    return new_image


def test_the_point_is_moved_by_click_and_keys_and_the_crops_follow(
    signed_in: Desk, image: Image, as_role: Callable[[str], None]
) -> None:
    page = signed_in.page
    mark, preview = page.locator("#crop-mark"), page.locator("#crop-preview-square")
    expect(mark).to_have_accessible_name("Focal point: 50 % from the left, 50 % from the top")
    expect(preview).to_have_attribute("viewBox", "250 0 1000 1000")
    box = page.locator("#crop-stage").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25)
    expect(mark).to_be_focused()
    expect(preview).to_have_attribute("viewBox", "500 0 1000 1000")
    for key in ("Home", "ArrowRight", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect(page.locator("#crop-said")).to_have_text("Focal point: 61 % from the left, 59 % from the top")
    page.get_by_label("From the left, in percent").fill("100")
    expect(mark).to_have_accessible_name("Focal point: 100 % from the left, 59 % from the top")
    expect(page.locator("#crop-frames [data-fill=square] rect").first).to_have_attribute("x", "500")
    assert signed_in.findings() == []
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("saved. Its crops are being regenerated.")
    assert signed_in.findings() == []

    until(lambda: focal_point.has_current_crops(Image.objects.get(pk=image.pk)))
    as_role("worker")
    with clients.get_rendition_store().get(image.renditions.get(name="square", format="JPEG").key) as file:
        # The red third to the left is not in it.
        pixel = Pillow.open(BytesIO(file.read())).convert("RGB").getpixel((40, 40))
    assert isinstance(pixel, tuple)
    assert abs(pixel[0] - pixel[2]) < 40
