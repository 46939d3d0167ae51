"""Actions on more images than one request takes: in parts, each once whoever dies, by the rights of the moment."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from mediahub.aws import clients
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.history.undo import was_undone
from mediahub.jobs import chunk_work, orders, runner
from mediahub.jobs.image_actions import ImageAction
from mediahub.jobs.models import Chunk, Job
from mediahub.library import metadata, publishing
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Tagging
from tests.doubles import MemoryQueue
from tests.library.test_bulk import create_images

pytestmark = pytest.mark.django_db(transaction=True)
State = Job.State


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> MemoryQueue:
    """Let parts and chunks be small, and messages go nowhere."""
    monkeypatch.setattr(orders, "SET_CHUNK", 10)
    monkeypatch.setattr(chunk_work, "PART", 4)
    memory_queue = MemoryQueue()
    monkeypatch.setattr(clients, "get_upload_queue", lambda: memory_queue)
    return memory_queue


def order(by: User, act: str, value: str = "", since: Any = None) -> Job:
    moment = since or timezone.now()
    return orders.order_action(Image.objects.all(), ImageAction(act, value, moment.isoformat()), by)


def finish(job: Job) -> Job:
    while chunk_ids := runner.list_unfinished_chunks(job):
        runner.run_chunk(chunk_ids[0])
    job.refresh_from_db()
    return job


def test_all_images_are_tagged_as_one_change_set_and_taken_back_as_one(chief: User) -> None:
    create_images(23)
    job = finish(order(chief, "add_tag", "Harbour"))
    assert (job.state, job.total, job.chunks.count()) == (State.DONE, 23, 3)
    assert Tagging.objects.filter(tag__name="Harbour", state="accepted").count() == 23
    assert Change.objects.filter(change_set=job.pk, by=chief).count() == 23
    undoing = finish(orders.order_undo(job.pk, 23, chief))
    assert (undoing.state, runner.measure_progress(undoing).succeeded) == (State.DONE, 23)
    assert not Tagging.objects.filter(tag__name="Harbour").exists()
    assert was_undone(job.pk)
    # The same order again has nothing to do.
    assert runner.measure_progress(finish(orders.order_undo(job.pk, 23, chief))).failed == 23


def test_a_worker_that_dies_has_done_a_part_whole_or_not_at_all(chief: User) -> None:
    create_images(10)
    job = order(chief, "publish")
    [chunk_id] = runner.list_unfinished_chunks(job)
    honest, parts = chunk_work._save_part, []

    def die(*arguments: Any, **place: Any) -> None:
        parts.append(place)
        if len(parts) == 2:
            raise KeyboardInterrupt
        honest(*arguments, **place)

    with patch.object(chunk_work, "_save_part", die), pytest.raises(KeyboardInterrupt):
        runner.run_chunk(chunk_id)
    assert Image.objects.filter(state="published").count() == runner.measure_progress(job).succeeded == 4
    runner.release_chunk(chunk_id)
    assert finish(job).state == State.DONE
    assert set(Image.objects.values_list("state", "revision")) == {("published", 2)}
    assert Change.objects.filter(change_set=job.pk).count() == 10


def test_a_worker_that_lost_its_chunk_keeps_nothing_of_the_part(chief: User) -> None:
    create_images(3)
    job = order(chief, "archive")
    [chunk_id] = runner.list_unfinished_chunks(job)
    honest = publishing.archive

    def be_late(change_set: ChangeSet, images: Any) -> int:
        moved = honest(change_set, images)
        Chunk.objects.filter(pk=chunk_id).update(lease_until=timezone.now() + timedelta(seconds=99))
        return moved

    with patch.object(publishing, "archive", be_late):
        assert not runner.run_chunk(chunk_id)
    assert not Image.objects.filter(state="archived").exists()
    assert not Change.objects.exists()


def test_each_image_that_stays_is_named_with_its_reason(chief: User) -> None:
    images = create_images(5)
    since = timezone.now()
    Image.objects.filter(pk=images[0].pk).update(credit="")
    metadata.edit_all(ChangeSet(None), {images[1].pk: {"caption": Edit("Of somebody else")}})
    job = finish(order(chief, "publish", since=since))
    reasons = {failure.image: failure.reason.english for failure in runner.list_failures(job)}
    assert (job.state, set(reasons)) == (State.PARTLY, {str(images[0].pk), str(images[1].pk)})
    assert "The credit is missing" in reasons[str(images[0].pk)]
    assert "was changed after you loaded the page" in reasons[str(images[1].pk)]
    Image.objects.filter(pk=images[0].pk).update(credit="Ada", updated_at=since)
    assert runner.retry_failed(job) == 2
    finish(job)
    assert Image.objects.filter(state="published").count() == 4


def test_who_lost_the_right_meanwhile_changes_no_further_image(chief: User) -> None:
    create_images(15)
    job = order(chief, "set_credit", "Grace")
    runner.run_chunk(runner.list_unfinished_chunks(job)[0])
    chief.groups.clear()
    chief.user_permissions.set(Permission.objects.filter(codename="view_image"))
    job = finish(job)
    assert Image.objects.filter(credit="Grace").count() == 10
    assert {failure.reason.code for failure in runner.list_failures(job)} == {"not_permitted"}


def test_what_somebody_typed_since_the_page_was_shown_stays(chief: User, editor: User) -> None:
    images, since = create_images(4), timezone.now()
    metadata.edit_all(ChangeSet(editor), {images[2].pk: {"credit": Edit("Theirs")}})
    job = finish(order(chief, "set_credit", "Mine", since=since))
    assert sorted(Image.objects.values_list("credit", flat=True)) == ["Mine", "Mine", "Mine", "Theirs"]
    assert [failure.reason.code for failure in runner.list_failures(job)] == ["changed_since_seen"]
