"""Signing in with Chromium: a passkey from a virtual authenticator, codes, recovery codes, and too many failures."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from mediahub.desk.models import Session
from mediahub.desk.people import lockouts
from tests.browser.desk import Desk, sign_in_by_hand

ACCOUNT = "/admin/account/"


@pytest.fixture(autouse=True)
def at_this_address(settings: Any, live_server: Any) -> None:
    """Let passkeys belong to the host of the test's site, as SITE_URL says in a deployment."""
    settings.SITE_URL = live_server.url


@pytest.fixture
def authenticator(desk: Desk) -> str:
    """Provide a device that keeps passkeys and unlocks them, and return its id."""
    protocol = desk.page.context.new_cdp_session(desk.page)
    protocol.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = protocol.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return str(added["authenticatorId"])


def read_code(secret: str, steps: int = 0) -> str:
    return str(totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30 + steps)))


def add_app(page: Page) -> tuple[str, list[str]]:
    """Set up an authenticator app from the person's page, and return its secret and the recovery codes."""
    page.get_by_role("link", name="Add authenticator app").click()
    secret = page.locator(".secret").inner_text()
    page.get_by_label("Code from the app").fill(read_code(secret))
    page.get_by_role("button", name="Add authenticator app").click()
    codes = page.locator(".recovery-codes code").all_inner_texts()
    return secret, codes


def sign_out(page: Page) -> None:
    page.locator("details.menu-end summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.locator(".ways").wait_for(state="detached")


def enter_password(desk: Desk, user: User, password: str = "a-long-password") -> None:
    desk.open("/admin/login/")
    desk.page.get_by_label("Username").fill(user.username)
    desk.page.get_by_label("Password").fill(password)
    desk.page.get_by_role("button", name="Sign in").click()


def test_a_passkey_is_added_and_signs_in_without_a_password(desk: Desk, chief: User, authenticator: str) -> None:
    page = desk.page
    desk.open("/admin/")
    sign_in_by_hand(page, chief)
    desk.open(ACCOUNT)
    assert desk.findings() == []
    page.get_by_role("link", name="Add passkey").click()
    assert desk.findings() == []
    page.get_by_label("Name of the passkey").fill("Work laptop")
    page.get_by_role("button", name="Add passkey").click()
    page.locator(".recovery-codes").wait_for()
    assert desk.findings() == []
    desk.open(ACCOUNT)
    expect(page.get_by_text("Work laptop").first).to_be_visible()
    assert desk.findings() == []
    sign_out(page)
    desk.open("/admin/library/image/")
    page.get_by_role("button", name="Use a passkey").click()
    page.locator(".ways").wait_for()
    assert page.url.endswith("/admin/library/image/")
    assert Authenticator.objects.get(type="webauthn").last_used_at


def test_a_passkey_is_a_second_factor_as_well(desk: Desk, chief: User, authenticator: str) -> None:
    page = desk.page
    desk.open("/admin/")
    sign_in_by_hand(page, chief)
    desk.open("/admin/account/passkeys/add/")
    page.get_by_role("button", name="Add passkey").click()
    page.locator(".recovery-codes").wait_for()
    sign_out(page)
    enter_password(desk, chief)
    page.get_by_role("button", name="Use your passkey").click()
    page.locator(".ways").wait_for()


def test_whoever_has_no_passkey_here_is_told_so(desk: Desk, chief: User, authenticator: str) -> None:
    page = desk.page
    desk.open("/admin/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("No passkey was used.")).to_be_visible()
    assert desk.findings() == []


def test_a_chief_editor_sets_up_an_app_and_signs_in_with_a_code_and_a_recovery_code(
    desk: Desk, chief: User, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = ["chief"]
    page = desk.page
    enter_password(desk, chief)
    expect(page.get_by_text("Your role needs a second factor.")).to_be_visible()
    assert desk.findings() == []
    secret, codes = add_app(page)
    assert len(codes) == 10
    page.get_by_role("link", name="I have stored them").click()
    sign_out(page)
    enter_password(desk, chief)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".errornote")).to_contain_text("wrong")
    assert desk.findings() == []
    # The next code: allowed, since a phone's clock may be half a minute ahead, and not used yet.
    page.get_by_label("Code").fill(read_code(secret, 1))
    page.get_by_role("button", name="Continue").click()
    page.locator(".ways").wait_for()
    sign_out(page)
    enter_password(desk, chief)
    page.get_by_label("Code").fill(codes[0])
    page.keyboard.press("Enter")
    expect(page.get_by_text("You used a recovery code. 9 are left.")).to_be_visible()


@pytest.mark.parametrize("language", ["ar", "de"])
def test_the_pages_of_the_account_fit_into_a_narrow_window(desk: Desk, chief: User, language: str) -> None:
    page = desk.page
    desk.open("/admin/")
    sign_in_by_hand(page, chief)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": desk.address}])
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    for path in (ACCOUNT, "/admin/account/app/", "/admin/account/passkeys/add/"):
        desk.open(path)
        assert desk.findings() == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_too_many_failures_are_told_with_the_time_to_wait(desk: Desk, chief: User) -> None:
    page = desk.page
    for _ in range(lockouts.MOST_OF_PAIR):
        enter_password(desk, chief, "wrong")
        expect(page.locator(".errornote")).to_contain_text("wrong")
    enter_password(desk, chief)
    expect(page.locator(".errornote")).to_contain_text("Try again in 15 minutes.")
    assert desk.findings() == []


def test_signing_out_everywhere_ends_the_other_browser(desk: Desk, chief: User, browser: Any) -> None:
    page = desk.page
    desk.open("/admin/")
    sign_in_by_hand(page, chief)
    other = browser.new_context()
    elsewhere = other.new_page()
    elsewhere.goto(f"{desk.address}/admin/")
    sign_in_by_hand(elsewhere, chief)
    desk.open(ACCOUNT)
    expect(page.locator(".session-list li")).to_have_count(2)
    page.get_by_role("button", name="End session").click()
    expect(page.locator(".session-list li")).to_have_count(1)
    elsewhere.goto(f"{desk.address}/admin/")
    elsewhere.get_by_label("Password").wait_for()
    sign_in_by_hand(elsewhere, chief)
    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_label("Password").wait_for()
    assert not Session.objects.filter(user=chief).exists()
    other.close()
