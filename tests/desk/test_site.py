"""The site around the pages: the first page, the ways, the uploads, the policy."""

import re
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mediahub.desk.upload import presenters as upload_presenters
from mediahub.library.models import SavedSearch
from mediahub.uploads.models import Upload
from tests.browser.stock import failed_item, upload
from tests.desk.conftest import HOSTILE
from tests.records import image


def ways(client: Client) -> list[str]:
    return [way.name for way in client.get("/admin/").context["navigation"]]


def test_everyone_is_shown_the_ways_they_may_go(signed_in: Client, nobody: Client, admin_client: Client) -> None:
    everyday = ["upload", "review", "images", "collections", "failed"]
    rest = ["uploads", "duplicates", "tags", "work", "activity", "dashboard"]
    assert ways(signed_in) == [*everyday, *rest]
    assert ways(admin_client) == [*everyday, *rest, "checks", "users"]
    assert ways(nobody) == []


def test_the_first_page_counts(signed_in: Client, editor: User) -> None:
    image(alt_text="A quay")
    image(state="published")
    upload(editor, "a.jpg", "working")
    failed_item(None)
    failed_item(None, state="discarded")
    shown = signed_in.get("/admin/")
    assert shown.context["counts"] == {
        "images": {"all": 2, "in_review": 1, "no_alt_text": 1},
        "uploads": {"today": "1", "running": "1"},
    }
    assert "1 image lacks alt text" in shown.content.decode()
    assert re.search(r"data-failed\s*>1<", shown.content.decode())


def test_every_page_carries_the_policy_and_no_inline_style_or_script(signed_in: Client, editor: User) -> None:
    new_image = image()
    sent = upload(editor, "a.jpg", "ready", image=new_image)
    paths = ["/admin/", "/admin/library/image/", "/admin/upload/", f"/admin/library/image/{new_image.pk}/change/"]
    for path in [*paths, f"/admin/uploads/upload/{sent.pk}/change/", "/admin/library/tag/"]:
        answer = signed_in.get(path)
        policy = {directive.strip() for directive in answer["Content-Security-Policy"].split(";")}
        assert {"script-src 'self'", "style-src 'self'"} <= policy
        features = answer["Permissions-Policy"].split(", ")
        assert {"camera=()", "geolocation=()", "microphone=()", "payment=()", "usb=()"} <= set(features)
        page = answer.content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=", page)
        assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page) == []


@pytest.mark.parametrize(
    ("state", "values", "says"),
    [
        (Upload.State.ISSUED, {}, "The file has not arrived yet."),
        (Upload.State.ISSUED, {"attempts": 2}, "Waiting for another attempt."),
        (Upload.State.WORKING, {"attempts": 1, "step": "render"}, "The file is being processed."),
        (Upload.State.READY, {"attempts": 1}, "The file was processed and is now an image in the library."),
        (Upload.State.REJECTED, {"reason": "No picture."}, "will not be retried: No picture."),
        (Upload.State.FAILED, {"reason": "No store."}, "Processing failed: No store."),
        (Upload.State.DELETED, {}, "was deleted"),
    ],
)
def test_an_upload_tells_its_story(editor: User, state: str, values: dict[str, Any], says: str) -> None:
    sentences = [
        sentence for _when, sentence in upload_presenters.list_events(upload(editor, "a.jpg", state, **values))
    ]
    assert sentences[0].startswith("editor requested an upload ticket")
    assert says in sentences[-1]


def test_an_object_without_a_ticket_says_so(editor: User) -> None:
    adopted = upload(editor, "a.jpg", "ready", source=Upload.Source.BUCKET)
    assert "without a ticket" in upload_presenters.list_events(adopted)[0][1]


def test_an_upload_is_looked_at_and_not_changed(chief_client: Client, editor: User) -> None:
    sent = upload(editor, HOSTILE, "failed", reason=HOSTILE)
    failed_item(sent)
    path = reverse("admin:uploads_upload_change", args=[sent.pk])
    assert "<script>alert" not in chief_client.get(path).content.decode()
    assert chief_client.post(path, {"file_name": "x"}).status_code == 403
    assert chief_client.get(reverse("admin:uploads_upload_add")).status_code == 403
    assert chief_client.post(reverse("admin:uploads_upload_delete", args=[sent.pk])).status_code == 403
    assert "<script>alert" not in chief_client.get("/admin/uploads/upload/").content.decode()


def test_time_is_told_as_people_tell_it(signed_in: Client, editor: User) -> None:
    upload(editor, "a.jpg", "ready")
    assert "just now" in signed_in.get("/admin/uploads/upload/").content.decode()
    Upload.objects.update(issued_at="2020-01-01T00:00:00Z")
    assert re.search(r"\d years ago", signed_in.get("/admin/uploads/upload/").content.decode())


def test_the_address_of_the_site_leads_to_the_desk(client: Client, signed_in: Client) -> None:
    assert client.get("/")["Location"] == "/admin/"
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"


def test_users_are_for_who_may_manage_them(admin_client: Client, editor: User, signed_in: Client) -> None:
    path = reverse("admin:auth_user_change", args=[editor.pk])
    assert signed_in.get(path).status_code == 403
    page = admin_client.get(path).content.decode()
    assert page.count('name="groups"') == 2
    assert 'name="user_permissions"' not in page


def test_who_deletes_a_person_is_told_the_numbers_and_no_titles(admin_client: Client, editor: User) -> None:
    new_image = image("Unmistakable")
    LogEntry.objects.log_actions(editor.pk, [new_image], CHANGE, single_object=True)
    SavedSearch.objects.create(owner=editor, name="Private search", query="q=a")
    SavedSearch.objects.create(owner=editor, name="Shared search", query="q=a", shared=True)
    address = reverse("admin:auth_user_delete", args=[editor.pk])
    page = admin_client.get(address).content.decode()
    for word in ("Unmistakable", "Private search", "Shared search"):
        assert word not in page
    assert "Saved searches: 1" in page
    admin_client.post(address, {"post": "yes"})
    assert [(one.name, one.owner) for one in SavedSearch.objects.all()] == [("Shared search", None)]
