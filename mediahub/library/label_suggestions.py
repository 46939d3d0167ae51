"""Suggesting tags for what a machine claims to see, and for the keywords of files: a few statements for many images."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from mediahub.library import vocabulary
from mediahub.library.changes import lock_images
from mediahub.library.models import Image, Tag, Tagging
from mediahub.library.search import index
from processing import Label, LabelAnswer
from processing.labels import choose_labels, parse_answer

# What people and files say is none of a machine's claims.
OTHERS = (Tagging.Source.EDITOR, Tagging.Source.FILE)
LONGEST = 100
ROWS = 500


def suggest_labels(answers: Mapping[UUID, LabelAnswer]) -> None:
    """Suggest a tag for each label of these images, within a transaction that has locked them.

    A tag that an editor has decided on keeps the decision. Call `index.update_entries` afterwards.
    """
    claims = _choose_claims(answers)
    existing: dict[tuple[UUID, int], Tagging] = {}
    for tagging in Tagging.objects.filter(image__in=claims).order_by("pk"):
        existing[tagging.image_id, tagging.tag_id] = tagging
    _remove_unclaimed(existing.values(), claims)
    new: list[Tagging] = []
    changed: list[Tagging] = []
    for image_id, labels in claims.items():
        source = answers[image_id].source
        for tag_id, label in labels.items():
            tagging = existing.get((image_id, tag_id)) or Tagging(image_id=image_id, tag_id=tag_id, source=source)
            boxes = [[box.left, box.top, box.width, box.height] for box in label.boxes]
            if tagging.source != source or (
                tagging.pk and (tagging.confidence, tagging.boxes) == (label.confidence, boxes)
            ):
                continue
            tagging.confidence, tagging.boxes = label.confidence, boxes
            (changed if tagging.pk else new).append(tagging)
    _create_all(new)
    Tagging.objects.bulk_update(changed, ["confidence", "boxes"], batch_size=ROWS)


def match_stored_answers() -> Q:
    """Return which images have an answer of a labeler in their records."""
    return Q(label_state=Image.LabelState.DONE) & ~Q(label_raw={})


def apply_stored_answers(image_ids: Collection[UUID]) -> list[UUID]:
    """Suggest anew what the stored answers of these images say, by the thresholds and the vocabulary of today.

    Nothing is asked of a labeler. Return the images that have an answer. Neither flags nor focal points change: another
    threshold is no reason to look again at what was flagged, or to cut crops.
    """
    with transaction.atomic():
        images = lock_images(image_ids, "label_source", "label_model", "label_raw", "label_state")
        labeled = [image for image in images.values() if image.label_state == Image.LabelState.DONE and image.label_raw]
        answers = {image.pk: read_stored_answer(image) for image in labeled}
        suggest_labels(answers)
        index.update_entries(answers)
    return list(answers)


def read_stored_answer(image: Image) -> LabelAnswer:
    """Return the labels of an image's stored answer that count by the settings of today."""
    answer = parse_answer(image.label_source, image.label_raw)
    if image.label_source == Tagging.Source.MEASURED:
        # Its numbers are shares of an area as well, for which there is no threshold.
        return answer
    return choose_labels(answer, settings.LABEL_MAX, settings.LABEL_MIN_CONFIDENCE)


def suggest_keywords(image_id: UUID, keywords: Sequence[str]) -> None:
    """Suggest a tag for each keyword of the file; those of a file before go, unless an editor decided on them."""
    tags = [tag.pk for tag in vocabulary.resolve_tags(keywords).values() if tag]
    suggested = Tagging.objects.filter(image=image_id, source=Tagging.Source.FILE, state=Tagging.State.SUGGESTED)
    suggested.exclude(tag__in=tags).delete()
    _create_all([Tagging(image_id=image_id, tag_id=tag, source=Tagging.Source.FILE) for tag in dict.fromkeys(tags)])


def _create_all(taggings: Sequence[Tagging]) -> None:
    """Write new taggings of many images; those that are there already stay."""
    if not taggings:
        return
    images = Image.objects.filter(pk__in={tagging.image_id for tagging in taggings})
    moments = dict(images.order_by().values_list("pk", "created_at"))
    for tagging in taggings:
        tagging.created_key = moments[tagging.image_id]
    Tagging.objects.bulk_create(taggings, batch_size=ROWS, ignore_conflicts=True)


def _choose_claims(answers: Mapping[UUID, LabelAnswer]) -> dict[UUID, dict[int, Label]]:
    """Return by image the surest label for each tag; a label that is hidden by a rule has none."""
    names = (label.name[:LONGEST] for answer in answers.values() for label in answer.labels)
    tags: Mapping[str, Tag | None] = vocabulary.resolve_tags(names, labels=True)
    claims: dict[UUID, dict[int, Label]] = {image_id: {} for image_id in answers}
    for image_id, answer in answers.items():
        best = claims[image_id]
        for label in answer.labels:
            tag = tags[label.name[:LONGEST]]
            if tag and (tag.pk not in best or label.confidence > best[tag.pk].confidence):
                best[tag.pk] = label
    return claims


def _remove_unclaimed(taggings: Collection[Tagging], claims: Mapping[UUID, Mapping[int, Label]]) -> None:
    """Remove what a machine suggested earlier, does not claim any more, and nobody decided on."""
    state = Tagging.State.SUGGESTED
    unclaimed = [
        tagging.pk
        for tagging in taggings
        if tagging.state == state and tagging.source not in OTHERS and tagging.tag_id not in claims[tagging.image_id]
    ]
    if unclaimed:
        Tagging.objects.filter(pk__in=unclaimed, state=state).delete()
