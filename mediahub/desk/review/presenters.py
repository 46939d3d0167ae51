"""One image as the review page shows it: the same for its template and, as JSON, for its script."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mediahub.delivery.addresses import build_address
from mediahub.desk.library import presenters as library_presenters
from mediahub.library import editor_actions, publishing, rendition_choice, tag_decisions
from mediahub.library.models import Image, Tagging

# A box that covers this part of the picture is nowhere in particular.
NEARLY_WHOLE = 0.6
# The picture on the stage is at most so many pixels wide and high.
REVIEW_EDGE = 1024
MAX_PLACES = 6
MAX_KEYS = 9


def describe_image(image: Image) -> dict[str, Any]:
    """Return the image with its picture, metadata and tags, surest tag first; no query after `prefetch_for_review`."""
    tags = [_describe_tag(tagging) for tagging in image.taggings.all()]
    return {
        "id": str(image.pk),
        "title": image.title,
        "words": {name: getattr(image, name) for name in editor_actions.TYPED_FIELDS},
        "state": image.state,
        "file": image.sha256,
        "picture": _describe_picture(image),
        "tags": tags,
        "lacks": publishing.list_missing(image),
        "labels": library_presenters.describe_labels(image),
        "untouched": tag_decisions.is_unreviewed(image),
        "review": reverse("desk:review", args=[image.pk]),
        "crop": reverse("desk:crop", args=[image.pk]),
        "page": reverse("admin:library_image_change", args=[image.pk]),
    }


def _describe_picture(image: Image) -> dict[str, Any]:
    fit = rendition_choice.choose_fit(image, REVIEW_EDGE)
    return {
        "address": build_address(fit.key) if fit else "",
        "width": fit.width if fit else image.width,
        "height": fit.height if fit else image.height,
        "transparent": bool(fit and fit.keeps_transparency),
        "placeholder": "" if fit and fit.keeps_transparency else image.placeholder,
    }


def _describe_tag(tagging: Tagging) -> dict[str, Any]:
    return {
        "id": tagging.tag_id,
        "name": tagging.tag.name,
        "state": tagging.state,
        "confidence": None if tagging.confidence is None else round(tagging.confidence, 1),
        "reviewed": tagging.reviewed_at is not None,
        "own": tagging.source == Tagging.Source.EDITOR,
        "source": tagging.get_source_display(),
        "boxes": tagging.boxes,
        "says": _describe_boxes(tagging.boxes),
    }


def _describe_boxes(boxes: list[list[float]]) -> str:
    """Return where the boxes are, in words for screen readers."""
    if not boxes:
        return ""
    places = ", ".join(_name_place(*box) for box in boxes[:MAX_PLACES])
    sentence = ngettext("%(n)d box: %(places)s", "%(n)d boxes: %(places)s", len(boxes))
    return sentence % {"n": len(boxes), "places": places}


def _name_place(left: float, top: float, width: float, height: float) -> str:
    if width * height >= NEARLY_WHOLE:
        return _("nearly all of the picture")
    places = (
        (_("upper left"), _("upper middle"), _("upper right")),
        (_("middle left"), _("center"), _("middle right")),
        (_("lower left"), _("lower middle"), _("lower right")),
    )
    row, column = (max(0, min(2, int(3 * (start + size / 2)))) for start, size in ((top, height), (left, width)))
    return places[row][column]


def list_tag_rows(described: dict[str, Any], threshold: int) -> list[dict[str, Any]]:
    """Return the tags as the template shows them: with the key of each, and what its buttons send."""
    rows = []
    for number, tag in enumerate(described["tags"], 1):
        known = [tag["id"], tag["name"], tag["state"]]
        asked = {
            wish: json.dumps({"tags": [[*known, contrary if tag["state"] == wish else wish]]})
            for wish, contrary in _list_wishes(tag)
        }
        key = number if number <= MAX_KEYS else ""
        rows.append({**tag, **asked, "key": key, "above": is_above(tag, threshold)})
    return rows


def _list_wishes(tag: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return (state a button asks for, state when pressed again); an editor's own tag is never undecided."""
    if tag["own"]:
        return ("accepted", "rejected"), ("rejected", "accepted")
    return ("accepted", "suggested"), ("rejected", "suggested")


def is_above(tag: dict[str, Any], threshold: int) -> bool:
    """Return whether “accept all above” takes this tag."""
    # As it is shown, in whole per cent: what reads 80 % is taken from 80 % on.
    return tag["state"] == "suggested" and tag["confidence"] is not None and int(tag["confidence"] + 0.5) >= threshold


def build_accept_all(described: dict[str, Any], threshold: int) -> str:
    """Return what the button “accept all above” sends."""
    wishes = [
        [tag["id"], tag["name"], "suggested", "accepted"] for tag in described["tags"] if is_above(tag, threshold)
    ]
    return json.dumps({"tags": wishes, "then": "next"})


def build_state_change(described: dict[str, Any], state: str) -> str:
    """Return what a button that gives the image another state sends."""
    return json.dumps({"state": [described["state"], state], "file": described["file"], "then": "next"})


def list_fields(described: dict[str, Any], typed: Mapping[str, str] = MappingProxyType({})) -> list[dict[str, Any]]:
    """Return the metadata as fields to type in, with the typed text that could not be saved."""
    fields = []
    for name, value in described["words"].items():
        column: Any = Image._meta.get_field(name)
        long = name in ("alt_text", "caption")
        field = {"name": name, "label": column.verbose_name, "most": column.max_length, "long": long}
        fields.append({**field, "value": typed.get(name, value), "now": value})
    return fields


def list_boxes(described: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the boxes to draw, in per cent of the picture; those of rejected tags are left out."""
    drawn = []
    for tag in described["tags"]:
        if tag["state"] != "rejected":
            sides = ([f"{100 * part:.2f}%" for part in box] for box in tag["boxes"])
            drawn += [{"tag": tag["name"], "sides": side} for side in sides]
    return drawn
