"""A desk in full use: a library, uploads in every state, failed items, tags decided and open."""

import json
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from mediahub import wiring
from mediahub.intake.models import FailedItem, Upload
from mediahub.library import catalogue
from mediahub.library.models import Image, Tag, Tagging
from processing import process
from tests.browser.scenes import SKIES, photograph

ALT_TEXT = "Mist lies between dark ridges under a warm sky."
GUESSES = [("Sunrise", 98.4), ("Mountain range", 96.1), ("Mist", 88.7), ("Lake", 71.2), ("Boat", 61.5)]
REASON = "The renditions bucket did not take large/7f3a.jpg: access denied. Ask an operator to check the worker's role."


def library(settings: Any) -> list[Image]:
    """One image for each scene, its renditions in the store, made with the worker's role."""
    settings.AWS_PROFILE = "worker"
    made = []
    for number, name in enumerate(SKIES):
        image_id = uuid4()
        data = photograph(name, orientation=(1, 6, 8)[number % 3])
        result = process(BytesIO(data), image_id, store=wiring.renditions(), labeler=wiring.labeler())
        with transaction.atomic():
            made.append(catalogue.enter(image_id, f"{name.replace(' ', '_')}.jpg", result))
    settings.AWS_PROFILE = "web"
    for image in made[1::2]:
        Image.objects.filter(pk=image.pk).update(alt_text=ALT_TEXT, credit="Ada Lund / MediaHub")
    for image in made[:3]:
        Image.objects.filter(pk=image.pk).update(state=Image.State.PUBLISHED)
    Image.objects.filter(pk=made[3].pk).update(state=Image.State.ARCHIVED)
    return made


def tag(image: Image, user: User) -> None:
    """Suggestions as Rekognition makes them, one accepted, one rejected."""
    image.taggings.all().delete()
    states = [Tagging.State.ACCEPTED, *[Tagging.State.SUGGESTED] * 3, Tagging.State.REJECTED]
    for (name, confidence), state in zip(GUESSES, states, strict=True):
        word, _created = Tag.objects.get_or_create(name=name)
        decided = {} if state == Tagging.State.SUGGESTED else {"reviewed_by": user, "reviewed_at": timezone.now()}
        values = {"source": Tagging.Source.REKOGNITION, "confidence": confidence, "state": state, **decided}
        Tagging.objects.create(image=image, tag=word, **values)
    Image.objects.filter(pk=image.pk).update(label_source="rekognition", label_state=Image.LabelState.DONE)


def uploads(user: User, images: list[Image]) -> Upload:
    """Uploads in every state; returns the one that failed."""
    for image in images:
        upload(user, image.file_name, Upload.State.READY, image=image, attempts=1)
    upload(user, "just_sent.jpg", Upload.State.WORKING, attempts=1, step="render")
    upload(user, "still_sending.png", Upload.State.ISSUED)
    text = "The file is not a JPEG, PNG, GIF or WebP picture. Export it as one of these and upload it again."
    upload(user, "notes.jpg", Upload.State.REJECTED, reason=text, attempts=1, step="decode")
    return upload(user, "IMG_4711.jpg", Upload.State.FAILED, reason=REASON, attempts=3, step="store")


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


def failed_item(failed: Upload | None, reason: str = REASON, **values: Any) -> FailedItem:
    """A dead letter on the desk."""
    payload = {"Records": [{"eventName": "ObjectCreated:Post", "s3": {"object": {"key": "uploads/x/original"}}}]}
    return FailedItem.objects.create(
        message_id=str(uuid4()),
        upload=failed,
        kind="upload",
        step="store",
        reason=reason,
        attempts=3,
        payload=values.pop("payload", json.dumps(payload)),
        first_failed_at=timezone.now() - timedelta(hours=2),
        last_failed_at=timezone.now(),
        **values,
    )
