"""Entering what processing found into the records: one image, its renditions, its suggested tags."""

from collections.abc import Collection, Sequence
from copy import copy
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action
from mediahub.library import date_taken, focal_point, label_suggestions, revisions, similarity, versions
from mediahub.library.changes import to_json
from mediahub.library.credit import build_credit
from mediahub.library.file_names import split_file_name
from mediahub.library.metadata import FIELDS, find_problems
from mediahub.library.models import Image, Rendition
from mediahub.library.rendition_recipes import build_fields
from mediahub.library.search import index
from mediahub.reasons import read_reason
from processing import MAX_LENGTHS, Point, Result, StoredRendition, clean_text, shorten


def record_result(
    image_id: UUID,
    file_name: str,
    result: Result,
    *,
    original: versions.Original | None = None,
    keep_labels: bool = False,
) -> Image:
    """Write the image, its renditions and its labels, within the caller's transaction.

    What an editor typed or decided stays. The revision grows when a reader of the mirror could see the difference.
    A file that may not take the place of one that the public sees is kept waiting, and changes nothing of the image.
    """
    image = Image.objects.select_for_update().filter(pk=image_id).first()
    if image and original and versions.must_wait(candidate := _candidate(image, file_name, result), original):
        versions.add_waiting(candidate, original, result.renditions)
        return image
    new = image is None
    if image is None:
        most = MAX_LENGTHS["title"]
        title = clean_text(split_file_name(file_name)[0].replace("_", " "), most) or shorten(file_name, most)
        image = Image(id=image_id, file_name=file_name, title=title)
        _take_words(image, result)
    restored = image.deleted_at is not None
    image.deleted_at = None
    image.file_name = file_name
    is_other_file, credit_digest = image.sha256 != result.metadata.sha256, build_credit(image).digest
    _describe(image, result)
    _note_flags(image, result, is_other_file=is_other_file)
    if not keep_labels:
        _note_labels(image, result)
    focal_point.set_points(image, result, keep_labels=keep_labels)
    image.save(force_insert=new)
    similarity.update_bands(image)
    changed = _put_renditions(image, result.renditions) or restored or build_credit(image).digest != credit_digest
    label_suggestions.suggest_keywords(image.pk, result.metadata.fields.keywords)
    if not keep_labels and result.labels is not None:
        label_suggestions.suggest_labels({image.pk: result.labels})
    index.update_entries([image.pk])
    if original:
        versions.make_current(image, original)
        if new:
            ChangeSet(original.by).record(image, Action.UPLOADED)
    if changed and not new:
        revisions.increment(image.pk)
    return image


def _candidate(image: Image, file_name: str, result: Result) -> Image:
    """Return the image as this file would make it, without a word of it being kept."""
    candidate = copy(image)
    candidate.file_name = file_name
    _describe(candidate, result)
    _note_labels(candidate, result)
    _note_flags(candidate, result, is_other_file=True)
    focal_point.set_points(candidate, result)
    return candidate


def mark_deleted(image_id: UUID) -> bool:
    """Mark an image whose original was deleted, within the caller's transaction; its words and decisions stay."""
    marked = Image.objects.filter(pk=image_id, deleted_at=None).update(deleted_at=timezone.now())
    if marked:
        revisions.increment(image_id)
    return marked == 1


def _take_words(image: Image, result: Result) -> None:
    """Fill the metadata of a new image from its file."""
    for name in FIELDS:
        value = getattr(result.metadata.fields, name)
        # An editor could not save the form with an address that is none.
        if value and not (isinstance(value, str) and find_problems(name, value)):
            setattr(image, name, value)


def _describe(image: Image, result: Result) -> None:
    metadata = result.metadata
    image.format, image.width, image.height = metadata.format, metadata.width, metadata.height
    image.bytes, image.sha256 = metadata.bytes, metadata.sha256
    date_taken.set_date_taken(image, metadata.taken_at, day_only=metadata.taken_day_only)
    image.camera = metadata.camera
    is_place_stored = settings.STORE_LOCATION
    image.latitude = metadata.latitude if is_place_stored else None
    image.longitude = metadata.longitude if is_place_stored else None
    image.placeholder, image.notes = result.placeholder, [read_reason(note).to_json() for note in metadata.notes]
    image.fingerprint, image.colors = result.fingerprint, f" {' '.join(result.colors)} " if result.colors else ""
    fields, image.content_credentials = metadata.fields, metadata.content_credentials
    image.creators, image.extended_description = list(fields.creators), fields.extended_description
    image.digital_source_type, image.data_mining = fields.digital_source_type, fields.data_mining
    words = {name: to_json(value) for name in FIELDS if (value := getattr(fields, name))}
    image.embedded = {**words, **({"keywords": list(fields.keywords)} if fields.keywords else {})}


def _note_labels(image: Image, result: Result) -> None:
    image.label_state = result.label_state
    image.label_note = read_reason(result.label_note).to_json() if result.label_note else {}
    answer = result.labels
    image.labeled_at = timezone.now() if answer else image.labeled_at
    image.label_source = answer.source if answer else ""
    image.label_model = answer.model_version[:64] if answer else ""
    image.label_raw = answer.raw if answer else {}


def _note_flags(image: Image, result: Result, *, is_other_file: bool) -> None:
    """Write down what was flagged, and whether the service was asked of this very file and answered.

    Without an answer the flags of the same file stay as they are: the service may be out of reach this time only.
    """
    answer = result.labels
    if answer and (answer.moderated or answer.flags):
        flags = [
            {"name": flag.name, "parent": "".join(flag.parents[:1]), "confidence": flag.confidence}
            for flag in answer.flags
        ]
        if flags != image.moderation:
            image.moderation, image.moderation_seen_at = flags, None
        image.moderation_checked = image.sha256 if answer.moderated else ""
    elif is_other_file:
        image.moderation, image.moderation_checked = [], ""
    if is_other_file:
        # A look at one file is no look at another, also where the flags are the same.
        image.moderation_seen_at = None


def record_crops(image: Image, renditions: Sequence[StoredRendition], point: Point, names: Collection[str]) -> None:
    """Enter crops that were cut anew at a point, within the caller's transaction, under the image's lock.

    `names` are those of the crops that there should be. One that was not cut anew stays as it is.
    """
    image.cut_x, image.cut_y = point.x, point.y
    image.save(update_fields=["cut_x", "cut_y", "updated_at"])
    others = image.renditions.filter(Q(mode=Rendition.Mode.FIT) | Q(name__in=names))
    others = others.exclude(name__in={rendition.name for rendition in renditions})
    changed = _put_renditions(image, renditions, others)
    versions.update_current_files(image)
    if changed:
        revisions.record_change(image.pk)


def _put_renditions(
    image: Image, renditions: Sequence[StoredRendition], others: QuerySet[Rendition] | None = None
) -> bool:
    """Make these the image's renditions, besides `others` that it has; return whether that changed anything."""
    rows = list(image.renditions.all())
    existing = {(row.name, row.format): (row.mode, row.key) for row in rows}
    other_rows = {(row.name, row.format): (row.mode, row.key) for row in others or ()}
    new_rows = [Rendition(image=image, **build_fields(rendition, image.sha256)) for rendition in renditions]
    if existing == other_rows | {(new.name, new.format): (new.mode, new.key) for new in renditions}:
        _note_recipes(rows, new_rows)
        return False
    image.renditions.exclude(pk__in=[row.pk for row in others or ()]).delete()
    Rendition.objects.bulk_create(new_rows)
    return True


def _note_recipes(rows: Sequence[Rendition], new_rows: Sequence[Rendition]) -> None:
    """Note by which recipe the same bytes were made this time."""
    new_by_place = {(row.name, row.format): row for row in new_rows}
    changed = []
    for row in rows:
        new = new_by_place.get((row.name, row.format))
        if new and (row.recipe, row.original_hash) != (new.recipe, new.original_hash):
            row.recipe, row.original_hash = new.recipe, new.original_hash
            changed.append(row)
    if changed:
        Rendition.objects.bulk_update(changed, ["recipe", "original_hash"])
