"""The upload page's questions about files that are sent together."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from mediahub.history.models import Action, Change
from mediahub.uploads.models import Upload, UploadBatch
from tests.browser.stock import upload
from tests.desk.test_sign import FILE, ask
from tests.records import image

ONE = "1" * 64


def post(client: Client, name: str, asked: Any, *args: Any) -> Any:
    return client.post(reverse(name, args=args), asked, content_type="application/json")


def test_the_first_ticket_begins_the_batch_that_the_browser_names(signed_in: Client, editor: User) -> None:
    batch_id = uuid4()
    for _file in range(2):
        assert ask(signed_in, {**FILE, "batch": str(batch_id), "sha256": ONE}).status_code == 200
    batch = UploadBatch.objects.get()
    assert (batch.pk, batch.by) == (batch_id, editor)
    assert set(Upload.objects.values_list("batch", "declared_sha256")) == {(batch_id, ONE)}


def test_a_batch_of_somebody_else_and_what_is_none_are_refused(signed_in: Client, other_editor: User) -> None:
    batch = UploadBatch.objects.create(by=other_editor)
    for wrong, says in ((str(batch.pk), "someone else"), ("x", "wrong type"), ([1], "wrong type")):
        answer = ask(signed_in, {**FILE, "batch": wrong})
        assert answer.status_code == 400
        assert says in answer.json()["reason"]
    assert ask(signed_in, {**FILE, "sha256": "no hash"}).status_code == 200
    assert Upload.objects.get().declared_sha256 == ""


def test_files_that_are_there_are_told_with_their_image(signed_in: Client, editor: User) -> None:
    new_image = image()
    type(new_image).objects.filter(pk=new_image.pk).update(sha256=ONE)
    going = upload(editor, "b.jpg", "working", declared_sha256="2" * 64)
    known = post(signed_in, "desk:known", {"hashes": [ONE, "2" * 64, "3" * 64]}).json()["known"]
    assert set(known) == {ONE, "2" * 64}
    assert known[ONE]["title"] == "Harbour"
    assert known[ONE]["href"] == reverse("admin:library_image_change", args=[new_image.pk])
    assert "small/" in known[ONE]["picture"]
    assert known["2" * 64]["upload"] == str(going.pk)


@pytest.mark.parametrize(
    "asked", [{}, [], {"hashes": "1"}, {"hashes": ["1"]}, {"hashes": [1]}, {"hashes": [ONE] * 201}]
)
def test_what_is_no_list_of_hashes_is_refused(signed_in: Client, asked: Any) -> None:
    answer = post(signed_in, "desk:known", asked)
    assert answer.status_code == 400
    assert answer.json()["reason"]


def test_who_may_send_but_see_nothing_learns_nothing_of_the_library(client: Client, nobody: Client) -> None:
    image()
    hashes = {"hashes": ["0" * 64]}
    assert post(client, "desk:known", hashes).status_code == 403
    assert post(nobody, "desk:known", hashes).status_code == 403
    User.objects.get(username="guest").user_permissions.add(Permission.objects.get(codename="add_upload"))
    assert post(nobody, "desk:known", hashes).json() == {"known": {}}
    assert post(nobody, "desk:batch_words", {"title": "x"}, uuid4()).status_code == 403
    page = nobody.get(reverse("desk:upload")).content.decode()
    assert 'id="batch"' not in page


def test_asking_about_many_files_costs_no_more(signed_in: Client, django_assert_max_num_queries: Any) -> None:
    for n in range(6):
        new_image = image()
        type(new_image).objects.filter(pk=new_image.pk).update(sha256=str(n) * 64)
    with django_assert_max_num_queries(8):
        assert len(post(signed_in, "desk:known", {"hashes": [str(n) * 64 for n in range(6)]}).json()["known"]) == 6


def test_words_are_kept_said_told_and_taken_back(signed_in: Client, editor: User) -> None:
    batch = UploadBatch.objects.create(by=editor)
    new_image = image()
    upload(editor, "a.jpg", "ready", image=new_image, batch=batch)
    words = {"title": "Fair", "numbered": True, "credit": "Ada", "license": "CC0", "tags": ["boats", ""]}
    words |= {"copyright": "© Ada", "license_url": "https://example.com/cc0"}
    answer = post(signed_in, "desk:batch_words", words, batch.pk).json()
    assert (answer["changed"], answer["next"], answer["refused"]) == (2, None, [])
    status = signed_in.get(reverse("desk:batch_words", args=[batch.pk])).json()
    assert status == {
        "title": "Fair",
        "numbered": True,
        "credit": "Ada",
        "copyright": "© Ada",
        "license": "CC0",
        "license_url": "https://example.com/cc0",
        "tags": ["boats"],
        "collection": None,
    }
    new_image.refresh_from_db()
    assert (new_image.title, new_image.credit, new_image.license) == ("Fair 1", "Ada", "CC0")
    page = signed_in.get(reverse("desk:activity")).content.decode()
    assert "Fair 1" in page
    assert post(signed_in, "desk:batch_words", {"undo": True}, batch.pk).json()["said"]
    new_image.refresh_from_db()
    assert new_image.title == "Harbour"
    assert Change.objects.filter(action=Action.UNDONE).exists()


def test_words_that_cannot_be_kept_say_why(signed_in: Client, other_editor: User) -> None:
    theirs = UploadBatch.objects.create(by=other_editor, title="Secret")
    for wrong in (
        *({"title": "x" * 301}, {"title": 1}, {"tags": "a"}, {"tags": ["x" * 101]}, {"credit": "a\x00b"}),
        *({"license_url": "javascript:alert(1)"}, {"copyright": "x" * 501}),
    ):
        answer = post(signed_in, "desk:batch_words", wrong, uuid4())
        assert answer.status_code == 400
        assert answer.json()["reason"]
    assert post(signed_in, "desk:batch_words", {"title": "Mine"}, theirs.pk).status_code == 403
    assert signed_in.get(reverse("desk:batch_words", args=[theirs.pk])).json()["title"] == ""


def test_the_library_shows_the_images_of_one_batch(signed_in: Client, editor: User) -> None:
    batch = UploadBatch.objects.create(by=editor)
    upload(editor, "a.jpg", "ready", image=image("Of the batch"), batch=batch)
    image("Of none")
    answer = signed_in.get(reverse("desk:batch", args=[batch.pk]), follow=True)
    page = answer.content.decode()
    assert "Of the batch" in page
    assert "Of none" not in page
    assert "Upload batch" in page
    assert 'name="batch"' in page
    assert str(batch.pk) in signed_in.get(reverse("admin:uploads_upload_changelist")).content.decode()
    assert "is not valid" in signed_in.get(reverse("admin:library_image_changelist") + "?batch=7").content.decode()
