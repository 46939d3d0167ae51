"""Tickets: who gets one, what it allows, and what S3 does with anything else."""

import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import urllib3
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mediahub.aws import clients
from mediahub.local import stack
from mediahub.uploads import tickets
from mediahub.uploads.models import Upload
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def as_web(local_aws: stack.Stack, as_role: Callable[[str], None]) -> None:
    as_role("web")


def post(ticket: tickets.UploadTicket, data: bytes, **changed: str) -> int:
    fields: dict[str, Any] = {**ticket.fields, **changed, "file": ("original", data, "image/jpeg")}
    return urllib3.request("POST", ticket.url, fields=fields).status


def issue(editor: User, size: int = 1000) -> tickets.UploadTicket:
    return tickets.issue_ticket(editor, "a.jpg", "image/jpeg", size)


def test_the_server_chooses_the_key(editor: User) -> None:
    ticket = tickets.issue_ticket(editor, "../../etc/passwd.jpg", "image/jpeg", 1000)
    assert ticket.key == f"uploads/{ticket.upload_id}/original"
    assert Upload.objects.get().file_name == "passwd.jpg"


def test_s3_takes_the_file_of_the_ticket(editor: User) -> None:
    data = jpeg(100, 100)
    assert post(issue(editor, len(data)), data) == 204


@pytest.mark.parametrize("size", [0, 1001])
def test_d4_s3_refuses_another_size(editor: User, size: int) -> None:
    assert post(issue(editor), b"x" * size) == 400


@pytest.mark.parametrize(
    ("content_type", "size", "said"),
    [
        ("image/svg+xml", 10, "not an image in a supported format"),
        ("", 10, "not an image in a supported format"),
        ("image/jpeg", 0, "is empty"),
        ("image/jpeg", -5, "is empty"),
        ("image/jpeg", 201_000_000, "the limit is 200 MB"),
    ],
)
def test_d4_a_wrong_file_gets_no_ticket(editor: User, content_type: str, size: int, said: str) -> None:
    with pytest.raises(tickets.TicketRefused, match=said):
        tickets.issue_ticket(editor, "a.jpg", content_type, size)
    assert not Upload.objects.exists()


def test_d8_open_tickets_are_bounded(editor: User, other_editor: User, settings: Any) -> None:
    settings.UPLOAD_MAX_OPEN_TICKETS = 2
    issue(editor)
    issue(editor)
    with pytest.raises(tickets.TicketRefused, match="still in progress") as refused:
        issue(editor)
    assert refused.value.retry_after > 0
    assert issue(other_editor)
    Upload.objects.filter(uploaded_by=editor).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert issue(editor)


def test_d8_the_bytes_of_one_day_are_bounded_for_each_person(editor: User, other_editor: User, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES_PER_DAY = 20 * MIB
    issue(editor, 17 * MIB)
    issue(editor, 2 * MIB)
    with pytest.raises(tickets.TicketRefused, match="You can upload 20 MB in 24 hours") as refused:
        issue(editor, 2 * MIB)
    assert 86_000 < refused.value.retry_after <= 86_400
    with pytest.raises(tickets.TicketRefused, match="in 24 hours"):
        tickets.issue_plain_ticket(editor, lambda upload_id: "http://127.0.0.1/")
    assert issue(other_editor, 2 * MIB)
    # A ticket that expired unused is given back; parts may still lie in the store.
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert issue(editor, 3 * MIB)
    with pytest.raises(tickets.TicketRefused, match="in 24 hours"):
        issue(editor, MIB)
    Upload.objects.filter(method=Upload.Method.MULTIPART).update(issued_at=timezone.now() - timedelta(hours=25))
    assert issue(editor, MIB)


def test_d9_a_large_file_is_sent_in_parts(editor: User, aws: Callable[[str, str], Any]) -> None:
    ticket = issue(editor, 17 * MIB)
    assert (ticket.method, ticket.fields) == (Upload.Method.MULTIPART, {})
    headers = {"Content-Type": "image/jpeg", **clients.get_upload_signer().list_headers("create_multipart_upload")}
    # Without the headers that name the key, the signature does not fit.
    bare = urllib3.request(
        "POST", tickets.sign_step(editor, ticket.key, "create"), headers={"Content-Type": "image/jpeg"}
    )
    assert bare.status == 403
    begun = urllib3.request("POST", tickets.sign_step(editor, ticket.key, "create"), headers=headers)
    multipart = begun.data.decode().split("<UploadId>")[1].split("<")[0]
    parts = ""
    for number, size in enumerate((8 * MIB, 8 * MIB, MIB), 1):
        with pytest.raises(tickets.TicketRefused, match=f"arrived with .* of {17 * MIB} bytes"):
            tickets.sign_step(editor, ticket.key, "complete", multipart)
        url = tickets.sign_step(editor, ticket.key, "part", multipart, number)
        for other in (size + 1, size - 1, 80 * MIB):
            assert urllib3.request("PUT", url, body=b"x" * other).status == 403
        sent = urllib3.request("PUT", url, body=b"x" * size)
        assert sent.status == 200
        parts += f"<Part><PartNumber>{number}</PartNumber><ETag>{sent.headers['ETag']}</ETag></Part>"
    complete = tickets.sign_step(editor, ticket.key, "complete", multipart)
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
    urllib3.request("POST", complete, body=body, headers=tickets.list_signed_headers("complete"))
    head = aws("worker", "s3").head_object(Bucket="mediahub-local-uploads-000000000000", Key=ticket.key)
    assert head["ContentLength"] == 17 * MIB
    # What was completed has no parts left; S3 itself refuses to do it twice.
    assert tickets.sign_step(editor, ticket.key, "complete", multipart)


@pytest.mark.parametrize("part", [0, 4, 10_001])
def test_parts_are_as_many_as_the_file_needs(editor: User, part: int) -> None:
    ticket = issue(editor, 17 * MIB)
    with pytest.raises(tickets.TicketRefused, match="has 3 parts"):
        tickets.sign_step(editor, ticket.key, "part", "some-upload", part)


def test_d7_another_editor_cannot_continue_the_upload(editor: User, other_editor: User) -> None:
    ticket = issue(editor, 17 * MIB)
    with pytest.raises(tickets.TicketRefused, match="no longer open"):
        tickets.sign_step(other_editor, ticket.key, "create")


def test_a_step_without_its_upload_is_refused(editor: User) -> None:
    with pytest.raises(tickets.TicketRefused, match="which upload"):
        tickets.sign_step(editor, issue(editor, 17 * MIB).key, "list")


def test_sending_parts_keeps_the_ticket_open(editor: User) -> None:
    ticket = issue(editor, 17 * MIB)
    Upload.objects.update(expires_at=timezone.now() + timedelta(seconds=5))
    tickets.sign_step(editor, ticket.key, "create")
    assert Upload.objects.get().expires_at > timezone.now() + timedelta(seconds=60)  # type: ignore[operator]


def test_the_plain_form_has_one_open_ticket(editor: User) -> None:
    first = tickets.issue_plain_ticket(editor, lambda upload_id: f"http://127.0.0.1/{upload_id}/")
    again = tickets.issue_plain_ticket(editor, lambda upload_id: f"http://127.0.0.1/{upload_id}/")
    assert first.upload_id == again.upload_id
    assert first.fields["success_action_redirect"] == f"http://127.0.0.1/{first.upload_id}/"
    Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=2))
    assert tickets.issue_plain_ticket(editor, str).upload_id != first.upload_id


@given(st.text(max_size=400))
def test_d3_a_display_name_is_one_clean_line(name: str) -> None:
    shown = tickets.clean_file_name(name)
    assert shown
    assert len(shown) <= 255
    assert shown.splitlines() == [shown]
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert "/" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("کتاب\u200cها 👩\u200d🚀.jpg", "کتاب\u200cها 👩\u200d🚀.jpg"),
        ("\u202egpj.exe.jpg", "gpj.exe.jpg"),
        ("half \ud83d.jpg", "half .jpg"),
        ("nul\x00.jpg", "nul.jpg"),
        ("trip\\2024/Cafe\u0301.jpg", "Café.jpg"),
        ("\u200d\u200b", "unnamed file"),
        ("a" * 255 + ".jpg", "a" * 251 + ".jpg"),
        ("a" * 300 + ".jpg (1)", "a" * 251 + ".jpg"),
        ("a" * 9000, "a" * 255),
        ("a" * 250 + " " * 5 + "é" * 9 + ".JPG_large", "a" * 245 + ".JPG_large"),
    ],
)
def test_d3_a_name_keeps_what_is_seen_or_joins_and_nothing_else(name: str, shown: str) -> None:
    assert tickets.clean_file_name(name) == shown
