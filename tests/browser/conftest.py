"""Fixtures: Chromium, the site, the local AWS behind it, and a worker in a process and a role of its own."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page

from mediahub.desk.frontend.build import build
from mediahub.desk.models import Session
from mediahub.library.models import Image, Tag, Tagging
from mediahub.library.search import index
from mediahub.local import stack
from mediahub.uploads import tickets
from tests.browser.connections import Connections
from tests.browser.desk import Desk, open_review
from tests.records import images
from tests.settings import STATE

# The same engine without windows comes first: it takes a third less of the processor.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, CHROMIUMS)), None)
QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
# Playwright runs an event loop in the test's own thread, and Django would refuse the database there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
MANY = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", action="store_true", help="Write a picture of each page into docs/screenshots.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.django_db(transaction=True))
            if CHROMIUM is None and not os.environ.get("REQUIRE_CHROMIUM"):
                item.add_marker(
                    pytest.mark.skip(reason="no Chromium is installed (apt install chromium-headless-shell)")
                )


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium, which looks for nothing outside this machine."""
    return {"executable_path": CHROMIUM, "args": ["--no-sandbox", *QUIET]}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    """Provide what every page of the tests is opened with."""
    return {
        "locale": "en-GB",
        "timezone_id": "UTC",
        "reduced_motion": "reduce",
        "viewport": {"width": 1280, "height": 900},
    }


@pytest.fixture(scope="session")
def connections_held(live_server: Any) -> Connections:
    """Provide the connections that the site of this process has open."""
    return Connections(live_server.thread.httpd)


@pytest.fixture(autouse=True)
def answered(transactional_db: None, connections_held: Connections) -> Iterator[None]:
    """No request is under way when the database is emptied: pages are opened after this and closed before it ends."""
    yield
    connections_held.end()


@pytest.fixture(scope="session")
def bundle() -> None:
    """Bundle the upload page in one test process while the others wait."""
    with (STATE.parent / "bundle.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build()


@pytest.fixture
def cors(local_aws: stack.Stack, live_server: Any) -> Iterator[None]:
    """Let the upload bucket take files from this test's site, whose port nobody knew when the stack was deployed."""
    s3 = stack.root_client("s3", str(django_settings.AWS_ENDPOINT_URL))
    bucket = django_settings.UPLOAD_BUCKET
    deployed = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    rules = [{**rule, "AllowedOrigins": [live_server.url]} for rule in deployed]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    yield
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": deployed})


@pytest.fixture
def as_web(local_aws: stack.Stack, settings: Any) -> None:
    """Give the site the web's role, and no other."""
    settings.AWS_PROFILE = "web"


@pytest.fixture
def small_parts(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send a file of 12 MB in three parts, of the least size that S3 takes."""
    monkeypatch.setattr(tickets, "PART_BYTES", 5 * 1024 * 1024)
    settings.UPLOAD_PART_THRESHOLD = tickets.PART_BYTES


@pytest.fixture
def desk(live_server: Any, page: Page, bundle: None, cors: None, as_web: None, small_parts: None) -> Iterator[Desk]:
    """Provide the desk in a browser, nobody signed in; whatever is done there breaks no policy, and no script fails."""
    opened = Desk(page, live_server.url)
    yield opened
    assert sorted(set(opened.violations)) == []
    assert opened.errors == []


@pytest.fixture
def signed_in(desk: Desk, chief: User) -> Desk:
    """Provide the desk with a chief editor signed in."""
    sign_in(desk.page.context, desk.address, chief)
    return desk


def sign_in(context: BrowserContext, address: str, user: User) -> None:
    """Give the browser a session of this person's."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])


@pytest.fixture
def end_session() -> Callable[[], None]:
    """end_session(): the server forgets who is signed in, as it does after two weeks."""

    def end() -> None:
        Session.objects.all().delete()

    return end


@pytest.fixture
def row(db: Any) -> list[Image]:
    """Images without files, the newest first; each may be published and has a sure and an unsure suggestion."""
    tags = {name: Tag.objects.get_or_create(name=name)[0] for name in ("Boat", "Mist")}
    suggested = {"source": Tagging.Source.REKOGNITION, "state": Tagging.State.SUGGESTED}
    now = timezone.now()
    words = {"alt_text": "A harbour", "credit": "Ada Lund"}
    with transaction.atomic():
        new_images = images([{"title": f"Image {number:02}", **words} for number in range(MANY)])
        for number, each in enumerate(new_images):
            each.created_at = now - timedelta(minutes=number)
        Image.objects.bulk_update(new_images, ["created_at"])
        boxes = [[0.05, 0.1, 0.2, 0.2]]
        Tagging.objects.bulk_create(
            Tagging(
                image=each, tag=tags[name], confidence=confidence, boxes=boxes if name == "Boat" else [], **suggested
            )
            for each in new_images
            for name, confidence in (("Boat", 93.0), ("Mist", 61.0))
        )
        index.update_entries([each.pk for each in new_images])
    return new_images


@pytest.fixture
def reviewed(signed_in: Desk, row: list[Image]) -> Page:
    """Provide the review of these images, open at the newest; their pictures are drawn by the test."""
    page = signed_in.page
    drawn = '<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="768"><rect width="1024" height="768"/></svg>'
    page.route("**/large/**", lambda route: route.fulfill(body=drawn, content_type="image/svg+xml"))
    open_review(signed_in, row[0])
    return page
