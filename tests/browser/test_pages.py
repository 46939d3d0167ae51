"""Each page as it stands: what axe finds, what the policy forbids, how it looks, wide and narrow, light and dark."""

from io import StringIO
from itertools import cycle, product
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from mediahub.library.models import Image
from tests.browser import stock
from tests.browser.desk import Desk

LANGUAGE_COOKIE = "django_language"
SHOTS = Path("docs/screenshots")
ColorScheme = Literal["light", "dark"]
SIZES: dict[str, ViewportSize] = {"wide": {"width": 1280, "height": 860}, "narrow": {"width": 390, "height": 844}}
# Arabic is read from the right; these pages have all that could stand on the wrong side.
RIGHT_TO_LEFT = (
    *("home", "upload", "images", "image", "review", "preferences", "keys", "uploads", "failed-items", "failed-item"),
    *("versions", "activity", "tag", "checks", "image-published"),
)
SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
LOOKS: tuple[tuple[str, ColorScheme], ...] = (("wide", "light"), ("narrow", "dark"))
# A drawing or a field whose number was written as a German reads it, which no browser understands.
COMMAS = """[...document.querySelectorAll("svg, svg *, meter, progress, input[type=number], input[type=range]")].some(
  (one) => ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "viewBox", "value", "max"].some(
    (name) => one.getAttribute(name)?.includes(",")))"""
# A picture below the window is fetched once somebody scrolls; one that never comes must not be waited for without end.
DECODED = """() => Promise.race([
  Promise.all([...document.querySelectorAll("img.picture-front[src]")]
    .filter((image) => image.getBoundingClientRect().top < window.innerHeight)
    .map((image) => image.decode().catch(() => {}))),
  new Promise((end) => setTimeout(end, 5000)),
])"""


def invited() -> str:
    """Return the path of the address that `invite` prints."""
    out = StringIO()
    call_command("invite", "anna@example.org", stdout=out)
    return urlsplit(out.getvalue().strip()).path


@pytest.fixture
def pages(chief: User, settings: Any, local_aws: Any) -> dict[str, str]:
    """Provide the name and the path of every page of a desk in full use."""
    User.objects.filter(pk=chief.pk).update(first_name="Ada", is_superuser=True)
    stock.weeks(chief)
    images = stock.library(settings)
    stock.tag(images[-1], chief)
    failed = stock.uploads(chief, images[:4])
    item = stock.failures(chief, images, failed)
    order, check = stock.retry(chief), stock.check()
    running, ended = stock.job(chief, images), stock.job(chief, images, ended=True)
    gone, replaced = images[-2], images[-3]
    stock.replace(replaced, chief, settings)
    stock.offer(images[0], chief, settings)
    copy = stock.copy("Harbour at dawn", settings)
    Image.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    stock.sync_folder("summer/2024", {"ready": 11, "rejected": 2}, system_files=3)
    synced = stock.sync_folder("archive/Negatives 1961–1964, boxes 3 to 17", {"ready": 9})
    large = stock.upload(chief, "panorama.png", "rejected", code="too_many_pixels", reason=stock.TOO_LARGE)
    return {
        "home": "/admin/",
        "upload": "/admin/upload/",
        "plain-upload": "/admin/upload/plain/",
        "arrival": f"/admin/upload/{failed.pk}/",
        "images": "/admin/library/image/",
        "search-menus": "/admin/images/filters/?shape=landscape",
        "images-none": "/admin/library/image/?q=nothing-like-it",
        "image": f"/admin/library/image/{images[-1].pk}/change/",
        "review": f"/admin/images/{images[-1].pk}/review/",
        "crop": f"/admin/images/{images[-1].pk}/crop/",
        "keys": "/admin/preferences/keys/",
        "preferences": "/admin/preferences/",
        "uploads": "/admin/uploads/upload/",
        "uploads-of-folder": f"/admin/uploads/upload/?batch__id__exact={synced.pk}",
        "one-upload": f"/admin/uploads/upload/{failed.pk}/change/",
        "image-published": f"/admin/library/image/{images[0].pk}/change/",
        "image-replaced": f"/admin/library/image/{replaced.pk}/change/",
        "versions": f"/admin/images/{replaced.pk}/versions/",
        "versions-waiting": f"/admin/images/{images[0].pk}/versions/",
        "replace": f"/admin/images/{replaced.pk}/replace/",
        "image-without-original": f"/admin/library/image/{gone.pk}/change/",
        "upload-too-large": f"/admin/uploads/upload/{large.pk}/change/",
        "failed-items": "/admin/recovery/faileditem/",
        "failed-list": "/admin/recovery/faileditem/?state__exact=open",
        "retry": f"/admin/recovery/retryorder/{order.pk}/change/",
        "checks": "/admin/recovery/consistencycheck/",
        "check": f"/admin/recovery/consistencycheck/{check.pk}/change/",
        "failed-item": f"/admin/recovery/faileditem/{item.pk}/change/",
        "duplicates": f"/admin/duplicates/{copy.pk}/",
        "jobs": "/admin/jobs/",
        "job": f"/admin/jobs/{running.pk}/",
        "job-ended": f"/admin/jobs/{ended.pk}/",
        "activity": "/admin/activity/",
        "collections": "/admin/collections/",
        "collection": f"/admin/collections/{stock.collect(images)}/",
        "dashboard": "/admin/dashboard/",
        "tour": "/admin/tour/",
        "tags": "/admin/library/tag/",
        "tag": f"/admin/library/tag/{images[-1].taggings.get(tag__name='Mist').tag_id}/change/",
        "users": "/admin/auth/user/",
        "user": f"/admin/auth/user/{chief.pk}/change/",
        "password": "/admin/password_change/",
        "account": "/admin/account/",
        "add-app": "/admin/account/app/",
        "add-passkey": "/admin/account/passkeys/add/",
        "recovery-codes-new": "/admin/account/codes/new/",
        "remove-factors": f"/admin/people/{chief.pk}/factors/",
        "invitation": invited(),
        "invitation-used": invited()[:-2] + "x/",
        "invitation-accepted": "/admin/invited/done/",
    }


def settle(page: Page) -> None:
    """Wait for the pictures in sight; scripts have run when the page has loaded."""
    page.evaluate(DECODED)


def shoot(page: Page, name: str) -> None:
    """Write a picture of the page; hiding the caret, as Playwright would, needs a style that the policy forbids."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", caret="initial")


def fits(page: Page) -> bool:
    """Return whether the page is no wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_every_page_is_accessible_in_one_look(signed_in: Desk, pages: dict[str, str]) -> None:
    """Every other page is wide and light, the others are narrow and dark."""
    findings = {}
    for (name, path), look in zip(pages.items(), cycle(LOOKS), strict=False):
        signed_in.open(path)
        findings[name] = look_at(signed_in, *look)
    assert not any(findings.values()), findings


def test_every_page_is_accessible_in_each_look(
    signed_in: Desk, pages: dict[str, str], request: pytest.FixtureRequest
) -> None:
    """Both sizes and both schemes are looked at; each size in each scheme, where pictures of them are wanted."""
    shots = request.config.getoption("--screenshots", default=False)
    findings = {}
    for name, path in pages.items():
        signed_in.open(path)
        for size, scheme in product(SIZES, SCHEMES) if shots else LOOKS:
            findings[f"{name}-{size}-{scheme}"] = look_at(signed_in, size, scheme)
            if shots:
                signed_in.page.wait_for_load_state("networkidle")
                shoot(signed_in.page, f"{name}-{size}-{scheme}")
    assert not any(findings.values()), findings


def look_at(desk: Desk, size: str, scheme: ColorScheme) -> list[str]:
    """Return what is wrong with the open page in a window of this size and with this color scheme."""
    desk.page.set_viewport_size(SIZES[size])
    desk.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    settle(desk.page)
    return desk.findings() + ([] if fits(desk.page) else ["wider than the window"])


def speak(desk: Desk, language: str) -> None:
    """Show the desk in another language than the browser asks for."""
    desk.page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": desk.address}])


def test_arabic_is_read_from_the_right(signed_in: Desk, pages: dict[str, str], request: pytest.FixtureRequest) -> None:
    page = signed_in.page
    speak(signed_in, "ar")
    findings = {}
    for name in RIGHT_TO_LEFT:
        page.set_viewport_size(SIZES["wide"])
        signed_in.open(pages[name])
        settle(page)
        assert page.locator("html[lang=ar][dir=rtl]").count() == 1
        page_findings = signed_in.findings()
        if request.config.getoption("--screenshots", default=False):
            shoot(page, f"{name}-wide-rtl")
        page.set_viewport_size(SIZES["narrow"])
        if not fits(page):
            page_findings.append("wider than the window")
        if page_findings:
            findings[name] = page_findings
    assert findings == {}
    follows_the_arrows(signed_in, pages)


def follows_the_arrows(desk: Desk, pages: dict[str, str]) -> None:
    """To the left lies what comes next, in the review and in the grid; boxes stay where the picture has them."""
    page = desk.page
    page.set_viewport_size(SIZES["wide"])
    desk.open(pages["review"])
    page.locator("[data-review=ready]").wait_for()
    assert page.locator("#stage").evaluate("(stage) => getComputedStyle(stage).direction") == "ltr"
    place = page.locator("#place").inner_text()
    number, rest = place.split(maxsplit=1)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#place")).to_have_text(f"{int(number) + 1} {rest}")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#place")).to_have_text(place)
    desk.open(pages["images"])
    cards = page.locator(".card-link")
    cards.first.focus()
    page.keyboard.press("ArrowLeft")
    expect(cards.nth(1)).to_be_focused()


def test_long_german_words_fit_into_a_narrow_window(signed_in: Desk, pages: dict[str, str]) -> None:
    page = signed_in.page
    speak(signed_in, "de")
    page.set_viewport_size(SIZES["narrow"])
    wide, commas = [], []
    for name, path in pages.items():
        signed_in.open(path)
        if not fits(page):
            wide.append(name)
        if page.evaluate(COMMAS):
            commas.append(name)
    assert wide == []
    assert commas == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_sign_in_and_its_error_are_accessible(
    desk: Desk, scheme: ColorScheme, request: pytest.FixtureRequest
) -> None:
    page = desk.page
    page.emulate_media(color_scheme=scheme)
    desk.open("/admin/")
    assert desk.findings() == []
    if request.config.getoption("--screenshots", default=False):
        shoot(page, f"sign-in-wide-{scheme}")
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".errornote").wait_for()
    assert desk.findings() == []


def test_the_chosen_theme_wins_over_the_machines(signed_in: Desk, pages: dict[str, str]) -> None:
    page = signed_in.page
    page.emulate_media(color_scheme="light")
    signed_in.open(pages["upload"])
    page.locator(".theme-toggle").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor") == "rgb(20, 21, 26)"
    page.locator("[data-uppy-theme=dark]").wait_for()
    assert signed_in.findings() == []
