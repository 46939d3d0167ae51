"""Reprocessing, inline and by Celery on the SQS queue of the local AWS."""

import base64
import json
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from mediahub.aws import clients
from mediahub.jobs import celery_queue, orders, runner
from mediahub.jobs.models import Chunk, Job
from mediahub.jobs.selection import Selection
from mediahub.library.models import Image
from mediahub.local.event_loop import EventLoop
from mediahub.uploads import ingest
from mediahub.uploads.models import Upload
from tests.children import running
from tests.specs import count_files

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = ("-m", "celery", "-A", "mediahub", "worker", "--pool", "solo", "--loglevel", "WARNING")


def stored(operator: Any) -> dict[str, bytes]:
    listed = operator.list_objects_v2(Bucket=settings.RENDITION_BUCKET).get("Contents", [])
    keys = [entry["Key"] for entry in listed]
    return {key: operator.get_object(Bucket=settings.RENDITION_BUCKET, Key=key)["Body"].read() for key in keys}


def emptied(operator: Any) -> None:
    listed = operator.list_objects_v2(Bucket=settings.RENDITION_BUCKET)["Contents"]
    keys = [{"Key": entry["Key"]} for entry in listed]
    operator.delete_objects(Bucket=settings.RENDITION_BUCKET, Delete={"Objects": keys})


def test_inline_and_celery_give_the_same_bytes(
    three_images: list[Image], aws: Callable[[str, str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = aws("operator", "s3")
    first = stored(operator)
    assert len(first) == 3 * count_files(clients.get_specs())
    emptied(operator)
    call_command("reprocess_images", "--all", stdout=StringIO())
    assert stored(operator) == first
    emptied(operator)
    monkeypatch.setenv("AWS_PROFILE", "operator")
    with running(*WORKER):
        call_command("reprocess_images", "--all", "--engine", "celery", stdout=StringIO())
    assert stored(operator) == first


def test_c19_a_killed_worker_goes_on_where_it_was(
    three_images: list[Image],
    aws: Callable[[str, str], Any],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    operator = aws("operator", "s3")
    emptied(operator)
    monkeypatch.setenv("AWS_PROFILE", "operator")
    monkeypatch.setenv("LEASE_SECONDS", "3")
    monkeypatch.setattr(orders, "CHUNK", 1)
    job, _resumed = orders.order_reprocess(Selection())
    from mediahub.celery import app
    from mediahub.worker.tasks import reprocess_chunk

    app.set_current()
    for chunk_id in runner.list_unfinished_chunks(job):
        reprocess_chunk.delay(chunk_id)
    with running(*WORKER) as worker:
        until(lambda: runner.measure_progress(job).succeeded >= 1)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    with running(*WORKER):
        until(lambda: runner.measure_progress(job).finished)
    assert runner.measure_progress(job).succeeded == 3
    assert len(stored(operator)) == 3 * count_files(clients.get_specs())


def test_the_message_for_a_worker_is_the_one_that_celery_writes(
    local_aws: Any, aws: Callable[[str, str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "operator")
    from mediahub.celery import QUEUE, app
    from mediahub.worker.tasks import reprocess_chunk

    app.set_current()
    reprocess_chunk.delay(7)
    sqs = aws("operator", "sqs")
    # The poll of a worker that ended may have it for the two seconds of its visibility.
    [message] = sqs.receive_message(QueueUrl=settings.BULK_QUEUE_URL, WaitTimeSeconds=20)["Messages"]
    theirs, ours = json.loads(base64.b64decode(message["Body"])), celery_queue.encode_task(7)
    assert (reprocess_chunk.name, QUEUE) == (celery_queue.TASK, celery_queue.QUEUE)
    assert json.loads(base64.b64decode(ours["body"])) == json.loads(base64.b64decode(theirs["body"]))
    fixed = ("content-encoding", "content-type")
    assert [ours[name] for name in fixed] == [theirs[name] for name in fixed]
    for name in ("lang", "task", "parent_id", "group"):
        assert ours["headers"][name] == theirs["headers"][name]
    for name in ("delivery_mode", "delivery_info", "priority", "body_encoding"):
        assert ours["properties"][name] == theirs["properties"][name]


def until(true: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_c19_an_interrupted_order_is_gone_on_with(three_images: list[Image]) -> None:
    job, _resumed = orders.order_reprocess(Selection())
    Chunk.objects.filter(job=job).update(reached=three_images[1].pk, succeeded=2)
    out = StringIO()
    call_command("reprocess_images", "--all", stdout=out)
    assert "Resuming the job" in out.getvalue()
    assert "3 of 3 images reprocessed" in out.getvalue()
    assert Job.objects.get().finished_at


def test_c19_a_chunk_has_one_worker_at_a_time(three_images: list[Image]) -> None:
    job, _resumed = orders.order_reprocess(Selection())
    chunk_id = runner.list_unfinished_chunks(job)[0]
    Chunk.claim(chunk_id, until=timezone.now() + timedelta(seconds=30))
    with pytest.raises(runner.Busy):
        runner.run_chunk(chunk_id)


def test_a_lost_original_is_named_and_the_others_go_on(
    three_images: list[Image], aws: Callable[[str, str], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    lost = three_images[0].uploads.get()
    aws("operator", "s3").delete_object(Bucket=lost.bucket, Key=lost.key, VersionId=lost.version_id)
    with pytest.raises(CommandError):
        call_command("reprocess_images", "--all")
    printed = capsys.readouterr()
    assert "2 of 3 images reprocessed, 1 failed" in printed.out
    assert three_images[0].file_name in printed.err


def test_the_selection_is_said_and_nothing_done_on_a_dry_run(three_images: list[Image]) -> None:
    out = StringIO()
    call_command("reprocess_images", "--ids", str(three_images[0].pk), "--dry-run", stdout=out)
    assert "1 images would be reprocessed" in out.getvalue()
    assert not Job.objects.exists()
    with pytest.raises(CommandError, match="Choose images with"):
        call_command("reprocess_images")


@pytest.mark.parametrize("option", ["--since=yesterday", "--ids=nonsense"])
def test_a_wrong_option_is_refused_with_its_name(option: str) -> None:
    with pytest.raises(CommandError, match="is not"):
        call_command("reprocess_images", option)


def test_the_selection_narrows_to_state_time_and_ids(three_images: list[Image]) -> None:
    Image.objects.filter(pk=three_images[0].pk).update(state=Image.State.PUBLISHED)
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    assert [*Selection(state="published").images()] == three_images[:1]
    assert not Selection(since=tomorrow).images().exists()
    assert Selection(ids=(str(three_images[1].pk),)).images().count() == 1
    out = StringIO()
    call_command("reprocess_images", "--since", "2020-01-01", "--state", "published", stdout=out)
    assert "1 of 1 images reprocessed" in out.getvalue()
    assert str(Job.objects.get()).startswith("1 images")


def test_nothing_to_do_is_done_at_once(event_loop: EventLoop) -> None:
    out = StringIO()
    call_command("reprocess_images", "--all", stdout=out)
    assert "0 of 0 images reprocessed" in out.getvalue()


def test_c19_a_chunk_that_is_finished_is_not_done_again(three_images: list[Image]) -> None:
    job, _resumed = orders.order_reprocess(Selection())
    chunk_id = runner.list_unfinished_chunks(job)[0]
    runner.run_chunk(chunk_id)
    runner.run_chunk(chunk_id)
    assert runner.measure_progress(job).succeeded == 3


def test_an_interrupted_command_frees_its_chunk_and_says_how_to_go_on(
    three_images: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = ingest.reprocess_upload
    begun: list[Upload] = []

    def interrupted(upload: Upload, *, relabel: bool) -> bool:
        begun.append(upload)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return honest(upload, relabel=relabel)

    monkeypatch.setattr(ingest, "reprocess_upload", interrupted)
    with pytest.raises(CommandError, match="Run the same command again"):
        call_command("reprocess_images", "--all")
    out = StringIO()
    call_command("reprocess_images", "--all", stdout=out)
    assert "3 of 3 images reprocessed" in out.getvalue()
    assert len(begun) == 4
