"""Jobs through the queue: turn by turn, steered by people, whoever dies."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from mediahub.aws import clients
from mediahub.jobs import chunk_work, orders, runner
from mediahub.jobs.models import Chunk, Job
from mediahub.jobs.reprocess import estimate_cost
from mediahub.jobs.selection import Selection
from mediahub.library.models import Image
from mediahub.local.event_loop import Context, EventLoop
from mediahub.uploads import ingest
from mediahub.worker import clock_rest, handlers
from tests.local_aws import drain

pytestmark = pytest.mark.django_db(transaction=True)
State = Job.State


@pytest.fixture
def job(three_images: list[Image], chief: User, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Provide a job on three images, each a chunk of its own, which waits on the queue."""
    monkeypatch.setattr(orders, "CHUNK", 1)
    new_job, _held = orders.order_reprocess(Selection(), by=chief, queued=True)
    return new_job


def state(job: Job) -> str:
    job.refresh_from_db()
    return str(job.state)


def test_the_queue_brings_a_job_to_its_end(job: Job, event_loop: EventLoop) -> None:
    assert state(job) == State.WAITING
    drain(event_loop)
    assert state(job) == State.DONE
    now = runner.measure_progress(job)
    assert (now.total, now.succeeded, now.failed, now.finished) == (3, 3, 0, True)
    assert job.started_at
    assert job.finished_at


def test_a_turn_without_time_is_put_off_and_a_short_one_goes_on(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = timezone.now() + timedelta(seconds=2)
    assert runner.take_turn(job.pk, soon) == "later"
    monkeypatch.setattr(runner, "SLICE", timedelta(0))
    assert runner.take_turn(job.pk, timezone.now() + timedelta(seconds=60)) == "turned"
    assert Chunk.filter_open().count() == 3
    assert runner.measure_progress(job).succeeded == 0


def test_a_paused_job_begins_nothing_and_goes_on_when_asked(job: Job, event_loop: EventLoop) -> None:
    runner.take_turn(job.pk, timezone.now() + timedelta(seconds=60))
    assert runner.pause_job(job)
    assert not runner.pause_job(job)
    drain(event_loop)
    assert runner.measure_progress(job).succeeded == 1
    assert state(job) == State.PAUSED
    assert runner.resume_job(job)
    drain(event_loop)
    assert state(job) == State.DONE
    assert runner.measure_progress(job).succeeded == 3


def test_a_job_that_is_paused_in_the_midst_of_a_chunk_keeps_its_place(
    three_images: list[Image], chief: User, event_loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, _held = orders.order_reprocess(Selection(), by=chief, queued=True)
    honest = ingest.reprocess_upload

    def once(*args: Any, **kwargs: Any) -> bool:
        runner.pause_job(job)
        return honest(*args, **kwargs)

    monkeypatch.setattr(ingest, "reprocess_upload", once)
    drain(event_loop)
    assert (runner.measure_progress(job).succeeded, state(job)) == (1, State.PAUSED)
    monkeypatch.setattr(ingest, "reprocess_upload", honest)
    runner.resume_job(job)
    drain(event_loop)
    assert (runner.measure_progress(job).succeeded, state(job)) == (3, State.DONE)


def test_a_cancelled_job_stays_where_it_is(job: Job, event_loop: EventLoop) -> None:
    runner.take_turn(job.pk, timezone.now() + timedelta(seconds=60))
    assert runner.cancel_job(job)
    drain(event_loop)
    assert (runner.measure_progress(job).succeeded, state(job)) == (1, State.CANCELLED)
    assert not runner.resume_job(job)
    assert not runner.retry_failed(job)


def test_what_failed_is_told_and_tried_again(
    job: Job, three_images: list[Image], event_loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, honest = three_images[1], ingest.reprocess_upload

    def failing(upload: Any, *, relabel: bool) -> bool:
        if upload.image_id == bad.pk:
            raise OSError("the disk is full")
        return honest(upload, relabel=relabel)

    monkeypatch.setattr(ingest, "reprocess_upload", failing)
    drain(event_loop)
    assert state(job) == State.PARTLY
    [failure] = runner.list_failures(job)
    assert (failure.image, failure.name) == (str(bad.pk), bad.file_name)
    assert "disk" in failure.reason.english
    monkeypatch.setattr(ingest, "reprocess_upload", honest)
    assert runner.retry_failed(job) == 1
    drain(event_loop)
    assert (runner.measure_progress(job).succeeded, runner.measure_progress(job).failed, state(job)) == (
        3,
        0,
        State.DONE,
    )


def test_c19_the_clock_asks_again_for_a_job_whose_worker_died(job: Job, event_loop: EventLoop, aws: Any) -> None:
    aws("operator", "sqs").purge_queue(QueueUrl=clients.get_upload_queue().url)
    first = Chunk.filter_open().order_by("pk").first()
    assert first
    Chunk.claim(first.pk, until=timezone.now() + timedelta(seconds=30))
    Job.objects.update(asked_at=timezone.now() - timedelta(minutes=5))
    assert runner.request_lost_turns() == 0
    Chunk.objects.filter(pk=first.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert runner.request_lost_turns() == 1
    assert runner.request_lost_turns() == 0
    drain(event_loop)
    assert (runner.measure_progress(job).succeeded, state(job)) == (3, State.DONE)


def test_c19_a_worker_that_lost_its_lease_counts_nothing(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    honest, chunk_id = ingest.reprocess_upload, runner.list_unfinished_chunks(job)[0]

    def overtaken(*args: Any, **kwargs: Any) -> bool:
        monkeypatch.setattr(ingest, "reprocess_upload", honest)
        Chunk.objects.filter(pk=chunk_id).update(lease_until=timezone.now() - timedelta(seconds=1))
        runner.run_chunk(chunk_id)
        return honest(*args, **kwargs)

    monkeypatch.setattr(ingest, "reprocess_upload", overtaken)
    runner.run_chunk(chunk_id)
    assert runner.measure_progress(job).succeeded == 1


def test_c19_what_every_worker_dies_of_is_passed_over(job: Job, event_loop: EventLoop) -> None:
    deadly = Chunk.filter_open().order_by("pk").first()
    assert deadly
    Chunk.objects.filter(pk=deadly.pk).update(attempts=chunk_work.MOST_ATTEMPTS)
    drain(event_loop)
    assert state(job) == State.PARTLY
    assert "stopped each time" in runner.list_failures(job)[0].reason.english


def test_the_clock_does_not_rest_while_a_job_is_under_way(job: Job, event_loop: EventLoop, settings: Any) -> None:
    drain(event_loop)
    assert not runner.has_active_jobs()
    settings.CLOCK_REST_SECONDS = 3600
    Job.objects.update(state=State.RUNNING, asked_at=timezone.now())
    assert handlers.on_minute({}, Context("test"))["jobs_asked"] == 0
    assert not clock_rest.is_resting()
    Job.objects.update(state=State.DONE)
    handlers.on_minute({}, Context("test"))
    assert clock_rest.is_resting()
    clock_rest.wake_clock()


def test_jobs_of_long_ago_are_cleaned_away(job: Job) -> None:
    Job.objects.update(finished_at=timezone.now() - runner.RETENTION - timedelta(days=1))
    assert runner.sweep_old_jobs() == 1
    assert not Chunk.objects.exists()


def test_labels_are_priced_before_they_are_asked_for(three_images: list[Image], settings: Any) -> None:
    settings.LABELER = "rekognition"
    Image.objects.filter(pk=three_images[0].pk).update(label_state=Image.LabelState.UNAVAILABLE)
    without_labels, again = (estimate_cost(Image.objects.all(), relabel=relabel) for relabel in (False, True))
    assert (without_labels.labelled, again.labelled) == (1, 3)
    assert again.labels == 3 * without_labels.labels > 0
    settings.LABELER = "measured"
    assert estimate_cost(Image.objects.all(), relabel=True).labels == 0
