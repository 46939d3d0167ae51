"""The focal point of an image: where it is, what the crops show of it, and moving it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mediahub.aws import clients
from mediahub.desk.http import add_undo_message, get_editor, render_page, require_permission
from mediahub.desk.library.forms import FocalPointForm
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, focal_point, rendition_choice
from mediahub.library.field_edits import UNSEEN, Conflict, Conflicted, Unseen
from mediahub.library.models import Image
from processing import Point, find_crop_area

# The picture on the page is at most so many pixels wide and high.
CROP_EDGE = 1024


@require_http_methods(["GET", "POST"])
@never_cache
@require_permission("library.review_tagging")
def edit_focal_point(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Show the picture with its focal point; POST moves the point, or resets it to the proposal."""
    image = get_object_or_404(access.changeable_images(request.user).prefetch_related("renditions"), pk=image_id)
    point = focal_point.get_point(image)
    form = FocalPointForm(request.POST or None, initial={"x": _to_percent(point.x), "y": _to_percent(point.y)})
    status = 200
    if request.method == "POST" and (requested := _read_requested_point(request, form)):
        try:
            _move(request, image, *requested)
        except Conflicted as error:
            image.refresh_from_db()
            form.add_error(None, _describe_conflict(error.conflicts[0], *requested))
            status = 409
        else:
            return redirect("desk:crop", image_id)
    context = {**_build_context(image, form), "conflict": status == 409}
    return render_page(request, "desk/library/crop.html", context, status=status)


def _describe_conflict(conflict: Conflict, mine: Point | None) -> str:
    """Return the sentence for a point that somebody else has moved since the page was opened."""
    sentence = _(
        "%(who)s moved the focal point to %(theirs)s while you had the page open; yours is "
        "%(mine)s. Your change is not saved yet: save again to use yours, or keep theirs."
    )
    who = str(conflict.by or _("Someone else"))
    return sentence % {"who": who, "theirs": _describe_point(conflict.theirs), "mine": _describe_point(mine)}


def _describe_point(point: Point | None) -> str:
    return f"{_to_percent(point.x)} % / {_to_percent(point.y)} %" if point else _("the suggested point")


def _read_shown_point(request: HttpRequest) -> Point | Unseen | None:
    """Return the point that was set when the page was shown; None for the proposal."""
    text = request.POST.get("seen")
    if text is None:
        return UNSEEN
    try:
        x, y = text.split(" ")
        return Point(float(x), float(y))
    except ValueError:
        return None


def _read_requested_point(request: HttpRequest, form: FocalPointForm) -> tuple[Point | None] | None:
    """Return the requested point in a tuple, (None,) for the proposal, or None for an invalid point."""
    if request.POST.get("act") == "propose":
        return (None,)
    if not form.is_valid():
        return None
    return (Point(form.cleaned_data["x"] / 100, form.cleaned_data["y"] / 100),)


def _move(request: HttpRequest, image: Image, point: Point | None) -> None:
    change_set = ChangeSet(get_editor(request))
    if focal_point.move(change_set, image, point, _read_shown_point(request)):
        text = _("Focal point of %(title)s saved. Its crops are being regenerated.")
    else:
        text = _("The focal point of %(title)s is already there.")
    add_undo_message(request, text % {"title": image.title}, change_set)


def _build_context(image: Image, form: FocalPointForm) -> dict[str, Any]:
    point, proposed = focal_point.get_point(image), focal_point.get_proposed(image)
    crops = list_crops(image)
    config = {
        "size": [image.width, image.height],
        "point": _get_typed_point(form) or {"x": point.x, "y": point.y},
        "proposed": {"x": proposed.x, "y": proposed.y},
        "fills": {crop["name"]: (crop["width"], crop["height"]) for crop in crops},
        "texts": {"place": _("Focal point: {x} % from the left, {y} % from the top")},
    }
    return {
        "title": _("Focal point of %(title)s") % {"title": image.title},
        "image": image,
        "picture": rendition_choice.choose_fit(image, CROP_EDGE),
        "form": form,
        "drawn": {"x": point.x * image.width, "y": point.y * image.height},
        "radius": min(image.width, image.height) / 30,
        "crops": crops,
        "set": image.focal_x is not None,
        "seen": f"{image.focal_x} {image.focal_y}" if focal_point.get_chosen(image) else "",
        "waiting": focal_point.needs_crops(image),
        "config": config,
    }


def _get_typed_point(form: FocalPointForm) -> dict[str, float] | None:
    """Return the point that the person chose, where it could not be saved."""
    if not form.is_bound or not {"x", "y"} <= set(getattr(form, "cleaned_data", ())):
        return None
    return {name: form.cleaned_data[name] / 100 for name in ("x", "y")}


def list_crops(image: Image) -> list[dict[str, Any]]:
    """Return what each crop shows: its name, its size, and its window in the picture."""
    point = focal_point.get_point(image)
    return [
        {
            "name": spec.name,
            "width": spec.width,
            "height": spec.height,
            "window": find_crop_area((image.width, image.height), (spec.width, spec.height), point),
        }
        for spec in clients.get_crop_specs()
    ]


def _to_percent(part: float) -> float:
    return round(100 * part, 1)
