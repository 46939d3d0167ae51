"""The demo against the site of this process: what it does when not all goes well."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from PIL import Image

from mediahub.aws import clients
from mediahub.local import demo
from mediahub.local.emulator import find_free_port
from mediahub.local.event_loop import EventLoop
from mediahub.uploads import tickets
from mediahub.uploads.models import Upload
from tests.local_aws import drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
Worker = Callable[[int, int], None]


@pytest.fixture
def browser(local_aws: Any, live_server: Any, editor: User, as_role: Callable[[str], None]) -> demo.Browser:
    as_role("web")
    signed_in = demo.Browser(live_server.url)
    signed_in.sign_in("editor", "a-long-password")
    return signed_in


@pytest.fixture
def work(event_loop: EventLoop, as_role: Callable[[str], None]) -> Worker:
    """Do the worker's part whenever the demo tells how far it is."""

    def once(number: int, total: int) -> None:
        as_role("worker")
        drain(event_loop)
        as_role("web")

    return once


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    (tmp_path / "one.jpg").write_bytes(jpeg(300, 200))
    return tmp_path / "one.jpg"


def idle(number: int, total: int) -> None:
    """Provide a worker that is not there."""


def test_a_large_file_goes_in_parts(
    browser: demo.Browser, work: Worker, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UPLOAD_PART_THRESHOLD = 1024
    monkeypatch.setattr(tickets, "PART_BYTES", 5 * 1024 * 1024)
    Image.frombytes("RGB", (1500, 1400), os.urandom(1500 * 1400 * 3)).save(tmp_path / "noise.png")
    assert (tmp_path / "noise.png").stat().st_size > tickets.PART_BYTES
    [sent] = demo.send_files(browser, [tmp_path / "noise.png"], work)
    assert (sent.state, sent.reason) == ("ready", "")
    assert Upload.objects.get().method == Upload.Method.MULTIPART
    assert {rendition["name"] for rendition in sent.build_row()["renditions"]} == {
        spec.name for spec in clients.get_specs()
    }


def test_a_file_that_comes_to_no_end_is_lost(
    browser: demo.Browser, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "PATIENCE", 0)
    [sent] = demo.send_files(browser, [picture], idle)
    assert sent.build_row()["state"] == demo.LOST


def test_what_cannot_be_sent_is_named_and_the_others_go_on(browser: demo.Browser, work: Worker, picture: Path) -> None:
    gone, sent = demo.send_files(browser, [picture.with_name("gone.jpg"), picture], work)
    assert (gone.state, sent.state) == (demo.LOST, "ready")
    assert "could not be uploaded" in gone.reason


def test_a_store_that_refuses_is_named_without_the_signed_address(
    browser: demo.Browser, picture: Path, as_role: Callable[[str], None]
) -> None:
    as_role("worker")
    [sent] = demo.send_files(browser, [picture], idle)
    assert (sent.state, sent.reason) == (demo.LOST, "The storage or the site answered 403.")


def test_too_many_open_tickets_are_waited_for(
    browser: demo.Browser, work: Worker, picture: Path, editor: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickets.issue_ticket(editor, "other.jpg", "image/jpeg", 10)
    settings.UPLOAD_MAX_OPEN_TICKETS = 1
    waited: list[float] = []

    def later(seconds: float) -> None:
        waited.append(seconds)
        settings.UPLOAD_MAX_OPEN_TICKETS = 2

    monkeypatch.setattr(time, "sleep", later)
    [sent] = demo.send_files(browser, [picture], work)
    assert sent.state == "ready"
    assert waited[0] == 60


def test_a_wrong_password_is_told(browser: demo.Browser, live_server: Any) -> None:
    with pytest.raises(demo.DemoError, match="rejected the password of editor"):
        demo.Browser(live_server.url).sign_in("editor", "wrong")


def test_a_site_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(demo.DemoError, match="make run"):
        demo.Browser(f"http://127.0.0.1:{find_free_port()}").sign_in("editor", "any")
