"""Upload batches: files that were sent together, and the metadata that all of them get."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from mediahub.history import undo
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, field_edits, memberships, metadata, tag_decisions, vocabulary
from mediahub.library.field_edits import Conflict, Conflicted, Edit, normalize
from mediahub.library.metadata import find_problems
from mediahub.library.models import Collection, Image
from mediahub.uploads.models import Upload, UploadBatch
from processing import MAX_LENGTHS, shorten

MOST_TAGS = 30
# Those that are the same for all images of a batch.
RIGHTS_FIELDS = ("credit", "copyright", "license", "license_url")
# One request looks at so many images; it is asked again for what it leaves.
AT_ONCE = 200


class NotYourBatch(Exception):
    """The batch is somebody else's, in a sentence."""


@dataclass(frozen=True)
class BatchMetadata:
    """The metadata for all files of a batch; an empty field changes nothing."""

    title: str = ""
    numbered: bool = True
    credit: str = ""
    copyright: str = ""
    license: str = ""
    license_url: str = ""
    tags: tuple[str, ...] = field(default_factory=tuple)
    collection: int | None = None


def get_or_create_batch(user: User, batch_id: UUID) -> UploadBatch:
    """Return the batch of this id, created the first time; raise NotYourBatch for somebody else's."""
    batch, _is_new = UploadBatch.objects.get_or_create(id=batch_id, defaults={"by": user})
    if batch.by_id != user.pk:
        raise NotYourBatch(_("These files belong to someone else's upload batch. Reload the page and try again."))
    return batch


def clean_metadata(metadata: BatchMetadata) -> BatchMetadata:
    """Return the metadata as it is stored; raise ValidationError with a sentence for each invalid field."""
    texts = {name: " ".join(normalize(getattr(metadata, name)).split()) for name in ("title", *RIGHTS_FIELDS)}
    problems = [problem for name, text in texts.items() for problem in find_problems(name, text)]
    names = [vocabulary.clean_name(name) for name in metadata.tags if name.strip()]
    tags = tuple({name.casefold(): name for name in reversed(names)}.values())[::-1]
    if len(tags) > MOST_TAGS:
        problems.append(_("You can add at most %(n)d tags at once.") % {"n": MOST_TAGS})
    if problems:
        raise ValidationError(problems)
    return BatchMetadata(**texts, numbered=metadata.numbered, tags=tags, collection=metadata.collection)


def save_metadata(user: User, batch_id: UUID, metadata: BatchMetadata) -> UploadBatch:
    """Store the metadata for all images of the batch; images that come later get it as they come.

    `apply_metadata` writes it to those that are there. Raise NotYourBatch and ValidationError.
    """
    metadata = clean_metadata(metadata)
    collection = _get_collection(user, metadata.collection)
    with transaction.atomic():
        get_or_create_batch(user, batch_id)
        # A worker that has locked the row applies the earlier metadata; its image is then among those that are there.
        batch = UploadBatch.objects.select_for_update(no_key=True).get(pk=batch_id)
        for name in ("title", "numbered", *RIGHTS_FIELDS):
            setattr(batch, name, getattr(metadata, name))
        batch.tags, batch.collection, batch.act = list(metadata.tags), collection, uuid4()
        batch.save()
    return batch


@dataclass
class MetadataProgress:
    """How far a batch's metadata is applied: its change set, the place to continue at, and what was refused."""

    act: ChangeSet
    next: int | None = None
    refused: list[str] = field(default_factory=list)


def apply_metadata(user: User, batch: UploadBatch, start: int = 1, seconds: float = 8.0) -> MetadataProgress:
    """Apply the batch's metadata to its images from this place on, as many as fit into the time."""
    progress = MetadataProgress(ChangeSet(user, batch.act))
    places = {image: place for image, place in _number_images(batch).items() if place >= start}
    images = access.changeable_images(user).defer("label_raw").in_bulk(list(places)[:AT_ONCE])
    ends_at = time.monotonic() + seconds
    for number, (image_id, place) in enumerate(places.items()):
        if number == AT_ONCE or time.monotonic() > ends_at:
            progress.next = place
            break
        if image_id in images:
            _apply_to_image(progress, batch, images[image_id], place)
    return progress


def _apply_to_image(progress: MetadataProgress, batch: UploadBatch, image: Image, place: int) -> None:
    try:
        with transaction.atomic():
            conflicts = _write_metadata(progress.act, batch, image, place)
    except Conflicted as error:
        conflicts = error.conflicts
    except ValidationError as error:
        progress.refused.append(
            _("%(title)s was not changed. %(why)s") % {"title": image, "why": " ".join(error.messages)}
        )
        return
    progress.refused += [field_edits.describe_conflict(str(image), conflict) for conflict in conflicts]


def undo_metadata(user: User, batch_id: UUID) -> undo.UndoResult:
    """Undo what the batch's metadata changed; images that come later get none of it. Raise NotYourBatch."""
    return undo.undo(user, get_or_create_batch(user, batch_id).act)


def apply_to_new_image(upload: Upload, image: Image) -> None:
    """Apply the batch's metadata to an image that has just come, within the caller's transaction.

    What an editor typed for the batch wins over the words in the file; nobody types for a folder of the bucket.
    """
    if upload.batch_id is None or upload.source == Upload.Source.BUCKET:
        return
    batch = UploadBatch.objects.select_for_update(no_key=True).get(pk=upload.batch_id)
    if undo.was_undone(batch.act):
        return
    earlier = Q(issued_at__lt=upload.issued_at) | Q(issued_at=upload.issued_at, pk__lt=upload.pk)
    _write_metadata(ChangeSet(batch.by, batch.act), batch, image, batch.uploads.filter(earlier).count() + 1)


def find_existing_files(user: User, hashes: Iterable[str]) -> tuple[dict[str, Image], dict[str, Upload]]:
    """Return by SHA-256 the visible images of the library, and the person's files that are no image yet."""
    hashes = list(hashes)
    visible_images = (
        access.visible_images(user).filter(sha256__in=hashes, deleted_at=None).prefetch_related("renditions")
    )
    images = {image.sha256: image for image in visible_images.defer("label_raw").order_by("-created_at", "pk")}
    # A ticket alone says nothing: its file may have been taken back before it was sent.
    states = [Upload.State.ISSUED, Upload.State.WORKING, Upload.State.FAILED]
    arrived_uploads = Upload.objects.filter(uploaded_by=user, state__in=states).exclude(version_id="")
    uploads = {upload.declared_sha256: upload for upload in arrived_uploads.filter(declared_sha256__in=hashes)}
    return images, uploads


def _get_collection(user: User, pk: int | None) -> Collection | None:
    if pk is None:
        return None
    may_add = user.has_perm("library.add_membership")
    collection = access.visible_collections(user).filter(pk=pk).first() if may_add else None
    if collection is None:
        raise ValidationError(
            _("The collection no longer exists, or you don't have permission to add to it. Choose another one.")
        )
    return collection


def _number_images(batch: UploadBatch) -> dict[UUID, int]:
    """Return the place of each image of the batch among the files that were sent, from 1."""
    sent = batch.uploads.order_by("issued_at", "pk").values_list("image_id", flat=True)
    return {image_id: place for place, image_id in enumerate(sent, 1) if image_id}


def _write_metadata(act: ChangeSet, batch: UploadBatch, image: Image, place: int) -> list[Conflict]:
    """Write the batch's metadata to one image; return the fields that it keeps, because somebody else wrote them."""
    conflicts, edits = [], {}
    for name, text in _build_field_values(batch, place).items():
        if field_edits.is_same(getattr(image, name), text):
            continue
        last_change = field_edits.find_last_change(image, name)
        if last_change and last_change.by and last_change.by != batch.by:
            conflicts.append(field_edits.build_conflict(image, name, text))
        elif not field_edits.was_taken_off(last_change, name, text):
            edits[name] = Edit(text, getattr(image, name))
    metadata.edit(act, image, edits)
    for name in batch.tags:
        tag_decisions.add_tag(act, image, name, reviewed=False)
    if batch.collection:
        memberships.add_images(act, [image], batch.collection)
    return conflicts


def _build_field_values(batch: UploadBatch, place: int) -> dict[str, str]:
    """Return the metadata for the image at this place, by field."""
    number = f" {place}" if batch.numbered else ""
    values = {name: str(getattr(batch, name)) for name in RIGHTS_FIELDS}
    if batch.title:
        values["title"] = shorten(batch.title, MAX_LENGTHS["title"] - len(number)) + number
    return {name: text for name, text in values.items() if text}
