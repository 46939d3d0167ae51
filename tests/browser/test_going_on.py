"""Files reach their end by themselves: after a reload, without a line, when the session ends while they are sent."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Dialog, Page, Request, Route, expect

from bench.scenes import make_heavy_photograph
from mediahub.library.models import Image
from mediahub.uploads.models import Upload
from tests.browser.desk import Desk, sign_in_again
from tests.pictures import jpeg

pytestmark = pytest.mark.usefixtures("worker")


def is_store(request: Request) -> bool:
    """Return a request that carries a file to the store."""
    return request.method in {"POST", "PUT"} and "/admin/" not in request.url


def is_completion(route: Route) -> bool:
    """Return the request that puts the parts together."""
    url = route.request.url
    return route.request.method == "POST" and "uploadId=" in url and "partNumber" not in url


def to_store(url: str) -> bool:
    return "/admin/" not in url and "/static/" not in url and url.startswith("http")


def hold(page: Page, matches: Callable[[Route], bool], *, arrives: bool) -> list[Route]:
    """Routes whose answers the page never sees; `arrives` lets the request itself through."""
    routes: list[Route] = []

    def handle(route: Route) -> None:
        if not matches(route):
            route.fallback()
            return
        if arrives:
            route.fetch()
        routes.append(route)

    page.route(to_store, handle)
    return routes


def wait_for(page: Page, routes: list[Route]) -> None:
    while not routes:
        page.wait_for_timeout(50)


def is_part(number: int) -> Callable[[Route], bool]:
    """Return what knows the request that carries one part."""
    return lambda route: f"partNumber={number}&" in route.request.url


def settle(page: Page) -> None:
    """Wait until Uppy has written down where it is; it does so at most every half second."""
    page.wait_for_timeout(1500)


def test_the_session_ends_while_files_are_sent_and_all_arrive_after_signing_in(
    signed_in: Desk, chief: User, end_session: Callable[[], None]
) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    held_routes = hold(page, is_part(2), arrives=False)
    signed_in.drop(("poster.jpg", "image/jpeg", make_heavy_photograph(12)))
    wait_for(page, held_routes)
    end_session()
    held_routes[0].continue_()
    page.unroute(to_store)
    expect(page.locator("#signed-out")).to_contain_text("You are signed out")
    expect(page.locator("#far [data-line]")).to_contain_text("Waiting until you sign in again")
    # A file that is added now waits too.
    signed_in.drop(("late.jpg", "image/jpeg", jpeg(300, 200)))
    expect(signed_in.row("late.jpg")).to_have_count(1)
    assert signed_in.findings() == []
    sign_in_again(page, chief)
    signed_in.ends_as("poster.jpg", "done")
    signed_in.ends_as("late.jpg", "done")
    assert Upload.objects.count() == 2
    expect(page.locator("#signed-out")).to_be_hidden()


def test_offline_is_said_and_sending_goes_on_by_itself(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    held_routes = hold(page, is_part(2), arrives=False)
    signed_in.drop(("poster.jpg", "image/jpeg", make_heavy_photograph(12)))
    wait_for(page, held_routes)
    page.context.set_offline(True)
    held_routes[0].abort("internetdisconnected")
    expect(page.locator("#why")).to_have_text("Offline. The upload continues when the connection is back.")
    signed_in.drop(("late.jpg", "image/jpeg", jpeg(300, 200)))
    expect(page.locator("#far [data-line]")).to_contain_text("Waiting for a connection")
    page.unroute(to_store)
    page.context.set_offline(False)
    signed_in.ends_as("poster.jpg", "done")
    signed_in.ends_as("late.jpg", "done")
    expect(page.locator("#why")).to_be_hidden()
    assert Upload.objects.count() == 2


def test_a_line_that_breaks_without_a_word_is_tried_again(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    broken: list[str] = []

    def cut(route: Route) -> None:
        if is_store(route.request) and len(broken) < 6:
            broken.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.fallback()

    page.route(to_store, cut)
    signed_in.drop(("one.jpg", "image/jpeg", jpeg(300, 200)))
    expect(signed_in.row("one.jpg").locator("[data-reason]")).to_contain_text("sent again automatically")
    signed_in.ends_as("one.jpg", "done")
    assert len(broken) == 6
    assert Upload.objects.count() == 1


def test_the_server_is_away_for_a_while(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    page.route(re.compile("/admin/(upload|session)/"), lambda route: route.abort("connectionrefused"))
    signed_in.drop(("one.jpg", "image/jpeg", jpeg(300, 200)))
    expect(page.locator("#why")).to_be_visible()
    page.unroute(re.compile("/admin/(upload|session)/"))
    signed_in.ends_as("one.jpg", "done")
    expect(page.locator("#why")).to_be_hidden()


def test_a_file_whose_answer_was_lost_is_one_image_after_a_reload(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    held_routes = hold(page, lambda route: is_store(route.request), arrives=True)
    signed_in.drop(("one.jpg", "image/jpeg", jpeg(300, 200)))
    wait_for(page, held_routes)
    settle(page)
    page.reload()
    page.unroute(to_store)
    signed_in.ends_as("one.jpg", "done")
    expect(page.locator("#arrivals .entry")).to_have_count(1)
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
    assert Image.objects.count() == 1


def test_parts_that_were_put_together_just_before_a_reload_have_arrived(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    held_routes = hold(
        page,
        lambda route: (
            route.request.method == "POST"
            and "uploadId=" in route.request.url
            and "partNumber" not in route.request.url
        ),
        arrives=True,
    )
    signed_in.drop(("poster.jpg", "image/jpeg", make_heavy_photograph(12)))
    wait_for(page, held_routes)
    settle(page)
    page.reload()
    page.unroute(to_store)
    signed_in.ends_as("poster.jpg", "done")
    expect(page.locator("#arrivals .entry")).to_have_count(1)
    assert Image.objects.count() == 1


def test_parts_that_were_not_put_together_before_a_reload_are(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    held_routes = hold(
        page,
        lambda route: (
            route.request.method == "POST"
            and "uploadId=" in route.request.url
            and "partNumber" not in route.request.url
        ),
        arrives=False,
    )
    signed_in.drop(("poster.jpg", "image/jpeg", make_heavy_photograph(12)))
    wait_for(page, held_routes)
    settle(page)
    page.reload()
    page.unroute(to_store)
    parts: list[str] = []
    page.on("request", lambda request: parts.append(request.url) if "partNumber=" in request.url else None)
    signed_in.ends_as("poster.jpg", "incomplete")
    page.get_by_role("button", name="Resume", exact=True).or_(
        page.get_by_role("button", name="Upload").filter(has_text="file")
    ).first.click()
    signed_in.ends_as("poster.jpg", "done")
    assert parts == []
    assert Upload.objects.count() == 1


def test_an_upload_whose_ticket_ended_while_the_page_was_away_begins_anew(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    held_routes = hold(page, is_part(2), arrives=False)
    signed_in.drop(("poster.jpg", "image/jpeg", make_heavy_photograph(12)))
    wait_for(page, held_routes)
    settle(page)
    page.reload()
    signed_in.ends_as("poster.jpg", "incomplete")
    Upload.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    page.unroute(to_store)
    page.get_by_role("button", name="Resume", exact=True).or_(
        page.get_by_role("button", name="Upload").filter(has_text="file")
    ).first.click()
    signed_in.ends_as("poster.jpg", "done")
    assert Image.objects.count() == 1


def test_a_file_that_the_browser_lost_is_chosen_again_and_goes_on(signed_in: Desk) -> None:
    page = signed_in.page
    data = make_heavy_photograph(12)
    signed_in.open("/admin/upload/")
    held_routes = hold(page, is_part(2), arrives=False)
    signed_in.drop(("poster.jpg", "image/jpeg", data))
    wait_for(page, held_routes)
    settle(page)
    # What a full disk or a browser that tidies up takes away.
    page.goto(f"{signed_in.address}/static/desk/mark.svg")
    page.evaluate(
        "indexedDB.databases().then((all) => Promise.all(all.map(({ name }) => new Promise((done) => {"
        " const gone = indexedDB.deleteDatabase(name); gone.onsuccess = gone.onblocked = done; }))))"
    )
    signed_in.open("/admin/upload/")
    row = signed_in.row("poster.jpg")
    expect(row.locator("[data-reason]")).to_contain_text("choose it again to continue")
    assert signed_in.findings() == []
    page.unroute(to_store)
    with page.expect_file_chooser() as chosen:
        row.get_by_role("button", name="Choose the file again").click()
    chosen.value.set_files({"name": "poster.jpg", "mimeType": "image/jpeg", "buffer": data})
    signed_in.ends_as("poster.jpg", "done")
    expect(page.locator("#arrivals .entry")).to_have_count(1)
    assert Upload.objects.count() == 1


def test_a_lost_file_can_be_left_out(signed_in: Desk, chief: User) -> None:
    Upload.objects.create(
        file_name="gone.jpg",
        declared_bytes=9,
        bucket="b",
        key="k",
        uploaded_by=chief,
        expires_at=timezone.now() + timedelta(minutes=9),
    )
    signed_in.open("/admin/upload/")
    signed_in.ends_as("gone.jpg", "not uploaded")
    signed_in.row("gone.jpg").get_by_role("button", name="Skip: gone.jpg").click()
    expect(signed_in.row("gone.jpg")).to_have_count(0)


def test_a_late_answer_does_not_bring_a_skipped_file_back(signed_in: Desk, chief: User) -> None:
    page = signed_in.page
    Upload.objects.create(
        file_name="gone.jpg",
        declared_bytes=9,
        bucket="b",
        key="k",
        uploaded_by=chief,
        expires_at=timezone.now() + timedelta(minutes=9),
    )
    asked: list[Route] = []
    page.route("**/admin/upload/status/**", lambda route: asked.append(route))
    signed_in.open("/admin/upload/")
    wait_for(page, asked)
    signed_in.row("gone.jpg").get_by_role("button", name="Skip: gone.jpg").click()
    with page.expect_response("**/admin/upload/status/**"):
        asked[0].continue_()
    # The script has read the answer once the page has drawn twice more.
    page.evaluate(
        "new Promise((drawn) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(drawn)), 200))"
    )
    expect(signed_in.row("gone.jpg")).to_have_count(0)


def test_leaving_is_warned_of_while_a_file_is_sent_and_not_after(signed_in: Desk) -> None:
    page = signed_in.page
    asked: list[str] = []
    signed_in.open("/admin/upload/")

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    held_routes = hold(page, lambda route: is_store(route.request), arrives=False)
    page.get_by_label("Credit").click()
    signed_in.drop(("one.jpg", "image/jpeg", jpeg(300, 200)))
    wait_for(page, held_routes)
    page.get_by_role("link", name="Images", exact=True).click(no_wait_after=True)
    expect(page.locator("#drop")).to_be_visible()
    page.wait_for_function("() => true")
    assert asked == ["beforeunload"]
    for route in held_routes:
        route.continue_()
    page.unroute(to_store)
    signed_in.ends_as("one.jpg", "done")
    page.get_by_role("link", name="Images", exact=True).click()
    page.locator("#library").wait_for()
    assert asked == ["beforeunload"]


def test_what_the_store_refuses_for_good_says_so_in_a_sentence(signed_in: Desk) -> None:
    page = signed_in.page
    signed_in.open("/admin/upload/")
    answer: dict[str, Any] = {
        "status": 403,
        "body": "<Error><Code>AccessDenied</Code></Error>",
        "headers": {"Access-Control-Allow-Origin": "*", "Content-Type": "application/xml"},
    }
    page.route(to_store, lambda route: route.fulfill(**answer) if is_store(route.request) else route.fallback())
    signed_in.drop(("one.jpg", "image/jpeg", jpeg(300, 200)))
    signed_in.ends_as("one.jpg", "not uploaded")
    expect(signed_in.row("one.jpg").locator("[data-reason]")).to_contain_text("The storage refused the file")
    # Its ticket was renewed once, and it is one upload still.
    assert Upload.objects.count() == 1
    page.unroute(to_store)
    page.get_by_role("button", name="Retry upload").click()
    signed_in.ends_as("one.jpg", "done")
