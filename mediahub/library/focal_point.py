"""The focal point: proposed by the boxes of labels, moved by an editor, and followed by the crops."""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils.formats import localize
from django.utils.translation import gettext as _

from mediahub import messages
from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import register
from mediahub.history.models import Action
from mediahub.library import field_edits
from mediahub.library.changes import FieldChange
from mediahub.library.field_edits import UNSEEN, Conflict, Conflicted, Unseen
from mediahub.library.models import Image, Tagging
from mediahub.messages import CutCrops
from processing import CENTER, LabelAnswer, Point, ProcessingError, Result

log = logging.getLogger(__name__)

# Boxes of these are looked at first; the most telling kind that there is decides alone. Names are Rekognition's.
FACES = frozenset({"face", "head"})
PEOPLE = frozenset(
    {"person", "people", "human", "adult", "man", "male", "woman", "female", "child", "boy", "girl", "baby", "teen"}
)
# How far down in the box of a whole person the face is looked for.
FACE = 1 / 3
# Thousandths of a side: finer than anybody points, and the same number wherever it is written.
DIGITS = 3
Claim = tuple[str, float, Sequence[Sequence[float]]]


@register
@dataclass(frozen=True)
class FocalPointChange(FieldChange):
    """A focal point that was set, moved, or left to the proposal again."""

    kind = "focal_point"
    permission = "library.review_tagging"

    @classmethod
    def after_apply(cls, images: Sequence[Image]) -> None:
        """Have the crops follow."""
        request_crops_after_commit(images)

    @staticmethod
    def format(column: "models.Field[Any, Any] | None", value: Any) -> str:
        """Return where the point is, in percent of a side."""
        return _("the suggested point") if value is None else f"{localize(round(100 * value, 1))} %"


def get_point(image: Image) -> Point:
    """Return the focal point: as an editor set it, else as proposed."""
    if image.focal_x is None or image.focal_y is None:
        return get_proposed(image)
    return Point(image.focal_x, image.focal_y)


def get_proposed(image: Image) -> Point:
    """Return the point that the labels' boxes propose; the center without any."""
    return Point(image.proposed_x, image.proposed_y)


def has_current_crops(image: Image) -> bool:
    """Return whether the crops were cut where they should be."""
    return (image.cut_x, image.cut_y) == (get_point(image).x, get_point(image).y)


def needs_crops(image: Image) -> bool:
    """Return whether a worker has to cut the crops again; `uncut` is the same condition for a query."""
    return not has_current_crops(image) and (image.cut_x is not None or image.focal_x is not None)


def propose_point(claims: Iterable[Claim]) -> Point:
    """Return the center of the boxes of (name, confidence in percent, boxes), weighted by area and confidence.

    Faces come first, then people, then all else; a box is left, top, width, height, as parts of the picture.
    """
    boxed = [(name.casefold(), confidence, box) for name, confidence, boxes in claims for box in boxes]
    for kind, down in ((FACES, 0.5), (PEOPLE, FACE)):
        chosen = [claim for claim in boxed if claim[0] in kind]
        if chosen:
            return _middle(chosen, down)
    return _middle(boxed, 0.5)


def build_point_chooser(image_id: UUID, *, keep_labels: bool = False) -> Callable[[LabelAnswer | None], Point]:
    """Return a function that says where to cut an image's new file, once its labels are there."""

    def at(labels: LabelAnswer | None) -> Point:
        image = Image.objects.filter(pk=image_id).first()
        if image and image.focal_x is not None:
            return get_point(image)
        return _proposal(image, labels, keep_labels=keep_labels)

    return at


def set_points(image: Image, result: Result, *, keep_labels: bool = False) -> None:
    """Set on an unsaved image the point that its labels propose, and where its crops were cut."""
    proposal = _proposal(image, result.labels, keep_labels=keep_labels)
    image.proposed_x, image.proposed_y = proposal.x, proposal.y
    image.cut_x, image.cut_y = result.point.x, result.point.y


def get_chosen(image: Image) -> Point | None:
    """Return the focal point that an editor set; None while it is left to the proposal."""
    return None if image.focal_x is None or image.focal_y is None else Point(image.focal_x, image.focal_y)


def move(change_set: ChangeSet, image: Image, target: Point | None, seen: Point | Unseen | None = UNSEEN) -> bool:
    """Set the focal point, or leave it to the proposal again; the renditions follow. False when it is there already.

    `seen` is what `chosen` said when the person looked; raises Conflicted where somebody else has moved it since.
    """
    x, y = (round(target.x, DIGITS), round(target.y, DIGITS)) if target else (None, None)
    with transaction.atomic():
        current = Image.objects.select_for_update().get(pk=image.pk)
        if (current.focal_x, current.focal_y) == (x, y):
            return False
        if seen is not UNSEEN and seen != get_chosen(current):
            conflict = field_edits.build_conflict(current, "focal_x", target)
            raise Conflicted([Conflict("focal_x", get_chosen(current), target, conflict.by, conflict.at)])
        FocalPointChange.between(current, {"focal_x": x, "focal_y": y}).perform(
            change_set, current, Action.FOCAL_POINT_MOVED
        )
    return True


def request_crops_after_commit(images: Iterable[Image]) -> None:
    """After the commit, have the crops cut again of those of the images where they are not where they should be."""
    ids = [image.pk for image in images if not has_current_crops(image)]
    if ids:
        transaction.on_commit(partial(request_crops, ids))


def request_crops(image_ids: Collection[UUID]) -> bool:
    """Ask the worker to cut the crops of these images again."""
    try:
        messages.send_all(CutCrops(image_id) for image_id in image_ids)
    except ProcessingError as error:
        # The rows say where they were cut: the clock asks for what these messages did not.
        log.warning("up to %d images wait for the clock to be cut: %s", len(image_ids), error)
        return False
    return True


def _proposal(image: Image | None, labels: LabelAnswer | None, *, keep_labels: bool) -> Point:
    if labels:
        boxes = [[(box.left, box.top, box.width, box.height) for box in label.boxes] for label in labels.labels]
        return propose_point(
            (label.name, label.confidence, label_boxes) for label, label_boxes in zip(labels.labels, boxes, strict=True)
        )
    if not keep_labels or image is None:
        return CENTER
    taggings = Tagging.objects.filter(image=image).exclude(state=Tagging.State.REJECTED).select_related("tag")
    return propose_point(
        (tagging.tag.name, tagging.confidence or 0, tagging.boxes) for tagging in taggings if tagging.boxes
    )


def _middle(boxed: Sequence[tuple[str, float, Sequence[float]]], down: float) -> Point:
    weights = [confidence * width * height for _name, confidence, (_left, _top, width, height) in boxed]
    if not sum(weights):
        return CENTER
    parts = [
        (weight * (left + width / 2), weight * (top + height * down))
        for weight, (_name, _confidence, (left, top, width, height)) in zip(weights, boxed, strict=True)
    ]
    x, y = (sum(part) / sum(weights) for part in zip(*parts, strict=True))
    return Point(round(min(max(x, 0.0), 1.0), DIGITS), round(min(max(y, 0.0), 1.0), DIGITS))
