"""Work on all images from `deploy manage`: recorded by one short invocation, done by others, followed by more."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from deploy import __main__ as deploy
from deploy.functions import job_progress
from deploy.stage import Stage
from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.jobs import orders, runner
from mediahub.jobs.models import Chunk, Job
from mediahub.library.models import Image
from mediahub.local.event_loop import EventLoop
from mediahub.recovery.models import ConsistencyCheck
from tests.deployed import Function, deployed_function, mapping
from tests.local_aws import drain

pytestmark = pytest.mark.django_db(transaction=True)
# Each image a chunk of its own, and each turn a single one: as many invocations as a large library needs.
SMALL = "from mediahub.jobs import orders; orders.CHUNK = 1\n"
NUMBER = re.compile(r"^[0-9a-f]{8}-[0-9a-f-]{27}$", re.M)


@pytest.fixture
def function(three_images: list[Image]) -> Iterator[Function]:
    # Django is set up by the front door; what is changed in it is changed after that.
    with deployed_function(before="import mediahub.worker.lambda_entry\n" + SMALL) as started:
        yield started


@pytest.fixture
def stage(function: Function) -> Stage:
    return Stage("mediahub", "local", "us-east-1", lambda service, config=None: function, poll_seconds=0.05)


@pytest.fixture
def typed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """typed("manage", "local", …): what an operator types after `python -m deploy`."""
    monkeypatch.setattr(deploy, "_open_stage", lambda options: stage)
    return lambda *words: deploy.main(list(words))


def test_the_mirror_is_rebuilt_over_many_short_invocations(
    typed: Callable[..., int],
    function: Function,
    three_images: list[Image],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = clients.get_mirror_table()
    mirror.forget_image(str(three_images[0].pk))
    table.put({"pk": str(three_images[1].pk), "sk": "image", "revision": 99})
    table.put({"pk": "no image's id", "sk": "image", "revision": 1})
    with mapping(str(tmp_path / "seconds")):
        assert typed("manage", "local", "rebuild_mirror") == 0
    said = capsys.readouterr().out
    assert NUMBER.search(said)
    assert "of 3 images mirrored" in said
    assert said.rstrip().endswith("3 of 3 images mirrored, 1 unknown items removed, 0 failed.")
    assert {pk for pk, _ in table.list_keys()} == {str(image.pk) for image in three_images}
    assert all(not mirror.has_drifted(image) for image in Image.objects.all())
    # It was recorded by one invocation, worked on by several with at most a chunk a lane, and asked about by others.
    assert Chunk.objects.count() == 4
    assert len((tmp_path / "seconds").read_text().splitlines()) >= 4 / runner.LANES
    assert len(function.seconds) >= 2
    assert function.longest < 60


def test_an_operator_who_leaves_stops_nothing(
    typed: Callable[..., int], three_images: list[Image], event_loop: EventLoop, capsys: pytest.CaptureFixture[str]
) -> None:
    with patch("deploy.functions.job_progress.time.sleep", side_effect=KeyboardInterrupt):
        assert typed("manage", "local", "reprocess_images --all") == 130
    said = capsys.readouterr().out
    job = Job.objects.get()
    assert f'The job continues. To follow it: python -m deploy manage local "jobs {str(job.pk)[:8]}"' in said
    # The same command goes on with the same job.
    assert typed("manage", "local", "reprocess_images --all", "--no-wait") == 0
    assert "Resuming the job" in capsys.readouterr().out
    assert Job.objects.get() == job
    assert job.chunks.count() == 3
    drain(event_loop)
    assert typed("manage", "local", f"jobs {str(job.pk)[:8]}") == 0
    assert "3 of 3 images reprocessed, 0 failed." in capsys.readouterr().out
    assert typed("manage", "local", "jobs") == 0
    assert re.search(rf"^{str(job.pk)[:8]}  .* done      3 of 3 images reprocessed$", capsys.readouterr().out, re.M)


def test_buckets_records_and_mirror_are_compared_through_the_queue(
    typed: Callable[..., int],
    stage: Stage,
    three_images: list[Image],
    event_loop: EventLoop,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mirror.forget_image(str(three_images[0].pk))
    Image.objects.update(updated_at=timezone.now() - timedelta(hours=1))

    def compared(line: str) -> tuple[bool, str]:
        assert typed("manage", "local", line, "--no-wait") == 0
        drain(event_loop)
        return job_progress.follow_job(stage, str(Job.objects.latest("created_at").pk)), capsys.readouterr().out

    well, said = compared("reconcile --grace 0")
    assert (well, "Found: 1 drifted." in said) == (False, True)
    well, said = compared("reconcile --repair --grace 0")
    assert (well, "Repairs are on the queue." in said) == (True, True)
    drain(event_loop)
    well, said = compared("reconcile --grace 0")
    assert (well, "No differences found." in said) == (True, True)
    assert ConsistencyCheck.objects.filter(by_hand=True).exclude(finished_at=None).count() == 3


def test_a_rebuilt_mirror_goes_on_after_its_last_image(
    three_images: list[Image], event_loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "PAGE", 1)
    for number in range(3):
        clients.get_mirror_table().put({"pk": f"stranger {number}", "sk": "image", "revision": 1})
    before = dict(Image.objects.values_list("pk", "revision"))
    job, _ = orders.order_mirror()
    sweeping, images = runner.list_unfinished_chunks(job)
    Chunk.objects.filter(pk=images).update(reached=three_images[0].pk, succeeded=1)
    # A worker dies after a page of keys, and one in the midst of the images.
    with patch.object(mirror, "forget_image", side_effect=[None, KeyboardInterrupt]), pytest.raises(KeyboardInterrupt):
        runner.run_chunk(sweeping)
    runner.release_chunk(sweeping)
    assert Chunk.objects.get(pk=sweeping).cursor["forgotten"] == 1
    out = StringIO()
    call_command("rebuild_mirror", stdout=out)
    assert "Resuming the job" in out.getvalue()
    assert {pk for pk, _ in clients.get_mirror_table().list_keys() if pk.startswith("stranger")} <= {"stranger 0"}
    after = dict(Image.objects.values_list("pk", "revision"))
    assert [after[image.pk] - before[image.pk] for image in three_images] == [0, 1, 1]
    # Done again it changes nothing that anybody reads.
    mirrored = {image.pk: mirror.read_item(image.pk) for image in three_images}
    call_command("rebuild_mirror", stdout=StringIO())
    for image in three_images:
        assert {**(mirror.read_item(image.pk) or {}), "revision": 0} == {**(mirrored[image.pk] or {}), "revision": 0}


def test_what_a_part_of_aws_refuses_is_named_and_tried_again(
    three_images: list[Image], event_loop: EventLoop, settings: Any
) -> None:
    table, settings.MIRROR_TABLE = settings.MIRROR_TABLE, "no-such-table"
    with pytest.raises(CommandError, match=r"Using the mirror.* failed: AWS refused the request"):
        call_command("rebuild_mirror", stdout=StringIO())
    job = Job.objects.get()
    assert runner.measure_progress(job).passed == 0
    settings.MIRROR_TABLE = table
    call_command("rebuild_mirror", stdout=StringIO())
    assert Job.objects.get().state == Job.State.DONE


def test_a_job_is_steered_from_the_shell(three_images: list[Image], event_loop: EventLoop) -> None:
    job, _ = orders.order_mirror(queued=True)
    name = str(job.pk)[:8]
    call_command("jobs", name, "--pause", stdout=StringIO())
    drain(event_loop)
    assert runner.measure_progress(job).passed == 0
    call_command("jobs", name, "--resume", stdout=StringIO())
    with pytest.raises(CommandError, match="`--resume` has no effect"):
        call_command("jobs", name, "--resume")
    drain(event_loop)
    assert runner.measure_progress(job).finished
    with pytest.raises(CommandError, match=r"no job ffff.*list the newest"):
        call_command("jobs", "ffff")
