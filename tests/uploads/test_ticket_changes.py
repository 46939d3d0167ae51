"""Every single change of a ticket and of each step in parts is refused: by S3's rules, and by the local AWS."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mediahub.aws import clients
from mediahub.local import stack
from mediahub.uploads import tickets
from processing.store import Signer
from tests.aws.s3_rules import refuse_form, refuse_request
from tests.pictures import jpeg
from tests.uploads.ticket_changes import change_address, change_form, change_headers

BUCKET, KEY, REGION = "example-bucket", "uploads/7/original", "eu-central-1"
SECRET, KMS_KEY = "example-secret", "arn:aws:kms:eu-central-1:111122223333:key/example"
SIZE, PART_SIZE = 1000, 5 * 1024 * 1024
# Each step in parts: the method, its parameters, and the headers that are sent with it.
STEPS: dict[str, tuple[str, dict[str, str | int], dict[str, str]]] = {
    "create_multipart_upload": ("POST", {"ContentType": "image/jpeg"}, {"Content-Type": "image/jpeg"}),
    "upload_part": ("PUT", {"UploadId": "u1", "PartNumber": 1, "ContentLength": PART_SIZE}, {}),
    "list_parts": ("GET", {"UploadId": "u1"}, {}),
    "complete_multipart_upload": ("POST", {"UploadId": "u1"}, {}),
    "abort_multipart_upload": ("DELETE", {"UploadId": "u1"}, {}),
}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


def signer() -> Signer:
    style = Config(s3={"addressing_style": "virtual"}, signature_version="s3v4")
    client = boto3.client(
        "s3", region_name=REGION, aws_access_key_id="example", aws_secret_access_key=SECRET, config=style
    )
    return Signer(client, BUCKET, KMS_KEY)


def now() -> datetime:
    return datetime.now(UTC)


def test_s1_d5_s3_takes_a_form_as_it_was_issued_and_no_other(record_property: Any) -> None:
    for redirect in ("", "https://desk.example.org/admin/upload/7/"):
        fields = signer().sign_post(KEY, "image/jpeg", SIZE, 900, redirect).fields
        assert refuse_form(fields, SIZE, BUCKET, SECRET, now()) == []
        forms = list(change_form(fields))
        accepted = [what for what, form in forms if not refuse_form(form, SIZE, BUCKET, SECRET, now())]
        assert accepted == []
        odd = {"empty": (0, BUCKET, 0), "larger": (SIZE + 1, BUCKET, 0), "another bucket": (SIZE, "other", 0)}
        odd |= {"far larger": (10**9, BUCKET, 0), "late": (SIZE, BUCKET, 901), "a day late": (SIZE, BUCKET, 86_400)}
        accepted = [
            what
            for what, (size, bucket, seconds) in odd.items()
            if not refuse_form(fields, size, bucket, SECRET, now() + timedelta(seconds=seconds))
        ]
        assert accepted == []
        record_property("changed tickets", len(forms) + len(odd))


@pytest.mark.parametrize("operation", STEPS)
def test_s1_d5_s3_takes_a_step_as_it_was_signed_and_no_other(operation: str, record_property: Any) -> None:
    method, params, plain = STEPS[operation]
    address = signer().sign_address(operation, KEY, 900, params)
    headers = {**plain, **signer().list_headers(operation)}
    size = PART_SIZE if operation == "upload_part" else 0
    assert refuse_request(method, address, headers, SECRET, now(), size) == []
    asked: list[tuple[str, str, str, dict[str, str], int, int]] = [
        *((what, method, changed, headers, size, 0) for what, changed in change_address(address)),
        *((what, method, address, changed, size, 0) for what, changed in change_headers(headers)),
        *((other, other, address, headers, size, 0) for other in METHODS if other != method),
        *((f"{seconds} s late", method, address, headers, size, seconds) for seconds in (901, 3600, 86_400)),
    ]
    if operation == "upload_part":
        sizes = (0, size - 1, size + 1, 2 * size, 80 * 1024 * 1024, 5 * 1024**3)
        asked += [(f"{other} bytes", method, address, headers, other, 0) for other in sizes]
    accepted = [
        what
        for what, verb, changed, sent, body, seconds in asked
        if not refuse_request(verb, changed, sent, SECRET, now() + timedelta(seconds=seconds), body)
    ]
    assert accepted == []
    record_property("changed steps of uploads in parts", len(asked))


@pytest.fixture
def as_web(local_aws: stack.Stack, as_role: Callable[[str], None], settings: Any) -> None:
    settings.UPLOAD_PART_THRESHOLD = 5_000_000
    as_role("web")


def send_form(ticket: tickets.UploadTicket, fields: dict[str, str], data: bytes) -> int:
    body: dict[str, Any] = {**fields, "file": ("original", data, "image/jpeg")}
    return urllib3.request("POST", ticket.url, fields=body, redirect=False).status


@pytest.mark.django_db
def test_d5_the_local_aws_takes_no_changed_form(as_web: None, editor: User, record_property: Any) -> None:
    data = jpeg(64, 48)
    ticket = tickets.issue_ticket(editor, "a.jpg", "image/jpeg", len(data))
    forms = list(change_form(ticket.fields))
    accepted = [what for what, form in forms if send_form(ticket, form, data) < 400]
    assert accepted == []
    assert send_form(ticket, ticket.fields, data) == 204
    record_property("changed tickets", len(forms))


class LargeFile:
    """A file of two parts that is sent with the addresses that a person gets."""

    def __init__(self, person: User) -> None:
        self.person = person
        self.size = tickets.PART_BYTES + 1000
        self.ticket = tickets.issue_ticket(person, "a.jpg", "image/jpeg", self.size)
        self.addresses = {"create": tickets.sign_step(person, self.ticket.key, "create")}
        self.upload_id = self.send("create").data.decode().split("<UploadId>")[1].split("<")[0]
        self.tags: dict[int, str] = {}

    def sign(self, operation: tickets.Operation, name: str, part: int = 0) -> None:
        self.addresses[name] = tickets.sign_step(self.person, self.ticket.key, operation, self.upload_id, part)

    def send_parts(self) -> None:
        for number, size in ((1, tickets.PART_BYTES), (2, 1000)):
            self.sign("part", f"part {number}", number)
            self.tags[number] = self.send(f"part {number}", size).headers["ETag"]

    def send(self, name: str, size: int = 0, address: str = "") -> Any:
        operation: Any = name.split()[0]
        headers = dict(tickets.list_signed_headers(operation))
        method = {"create": "POST", "part": "PUT", "list": "GET", "complete": "POST", "abort": "DELETE"}[operation]
        body: Any = b"x" * size if operation == "part" else None
        if operation == "create":
            headers["Content-Type"] = "image/jpeg"
        if operation == "complete":
            parts = "".join(
                f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>" for number, tag in self.tags.items()
            )
            body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
        return urllib3.request(method, address or self.addresses[name], body=body, headers=headers)


@pytest.mark.django_db
def test_d5_the_local_aws_takes_no_changed_step(as_web: None, editor: User, record_property: Any) -> None:
    file = LargeFile(editor)
    file.sign("part", "part 2", 2)
    file.sign("list", "list")
    number, accepted = 0, []
    for name, size in (("create", 0), ("part 2", 1000), ("list", 0)):
        for what, address in change_address(file.addresses[name]):
            number += 1
            if file.send(name, size, address).status < 400:
                accepted.append(f"{name}: {what}")
    for size in (0, 999, 1001, 5_000_000, 80 * 1024 * 1024):
        number += 1
        if file.send("part 2", size).status < 400:
            accepted.append(f"part of {size} bytes")
    assert accepted == []
    record_property("changed steps of uploads in parts", number)


@pytest.mark.django_db
def test_d6_a_finished_upload_in_parts_takes_nothing_more(
    as_web: None, editor: User, aws: Callable[[str, str], Any], record_property: Any
) -> None:
    file = LargeFile(editor)
    file.send_parts()
    operations: tuple[tickets.Operation, ...] = ("list", "complete", "abort")
    for operation in operations:
        file.sign(operation, operation)
    assert file.send("complete").status == 200
    place = {"Bucket": clients.get_upload_store().bucket, "Key": file.ticket.key}
    before = aws("operator", "s3").head_object(**place)
    replays = {"part 1": tickets.PART_BYTES, "part 2": 1000, "list": 0, "complete": 0, "abort": 0}
    # S3 answers what it did already with success or with an error; either way nothing is another file.
    statuses = {name: file.send(name, size).status for name, size in replays.items()}
    after = aws("operator", "s3").head_object(**place)
    assert (after["VersionId"], after["ETag"]) == (before["VersionId"], before["ETag"]), statuses
    assert statuses["part 1"] == statuses["part 2"] == 404
    record_property("replays", len(replays))


@pytest.mark.django_db
def test_d7_a_step_is_signed_for_the_upload_of_its_person_alone(
    as_web: None, editor: User, other_editor: User, record_property: Any
) -> None:
    """Each field of a wish changed: the site signs nothing, or what S3 has no upload for."""
    file, other = LargeFile(editor), LargeFile(other_editor)
    client = Client()
    client.force_login(editor)
    wish = {"method": "PUT", "key": file.ticket.key, "uploadId": file.upload_id, "partNumber": 2}
    changes: list[dict[str, Any]] = [
        *(
            {"key": key}
            for key in ("", "x", f"{file.ticket.key}x", other.ticket.key, "uploads/", f"../{BUCKET}", 5, None)
        ),
        *({"method": method} for method in ("", "GET", "POST", "DELETE", "PATCH", "put", 5, None)),
        *({"partNumber": part} for part in (0, 3, -1, 10_001, 10**20, "2", 2.5, True, None)),
        *({"uploadId": upload} for upload in ("", 5, None, {"a": 1})),
    ]
    signed = [change for change in changes if "url" in ask_for(client, {**wish, **change})]
    assert signed == []
    assert "url" in ask_for(client, wish)
    for upload_id in (other.upload_id, "another", f"{file.upload_id}x"):
        changes.append({"uploadId": upload_id})
        address = ask_for(client, {**wish, "uploadId": upload_id})["url"]
        assert file.send("part 2", 1000, address).status == 404
    record_property("changed steps of uploads in parts", len(changes))


def ask_for(client: Client, wish: dict[str, Any]) -> dict[str, Any]:
    """Return what the site answers to a wish of the page that uploads."""
    answer: dict[str, Any] = client.post(reverse("desk:sign"), wish, content_type="application/json").json()
    return answer
