"""One run: the real verbs and rows in a world of faults, and what is left of it held to the promises."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Count

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.library import cataloging, versions
from mediahub.library.models import Image, Rendition, Version
from mediahub.recovery import consistency_checks, dead_letters, retries
from mediahub.recovery.models import FailedItem
from mediahub.uploads import ingest, tickets
from mediahub.uploads.models import Upload
from mediahub.worker import redelivery
from processing import decoding, pipeline, writing
from tests.simulation.desk import FUNCTION_SECONDS, JUNK, Desk
from tests.simulation.outcome import Outcome
from tests.simulation.world import World
from tests.specs import count_files

# Short enough that sweeps and comparisons happen in the midst of the storm.
TIMES = {
    "RETRY_SECONDS": 20,
    "RESUME_SECONDS": 120,
    "SWEEP_GRACE_SECONDS": 600,
    "RECONCILE_SECONDS": 200,
    "RECONCILE_FULL_SECONDS": 600,
    "RECONCILE_GRACE_SECONDS": 60,
}
# Steps of a worker that are no call to AWS, at which it may die as well.
STEPS: tuple[tuple[Any, str], ...] = (
    (Upload, "claim_version"),
    (ingest, "_find_or_adopt"),
    (ingest, "_record"),
    (ingest, "_release"),
    (ingest, "_end_deleted"),
    (dead_letters, "_collect_letter"),
    (retries, "send_next_items"),
    (consistency_checks, "_record_page"),
)
ROOMS = ("jobs", "recovery", "uploads", "library")


def play(seed: int) -> Outcome:
    """One run from a seed; the same seed plays the same run."""
    outcome = Outcome(seed)
    world = World(seed)
    recorded: Counter[tuple[str, str]] = Counter()
    try:
        with _in(world, recorded):
            desk = Desk(world, User.objects.get_or_create(username="editor")[0])
            desk.plan()
            desk.storm()
            _whole(world, outcome)
            desk.settle()
            _before_the_check(desk, outcome, recorded)
            desk.redrive()
            desk.settle()
            _reconcile(world, desk, outcome)
            _at_the_end(world, desk, outcome)
        outcome.faults = world.faults
    finally:
        world.close()
        _clear()
    return outcome


class OneThread(Executor):
    """Does everything at once in the thread that asks: the world stops and goes on in one thread only."""

    def __init__(self, workers: int, name: str) -> None:
        """Take what a pool of threads is made with."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Call the function; what it raises is raised to who asks for the result, but for the death of the worker."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def _in(world: World, recorded: Counter[tuple[str, str]]) -> Iterator[None]:
    """Yield the real verbs, with the world's parts in place of AWS."""
    with ExitStack() as stack:
        parts = {
            "get_upload_store": "uploads",
            "get_rendition_store": "renditions",
            "get_upload_queue": "queue",
            "get_dead_letter_queue": "dead_letters",
            "get_mirror_table": "table",
            "get_labeler": "labeler",
        }
        for function, name in parts.items():
            stack.enter_context(patch.object(clients, function, lambda name=name: world.part(name)))
        stack.enter_context(patch.object(tickets, "uuid4", lambda: UUID(int=world.chance.getrandbits(128), version=4)))
        stack.enter_context(patch.object(redelivery, "random", world.chance))
        stack.enter_context(patch.object(writing, "ThreadPoolExecutor", OneThread))
        # Each worker that dies would take a process of the jail along, and another one takes longer than a storm.
        stack.enter_context(patch.object(pipeline, "run_decoder", decoding.decode_file))
        for name, seconds in TIMES.items():
            stack.enter_context(patch.object(settings, name, seconds))
        for owner, name in STEPS:
            stack.enter_context(patch.object(owner, name, _step(world, name, getattr(owner, name))))
        stack.enter_context(patch.object(cataloging, "record_result", _counting(recorded, cataloging.record_result)))
        yield


def _step(world: World, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
    def stepped(*args: Any, **kwargs: Any) -> Any:
        world.point(f"before {name}")
        answer = verb(*args, **kwargs)
        world.point(f"after {name}")
        return answer

    return stepped


def _counting(recorded: Counter[tuple[str, str]], enter: Callable[..., Any]) -> Callable[..., Any]:
    """Count what is entered by an arrival; making renditions anew keeps the labels and is no second arrival."""

    def counting(image_id: Any, *args: Any, **kwargs: Any) -> Any:
        upload = Upload.objects.get(pk=image_id)
        if upload.state == Upload.State.WORKING:
            recorded[(upload.key, upload.version_id)] += 1
        return enter(image_id, *args, **kwargs)

    return counting


def _whole(world: World, outcome: Outcome) -> None:
    """At any moment: what a record names is there."""
    objects = world.renditions.objects
    missing = [key for key in Rendition.objects.values_list("key", flat=True) if key not in objects]
    outcome.orphaned += [f"{key} is recorded and not there" for key in missing]
    for image in (
        Image.objects.annotate(n=Count("renditions"))
        .filter(deleted_at=None)
        .exclude(n=count_files(clients.get_specs()))
    ):
        outcome.orphaned.append(f"{image.pk} has {image.renditions.count()} renditions")


def _before_the_check(desk: Desk, outcome: Outcome, recorded: Counter[tuple[str, str]]) -> None:
    """When nothing waits any more, whatever the comparisons may still mend."""
    _whole(desk.world, outcome)
    outcome.drift += [f"{image.pk} is mirrored otherwise" for image in Image.objects.all() if mirror.has_drifted(image)]
    again = FailedItem.objects.filter(state__in=["open", "retried"]).values("upload").annotate(n=Count("pk"))
    for row in again.filter(upload__isnull=False, n__gt=1):
        outcome.duplicated.append(f"{row['n']} failed items stand for the upload {row['upload']}")
    for (key, version), times in recorded.items():
        if times > 1 and key not in desk.erased:
            outcome.duplicated.append(f"{key} in the version {version} was recorded {times} times")


def _reconcile(world: World, desk: Desk, outcome: Outcome) -> None:
    """Compare and mend until everything fits; what a comparison finds a third time is not mended at all."""
    for _ in range(4):
        world.pass_time(settings.SWEEP_GRACE_SECONDS + FUNCTION_SECONDS + 1)
        run = consistency_checks.run_check(consistency_checks.begin_check(repair=True, grace_seconds=0))
        # A used ticket's later version is told, and left for an operator.
        findings = [finding for finding in run if finding.kind != "overwritten"]
        if not findings:
            return
        desk.settle()
    outcome.lost += [f"{finding.what} is found again and again: {finding.reason.english}" for finding in findings]


def _at_the_end(world: World, desk: Desk, outcome: Outcome) -> None:
    _whole(world, outcome)
    _every_file_has_its_end(desk, outcome)
    _what_is_in_use_has_its_original(desk, outcome)
    named = set(Rendition.objects.values_list("key", flat=True))
    named |= {
        key for image_id in Image.objects.values_list("pk", flat=True) for key in versions.list_rendition_keys(image_id)
    }
    outcome.orphaned += [f"{key} is there and not recorded" for key in world.renditions.objects if key not in named]
    outcome.drift += [f"{image.pk} is mirrored otherwise" for image in Image.objects.all() if mirror.has_drifted(image)]
    outcome.drift += [f"{pk} is mirrored and no image" for pk in mirror.find_strangers()]
    left = FailedItem.objects.exclude(state=FailedItem.State.RESOLVED)
    outcome.lost += [f"{item.reason} is left on the desk" for item in left]
    keys = Counter(Image.objects.values_list("uploads__key", flat=True))
    outcome.duplicated += [f"{key} became {n} images" for key, n in keys.items() if n > 1]


def _every_file_has_its_end(desk: Desk, outcome: Outcome) -> None:
    records = {upload.key: upload for upload in Upload.objects.select_related("image")}
    for key, last in desk.truth.items():
        upload = records.get(key)
        if last is None:
            if upload and (
                upload.state not in ("deleted", "expired") or (upload.image and not upload.image.deleted_at)
            ):
                outcome.lost.append(f"{key} was deleted and is {upload.state}")
            continue
        data = _brought(desk, upload) if upload and upload.expires_at and upload.version_id else last
        if data is None:
            # What lies over a deleted file that came by a ticket is nobody's; whether it is in use is asked below.
            continue
        wanted = Upload.State.REJECTED if data == JUNK else Upload.State.READY
        state = upload.state if upload else "unknown"
        if state != wanted:
            outcome.lost.append(f"{key} is {state} and not {wanted}: {upload.reason if upload else ''}")
        elif state == Upload.State.READY and upload:
            sha256 = upload.image.sha256 if upload.image else ""
            if sha256 != hashlib.sha256(data).hexdigest() or (upload.image and upload.image.deleted_at):
                outcome.lost.append(f"{key} is ready with another picture than the newest")


def _brought(desk: Desk, upload: Upload) -> bytes | None:
    """Return the file that a ticket brought first, whatever lies over it; None where that was deleted."""
    versions = list(reversed(desk.world.uploads.versions[upload.key]))
    place = next((n for n, version in enumerate(versions) if version.listed.version_id == upload.version_id), None)
    if place is None or any(version.listed.removed for version in versions[:place]):
        return None
    return versions[place].data


def _what_is_in_use_has_its_original(desk: Desk, outcome: Outcome) -> None:
    """Return whether the very version is in the bucket below no delete marker, and in use where nobody deleted it."""
    for current in Version.objects.filter(current=True).select_related("image"):
        listed = desk.world.uploads.list_versions(current.key)
        ids = [version.version_id for version in listed]
        above = listed[: ids.index(current.version_id)] if current.version_id in ids else None
        if current.image.deleted_at is None and (above is None or any(version.removed for version in above)):
            outcome.lost.append(f"{current.key} is in use, and its original was deleted")
        stayed = above is not None and current.key not in desk.erased and not any(seen.removed for seen in listed)
        if current.image.deleted_at and stayed:
            outcome.lost.append(f"{current.key} is out of use, and its original is there")


def _clear() -> None:
    models = [model for room in ROOMS for model in apps.get_app_config(room).get_models(include_auto_created=True)]
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")


def quiet() -> None:
    """Switch logging off: the faults are counted, and their log lines would be millions."""
    logging.disable(logging.CRITICAL)
