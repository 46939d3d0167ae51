"""The session ends, or is renewed, while somebody works: nothing that was typed is lost."""

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse


def test_a_page_asks_who_is_signed_in_and_which_token_its_forms_need(editor: User) -> None:
    client = Client(enforce_csrf_checks=True)
    stranger = client.get(reverse("desk:session"))
    assert stranger.json()["user"] is None
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
