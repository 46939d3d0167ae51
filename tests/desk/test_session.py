"""The session ends, or is renewed, while somebody works: nothing that was typed is lost."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mediahub.desk.models import Session
from mediahub.desk.unsaved_input import unsign
from mediahub.library.models import Image
from tests.desk.test_edits import Fields, form
from tests.records import image

GRID = reverse("admin:library_image_changelist")
BULK = reverse("desk:bulk")


def test_a_page_asks_who_is_signed_in_and_which_token_its_forms_need(editor: User) -> None:
    client = Client(enforce_csrf_checks=True)
    stranger = client.get(reverse("desk:session"))
    assert stranger.json()["user"] is None
    assert not stranger.cookies, "would take the place of the cookie of a sign-in that overtook this answer"
    assert "no-store" in stranger["Cache-Control"]
    client.force_login(editor)
    answer = client.get(reverse("desk:session")).json()
    assert answer["user"] == editor.pk
    sent = {"act": "nothing", "csrfmiddlewaretoken": answer["token"]}
    assert client.post(reverse("desk:bulk"), sent).status_code == 302


def test_who_may_not_enter_the_desk_is_nobody_to_it(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("reader"))
    assert client.get(reverse("desk:session")).json()["user"] is None


def page_of(image: Image) -> str:
    return reverse("admin:library_image_change", args=[image.pk])


def end_session(client: Client) -> None:
    """As the clock of the server does after two weeks; the cookies stay in the browser."""
    Session.objects.all().delete()


def sign_in(client: Client, page: str, name: str = "editor") -> Any:
    """Sign in by the form on this page."""
    fields = Fields(page, "password").sent
    return client.post(reverse("admin:login"), {**fields, "username": name, "password": "a-long-password"})


@pytest.fixture
def strict_client(editor: User) -> Client:
    """Provide an editor's client that is refused without a token, as a browser is."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    return client


def test_words_typed_when_the_session_had_ended_are_sent_after_the_sign_in(strict_client: Client) -> None:
    new_image = image(caption="Boats")
    typed = {**form(strict_client, page_of(new_image)), "caption": 'At <dawn> & "noon",\r\ntwo lines', "title": "Quay"}
    end_session(strict_client)
    answer = strict_client.post(page_of(new_image), typed, HTTP_REFERER=f"http://testserver{page_of(new_image)}")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "no-store" in answer["Cache-Control"]
    assert "At &lt;dawn&gt; &amp; &quot;noon&quot;" in page
    wrong = strict_client.post(
        reverse("admin:login"), {**Fields(page, "password").sent, "username": "editor", "password": "x"}
    )
    shown = sign_in(strict_client, wrong.content.decode()).content.decode()
    new_image.refresh_from_db()
    assert new_image.title == "Harbour", "nothing is sent before the person says so"
    assert "as editor" in shown
    assert f'href="{page_of(new_image)}"' in shown
    again = Fields(shown, "caption").sent
    assert f'action="{page_of(new_image)}"' in shown
    assert strict_client.post(page_of(new_image), again).status_code == 302
    new_image.refresh_from_db()
    assert (new_image.title, new_image.caption) == ("Quay", 'At <dawn> & "noon",\ntwo lines')


def test_a_bulk_edit_survives_the_end_of_the_session(strict_client: Client) -> None:
    boats = [image(f"Boat {number}") for number in range(3)]
    order = {**form(strict_client, GRID, "seen"), "act": "set_credit", "credit": "Ada"}
    order["image"] = [str(boat.pk) for boat in boats]
    end_session(strict_client)
    shown = sign_in(strict_client, strict_client.post(f"{BULK}?q=boat", order).content.decode()).content.decode()
    assert f'action="{BULK}?q=boat"' in shown
    strict_client.post(BULK, Fields(shown, "credit").sent)
    assert set(Image.objects.values_list("credit", flat=True)) == {"Ada"}


def test_who_signs_in_instead_is_named_before_anything_is_sent(strict_client: Client, other_editor: User) -> None:
    new_image = image()
    typed = {**form(strict_client, page_of(new_image)), "caption": "Boats"}
    end_session(strict_client)
    shown = sign_in(
        strict_client, strict_client.post(page_of(new_image), typed).content.decode(), "other"
    ).content.decode()
    assert "as other" in shown
    new_image.refresh_from_db()
    assert new_image.caption == ""


def test_a_form_that_is_older_than_the_sign_in_in_another_tab_is_kept(strict_client: Client) -> None:
    new_image = image()
    typed = {**form(strict_client, page_of(new_image)), "caption": "Boats at <dawn>"}
    strict_client.post(reverse("admin:logout"), {"csrfmiddlewaretoken": typed["csrfmiddlewaretoken"][0]})
    sign_in(strict_client, strict_client.get(reverse("admin:login")).content.decode())
    answer = strict_client.post(page_of(new_image), typed)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Boats at &lt;dawn&gt;" in page
    assert typed["csrfmiddlewaretoken"][0] not in page
    assert strict_client.post(page_of(new_image), Fields(page, "caption").sent).status_code == 302
    new_image.refresh_from_db()
    assert new_image.caption == "Boats at <dawn>"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Referer": "https://elsewhere.example/testserver/"},
    ],
)
def test_what_another_site_sends_is_refused_and_offered_to_nobody(
    strict_client: Client, headers: dict[str, str]
) -> None:
    new_image = image()
    for client in (strict_client, Client(enforce_csrf_checks=True)):
        answer = client.post(page_of(new_image), {"title": "Sent from elsewhere"}, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 403
        assert "Sent from elsewhere" not in page
        assert 'name="typed"' not in page
        assert f'action="{page_of(new_image)}' not in page


def test_passwords_show_on_no_page_and_lie_in_none(strict_client: Client, chief: User) -> None:
    User.objects.filter(pk=chief.pk).update(is_superuser=True)
    secret = {"username": "new", "password1": "open sesame 7", "password2": "open sesame 7", "usable_password": "true"}
    refused = strict_client.post(reverse("admin:auth_user_add"), secret)
    assert "new" in refused.content.decode()
    end_session(strict_client)
    stale = Client(enforce_csrf_checks=True)
    for client, path in (
        (strict_client, "admin:password_change"),
        (stale, "admin:login"),
        (stale, "admin:auth_user_add"),
    ):
        page = client.post(reverse(path), {"old_password": "open sesame 7", **secret}).content.decode()
        assert "open sesame" not in page
        if 'name="typed"' in page:
            fields = unsign(Fields(page, "typed").sent["typed"][0])
            assert fields
            assert "open sesame" not in str(fields)
            assert "password1" in fields.lost


def test_two_tabs_of_the_sign_in_lead_to_the_desk(editor: User) -> None:
    client = Client(enforce_csrf_checks=True)
    first, second = (client.get(reverse("admin:login")).content.decode() for _ in range(2))
    sign_in(client, first)
    client.cookies["csrftoken"] = "x" * 32
    again = sign_in(client, second)
    assert again.status_code == 403
    assert 'id="login-form"' in again.content.decode()
    assert sign_in(client, again.content.decode()).status_code == 302


def test_an_invitation_whose_token_was_renewed_says_what_to_do() -> None:
    path = reverse("password_reset_confirm", args=["MQ", "set-password"])
    page = Client(enforce_csrf_checks=True).post(path, {"new_password1": "open sesame 7"}).content.decode()
    assert "Open form again" in page
    assert "open sesame" not in page
    assert 'id="login-form"' not in page


def test_a_script_is_told_in_json(strict_client: Client) -> None:
    new_image = image()
    asks: list[dict[str, Any]] = [
        {"headers": {"Accept": "application/json"}},
        {"headers": {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}},
    ]
    for more in asks:
        answer = strict_client.post(reverse("desk:drop"), {"image": str(new_image.pk)}, **more)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
        assert answer.json()["reason"]
    token = strict_client.get(reverse("desk:session")).json()["token"]
    end_session(strict_client)
    answer = strict_client.post(page_of(new_image), {"csrfmiddlewaretoken": token, "title": "x"}, **asks[0])
    assert (answer.status_code, answer.json()["code"]) == (403, "signed_out")


@pytest.mark.parametrize("text", ["", "x", "a:b:c", "a" * 3000])
def test_what_this_site_did_not_sign_is_brought_to_nobody(client: Client, editor: User, text: str) -> None:
    answer = client.post(
        reverse("admin:login"), {"username": "editor", "password": "a-long-password", "typed": text, "next": "/admin/"}
    )
    assert answer.status_code == 302


def test_a_request_that_is_too_large_is_a_refusal(strict_client: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    answer = strict_client.post(page_of(image()), {f"field{n}": "x" for n in range(9)})
    assert answer.status_code in (400, 403)


def test_signing_out_leaves_nothing_in_the_browser(client: Client, editor: User) -> None:
    client.force_login(editor)
    assert not client.get("/admin/").has_header("Clear-Site-Data")
    answer = client.post(reverse("admin:logout"))
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get(reverse("desk:session")).json()["user"] is None
