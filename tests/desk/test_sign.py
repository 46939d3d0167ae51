"""The one view that signs: who may ask, for what, and how it says no."""

from typing import Any

import pytest
import urllib3
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mediahub.intake.models import Upload
from tests.pictures import jpeg

FILE = {"method": "PUT", "name": "harbour.jpg", "type": "image/jpeg", "size": 3000}
LARGE = {**FILE, "method": "POST", "size": 20 * 1024 * 1024}


def ask(client: Client, wish: Any, **extra: Any) -> Any:
    return client.post(reverse("desk:sign"), wish, content_type="application/json", **extra)


def begun(client: Client) -> dict[str, Any]:
    """The ticket of a large file whose multipart upload has begun, as Uppy begins it."""
    ticket: dict[str, Any] = ask(client, LARGE).json()
    answer = urllib3.request("POST", ticket["url"], headers={"Content-Type": "image/jpeg", **ticket["headers"]})
    begin, end = "<UploadId>", "</UploadId>"
    return {**ticket, "uploadId": answer.data.decode().split(begin)[1].split(end)[0]}


def test_a_small_file_gets_a_form_that_the_store_takes(signed_in: Client) -> None:
    data = jpeg()
    ticket = ask(signed_in, {**FILE, "size": len(data)}).json()
    upload = Upload.objects.get(pk=ticket["upload"])
    assert ticket["fields"]["key"] == ticket["key"] == upload.key == f"uploads/{upload.pk}/original"
    fields = {**ticket["fields"], "file": ("x", data, "image/jpeg")}
    assert urllib3.request("POST", ticket["url"], fields=fields).status == 204


def test_a_large_file_gets_every_step_of_an_upload_in_parts(signed_in: Client) -> None:
    ticket = begun(signed_in)
    steps = {"GET": 200, "PUT": 200, "DELETE": 204}
    for method, status in steps.items():
        wish = {"method": method, "key": ticket["key"], "uploadId": ticket["uploadId"]}
        wish |= {"partNumber": 1} if method == "PUT" else {}
        url = ask(signed_in, wish).json()["url"]
        assert urllib3.request(method, url, body=b"x" if method == "PUT" else None).status == status


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"type": "image/tiff"}, "not a JPEG, PNG, GIF or WebP"),
        ({"type": ""}, "not a JPEG, PNG, GIF or WebP"),
        ({"size": 0}, "is empty"),
        ({"size": -5}, "is empty"),
        ({"size": 10**12}, "at most"),
        ({"size": "3000"}, "wrong type"),
        ({"size": True}, "wrong type"),
        ({"size": 12.5}, "wrong type"),
        ({"name": ""}, "names no file"),
        ({"name": ["a"]}, "wrong type"),
        ({"method": "PATCH", "uploadId": "u", "key": "k"}, "no step"),
        ({"method": "PUT", "key": "k", "partNumber": 1, "uploadId": {"a": 1}}, "wrong type"),
    ],
)
def test_a_wrong_wish_is_refused_in_a_sentence(signed_in: Client, wrong: dict[str, Any], says: str) -> None:
    answer = ask(signed_in, {**FILE, **wrong})
    assert answer.status_code == 400
    assert says in answer.json()["reason"]
    assert not Upload.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", "{", "null", "[" * 100_000])
def test_what_is_no_json_object_is_refused(signed_in: Client, body: str) -> None:
    assert ask(signed_in, body).status_code == 400


def test_strangers_and_people_without_the_right_get_no_ticket(client: Client, nobody: Client) -> None:
    for someone in (client, nobody):
        answer = ask(someone, FILE)
        assert answer.status_code == 403
        assert answer.json()["reason"]
    assert not Upload.objects.exists()


def test_a_request_from_another_site_gets_no_ticket(editor: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    assert ask(client, FILE).status_code == 403
    assert not Upload.objects.exists()


def test_reading_signs_nothing(signed_in: Client) -> None:
    assert signed_in.get(reverse("desk:sign")).status_code == 405


def test_too_many_open_tickets_are_answered_with_when_to_come_back(signed_in: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_OPEN_TICKETS = 1
    assert ask(signed_in, FILE).status_code == 200
    answer = ask(signed_in, FILE)
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert "still on their way" in answer.json()["reason"]


def test_nobody_goes_on_with_anothers_upload(signed_in: Client, other_editor: User) -> None:
    ticket = begun(signed_in)
    other = Client()
    other.force_login(other_editor)
    wish = {"method": "PUT", "key": ticket["key"], "uploadId": ticket["uploadId"], "partNumber": 1}
    answer = ask(other, wish)
    assert answer.status_code == 400
    assert "url" not in answer.json()


def test_a_role_that_is_missing_is_said_and_not_a_crash(signed_in: Client, settings: Any) -> None:
    settings.AWS_PROFILE = "nobody-wrote-this-profile"
    answer = ask(signed_in, FILE)
    assert answer.status_code == 503
    assert answer.json()["reason"]
