"""Erasing an image for good: by the keyboard alone, without a script, and in both themes and directions."""

import os
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, expect

from mediahub.library.models import Image, Purge
from tests.browser.conftest import sign_in
from tests.browser.desk import Desk

SHOTS = os.environ.get("SHOTS", "")


def shoot(desk: Desk, name: str) -> None:
    """Keep a picture of the page, wide and narrow, light and dark, for a person who asked for it."""
    if not SHOTS:
        return
    for scheme in ("light", "dark"):
        desk.page.emulate_media(color_scheme=scheme)
        for width in (1280, 360):
            desk.page.set_viewport_size({"width": width, "height": 900})
            desk.page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}-{width}.png", full_page=True)
    desk.page.set_viewport_size({"width": 1280, "height": 900})


def test_an_image_is_erased_with_the_keyboard_alone(signed_in: Desk, row: list[Image]) -> None:
    page, image = signed_in.page, row[0]
    signed_in.open(f"/admin/library/image/{image.pk}/change/")
    page.get_by_role("button", name="Erase for good").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Erase 1 image for good")).to_be_visible()
    assert signed_in.findings() == []
    shoot(signed_in, "purge")
    page.get_by_label("Reason").focus()
    page.keyboard.type("Asked for by the person in the picture")
    page.keyboard.press("Tab")
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 image erased.")).to_be_visible()
    assert signed_in.findings() == []
    shoot(signed_in, "purges")
    assert Purge.objects.get().pk == image.pk
    assert not Image.objects.filter(pk=image.pk).exists()


def test_an_image_is_erased_without_scripts(signed_in: Desk, row: list[Image], chief: User, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=signed_in.address)
    sign_in(context, signed_in.address, chief)
    page = context.new_page()
    page.goto(f"/admin/library/image/{row[0].pk}/change/")
    page.get_by_role("button", name="Erase for good").click()
    page.get_by_label("Reason").fill("Asked for by the person in the picture")
    page.get_by_label("the number of images").fill("1")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_text("1 image erased.")).to_be_visible()
    context.close()
    assert Purge.objects.get().pk == row[0].pk


@pytest.mark.parametrize("language", ["de", "ar"])
def test_the_page_of_a_person_who_leaves_has_no_findings(
    signed_in: Desk, chief: User, other_editor: User, language: str
) -> None:
    User.objects.filter(pk=chief.pk).update(is_superuser=True)
    signed_in.page.set_extra_http_headers({"Accept-Language": language})
    signed_in.open(f"/admin/people/{other_editor.pk}/remove/")
    assert signed_in.findings() == []
    shoot(signed_in, f"person-{language}")
