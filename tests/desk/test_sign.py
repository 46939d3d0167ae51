"""The one view that signs: who may ask, for what, and how it says no."""

from typing import Any
from uuid import uuid4

import pytest
import urllib3
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.history.change_set import ChangeSet
from mediahub.library import collections, memberships
from mediahub.uploads.models import Upload
from tests.pictures import jpeg
from tests.records import image

FILE = {"method": "PUT", "name": "harbour.jpg", "type": "image/jpeg", "size": 3000}
LARGE = {**FILE, "method": "POST", "size": 20 * 1024 * 1024}


def ask(client: Client, wish: Any, **extra: Any) -> Any:
    return client.post(reverse("desk:sign"), wish, content_type="application/json", **extra)


def begun(client: Client) -> dict[str, Any]:
    """Return the ticket of a large file whose multipart upload has begun, as Uppy begins it."""
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
        assert (
            urllib3.request(method, url, body=b"x" * ticket["part_bytes"] if method == "PUT" else None).status == status
        )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"type": "image/bmp"}, "not an image in a supported format"),
        ({"type": ""}, "not an image in a supported format"),
        ({"size": 0}, "is empty"),
        ({"size": -5}, "is empty"),
        ({"size": 10**12}, "the limit is 200 MB"),
        ({"size": "3000"}, "wrong type"),
        ({"size": True}, "wrong type"),
        ({"size": 12.5}, "wrong type"),
        ({"name": ""}, "names no file"),
        ({"name": ["a"]}, "wrong type"),
        ({"method": "PATCH", "uploadId": "u", "key": "k"}, "no upload step"),
        ({"method": "PUT", "key": "k", "partNumber": 1, "uploadId": {"a": 1}}, "wrong type"),
    ],
)
def test_d4_a_wrong_wish_is_refused_in_a_sentence(signed_in: Client, wrong: dict[str, Any], says: str) -> None:
    answer = ask(signed_in, {**FILE, **wrong})
    assert answer.status_code == 400
    assert says in answer.json()["reason"]
    assert not Upload.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", "{", "null", "[" * 100_000])
def test_what_is_no_json_object_is_refused(signed_in: Client, body: str) -> None:
    assert ask(signed_in, body).status_code == 400


def test_d1_strangers_and_people_without_the_right_get_no_ticket(client: Client, nobody: Client) -> None:
    for someone in (client, nobody):
        answer = ask(someone, FILE)
        assert answer.status_code == 403
        assert answer.json()["reason"]
    assert not Upload.objects.exists()


def test_d2_a_request_from_another_site_gets_no_ticket(editor: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    assert ask(client, FILE).status_code == 403
    assert not Upload.objects.exists()


def test_d2_reading_signs_nothing(signed_in: Client) -> None:
    assert signed_in.get(reverse("desk:sign")).status_code == 405


def test_d8_too_many_open_tickets_are_answered_with_when_to_come_back(signed_in: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_OPEN_TICKETS = 1
    assert ask(signed_in, FILE).status_code == 200
    answer = ask(signed_in, FILE)
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert "still in progress" in answer.json()["reason"]


def test_d8_too_many_bytes_in_one_day_are_answered_with_when_to_come_back(signed_in: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES_PER_DAY = FILE["size"]
    assert ask(signed_in, FILE).status_code == 200
    answer = ask(signed_in, FILE)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 86_000
    assert "in 24 hours" in answer.json()["reason"]


def test_d7_nobody_goes_on_with_anothers_upload(signed_in: Client, other_editor: User) -> None:
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


def test_a_file_that_is_sent_again_keeps_its_upload(signed_in: Client) -> None:
    first = ask(signed_in, FILE).json()
    again = ask(signed_in, {**FILE, "upload": first["upload"]}).json()
    assert (again["upload"], again["key"]) == (first["upload"], first["key"])
    assert Upload.objects.count() == 1
    # Another size is another file, and a ticket that ended is renewed by a new one.
    assert ask(signed_in, {**FILE, "size": 4000, "upload": first["upload"]}).json()["upload"] != first["upload"]
    Upload.objects.filter(pk=first["upload"]).update(expires_at=timezone.now())
    assert ask(signed_in, {**FILE, "upload": first["upload"]}).json()["upload"] != first["upload"]


@pytest.mark.parametrize("state", ["issued", "working", "ready", "rejected", "failed"])
def test_a_file_that_has_arrived_is_not_sent_again(signed_in: Client, state: str) -> None:
    first = ask(signed_in, FILE).json()
    Upload.objects.update(state=state, version_id="v1", attempts=1)
    answer = ask(signed_in, {**FILE, "upload": first["upload"]})
    assert (answer.status_code, answer.json()["arrived"]) == (409, first["upload"])
    assert "has already arrived" in answer.json()["reason"]


def test_nobody_is_told_of_anothers_upload(signed_in: Client, other_editor: User) -> None:
    first = ask(signed_in, FILE).json()
    Upload.objects.update(state="ready", version_id="v1")
    other = Client()
    other.force_login(other_editor)
    answer = ask(other, {**FILE, "upload": first["upload"]})
    assert (answer.status_code, "arrived" in answer.json()) == (200, False)


def person(name: str, *codenames: str) -> Client:
    """Return a client with somebody signed in who has these permissions only."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def test_a_ticket_to_replace_an_image_is_for_that_image_alone(signed_in: Client) -> None:
    new_image = image()
    for name, status in ((str(new_image.pk), 200), (str(uuid4()), 404), ("x", 400)):
        assert ask(signed_in, {**FILE, "image": name, "batch": str(uuid4())}).status_code == status
    upload = Upload.objects.get()
    assert (upload.image, upload.batch, upload.method) == (new_image, None, Upload.Method.POST)
    for wish in (FILE, {**FILE, "image": str(image().pk)}):
        assert ask(signed_in, {**wish, "upload": str(upload.pk)}).json()["upload"] != str(upload.pk)
    same = {**FILE, "image": str(new_image.pk), "upload": str(upload.pk)}
    assert ask(signed_in, same).json()["upload"] == str(upload.pk)


def test_a_file_replaces_an_image_only_for_who_may_and_sees_it(db: None) -> None:
    shown, hidden = image(), image()
    closed = collections.create(ChangeSet(None), "Closed", groups=[Group.objects.create(name="Nobody's")])
    memberships.add_images(ChangeSet(None), [hidden], closed)
    replacer, sender = person("replacer", "replace_image", "view_image"), person("sender", "add_upload", "view_image")
    assert ask(replacer, {**FILE, "image": str(hidden.pk)}).status_code == 404
    assert ask(replacer, {**FILE, "image": str(shown.pk)}).status_code == 200
    # Who may only replace makes no new image, and who may only upload replaces none.
    assert ask(replacer, FILE).status_code == 403
    answer = ask(sender, {**FILE, "image": str(shown.pk)})
    assert answer.status_code == 403
    assert "don't have permission to upload this file here" in answer.json()["reason"]
    assert replacer.get(reverse("desk:replace", args=[hidden.pk])).status_code == 404
    assert sender.get(reverse("desk:replace", args=[shown.pk])).status_code == 403


def test_a_page_of_another_person_sends_nothing(signed_in: Client, editor: User, other_editor: User) -> None:
    assert ask(signed_in, FILE, headers={"X-Desk-User": str(editor.pk)}).status_code == 200
    answer = ask(signed_in, FILE, headers={"X-Desk-User": str(other_editor.pk)})
    assert answer.status_code == 403
    assert "belongs to someone who is no longer signed in" in answer.json()["reason"]
    assert Upload.objects.count() == 1
