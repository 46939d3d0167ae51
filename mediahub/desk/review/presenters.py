"""What the review page tells of one image: the same for its template and, as JSON, for its script."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mediahub.delivery.addresses import build_address
from mediahub.desk import presenters as desk_presenters
from mediahub.library import editor_actions, publishing, tag_decisions
from mediahub.library.models import Image, Tagging

# A box that covers this part of the picture is nowhere in particular.
NEARLY_ALL = 0.6
MOST_PLACES = 6
MOST_KEYS = 9


def sheet(image: Image) -> dict[str, Any]:
    """The image, its picture, its words and its tags, the surest tag first; no query on images that are `told`."""
    tags = [_tag(tagging) for tagging in image.taggings.all()]
    return {
        "id": str(image.pk),
        "title": image.title,
        "words": {name: getattr(image, name) for name in editor_actions.TYPED_FIELDS},
        "state": image.state,
        "file": image.sha256,
        "picture": _picture(image),
        "tags": tags,
        "lacks": publishing.list_missing(image),
        "labels": desk_presenters.labels(image),
        "untouched": tag_decisions.is_unreviewed(image),
        "review": reverse("desk:review", args=[image.pk]),
        "crop": reverse("desk:crop", args=[image.pk]),
        "page": reverse("admin:library_image_change", args=[image.pk]),
    }


def _picture(image: Image) -> dict[str, Any]:
    made = [rendition for rendition in image.renditions.all() if rendition.whole]
    largest = max(made, key=lambda rendition: rendition.width * rendition.height, default=None)
    return {
        "address": build_address(largest.key) if largest else "",
        "width": largest.width if largest else image.width,
        "height": largest.height if largest else image.height,
        "placeholder": image.placeholder,
    }


def _tag(tagging: Tagging) -> dict[str, Any]:
    return {
        "id": tagging.tag_id,
        "name": tagging.tag.name,
        "state": tagging.state,
        "confidence": None if tagging.confidence is None else round(tagging.confidence, 1),
        "reviewed": tagging.reviewed_at is not None,
        "own": tagging.source == Tagging.Source.EDITOR,
        "source": tagging.get_source_display(),
        "boxes": tagging.boxes,
        "says": _says(tagging.boxes),
    }


def _says(boxes: list[list[float]]) -> str:
    """Where the boxes are, for who does not see them drawn."""
    if not boxes:
        return ""
    places = ", ".join(_where(*box) for box in boxes[:MOST_PLACES])
    said = ngettext("%(n)d box: %(places)s", "%(n)d boxes: %(places)s", len(boxes))
    return said % {"n": len(boxes), "places": places}


def _where(left: float, top: float, width: float, height: float) -> str:
    if width * height >= NEARLY_ALL:
        return _("nearly all of the picture")
    places = (
        (_("upper left"), _("upper middle"), _("upper right")),
        (_("middle left"), _("centre"), _("middle right")),
        (_("lower left"), _("lower middle"), _("lower right")),
    )
    row, column = (max(0, min(2, int(3 * (start + size / 2)))) for start, size in ((top, height), (left, width)))
    return places[row][column]


def rows(told: dict[str, Any], threshold: int) -> list[dict[str, Any]]:
    """The tags as the template shows them: with the key of each, and what its buttons send."""
    found = []
    for number, tag in enumerate(told["tags"], 1):
        asked = {wish: _asks(tag, contrary if tag["state"] == wish else wish) for wish, contrary in _contraries(tag)}
        key = number if number <= MOST_KEYS else ""
        found.append({**tag, **asked, "key": key, "above": is_above(tag, threshold)})
    return found


def _contraries(tag: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """(what a button wishes, what it wishes when it is pressed again); an editor's own tag is never undecided."""
    if tag["own"]:
        return ("accepted", "rejected"), ("rejected", "accepted")
    return ("accepted", "suggested"), ("rejected", "suggested")


def is_above(tag: dict[str, Any], threshold: int) -> bool:
    """That “accept all above” takes this tag."""
    # As it is shown, in whole per cent: what reads 80 % is taken from 80 % on.
    return tag["state"] == "suggested" and tag["confidence"] is not None and int(tag["confidence"] + 0.5) >= threshold


def accept_all(told: dict[str, Any], threshold: int) -> str:
    """What the button “accept all above” sends."""
    wishes = [[tag["id"], tag["name"], "suggested", "accepted"] for tag in told["tags"] if is_above(tag, threshold)]
    return json.dumps({"tags": wishes, "then": "next"})


def move(told: dict[str, Any], state: str) -> str:
    """What a button that gives the image another state sends."""
    return json.dumps({"state": [told["state"], state], "file": told["file"], "then": "next"})


def fields(told: dict[str, Any], typed: Mapping[str, str] = MappingProxyType({})) -> list[dict[str, Any]]:
    """The words as fields to type in, with what was typed and could not be kept."""
    found = []
    for name, value in told["words"].items():
        column: Any = Image._meta.get_field(name)
        long = name in ("alt_text", "caption")
        field = {"name": name, "label": column.verbose_name, "most": column.max_length, "long": long}
        found.append({**field, "value": typed.get(name, value), "now": value})
    return found


def _asks(tag: dict[str, Any], state: str) -> str:
    return json.dumps({"tags": [[tag["id"], tag["name"], tag["state"], state]]})


def boxes(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The boxes to draw, in per cent of the picture; those of rejected tags are left out."""
    drawn = []
    for tag in told["tags"]:
        if tag["state"] != "rejected":
            sides = ([f"{100 * part:.2f}%" for part in box] for box in tag["boxes"])
            drawn += [{"tag": tag["name"], "sides": side} for side in sides]
    return drawn
