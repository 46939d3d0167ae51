"""A ticket that is used twice: the file that came first stays the image's, whatever is put over it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import urllib3
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.aws import clients
from mediahub.history.change_set import ChangeSet
from mediahub.library import publishing
from mediahub.library.models import Image, Version
from mediahub.library.search import index
from mediahub.local.event_loop import EventLoop
from mediahub.recovery import consistency_checks, retries
from mediahub.recovery.models import FailedItem
from mediahub.uploads import ingest, tickets
from mediahub.uploads.models import Upload
from tests.local_aws import drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
BUCKET = "mediahub-local-uploads-000000000000"
FIRST, SECOND, JUNK = jpeg(640, 480), jpeg(800, 600), b"no picture at all, but words"
Post = Callable[[tickets.UploadTicket, bytes], int]


def post(ticket: tickets.UploadTicket, data: bytes) -> int:
    """Send a file by the form of a ticket, as its holder may as often as the form is good."""
    fields: dict[str, Any] = {**ticket.fields, "file": ("original", data, "image/jpeg")}
    return urllib3.request("POST", ticket.url, fields=fields, redirect=False).status


def issue(editor: User) -> tickets.UploadTicket:
    """Return a ticket for any file of up to the size of the larger picture."""
    return tickets.issue_ticket(editor, "harbour.jpg", "image/jpeg", max(len(FIRST), len(SECOND)))


def plain(editor: User) -> tickets.UploadTicket:
    """Return the ticket of the form without scripts."""
    return tickets.issue_plain_ticket(editor, lambda upload_id: f"http://127.0.0.1/{upload_id}/")


@pytest.fixture
def work(event_loop: EventLoop, as_role: Callable[[str], None]) -> Callable[[], None]:
    """work(): the worker does all that waits on the queue."""

    def drained() -> None:
        as_role("worker")
        drain(event_loop)
        as_role("web")

    return drained


def facts(image: Image) -> Any:
    """Return what must not change: the record, its files among the renditions, and the version of its original."""
    image.refresh_from_db()
    store = clients.get_rendition_store()
    files = {row.key: store.get(row.key).read() for row in image.renditions.all()}
    version = image.versions.get(current=True)
    return image.sha256, image.width, image.revision, image.state, files, (version.key, version.version_id)


def findings(as_role: Callable[[str], None]) -> list[tuple[str, str]]:
    """Return what a comparison finds that mends what it can."""
    as_role("worker")
    problems = [
        (finding.kind, finding.what)
        for finding in consistency_checks.run_check(consistency_checks.begin_check(repair=True, grace_seconds=0))
    ]
    as_role("web")
    return problems


@pytest.mark.parametrize("second", [SECOND, JUNK], ids=["another picture", "junk"])
@pytest.mark.parametrize("ticket_of", [issue, plain], ids=["policy", "plain form"])
def test_d6_a_used_ticket_changes_nothing_that_is_published(
    editor: User,
    chief: User,
    work: Callable[[], None],
    as_role: Callable[[str], None],
    ticket_of: Callable[[User], tickets.UploadTicket],
    second: bytes,
) -> None:
    as_role("web")
    ticket = ticket_of(editor)
    assert post(ticket, FIRST) in (204, 303)
    work()
    image = Image.objects.get()
    Image.objects.update(alt_text="A harbour", credit="Ada Lund", license="All rights")
    index.update_entries([image.pk])
    as_role("worker")
    assert publishing.publish(ChangeSet(chief), Image.objects.all()).count == 1
    as_role("web")
    work()
    as_role("worker")
    before = facts(image)

    assert post(ticket, second) in (204, 303)
    work()
    upload = Upload.objects.get()
    as_role("worker")
    assert facts(image) == before
    assert (upload.state, upload.version_id) == ("ready", before[-1][1])
    assert not FailedItem.objects.exists()

    # Comparing, retrying and making the renditions anew all keep to the file that came first.
    assert [findings(as_role) for _ in range(2)] == [[("overwritten", ticket.key)]] * 2
    work()
    as_role("worker")
    assert ingest.resume_upload(upload.pk, deadline=timezone.now() + timedelta(seconds=60)) == "overwritten"
    assert ingest.reprocess_upload(Upload.objects.get())
    image.refresh_from_db()
    assert (image.sha256, image.width, image.state) == (before[0], 640, Image.State.PUBLISHED)

    client = Client()
    client.force_login(chief)
    as_role("web")
    page = client.get(reverse("admin:recovery_consistencycheck_changelist")).content.decode()
    assert "Originals that were overwritten" in page
    assert "1 difference" in page
    link = client.post(reverse("desk:download", args=[image.pk]))["Location"]
    assert urllib3.request("GET", link).data == FIRST


class Parts:
    """One upload in parts under the key of a ticket, begun by an address that was signed before anything arrived."""

    def __init__(self, editor: User, key: str, create: str) -> None:
        headers = {"Content-Type": "image/jpeg", **tickets.list_signed_headers("create")}
        begun = urllib3.request("POST", create, headers=headers).data.decode()
        upload_id = begun.split("<UploadId>")[1].split("<")[0]
        self._sign = partial(tickets.sign_step, editor, key, multipart_id=upload_id)
        self._etag, self._complete = "", ""

    def send(self, data: bytes) -> None:
        """Send the one part, and have the last step signed."""
        self._etag = urllib3.request("PUT", self._sign("part", part=1), body=data).headers["ETag"]
        self._complete = self._sign("complete")

    def complete(self) -> int:
        """Complete the upload by the address that was signed; return the status."""
        part = f"<Part><PartNumber>1</PartNumber><ETag>{self._etag}</ETag></Part>"
        body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>"
        return urllib3.request(
            "POST", self._complete, body=body, headers=tickets.list_signed_headers("complete")
        ).status


def test_d6_a_second_upload_in_parts_is_refused_by_the_store_itself(
    editor: User, work: Callable[[], None], as_role: Callable[[str], None], settings: Any
) -> None:
    as_role("web")
    settings.UPLOAD_PART_THRESHOLD = 1
    size = max(len(FIRST), len(SECOND))
    ticket = tickets.issue_ticket(editor, "harbour.jpg", "image/jpeg", size)
    create = tickets.sign_step(editor, ticket.key, "create")
    first, second = Parts(editor, ticket.key, create), Parts(editor, ticket.key, create)
    first.send(FIRST.ljust(size, b"\0"))
    second.send(SECOND.ljust(size, b"\0"))
    assert (first.complete(), second.complete()) == (200, 412)
    work()
    assert Image.objects.get().width == 640
    assert findings(as_role) == []
    for operation in ("create", "part", "complete"):
        with pytest.raises(tickets.TicketRefused, match="no longer open"):
            tickets.sign_step(editor, ticket.key, operation, "some-upload", 1)


def test_a_completed_upload_without_the_condition_has_no_signature(
    editor: User, as_role: Callable[[str], None]
) -> None:
    as_role("web")
    ticket = tickets.issue_ticket(editor, "harbour.jpg", "image/jpeg", 17 * 1024 * 1024)
    url = tickets.sign_step(editor, ticket.key, "complete", "some-upload")
    assert urllib3.request("POST", url, body="<CompleteMultipartUpload/>").status == 403


def test_d6_the_first_version_stays_while_it_waits_to_be_tried_again(
    editor: User, work: Callable[[], None], as_role: Callable[[str], None]
) -> None:
    """What failed and is retried is worked on as it came, also where a later version lies over it."""
    as_role("web")
    ticket = issue(editor)
    post(ticket, FIRST)
    work()
    Image.objects.all().delete()
    now = timezone.now()
    Upload.objects.update(state=Upload.State.FAILED, image=None)
    FailedItem.objects.create(
        message_id="m",
        upload=Upload.objects.get(),
        kind="upload",
        reason="x",
        payload="{}",
        first_failed_at=now,
        last_failed_at=now,
    )
    post(ticket, SECOND)
    work()
    assert not Image.objects.exists()
    assert retries.order_retry(editor, FailedItem.objects.all())
    work()
    assert Image.objects.get().width == 640
    assert Upload.objects.get().state == Upload.State.READY


def test_a_rejected_file_stays_rejected_and_another_needs_another_ticket(
    editor: User, work: Callable[[], None], as_role: Callable[[str], None]
) -> None:
    as_role("web")
    ticket = issue(editor)
    post(ticket, JUNK)
    work()
    post(ticket, FIRST)
    work()
    assert Upload.objects.get().state == Upload.State.REJECTED
    assert not Image.objects.exists()
    other = issue(editor)
    post(other, FIRST)
    work()
    assert Upload.objects.get(key=other.key).state == Upload.State.READY


def test_the_same_file_sent_twice_before_it_is_worked_on_is_one_image(
    editor: User, work: Callable[[], None], as_role: Callable[[str], None]
) -> None:
    """A browser sends again what arrived but whose answer was lost."""
    as_role("web")
    ticket = issue(editor)
    assert [post(ticket, FIRST), post(ticket, FIRST)] == [204, 204]
    work()
    assert Image.objects.get().revision == 1
    assert Upload.objects.get().state == Upload.State.READY


def test_an_image_is_replaced_by_a_ticket_of_its_own_once(
    chief: User, editor: User, work: Callable[[], None], as_role: Callable[[str], None]
) -> None:
    as_role("web")
    post(issue(editor), FIRST)
    work()
    image = Image.objects.get()
    replacing = tickets.issue_plain_ticket(chief, lambda upload_id: f"http://127.0.0.1/{upload_id}/", image)
    post(replacing, SECOND)
    work()
    image.refresh_from_db()
    assert image.width == 800
    post(replacing, FIRST)
    work()
    image.refresh_from_db()
    assert (image.width, image.versions.count()) == (800, 2)


def test_who_may_write_to_the_bucket_replaces_a_file_when_its_ticket_is_over(
    editor: User, work: Callable[[], None], as_role: Callable[[str], None], aws: Callable[[str, str], Any]
) -> None:
    as_role("web")
    ticket = issue(editor)
    post(ticket, FIRST)
    work()
    Upload.objects.update(expires_at=timezone.now() - timedelta(hours=2))
    aws("operator", "s3").put_object(Bucket=BUCKET, Key=ticket.key, Body=SECOND)
    work()
    assert Image.objects.get().width == 800
    assert findings(as_role) == []


def test_an_original_that_is_erased_below_a_later_version_takes_its_image_out_of_use(
    editor: User, work: Callable[[], None], as_role: Callable[[str], None], aws: Callable[[str, str], Any]
) -> None:
    as_role("web")
    ticket = issue(editor)
    post(ticket, FIRST)
    work()
    post(ticket, SECOND)
    work()
    version = Version.objects.get()
    aws("operator", "s3").delete_object(Bucket=BUCKET, Key=version.key, VersionId=version.version_id)
    work()
    findings(as_role)
    work()
    image = Image.objects.get()
    assert image.deleted_at
    assert image.width == 640


def test_the_plain_form_gets_another_ticket_once_its_file_has_arrived(
    editor: User, as_role: Callable[[str], None], event_loop: EventLoop
) -> None:
    """Also before a worker has seen it: the store leads back with the file's ETag."""
    as_role("web")
    client = Client()
    client.force_login(editor)
    first = plain(editor)
    assert plain(editor).key == first.key
    client.get(reverse("desk:arrival", args=[first.upload_id]), {"bucket": BUCKET, "key": first.key, "etag": '"x"'})
    assert plain(editor).key != first.key


def test_a_chief_editor_puts_an_original_back_on_top_so_that_the_bucket_never_forgets_it(
    editor: User, chief: User, work: Callable[[], None], as_role: Callable[[str], None], aws: Callable[[str, str], Any]
) -> None:
    as_role("web")
    ticket = issue(editor)
    post(ticket, FIRST)
    work()
    post(ticket, JUNK)
    work()
    first = Version.objects.get().version_id
    assert findings(as_role) == [("overwritten", ticket.key)]
    address = reverse("desk:put_back")
    clients = {person.username: Client() for person in (editor, chief)}
    for person in (editor, chief):
        clients[person.username].force_login(person)
    assert clients["editor"].post(address).status_code == 403
    checks = reverse("admin:recovery_consistencycheck_changelist")
    assert address in clients["chief"].get(checks).content.decode()
    # With the web's own role, which may write and read single versions there and no more.
    assert (
        "1 original was restored as the latest version." in clients["chief"].post(address, follow=True).content.decode()
    )
    assert (
        "0 originals were restored as the latest versions."
        in clients["chief"].post(address, follow=True).content.decode()
    )
    work()
    version, upload = Version.objects.get(), Upload.objects.get()
    assert version.version_id == upload.version_id != first
    assert upload.state == Upload.State.READY
    top = aws("operator", "s3").get_object(Bucket=BUCKET, Key=ticket.key)
    assert (top["VersionId"], top["Body"].read()) == (version.version_id, FIRST)
    assert findings(as_role) == []
    assert address not in clients["chief"].get(checks).content.decode()
    as_role("worker")
    assert ingest.reprocess_upload(upload)


@pytest.mark.parametrize("left", ["deactivated", "deleted"])
@pytest.mark.parametrize("by", ["event", "consistency check"])
def test_a_ticket_brings_nothing_after_its_person_has_left(
    editor: User, work: Callable[[], None], as_role: Callable[[str], None], left: str, by: str
) -> None:
    as_role("web")
    ticket = issue(editor)
    if left == "deleted":
        editor.delete()
    else:
        User.objects.filter(pk=editor.pk).update(is_active=False)
    assert post(ticket, FIRST) == 204
    if by == "event":
        work()
    else:
        as_role("worker")
        ingest.check_key(ticket.key, deadline=timezone.now() + timedelta(minutes=1))
    upload = Upload.objects.get()
    assert (upload.state, upload.code) == (Upload.State.REJECTED, "sender_left")
    assert "arrived after the account" in upload.reason
    assert not Image.objects.exists()


def test_what_arrived_before_its_person_left_is_tried_again(
    editor: User, work: Callable[[], None], as_role: Callable[[str], None]
) -> None:
    as_role("web")
    ticket = issue(editor)
    Upload.objects.update(version_id=put_first(ticket), state=Upload.State.WORKING, attempts=1)
    User.objects.filter(pk=editor.pk).update(is_active=False)
    work()
    assert Upload.objects.get().state == Upload.State.READY


def put_first(ticket: tickets.UploadTicket) -> str:
    """Send the file, and return its version, which a worker that died has noted."""
    assert post(ticket, FIRST) == 204
    return str(clients.get_client("s3", "operator").head_object(Bucket=BUCKET, Key=ticket.key)["VersionId"])
