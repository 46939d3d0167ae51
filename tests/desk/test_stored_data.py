"""See that what the browser stores is there for its person, and goes when somebody else comes or nobody does."""

import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mediahub.desk.stored_data import COOKIE, KEPT_SECONDS, REFRESH_SECONDS

SIGN_IN = reverse("admin:login")
PASSWORD = {"password": "a-long-password"}


def clears(client: Client, path: str = "/admin/") -> bool:
    return client.get(path).has_header("Clear-Site-Data")


def age(client: Client, seconds: float) -> None:
    owner = client.cookies[COOKIE].value.partition(".")[0]
    client.cookies[COOKIE] = f"{owner}.{int(time.time() - seconds)}"


def test_another_person_who_signs_in_gets_nothing_of_the_one_before(
    client: Client, editor: User, other_editor: User
) -> None:
    client.force_login(editor)
    assert not clears(client)
    del client.cookies["sessionid"]
    assert not clears(client, SIGN_IN)
    answer = client.post(SIGN_IN, {"username": other_editor.username, **PASSWORD})
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not clears(client)


def test_the_same_person_goes_on(client: Client, editor: User) -> None:
    client.force_login(editor)
    client.get("/admin/")
    del client.cookies["sessionid"]
    age(client, KEPT_SECONDS - 60)
    assert not clears(client, SIGN_IN)
    assert not client.post(SIGN_IN, {"username": editor.username, **PASSWORD}).has_header("Clear-Site-Data")
    assert not clears(client)


def test_what_nobody_came_back_for_goes_with_the_page_that_asks_to_sign_in(client: Client, editor: User) -> None:
    client.force_login(editor)
    client.get("/admin/")
    age(client, KEPT_SECONDS + 60)
    # Whoever is still signed in keeps what they have.
    assert not clears(client)
    del client.cookies["sessionid"]
    age(client, KEPT_SECONDS + 60)
    assert clears(client, SIGN_IN)
    assert not clears(client, SIGN_IN)


def test_the_moment_is_written_again_only_now_and_then(client: Client, editor: User) -> None:
    client.force_login(editor)
    cookie = client.get("/admin/").cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert COOKIE not in client.get("/admin/").cookies
    age(client, REFRESH_SECONDS + 60)
    assert COOKIE in client.get("/admin/").cookies
    # A script's question clears and writes nothing.
    assert COOKIE not in client.get(reverse("desk:session")).cookies


@pytest.mark.parametrize("value", ["", "x", "1", "1.", ".1", "-1.5", "²." + "9" * 9, "1." + "9" * 40, "1.2.3"])
def test_a_cookie_that_somebody_wrote_breaks_no_page(client: Client, editor: User, value: str) -> None:
    client.cookies[COOKIE] = value
    assert client.get(SIGN_IN).status_code == 200
    client.force_login(editor)
    assert client.get("/admin/").status_code == 200
