"""Changes of many images at once: as many statements for twice as many, and nothing lost between people."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mediahub.aws import clients
from mediahub.aws.queue import MOST_BYTES, Queue
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.history.undo import undo
from mediahub.library import metadata, publishing, tag_decisions, vocabulary
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, SearchEntry, Tag, Tagging
from mediahub.library.search import index
from mediahub.local import stack
from processing import Unavailable
from tests.doubles import MemoryQueue

pytestmark = pytest.mark.django_db(transaction=True)
# The first finds no tag and no known word yet. SQLite takes 999 values in one statement.
SIZES = (3, 50, 100) if connection.vendor == "postgresql" else (3, 40, 80)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> MemoryQueue:
    memory_queue = MemoryQueue()
    monkeypatch.setattr(clients, "get_upload_queue", lambda: memory_queue)
    return memory_queue


def create_images(number: int, **fields: Any) -> list[Image]:
    """Return images that can be published, each with a suggested tag."""
    facts = {"format": "JPEG", "width": 1600, "height": 1200, "bytes": 1, "license": "CC BY 4.0", "credit": "Ada"}
    Image.objects.bulk_create(
        Image(title=f"Boat {n}", file_name=f"{n}.jpg", sha256=f"{n:064x}", alt_text="A boat", **facts | fields)
        for n in range(number)
    )
    images = list(Image.objects.order_by("pk"))
    sea = Tag.objects.get_or_create(name="Sea")[0]
    Tagging.objects.bulk_create(
        Tagging(image=image, tag=sea, source=Tagging.Source.MEASURED, confidence=80) for image in images
    )
    index.update_entries(image.pk for image in images)
    return images


def add_tag(change_set: ChangeSet, images: list[Image]) -> None:
    tag_decisions.add_tag_to_images(change_set, images, "Harbour")


def accept(change_set: ChangeSet, images: list[Image]) -> None:
    tag_decisions.accept(change_set, Tagging.objects.filter(image__in=images).select_related("tag"))


def credit(change_set: ChangeSet, images: list[Image]) -> None:
    by_id = {image.pk: image for image in images}
    metadata.set_field(change_set, by_id, "credit", "Ada Lund", timezone.now())


def title(change_set: ChangeSet, images: list[Image]) -> None:
    metadata.edit_all(change_set, {image.pk: {"title": Edit(f"Ship {image.pk}")} for image in images})


def publish(change_set: ChangeSet, images: list[Image]) -> None:
    publishing.publish(change_set, images)


def archive(change_set: ChangeSet, images: list[Image]) -> None:
    publishing.archive(change_set, images)


VERBS: list[Callable[[ChangeSet, list[Image]], None]] = [add_tag, accept, credit, publish, archive]


@pytest.mark.parametrize("verb", VERBS)
def test_twice_as_many_images_take_as_many_statements(
    chief: User, queue: MemoryQueue, verb: Callable[[ChangeSet, list[Image]], None]
) -> None:
    counts = []
    chief.has_perm("library.publish_image")
    for size in SIZES:
        change_set = ChangeSet(chief)
        images = create_images(size)
        queue.messages.clear()
        with CaptureQueriesContext(
            connection,
        ) as statements:
            verb(change_set, images)
        assert change_set.images == size
        assert len(queue.messages) == size
        with CaptureQueriesContext(connection) as undoing:
            undone = undo(chief, change_set.id)
        assert (undone.refused, undone.change_set.images) == ([], size)
        counts.append((len(statements), len(undoing)))
        Change.objects.all().delete()
        Image.objects.all().delete()
    print(f"{verb.__name__}: {counts[1][0]} statements, undo {counts[1][1]}")
    assert counts[1] == counts[2]
    assert max(counts[1]) < 30


def test_different_texts_are_taken_back_as_one(chief: User, queue: MemoryQueue) -> None:
    images, change_set = create_images(7), ChangeSet(chief)
    title(change_set, images)
    assert set(Image.objects.values_list("title", flat=True)) == {f"Ship {image.pk}" for image in images}
    assert SearchEntry.objects.filter(title__contains="ship").count() == 7
    assert undo(chief, change_set.id).change_set.images == 7
    assert set(Image.objects.values_list("title", flat=True)) == {image.title for image in images}
    assert not SearchEntry.objects.filter(title__contains="ship").exists()


def test_each_image_of_a_set_is_judged_by_itself(chief: User, queue: MemoryQueue) -> None:
    images = create_images(6)
    Image.objects.filter(pk=images[0].pk).update(credit="")
    Image.objects.filter(pk=images[1].pk).update(state=Image.State.PUBLISHED)
    change_set = ChangeSet(chief)
    result = publishing.publish(change_set, images)
    assert (result.count, [image.pk for image, _lacks in result.refused]) == (4, [images[0].pk])
    metadata.edit_all(ChangeSet(chief), {images[2].pk: {"credit": Edit("Grace")}})
    Image.objects.filter(pk=images[3].pk).update(state=Image.State.ARCHIVED)
    undone = undo(chief, change_set.id)
    # The credit is another change; the state is not as publishing left it on one of them.
    assert (undone.change_set.images, len(undone.refused)) == (3, 1)
    assert images[3].title in undone.refused[0]


def test_of_several_changes_of_one_image_the_newest_goes_back_first(chief: User, queue: MemoryQueue) -> None:
    images, change_set = create_images(3), ChangeSet(chief)
    for text in ("First", "Second", "Third"):
        metadata.edit_all(change_set, {image.pk: {"caption": Edit(text)} for image in images})
    tag_decisions.add_tag_to_images(change_set, images, "Harbour")
    tag_decisions.reject(change_set, Tagging.objects.filter(tag__name="Harbour").select_related("tag"))
    undone = undo(chief, change_set.id)
    assert (undone.refused, undone.reverted) == ([], 15)
    assert set(Image.objects.values_list("caption", flat=True)) == {""}
    assert not Tagging.objects.filter(tag__name="Harbour").exists()


def test_a_merge_of_tags_keeps_the_weightier_decision(chief: User, queue: MemoryQueue) -> None:
    images = create_images(4)
    sea, ocean = Tag.objects.get(name="Sea"), Tag.objects.create(name="Ocean")
    for image, state in zip(images, ("accepted", "rejected", "suggested"), strict=False):
        Tagging.objects.create(image=image, tag=ocean, source="editor", state=state)
    sea.taggings.filter(image=images[1]).update(state="accepted")
    assert vocabulary.merge_tags(ChangeSet(chief), ocean, sea) == 3
    states = dict(sea.taggings.values_list("image", "state"))
    assert [states[image.pk] for image in images] == ["accepted", "accepted", "suggested", "suggested"]
    revisions = dict(Image.objects.values_list("pk", "revision"))
    assert [revisions[image.pk] for image in images] == [2, 2, 1, 1]


def test_two_people_who_tag_the_same_images_lose_nothing(chief: User, editor: User, queue: MemoryQueue) -> None:
    images = create_images(20)
    names = ["Harbour", "Quay", "Pier", "Dock"]

    def tag_images(name: str, backwards: bool) -> None:
        try:
            chosen = images[::-1] if backwards else images
            tag_decisions.add_tag_to_images(ChangeSet(editor), chosen, name)
            accepted = Tagging.objects.filter(image__in=images, tag__name="Sea").order_by("-pk" if backwards else "pk")
            tag_decisions.accept(ChangeSet(editor), accepted.select_related("tag"))
        finally:
            connection.close()

    threads = [threading.Thread(target=tag_images, args=(name, n % 2 == 1)) for n, name in enumerate(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for image in images:
        assert set(image.taggings.filter(state="accepted").values_list("tag__name", flat=True)) == {*names, "Sea"}
    # Each of the four tags, and the decision on the fifth once.
    assert Change.objects.count() == 20 * 5
    assert set(Image.objects.values_list("revision", flat=True)) == {6}


class HalfDeaf:
    """A client of SQS that refuses every second message of a request, for the first `times` requests."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.requests: list[list[str]] = []
        self.taken: list[str] = []

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.requests.append([entry["MessageBody"] for entry in Entries])
        refused = Entries[1::2] if len(self.requests) <= self.times else []
        self.taken += [entry["MessageBody"] for entry in Entries if entry not in refused]
        failed = [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in refused]
        return {"Successful": [], "Failed": failed}


def test_what_a_request_did_not_take_is_sent_again_and_nothing_else() -> None:
    client: Any = HalfDeaf(1)
    Queue(client, "q").send_all(range(23))
    assert [len(request) for request in client.requests] == [10, 5, 10, 3]
    assert sorted(map(int, client.taken)) == list(range(23))


def test_what_is_refused_to_the_end_is_said_after_all_others_were_sent() -> None:
    client: Any = HalfDeaf(3)
    with pytest.raises(Unavailable, match="InternalError"):
        Queue(client, "q").send_all(range(20))
    assert set(map(int, client.taken)) >= set(range(10, 20))


def test_a_request_has_no_more_bytes_than_sqs_takes() -> None:
    client: Any = HalfDeaf(0)
    Queue(client, "q").send_all(["x" * (MOST_BYTES // 3)] * 5 + ["y"])
    assert [len(request) for request in client.requests] == [2, 2, 2]
    assert all(sum(map(len, request)) <= MOST_BYTES for request in client.requests)


def test_the_queue_of_the_local_aws_takes_ten_at_once(
    chief: User, local_aws: stack.Stack, aws: Callable[[str, str], Any]
) -> None:
    images = create_images(12)
    publishing.publish(ChangeSet(chief), images)
    worker, seen = aws("worker", "sqs"), set()
    # The queue's own wait of twenty seconds is for workers.
    request = {"QueueUrl": django_settings.UPLOAD_QUEUE_URL, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0}
    while batch := worker.receive_message(**request).get("Messages"):
        seen |= {json.loads(message["Body"])["image"] for message in batch}
    assert seen == {str(image.pk) for image in images}


def test_a_change_that_is_taken_back_whole_tells_nobody(chief: User, queue: MemoryQueue) -> None:
    images = create_images(5)

    def fail() -> None:
        with transaction.atomic():
            publishing.publish(ChangeSet(chief), images)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not queue.messages
    assert not Change.objects.exists()
    assert set(Image.objects.values_list("state", "revision")) == {("in_review", 1)}
