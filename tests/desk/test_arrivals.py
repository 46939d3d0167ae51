"""What the pages ask again and again, and the form without JavaScript."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.uploads.models import Upload
from tests.browser.stock import failed_item, upload
from tests.desk.conftest import HOSTILE
from tests.records import image

STATUS = "desk:status"


def read_statuses(client: Client, *ids: object) -> list[dict[str, Any]]:
    answer = client.get(reverse(STATUS), {"ids": ",".join(str(one) for one in ids)})
    assert answer.status_code == 200
    uploads: list[dict[str, Any]] = answer.json()["uploads"]
    return uploads


@pytest.mark.parametrize(
    ("state", "values", "label", "says", "ended"),
    [
        ("issued", {}, "waiting", "", False),
        ("issued", {"attempts": 1}, "waiting", "another attempt", False),
        ("working", {"attempts": 1}, "processing", "", False),
        ("working", {"attempts": 2}, "processing", "Attempt 2", False),
        ("rejected", {"reason": "Not a picture."}, "rejected", "Not a picture.", True),
        ("failed", {"reason": "No store."}, "failed", "No store. The file is kept", True),
    ],
)
def test_each_state_is_told_in_plain_words(
    signed_in: Client, editor: User, state: str, values: dict[str, Any], label: str, says: str, ended: bool
) -> None:
    (now,) = read_statuses(signed_in, upload(editor, "a.jpg", state, **values).pk)
    assert (now["label"], now["ended"]) == (label, ended)
    assert says in now["reason"]


def test_a_file_that_never_came_is_not_waited_for(signed_in: Client, editor: User) -> None:
    lost = upload(editor, "a.jpg", "issued")
    Upload.objects.filter(pk=lost.pk).update(expires_at=timezone.now() - timedelta(hours=2))
    (now,) = read_statuses(signed_in, lost.pk)
    assert (now["label"], now["ended"]) == ("never arrived", True)


def test_what_is_done_shows_its_picture_and_renditions(signed_in: Client, editor: User) -> None:
    new_image = image()
    (now,) = read_statuses(signed_in, upload(editor, "a.jpg", "ready", image=new_image).pk)
    assert now["picture"]["width"] == 256
    assert "small/" in now["picture"]["address"]
    assert [link["text"] for link in now["links"]] == [
        "Open",
        "large 1024 × 768",
        "medium 512 × 384",
        "small 256 × 192",
    ]


def test_without_the_right_to_all_one_sees_ones_own_only(editor: User, nobody: Client) -> None:
    guest = User.objects.get(username="guest")
    guest.user_permissions.add(Permission.objects.get(codename="add_upload"))
    own, other = upload(guest, "mine.jpg", "working"), upload(editor, "theirs.jpg", "working")
    assert [one["name"] for one in read_statuses(nobody, own.pk, other.pk)] == ["mine.jpg"]
    assert nobody.get(reverse("desk:arrival", args=[other.pk])).status_code == 404
    assert nobody.get(reverse("desk:arrival", args=[own.pk])).status_code == 200


def test_the_question_is_bounded_and_checked(signed_in: Client) -> None:
    assert signed_in.get(reverse(STATUS), {"ids": "1"}).status_code == 400
    many = ",".join(str(uuid4()) for _ in range(201))
    assert signed_in.get(reverse(STATUS), {"ids": many}).status_code == 400
    assert read_statuses(signed_in) == []
    assert signed_in.post(reverse(STATUS)).status_code == 405


@pytest.mark.parametrize("name", ["desk:status", "desk:pulse"])
def test_strangers_are_told_nothing(client: Client, nobody: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 403
    assert nobody.get(reverse(name)).status_code == 403


def test_asking_about_many_costs_no_more(signed_in: Client, editor: User, queries: Any) -> None:
    ids = [upload(editor, f"{n}.jpg", "ready", image=image()).pk for n in range(12)]
    path = f"{reverse(STATUS)}?ids="
    assert queries(path + ",".join(map(str, ids[:2]))) == queries(path + ",".join(map(str, ids)))


def test_the_pulse_changes_with_a_new_image_and_a_failure(signed_in: Client) -> None:
    before = signed_in.get(reverse("desk:pulse")).json()
    image()
    failed_item(None)
    after = signed_in.get(reverse("desk:pulse")).json()
    assert before == {"newest": "", "failed": 0}
    assert (bool(after["newest"]), after["failed"]) == (True, 1)


@pytest.mark.parametrize("name", ["desk:upload", "desk:plain"])
def test_the_pages_ask_for_the_right_to_upload(client: Client, nobody: Client, name: str) -> None:
    assert client.get(reverse(name)).status_code == 302
    assert nobody.get(reverse(name)).status_code == 403


def test_a_hostile_name_stays_text_on_the_upload_page(signed_in: Client, editor: User) -> None:
    upload(editor, HOSTILE, "rejected", reason=HOSTILE)
    page = signed_in.get(reverse("desk:upload")).content.decode()
    assert "<script>alert" not in page
    assert "\\u003Cscript\\u003Ealert" in page


def test_the_plain_form_keeps_one_ticket_and_leads_back(signed_in: Client) -> None:
    first, second = (signed_in.get(reverse("desk:plain")).content.decode() for _ in range(2))
    only = Upload.objects.get()
    assert only.method == Upload.Method.PLAIN
    back = f'name="success_action_redirect" value="http://testserver{reverse("desk:arrival", args=[only.pk])}"'
    assert back in first
    assert back in second
    # S3 ignores every field that follows the file.
    assert re.findall(r'<input[^>]*name="(\w[^"]*)"', first)[-1] == "file"


def test_the_plain_form_says_why_there_is_none(signed_in: Client, settings: Any) -> None:
    settings.UPLOAD_MAX_OPEN_TICKETS = 0
    page = signed_in.get(reverse("desk:plain")).content.decode()
    assert "still in progress" in page
    assert '<input type="file"' not in page


def test_a_page_without_javascript_asks_again_until_the_end(signed_in: Client, editor: User) -> None:
    going, gone = upload(editor, "a.jpg", "working"), upload(editor, "b.jpg", "rejected", reason="Not a picture.")
    pages = [signed_in.get(reverse("desk:arrival", args=[one.pk])).content.decode() for one in (going, gone)]
    assert ['http-equiv="refresh"' in page for page in pages] == [True, False]
    assert "Not a picture." in pages[1]
