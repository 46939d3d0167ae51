"""A morning at the desk by keyboard alone: photographs sent, reviewed, published, one taken down, one restored.

`PHOTOS=<folder of JPEG photographs>` takes real ones; with -s the figures are printed.
"""

import time
from pathlib import Path
from typing import Literal

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from mediahub.library.models import Image
from processing import formats
from tests.browser.desk import Desk
from tests.browser.photographs import photographs
from tests.browser.test_keyboard import reach

pytestmark = pytest.mark.usefixtures("worker")
MANY = 30
UPLOADED = 300_000
# A click that a key has caused has no place and no count; each other event of this list comes of a hand on a device.
MICE = """
for (const kind of ["pointerdown", "pointermove", "pointerup", "mousedown", "mousemove", "mouseup", "wheel",
                    "touchstart", "dblclick", "contextmenu", "auxclick", "dragstart", "click"]) {
  addEventListener(kind, (event) => {
    if (event.isTrusted && !(kind === "click" && event.detail === 0)) window.reportMouse(kind);
  }, { capture: true, passive: true });
}
"""


def enter(page: Page, role: Literal["button", "link"], name: str, key: str = "Tab") -> None:
    """Go to a link or a button by Tab, or back by Shift+Tab, and press Enter."""
    reach(page, page.get_by_role(role, name=name, exact=True).first, key)
    page.keyboard.press("Enter")


def sign_in(desk: Desk, user: User) -> None:
    desk.open("/admin/")
    desk.page.keyboard.type(user.username)
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.type("a-long-password")
    desk.page.keyboard.press("Enter")
    desk.page.locator(".ways").wait_for()


def upload(page: Page, files: list[Path]) -> None:
    enter(page, "link", "Upload")
    browse = page.locator(".uppy-Dashboard-browse").first
    browse.wait_for()
    reach(page, browse)
    with page.expect_file_chooser() as chosen:
        page.keyboard.press("Enter")
    chosen.value.set_files(files)
    expect(page.locator("#summary")).to_have_text(f"{len(files)} done", timeout=UPLOADED)


def review(page: Page, titles: list[str]) -> None:
    """Accept what is sure, decide on a tag, write words, and reject each tenth; each fifth gets no alt text."""
    for number, title in enumerate(titles):
        expect(page.locator("#title")).to_have_text(title)
        if number % 10 == 9:
            page.keyboard.press("r")
            continue
        page.keyboard.press("1")
        page.keyboard.press("e")
        for field, text in (
            ("alt_text", "" if number % 5 == 3 else f"What {title} shows"),
            ("credit", "Ada Lund"),
            ("license", "CC BY 4.0"),
        ):
            reach(page, page.locator(f"#word-{field}")) if not focused(page, f"word-{field}") else None
            page.keyboard.press("Control+a")
            page.keyboard.type(text) if text else page.keyboard.press("Delete")
        page.keyboard.press("Escape")
        page.keyboard.press("a")
    expect(page.locator("#saving")).to_have_text("All changes saved")
    reach(page, page.locator(".review-back"), "Shift+Tab")
    page.keyboard.press("Enter")


def focused(page: Page, name: str) -> bool:
    return bool(page.evaluate("(name) => document.activeElement.id === name", name))


def publish_all(page: Page) -> None:
    reach(page, page.get_by_label("Select all"))
    page.keyboard.press("Space")
    enter(page, "button", "Publish")
    page.locator(".messagelist").wait_for()


def open_image(page: Page, image: Image) -> None:
    enter(page, "link", "Images")
    reach(page, page.locator(f"[data-image='{image.pk}'] .card-link"))
    page.keyboard.press("Enter")


def take_down(page: Page, image: Image) -> None:
    open_image(page, image)
    enter(page, "button", "Archive")
    expect(page.locator(".messagelist")).to_contain_text("archived")


def replace_and_restore(page: Page, image: Image, file: Path) -> None:
    open_image(page, image)
    enter(page, "link", "Replace file")
    reach(page, page.get_by_label(f"Image ({formats.describe_inputs()})"))
    with page.expect_file_chooser() as chosen:
        page.keyboard.press("Enter")
    chosen.value.set_files(file)
    enter(page, "button", "Replace")
    expect(page.locator("#arrivals [data-chip]")).to_have_text("done")
    open_image(page, image)
    enter(page, "link", "2 versions")
    enter(page, "button", "Restore version 1")
    expect(page.locator(".version-current h2")).to_contain_text("Version 1")


def test_thirty_photographs_are_brought_out_by_keyboard_alone(desk: Desk, chief: User, tmp_path: Path) -> None:
    mice: list[str] = []
    page = desk.page
    page.expose_function("reportMouse", lambda kind: mice.append(kind))
    page.add_init_script(MICE)
    # Told of it only when the key is pressed, the browser would at times open the system's own window.
    page.on("filechooser", lambda chooser: None)
    files = photographs(tmp_path, MANY + 1)
    sign_in(desk, chief)
    start = time.monotonic()
    upload(page, files[:MANY])
    arrived = time.monotonic()
    titles = list(Image.objects.order_by("-created_at", "-pk").values_list("title", flat=True))
    assert len(titles) == MANY
    # The way on stands above the list of what has come.
    enter(page, "link", "Review", "Shift+Tab")
    page.locator("[data-review=ready]").wait_for()
    review(page, titles)
    reviewed = time.monotonic()
    publish_all(page)
    out = Image.objects.filter(state=Image.State.PUBLISHED)
    assert set(out.values_list("title", flat=True)) == {
        title for number, title in enumerate(titles) if number % 10 != 9 and number % 5 != 3
    }
    first, second = out.order_by("-created_at")[:2]
    take_down(page, first)
    replace_and_restore(page, second, files[MANY])
    second.refresh_from_db()
    assert [version.number for version in second.versions.order_by("number")] == [1, 2]
    assert Image.objects.get(pk=first.pk).state == Image.State.ARCHIVED
    print(f"\n{MANY} files uploaded in {arrived - start:.0f} s, reviewed in {reviewed - arrived:.0f} s")
    assert mice == []
