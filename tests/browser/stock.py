"""A desk in full use: a library, uploads in every state, failed items, tags decided and open."""

import hashlib
import json
from datetime import timedelta
from functools import cache
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from bench.scenes import SKIES, make_photograph
from mediahub.aws import clients
from mediahub.history.change_set import ChangeSet
from mediahub.jobs.models import Chunk, Job, build_failure
from mediahub.library import cataloging, collections, memberships
from mediahub.library.models import Image, Tag, Tagging
from mediahub.library.versions import Original
from mediahub.reasons import Reason
from mediahub.recovery.models import ConsistencyCheck, Decision, Duty, FailedItem, QueueHour, RetryOrder
from mediahub.uploads.models import Upload, UploadBatch
from processing import MeasuredLabeler, Rejected, Result, process
from processing.formats import describe_inputs
from tests.doubles import MemoryStore

ALT_TEXT = "Mist lies between dark ridges under a warm sky."
GUESSES = [("Sunrise", 98.4), ("Mountain range", 96.1), ("Mist", 88.7), ("Lake", 71.2), ("Boat", 61.5)]
BOXES = {"Mountain range": [[0.02, 0.5, 0.55, 0.3], [0.6, 0.55, 0.38, 0.25]], "Mist": [[0.1, 0.35, 0.5, 0.2]]}
REASON = "Writing large/7f3a.jpg failed: AWS refused the request (AccessDenied). Ask an administrator to run doctor."

TOO_LARGE = (
    "The image is 16000 × 9000 pixels; the limit is 100 megapixels and 30000 pixels per "
    "side. Reduce its size and upload it again."
)


@cache
def render_scene(name: str, orientation: int) -> tuple[UUID, Result, MemoryStore]:
    """Process a scene once for the test process; return its image's id, the result and the renditions' bytes."""
    image_id, store = uuid4(), MemoryStore(versioned=False)
    result = process(
        BytesIO(make_photograph(name, orientation=orientation)), image_id, store=store, labeler=MeasuredLabeler()
    )
    return image_id, result, store


def library(settings: Any) -> list[Image]:
    """One image for each scene, its renditions in the store, put there with the worker's role."""
    settings.AWS_PROFILE = "worker"
    images = []
    for number, name in enumerate(SKIES):
        image_id, result, rendered = render_scene(name, (1, 6, 8)[number % 3])
        for key, file in rendered.objects.items():
            clients.get_rendition_store().put(key, *file)
        with transaction.atomic():
            images.append(cataloging.record_result(image_id, f"{name.replace(' ', '_')}.jpg", result))
    settings.AWS_PROFILE = "web"
    for image in images[1::2]:
        Image.objects.filter(pk=image.pk).update(alt_text=ALT_TEXT, credit="Ada Lund / MediaHub", license="CC BY 4.0")
    words = {"alt_text": ALT_TEXT, "credit": "Ada Lund / MediaHub", "license": "CC BY 4.0"}
    for image in images[:3]:
        Image.objects.filter(pk=image.pk).update(state=Image.State.PUBLISHED, **words)
    Image.objects.filter(pk=images[3].pk).update(state=Image.State.ARCHIVED)
    return images


def copy(name: str, settings: Any, width: int = 1200) -> Image:
    """Return a smaller copy of a scene, as somebody sends it a second time."""
    settings.AWS_PROFILE = "worker"
    image_id, data = uuid4(), make_photograph(name, width, width * 3 // 4)
    result = process(BytesIO(data), image_id, store=clients.get_rendition_store(), labeler=clients.get_labeler())
    with transaction.atomic():
        image = cataloging.record_result(image_id, f"{name.replace(' ', '_')}_copy.jpg", result)
    settings.AWS_PROFILE = "web"
    return image


def replace(image: Image, user: User, settings: Any) -> None:
    """Two more files of the image, the last of them in use; what was found in it was flagged."""
    settings.AWS_PROFILE = "worker"
    for number, name in enumerate(list(SKIES)[:2], 1):
        result = process(BytesIO(make_photograph(name)), image.pk, store=clients.get_rendition_store(), labeler=None)
        with transaction.atomic():
            original = Original(f"uploads/{uuid4()}/original", f"v{number}", user)
            cataloging.record_result(
                image.pk, f"{image.title}_{number}.jpg", result, original=original, keep_labels=True
            )
    settings.AWS_PROFILE = "web"
    flags = [{"name": "Graphic violence", "parent": "Violence", "confidence": 83.2}]
    words = {"title": "Evening light", "credit": "Ada Lund / North Press", "keywords": ["Lake", "Evening"]}
    Image.objects.filter(pk=image.pk).update(moderation=flags, embedded=words)


def offer(image: Image, user: User, settings: Any) -> None:
    """Add a newer file of a published image, which was flagged and waits for somebody who may publish."""
    settings.AWS_PROFILE = "worker"
    for number, name in enumerate(list(SKIES)[2:4], 1):
        result = process(BytesIO(make_photograph(name)), image.pk, store=clients.get_rendition_store(), labeler=None)
        with transaction.atomic():
            original = Original(f"uploads/{uuid4()}/original", "v1", user, may_go_out=number == 1)
            cataloging.record_result(image.pk, image.file_name, result, original=original, keep_labels=True)
    settings.AWS_PROFILE = "web"
    version = image.versions.get(waiting=True)
    version.facts["moderation"] = [{"name": "Graphic violence", "parent": "Violence", "confidence": 83.2}]
    version.save()


def tag(image: Image, user: User) -> None:
    """Suggestions as Rekognition makes them, one accepted, one rejected."""
    image.taggings.all().delete()
    states = [Tagging.State.ACCEPTED, *[Tagging.State.SUGGESTED] * 3, Tagging.State.REJECTED]
    for (name, confidence), state in zip(GUESSES, states, strict=True):
        word, _created = Tag.objects.get_or_create(name=name)
        decided = {} if state == Tagging.State.SUGGESTED else {"reviewed_by": user, "reviewed_at": timezone.now()}
        boxes = BOXES.get(name, [])
        values = {
            "source": Tagging.Source.REKOGNITION,
            "confidence": confidence,
            "boxes": boxes,
            "state": state,
            **decided,
        }
        Tagging.objects.create(image=image, tag=word, **values)
    Image.objects.filter(pk=image.pk).update(label_source="rekognition", label_state=Image.LabelState.DONE)


def uploads(user: User, images: list[Image]) -> Upload:
    """Create uploads in every state; return the one that failed."""
    for image in images:
        upload(user, image.file_name, Upload.State.READY, image=image, attempts=1)
    upload(user, "just_sent.jpg", Upload.State.WORKING, attempts=1, step="render")
    upload(user, "still_sending.png", Upload.State.ISSUED)
    text = Rejected("not_an_image", formats=describe_inputs()).message
    upload(user, "notes.jpg", Upload.State.REJECTED, reason=text, attempts=1, step="decode")
    return upload(user, "IMG_4711.jpg", Upload.State.FAILED, reason=REASON, attempts=3, step="store")


def sync_folder(folder: str, states: dict[str, int], system_files: int = 0) -> UploadBatch:
    """Create what a sync of a folder of the bucket leaves: so many files in each state, and skipped system files."""
    batch = UploadBatch.objects.create(folder=folder, system_files=system_files)
    for state, number in states.items():
        for _number in range(number):
            key = f"{folder}/{uuid4()}.jpg"
            adopted: dict[str, Any] = {"source": Upload.Source.BUCKET, "method": Upload.Method.DIRECT, "batch": batch}
            Upload.objects.create(bucket="uploads", key=key, file_name=key.rsplit("/", 1)[1], state=state, **adopted)
    return batch


def upload(user: User, name: str, state: str, **values: Any) -> Upload:
    """One upload of this user."""
    upload_id = uuid4()
    ended = timezone.now() if state in Upload.ENDED else None
    return Upload.objects.create(
        id=upload_id,
        file_name=name,
        state=state,
        content_type="image/jpeg",
        declared_bytes=3_400_000,
        bucket="uploads",
        key=f"uploads/{upload_id}/original",
        version_id="" if state == Upload.State.ISSUED else "v1",
        uploaded_by=user,
        finished_at=ended,
        expires_at=timezone.now() + timedelta(minutes=10),
        **values,
    )


def weeks(user: User) -> None:
    """Create what came in the four weeks before today, and how the queue stood, for the dashboard."""
    now = timezone.now()
    for day in range(1, 28):
        moment = now - timedelta(days=day)
        for n in range(day * 7 % 11 + 1):
            day_upload = upload(
                user, f"day_{day}_{n}.jpg", Upload.State.READY, work_ms=700 + (day * 131 + n * 57) % 900
            )
            Upload.objects.filter(pk=day_upload.pk).update(issued_at=moment)
    hours = [
        QueueHour(
            hour=now - timedelta(days=day),
            at=now,
            waiting=day % 3,
            waiting_most=day * 13 % 40,
            oldest=20,
            oldest_most=90,
            dead_letters=0,
        )
        for day in range(28)
    ]
    QueueHour.objects.bulk_create(hours)


def failed_item(failed: Upload | None, reason: str = REASON, **values: Any) -> FailedItem:
    """Return a dead letter on the desk."""
    payload = {"Records": [{"eventName": "ObjectCreated:Post", "s3": {"object": {"key": "uploads/x/original"}}}]}
    return FailedItem.objects.create(
        message_id=str(uuid4()),
        upload=failed,
        kind=values.pop("kind", "upload"),
        step=values.pop("step", "store"),
        fingerprint=values.pop("fingerprint", hashlib.sha256(reason.encode()).hexdigest()[:16]),
        reason=reason,
        attempts=3,
        payload=values.pop("payload", json.dumps(payload)),
        first_failed_at=timezone.now() - timedelta(hours=2),
        last_failed_at=timezone.now(),
        **values,
    )


def failures(user: User, images: list[Image], failed: Upload) -> FailedItem:
    """Failed items of three causes; returns the one of the largest that belongs to `failed`."""
    for number in range(11):
        failed_item(upload(user, f"IMG_{4712 + number}.jpg", Upload.State.FAILED, reason=REASON))
    for image in images[:4]:
        failed_item(None, "The image could not be mirrored.", image=image, kind="mirror", step="")
    unknown = "This message is neither an event of S3 nor one of MediaHub's own."
    failed_item(None, unknown, kind="unknown", step="", payload=json.dumps({"from": "elsewhere"}))
    return failed_item(failed, error="AccessDenied", request_id=str(uuid4()), retries=1)


def retry(user: User) -> RetryOrder:
    """Return an order to retry that is half done."""
    order = RetryOrder.objects.create(by=user, total=8)
    states = [FailedItem.State.RESOLVED] * 4 + [FailedItem.State.RETRIED] * 3 + [FailedItem.State.OPEN]
    for number, state in enumerate(states):
        name = f"harbour_{number + 1}.jpg"
        item = failed_item(
            upload(user, name, Upload.State.FAILED), state=state, retry_order=order, fingerprint="f" * 16
        )
        Decision.objects.create(item=item, by=user, kind=Decision.Kind.RETRY)
    return order


def check() -> ConsistencyCheck:
    """Return a comparison that found a few things, and the one before that found none."""
    ConsistencyCheck.objects.create(finished_at=timezone.now())
    since = timezone.now() - timedelta(hours=3)
    failing = {"failing_since": since, "failed_at": timezone.now(), "failures": 180}
    Duty.objects.update_or_create(
        name="mirrored", defaults={**failing, "fault": Duty.Fault.MISCONFIGURED, "code": "AccessDenied"}
    )
    counts = {"lost": 10, "missing": 5, "drifted": 5, "orphan": 3, "overwritten": 1}
    examples = [
        {"kind": "lost", "what": f"trip/harbour_{number}.jpg", **Reason("upload_unknown").to_json()}
        for number in range(3)
    ]
    return ConsistencyCheck.objects.create(finished_at=timezone.now(), counts=counts, examples=examples, repair=True)


def collect(images: list[Image]) -> int:
    """Return a small tree of collections with images in them; returns the id of one in the midst, for a group."""
    news = collections.create(ChangeSet(None), "News", description="What goes out today.")
    sport = collections.create(ChangeSet(None), "Sport", news, groups=Group.objects.filter(name="Chief editor"))
    collections.create(ChangeSet(None), "Football and other ball games of the season", sport)
    collections.create(ChangeSet(None), "Archive")
    memberships.add_images(ChangeSet(None), images[:4], news)
    memberships.add_images(ChangeSet(None), images[3:6], sport)
    return sport.pk


def job(user: User, images: list[Image], *, ended: bool = False) -> Job:
    """Work on many images that is under way, or at its end with a zip file and a failure."""
    ids = [str(image.pk) for image in images]
    state = Job.State.PARTLY if ended else Job.State.RUNNING
    kind = {"kind": Job.Kind.ZIP, "files": Job.Files.ORIGINAL} if ended else {}
    started = timezone.now() - timedelta(minutes=2)
    new_job = Job.objects.create(
        selection={"ids": ids}, state=state, by=user, total=400, started_at=started, queued=True, **kind
    )
    chunk = Chunk(job=new_job, first=min(ids), last=max(ids), only=ids, succeeded=129, failed=1)
    chunk.failures = [build_failure(ids[0], images[0].file_name, Reason("no_original"))]
    if ended:
        key = f"downloads/{new_job.pk}/part-1.zip"
        chunk.succeeded, chunk.key, chunk.bytes, chunk.finished_at = 399, key, 184_000_000, timezone.now()
    else:
        chunk.lease_until = timezone.now() + timedelta(hours=1)
    chunk.save()
    return new_job
