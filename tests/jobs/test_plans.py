"""What a reprocess will take is said before it begins, and is what it takes."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from mediahub.aws import clients
from mediahub.costs import model
from mediahub.delivery import mirror
from mediahub.jobs import orders, plans, runner
from mediahub.jobs.models import Job
from mediahub.jobs.selection import Selection
from mediahub.library import label_suggestions
from mediahub.library.models import Image, LabelRule, Rendition, Tag, Tagging
from mediahub.local.event_loop import EventLoop
from processing import pipeline, recipe
from processing.decoding import decode_file
from processing.formats import get_output
from tests.records import image, image_with_tags, images

pytestmark = pytest.mark.django_db(transaction=True)
Stage = Job.Stage


@contextmanager
def count_requests() -> Iterator[Counter[str]]:
    """Count what this process asks of S3 and DynamoDB in the block."""
    requests: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        requests[model.name] += 1

    services = ("s3", "dynamodb", "rekognition")
    for service in services:
        clients.get_client(service).meta.events.register(f"before-call.{service}", count)
    try:
        yield requests
    finally:
        for service in services:
            clients.get_client(service).meta.events.unregister(f"before-call.{service}", count)


def run(*words: str) -> str:
    out = StringIO()
    call_command("reprocess_images", *words, stdout=out)
    return out.getvalue()


def make_stale(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Let each rendition be made with another quality, and so by another recipe."""
    for spec in clients.get_specs():
        for name in spec.formats:
            output = get_output(name)
            monkeypatch.setitem(vars(output), "quality", (output.quality or 0) - 7)
    # The decoder's own process would know nothing of it.
    monkeypatch.setattr(pipeline, "run_decoder", decode_file)
    recipe.compute_recipe.cache_clear()


@pytest.fixture(autouse=True)
def fresh_recipes() -> Iterator[None]:
    recipe.compute_recipe.cache_clear()
    yield
    recipe.compute_recipe.cache_clear()


def test_the_plan_of_renditions_is_what_they_take(
    three_images: list[Image], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    Image.objects.filter(pk=three_images[0].pk).update(state="published", license="CC BY 4.0", credit="Ada")
    mirror.push_image(three_images[0].pk)
    assert run("--stale", "--dry-run").startswith("0 images would be reprocessed")
    make_stale(monkeypatch, settings)
    plan = plans.plan_reprocess(Selection(stale=True), Stage.RENDITIONS)
    with count_requests() as requests:
        assert "3 of 3 images reprocessed" in run("--stale")
    planned: Counter[str] = Counter()
    for call in plan.calls:
        planned[call.operation.split()[0]] += call.number
    assert planned == requests
    prices = {"GetObject": "s3_get", "PutObject": "s3_put", "Query": "dynamodb_read"}
    paid = sum(number * model.price(prices[name]) for name, number in requests.items() if name in prices)
    paid += requests["TransactWriteItems"] * plans.MIRROR_WRITES * model.price("dynamodb_write")
    assert plan.images == runner.measure_progress(Job.objects.latest("created_at")).succeeded == 3
    assert plan.requests == paid
    # What was made by today's recipe is not stale any more, and is found again when it is lost.
    assert not Selection(stale=True).images().exists()
    Rendition.objects.filter(image=three_images[1].pk, name="small").delete()
    assert [*Selection(stale=True).images()] == [three_images[1]]


def test_the_same_bytes_learn_by_which_recipe_they_were_made(three_images: list[Image]) -> None:
    Rendition.objects.update(recipe="of before")
    revisions = dict(Image.objects.values_list("pk", "revision"))
    assert "3 of 3" in run("--stale")
    assert set(Rendition.objects.values_list("recipe", flat=True)) == {
        recipe.compute_recipe(spec) for spec in clients.get_specs()
    }
    assert dict(Image.objects.values_list("pk", "revision")) == revisions


def test_the_plan_of_the_mirror_is_what_it_takes(three_images: list[Image]) -> None:
    plan = plans.plan_reprocess(Selection(), Stage.MIRROR)
    with count_requests() as requests:
        assert "3 of 3" in run("--all", "--stage", "mirror")
    assert {call.operation: call.number for call in plan.calls} == dict(requests)


RAW = {
    "Labels": [
        {"Name": "Boat", "Confidence": 95.0},
        {"Name": "Quay", "Confidence": 72.0},
        {"Name": "Fog", "Confidence": 55.0},
    ],
    "LabelModelVersion": "3.0",
}


def label_images(number: int) -> list[Image]:
    boats = images([{"label_raw": RAW, "label_source": "rekognition", "title": f"Boat {n}"} for n in range(number)])
    label_suggestions.apply_stored_answers([boat.pk for boat in boats])
    return boats


def test_another_threshold_is_applied_to_what_was_answered_and_asks_for_nothing(
    settings: Any, event_loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = label_images(30)
    taggings = Tagging.objects.filter(tag__name="Quay")
    Tagging.objects.filter(image=images[0], tag__name="Quay").update(state="accepted", source="editor")
    assert not Tagging.objects.filter(tag__name="Fog").exists()
    settings.LABELER, settings.LABEL_MIN_CONFIDENCE = "rekognition", 80
    with count_requests() as requests:
        said = run("--all", "--stage", "labels", "--max-cost", "0.01")
        assert "30 of 30 images reprocessed" in said
        assert list(taggings.values_list("image", flat=True)) == [images[0].pk]
        settings.LABEL_MIN_CONFIDENCE = 50
        run("--all", "--stage", "labels")
    assert not requests
    assert Tagging.objects.filter(tag__name="Fog", confidence=55.0, state="suggested").count() == 30
    assert "DetectLabels" not in said


def test_another_vocabulary_is_applied_to_what_was_answered(settings: Any, event_loop: EventLoop) -> None:
    label_images(3)
    settings.LABEL_MIN_CONFIDENCE = 50
    LabelRule.objects.create(label="Fog")
    LabelRule.objects.create(label="Quay", tag=Tag.objects.create(name="Harbour"))
    run("--all", "--stage", "labels")
    assert set(Image.objects.first().taggings.values_list("tag__name", flat=True)) == {"Boat", "Harbour"}  # type: ignore[union-attr]


def test_an_image_without_an_answer_is_no_part_of_the_plan(event_loop: EventLoop) -> None:
    label_images(2)
    tagged = image_with_tags("Boat")
    image(label_state="off", label_raw={})
    assert run("--all", "--stage", "labels", "--dry-run").startswith("2 images")
    assert "2 of 2" in run("--all", "--stage", "labels")
    assert tagged.taggings.count() == 1


@pytest.mark.parametrize(
    ("where", "titles"),
    [
        ("boat", {"Red boat", "Blue boat"}),
        ("boat -blue", {"Red boat"}),
        ("q=boat&state=published", {"Blue boat"}),
        ("?state=published", {"Blue boat", "Quay"}),
        ('"red boat"', {"Red boat"}),
    ],
)
def test_images_are_chosen_in_the_language_of_the_search(db: Any, where: str, titles: set[str]) -> None:
    image(title="Red boat")
    image(title="Blue boat", state="published")
    image(title="Quay", state="published")
    assert {each.title for each in Selection(where=where).images()} == titles
    assert run("--where", where, "--dry-run").startswith(f"{len(titles)} images")


def test_a_search_that_makes_no_sense_is_refused(db: Any) -> None:
    with pytest.raises(CommandError, match="The filter was ignored"):
        run("--where", "state=nonsense", "--dry-run")


def test_what_a_job_does_changes_nothing_about_which_images_it_is_about(three_images: list[Image]) -> None:
    Rendition.objects.update(recipe="of before")
    job, _resumed = orders.order_reprocess(Selection(stale=True))
    [chunk] = job.chunks.all()
    Rendition.objects.filter(image=three_images[0].pk).delete()
    assert sorted(chunk.only) == sorted(str(each.pk) for each in three_images)
    runner.run_chunk(chunk.pk)
    assert runner.measure_progress(job).succeeded == 3
    # The same order is another job now, on nothing.
    assert orders.order_reprocess(Selection(stale=True))[0].total == 0


def test_more_than_the_limit_is_not_started(db: Any, settings: Any) -> None:
    settings.LABELER = "rekognition"
    for _n in range(3):
        image(label_state="unavailable")
    said = run("--all", "--dry-run")
    assert "DetectLabels                           3  $0.0030" in said
    with pytest.raises(CommandError, match=r"more than \$0.002. Nothing was started"):
        run("--all", "--max-cost", "0.002")
    assert not Job.objects.exists()
    for wrong in ("much", "-1", "nan"):
        with pytest.raises(CommandError, match="is not an amount"):
            run("--all", f"--max-cost={wrong}")


def test_a_file_that_is_too_small_to_be_labeled_is_not_paid_for(db: Any, settings: Any) -> None:
    settings.LABELER, settings.MODERATION = "rekognition", True
    sizes = [(79, 400), (80, 400), (80, 1024), (90, 2048), (160, 2048)]
    for width, height in sizes:
        image(label_state="off", width=width, height=height)
    calls = {call.operation: call.number for call in plans.plan_reprocess(Selection(), Stage.RENDITIONS).calls}
    assert (calls["DetectLabels"], calls["DetectModerationLabels"]) == (3, 3)


def test_minutes_are_told_by_the_newest_jobs_that_went_through(db: Any) -> None:
    for _n in range(10):
        image()
    now = timezone.now()
    common = {"kind": Job.Kind.REPROCESS, "selection": {}, "state": Job.State.DONE, "total": 600}
    # 1,800 images in six minutes; the first of all was slower, and counts no more.
    for start, end in ((90, 30), (12, 9), (8, 6), (1, 0)):
        times = {"started_at": now - timedelta(minutes=start), "finished_at": now - timedelta(minutes=end)}
        Job.objects.create(**common, **times)
    Job.objects.create(**common, stage=Stage.MIRROR, started_at=now - timedelta(minutes=60), finished_at=now)
    plan = plans.plan_reprocess(Selection(), Stage.RENDITIONS)
    assert plan.speed.images_a_minute == pytest.approx(300)
    assert plan.seconds == pytest.approx(2)
    assert plan.work == Decimal(str(10 * model.measured()["worker"]["ms"] / 1000)) * model.WORKER_GB * model.price(
        "lambda_gb_second"
    )


def test_a_recipe_is_of_its_spec_its_code_and_its_codecs(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = clients.get_specs()[:2]
    before = recipe.compute_recipe(first)
    assert before != recipe.compute_recipe(second)
    changes: list[Callable[[], None]] = [
        lambda: monkeypatch.setattr(recipe, "CODE", recipe.CODE + 1),
        lambda: monkeypatch.setattr(recipe, "list_codec_versions", lambda: {"pillow": "99"}),
    ]
    recipes = {before}
    for change in changes:
        change()
        recipe.compute_recipe.cache_clear()
        recipes.add(recipe.compute_recipe(first))
    assert len(recipes) == 3


def test_a_worker_that_dies_while_it_mirrors_leaves_the_rest_to_the_clock(
    three_images: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dict(Image.objects.values_list("pk", "revision"))
    job, _resumed = orders.order_reprocess(Selection(), stage=Stage.MIRROR)
    [chunk_id] = runner.list_unfinished_chunks(job)
    with monkeypatch.context() as dying:
        dying.setattr(mirror, "push_over_items", lambda items: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            runner.run_chunk(chunk_id)
    runner.release_chunk(chunk_id)
    runner.run_chunk(chunk_id)
    after = dict(Image.objects.values_list("pk", "revision"))
    assert {pk: after[pk] - before[pk] for pk in before} == dict.fromkeys(before, 1)
    assert runner.measure_progress(job).succeeded == 3
    assert mirror.push_stale_images() == 3
    assert not any(mirror.has_drifted(each) for each in Image.objects.all())


def test_one_image_that_cannot_be_mirrored_is_named_and_the_others_are_mirrored(
    three_images: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = mirror._write_items

    def refuse(each: Image, *arguments: Any) -> bool:
        if each.pk == three_images[1].pk:
            raise OSError("the disk is full")
        return honest(each, *arguments)

    monkeypatch.setattr(mirror, "_write_items", refuse)
    job, _resumed = orders.order_reprocess(Selection(), stage=Stage.MIRROR)
    runner.run_chunk(runner.list_unfinished_chunks(job)[0])
    now = runner.measure_progress(job)
    assert (now.succeeded, now.failed) == (2, 1)
    assert [failure.image for failure in runner.list_failures(job)] == [str(three_images[1].pk)]
    assert Image.objects.get(mirrored_revision__lt=F("revision")) == three_images[1]
