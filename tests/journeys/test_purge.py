"""A chief editor erases an image for good: no word and no byte of it is left anywhere, and nothing brings it back."""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from types import ModuleType
from typing import Any
from unittest.mock import patch
from uuid import UUID
from zipfile import ZipFile

import pytest
import urllib3
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.delivery.models import PublicFile
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.jobs import purge_files, purge_records
from mediahub.jobs.models import Chunk, Job
from mediahub.library import duplicates, metadata, publishing, purges, tag_decisions, versions
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Purge, PurgedUpload, SimilarPair
from mediahub.local.event_loop import EventLoop
from mediahub.messages import CheckKey, CutCrops, MirrorImage, ReprocessImage, ResumeUpload
from mediahub.recovery import consistency_checks
from mediahub.recovery.models import FailedItem
from mediahub.uploads import tickets
from mediahub.uploads.models import Upload
from tests.doubles import MemoryQueue
from tests.local_aws import drain
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
# Every word that is planted begins so, and nothing else does.
PLANTED = "zyxplanted"
REASON = "Asked for by the person in the picture"
FIRST, SECOND, OTHER = jpeg(640, 480), jpeg(800, 600), jpeg(320, 640)
UPLOADS, RENDITIONS, TABLE = settings.UPLOAD_BUCKET, settings.RENDITION_BUCKET, settings.MIRROR_TABLE


def post(ticket: tickets.UploadTicket, data: bytes) -> int:
    """Send a file by the form of a ticket."""
    fields: dict[str, Any] = {**ticket.fields, "file": ("original", data, "image/jpeg")}
    return urllib3.request("POST", ticket.url, fields=fields, redirect=False).status


@pytest.fixture
def work(event_loop: EventLoop, as_role: Callable[[str], None]) -> Callable[[], None]:
    """work(): the worker does all that waits on the queue."""

    def drained() -> None:
        as_role("worker")
        drain(event_loop)
        as_role("web")

    return drained


@pytest.fixture
def tick(event_loop: EventLoop, as_role: Callable[[str], None]) -> Callable[[], None]:
    """tick(): the clock does its duties, after all that was begun before has settled."""

    def ticked() -> None:
        Purge.objects.update(settles_at=timezone.now() - timedelta(seconds=1))
        as_role("worker")
        event_loop.tick()
        drain(event_loop)
        as_role("web")

    return ticked


@pytest.fixture
def cdn() -> Iterator[MemoryQueue]:
    """Provide the queue of paths that CloudFront would be told of."""
    queue = MemoryQueue(visibility=60, receives=5)
    with patch.object(clients, "get_cdn_queue", lambda: queue):
        yield queue


def send(sender: User, name: str, data: bytes, work: Callable[[], None], image: Image | None = None) -> Image:
    """Return the image that became of a file."""
    ticket = tickets.issue_ticket(sender, name, "image/jpeg", len(data), image=image)
    assert post(ticket, data) == 204
    work()
    return Image.objects.get(uploads=ticket.upload_id)


@pytest.fixture
def image(cdn: MemoryQueue, chief: User, work: Callable[[], None], as_role: Callable[[str], None]) -> Image:
    """Provide an image with words in every place that takes some: published, replaced, tagged, zipped, and failed."""
    as_role("web")
    image = send(chief, f"{PLANTED}file.jpg", FIRST, work)
    other = send(chief, "harbor.jpg", OTHER, work)
    words = {name: f"{PLANTED}{name}" for name in ("title", "alt_text", "caption", "credit", "copyright", "license")}
    metadata.edit(ChangeSet(chief), image, {name: Edit(word) for name, word in words.items()})
    tag_decisions.add_tag(ChangeSet(chief), image, f"{PLANTED}tag")
    publishing.publish(ChangeSet(chief), [Image.objects.get(pk=image.pk)])
    send(chief, f"{PLANTED}newer.jpg", SECOND, work, image=image)
    versions.restore(ChangeSet(chief), Image.objects.get(pk=image.pk), 1)
    work()
    SimilarPair.objects.create(first=other, second=image, distance=3)
    duplicates.mark_different(ChangeSet(chief), list(Image.objects.all()))
    FailedItem.objects.create(
        message_id="1",
        image=image,
        kind="mirror",
        reason=f"{PLANTED}reason",
        payload=f"{PLANTED}payload",
        first_failed_at=timezone.now(),
        last_failed_at=timezone.now(),
    )
    job = Job.objects.create(kind=Job.Kind.ZIP, by=chief, state=Job.State.DONE, selection={}, total=2)
    chunk = Chunk.objects.create(job=job, first=image.pk, last=other.pk, only=[str(image.pk), str(other.pk)])
    Chunk.objects.filter(pk=chunk.pk).update(
        key=f"downloads/{job.pk}/part-{chunk.pk}.zip",
        finished_at=timezone.now(),
        failures=[
            {"image": str(image.pk), "name": f"{PLANTED}name", "reason": f"{PLANTED}x", "code": "", "params": {}}
        ],
    )
    as_role("worker")
    put_zip(f"downloads/{job.pk}/part-{chunk.pk}.zip")
    as_role("web")
    return Image.objects.get(pk=image.pk)


def put_zip(key: str) -> None:
    """Write a zip file that tells a word of the image."""
    data = BytesIO()
    with ZipFile(data, "w") as archive:
        archive.writestr("credits.csv", f"{PLANTED}credit")
    clients.get_rendition_store().put(key, data.getvalue(), "application/zip")


def find_rows(needle: str) -> list[str]:
    """Return each table and column of the whole database that holds the needle in some row."""
    places = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            for column in columns:
                quoted = f"{connection.ops.quote_name(table)}", f"{connection.ops.quote_name(column)}"
                try:
                    cursor.execute(
                        f"SELECT 1 FROM {quoted[0]} WHERE CAST({quoted[1]} AS TEXT) LIKE %s", [f"%{needle}%"]
                    )
                except sqlite3.DatabaseError:
                    continue
                places += [f"{table}.{column}"] if cursor.fetchone() else []
    return places


def find_objects(aws: Callable[[str, str], Any], needle: str) -> list[str]:
    """Return each version of an object of both buckets whose key or bytes hold the needle."""
    s3, hits = aws("operator", "s3"), []
    for bucket in (UPLOADS, RENDITIONS):
        listed = s3.list_object_versions(Bucket=bucket)
        for version in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            body = b""
            if "Size" in version:
                answer = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
                body = answer["Body"].read()
            hits += [version["Key"]] if needle in version["Key"] or needle.encode() in body else []
    return hits


def find_items(aws: Callable[[str, str], Any], needle: str) -> list[str]:
    """Return the items of the mirror that hold the needle."""
    items = aws("operator", "dynamodb").scan(TableName=TABLE)["Items"]
    return [json.dumps(item) for item in items if needle in json.dumps(item)]


def erase(chief: User, image: Image) -> None:
    """Erase the image by the pages of the desk, as a chief editor does without scripts."""
    client = Client()
    client.force_login(chief)
    page = client.get(reverse("admin:library_image_change", args=[image.pk])).content.decode()
    mark = re.findall(rf'value="({image.pk}/[^"]+)"', page)[-1]
    question = client.post(reverse("desk:bulk"), {"act": "ask_purge", "image": mark})
    assert "This cannot be undone" in question.content.decode()
    assert mark in question.content.decode()
    answer = client.post(reverse("desk:purge"), {"image": mark, "reason": REASON, "number": "1"}, follow=True)
    assert (answer.status_code, str(image.pk) in answer.content.decode()) == (200, True)


def read_pages(chief: User, image_id: UUID) -> str:
    """Return what the desk tells somebody who sees everything, where an image would be."""
    client = Client()
    client.force_login(chief)
    listed = [
        reverse("admin:library_image_changelist"),
        f"{reverse('admin:library_image_changelist')}?q={PLANTED[:-2]}&similar={image_id}",
        reverse("desk:complete") + f"?q={PLANTED[:-2]}",
        reverse("desk:activity"),
        reverse("desk:export_activity", args=["csv"]),
        reverse("desk:export_activity", args=["jsonl"]),
        reverse("admin:uploads_upload_changelist"),
        reverse("admin:recovery_faileditem_changelist"),
        reverse("desk:duplicates"),
        reverse("admin:library_tag_changelist"),
        reverse("admin:index"),
    ]
    return "".join(b"".join(answer).decode() for answer in map(client.get, listed))


def test_nothing_of_an_erased_image_is_left(
    image: Image,
    chief: User,
    aws: Callable[[str, str], Any],
    work: Callable[[], None],
    cdn: MemoryQueue,
    tick: Callable[[], None],
) -> None:
    image_id, sha256 = image.pk, image.sha256
    keys = [row.key for row in PublicFile.objects.filter(image=image)]
    upload_ids = [str(pk) for pk in Upload.objects.filter(image=image).values_list("pk", flat=True)]
    assert (len(keys) > 5, len(upload_ids)) == (True, 2)
    assert len(find_rows(PLANTED)) > 10
    assert PLANTED in read_pages(chief, image_id)
    assert find_objects(aws, str(image_id))
    assert find_items(aws, PLANTED)
    erase(chief, image)
    # Before any worker came: nobody sees it any more.
    assert not Image.objects.filter(pk=image_id).exists()
    assert {Client().get(f"/{key}").status_code for key in keys} == {404}
    cdn.messages.clear()
    work()
    paths = {path for message in cdn.messages.values() for path in json.loads(message.body)["paths"]}
    assert {f"/public/{image_id}/*", f"/large/{image_id}/*"} <= paths
    assert Purge.objects.get().erased_at
    assert PLANTED not in read_pages(chief, image_id)
    tick()
    assert find_rows(PLANTED) == []
    for needle in (PLANTED, *upload_ids):
        assert set(find_objects(aws, needle)) <= {f"tombstones/{image_id}.json"}
    assert find_objects(aws, str(image_id)) == [f"tombstones/{image_id}.json"]
    assert find_items(aws, PLANTED) == []
    assert [json.loads(item)["state"] for item in find_items(aws, str(image_id))] == [{"S": "purged"}]
    purge = Purge.objects.get()
    assert (purge.pk, purge.by, purge.reason, purge.sha256) == (image_id, chief, REASON, sha256)
    assert (bool(purge.finished_at), purge.keys, purge.downloads) == (True, [], [])
    assert Chunk.objects.get().key == ""


def test_what_comes_late_brings_nothing_back(
    image: Image,
    chief: User,
    aws: Callable[[str, str], Any],
    work: Callable[[], None],
    tick: Callable[[], None],
    as_role: Callable[[str], None],
    local_aws: Any,
) -> None:
    uploads = list(Upload.objects.filter(image=image))
    late = tickets.issue_ticket(chief, f"{PLANTED}late.jpg", "image/jpeg", len(OTHER), image=image)
    erase(chief, image)
    work()
    # A ticket that is still good, and messages of every kind, also among the dead letters.
    assert post(late, OTHER) == 204
    ids = [upload.pk for upload in uploads]
    sent = [
        *(CheckKey(upload.key) for upload in uploads),
        *(ResumeUpload(pk) for pk in ids),
        *(kind(image.pk) for kind in (MirrorImage, ReprocessImage, CutCrops)),
    ]
    events = [{"Records": [build_event(upload.key)]} for upload in uploads]
    bodies = [*(message.encode() for message in sent), *events]
    sqs = aws("operator", "sqs")
    for url in (settings.UPLOAD_QUEUE_URL, settings.DEAD_LETTER_QUEUE_URL):
        for body in bodies:
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    work()
    tick()
    assert set(Image.objects.values_list("title", flat=True)) == {"harbor"}
    assert list(Upload.objects.exclude(image__title="harbor")) == []
    assert FailedItem.objects.count() == 0
    assert set(find_objects(aws, str(image.pk))) == {f"tombstones/{image.pk}.json"}
    assert [key for key in find_objects(aws, str(late.upload_id)) if "tombstones" not in key] == []
    assert find_rows(PLANTED) == []


def build_event(key: str) -> dict[str, Any]:
    """Return S3's event of a file that arrived."""
    details = {"key": key, "versionId": "late", "sequencer": "FFFFFFFF"}
    return {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": UPLOADS}, "object": details}}


STEPS = ("write_tombstone", "_erase_files", "bury_image", "_erase_mentions")


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_on_the_way_is_followed_by_the_clock(
    step: str,
    image: Image,
    chief: User,
    aws: Callable[[str, str], Any],
    as_role: Callable[[str], None],
    tick: Callable[[], None],
) -> None:
    purge_records.order_purges(chief, Image.objects.filter(pk=image.pk), REASON)
    as_role("worker")
    place: ModuleType = {"write_tombstone": purges, "bury_image": mirror}.get(step, purge_files)
    with patch.object(place, step, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        purge_files.purge_image(image.pk)
    assert Purge.objects.get().finished_at is None
    tick()
    assert Purge.objects.get().finished_at
    assert find_rows(PLANTED) == []
    assert find_objects(aws, str(image.pk)) == [f"tombstones/{image.pk}.json"]


def test_a_restored_database_learns_from_the_bucket(
    image: Image,
    chief: User,
    aws: Callable[[str, str], Any],
    as_role: Callable[[str], None],
    tick: Callable[[], None],
    work: Callable[[], None],
) -> None:
    fields = {field.attname: getattr(image, field.attname) for field in Image._meta.concrete_fields}
    upload = Upload.objects.filter(image=image).first()
    assert upload
    purge_records.order_purges(chief, Image.objects.filter(pk=image.pk), REASON)
    tick()
    # The database of the day before: the image is there, and nobody has heard of the order.
    Purge.objects.all().delete()
    PurgedUpload.objects.all().delete()
    Change.objects.all().delete()
    Image.objects.create(**fields)
    upload.save(force_insert=True)
    as_role("worker")
    for _finding in consistency_checks.run_check(consistency_checks.begin_check(repair=True, grace_seconds=0)):
        pass
    as_role("web")
    work()
    tick()
    assert not Image.objects.filter(pk=image.pk).exists()
    purge = Purge.objects.get()
    assert (purge.reason, purge.by, bool(purge.finished_at)) == (REASON, chief, True)
    assert PurgedUpload.objects.filter(pk=upload.pk).exists()
    assert find_rows(PLANTED) == []
