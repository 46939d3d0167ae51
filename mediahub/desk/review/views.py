"""The review: one image after the other, large, with its tags beside it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mediahub.desk import presenters as desk_presenters
from mediahub.desk.current_user import editor
from mediahub.desk.http import render_page, require_permission
from mediahub.desk.people import preferences
from mediahub.desk.review import presenters as review_presenters
from mediahub.desk.review.review_queue import Reel
from mediahub.desk.review.texts import review_words
from mediahub.library import access, vocabulary
from mediahub.library.models import Image
from mediahub.library.parsing import read_number

# How many images follow in the page itself, and how many a question for more brings.
FIRST, MORE = 20, 60
COMPLETIONS = 200

may_review = require_permission("library.review_tagging")


@require_GET
@never_cache
@may_review
def start(request: HttpRequest) -> HttpResponse:
    """The first image that the filters let through; without filters, the newest in review."""
    reel = Reel(request.user, request.GET)
    image = reel.images().first()
    if image is None:
        messages.info(request, _("Nothing waits for review here."))
        return redirect("admin:library_image_changelist")
    return redirect(address_of(image, reel))


def address_of(image: Image, reel: Reel) -> str:
    """The review page of an image, with the filters it is looked at under."""
    path = reverse("desk:review", args=[image.pk])
    return f"{path}?{reel.query}" if reel.query else path


@require_GET
@never_cache
@may_review
def page(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """One image, with the next ones for the script."""
    return show(request, image_id)


def show(
    request: HttpRequest, image_id: UUID, typed: Mapping[str, str] = MappingProxyType({}), status: int = 200
) -> HttpResponse:
    """One image, with words that were typed and could not be kept."""
    reel = Reel(request.user, request.GET)
    image = reel.one(image_id)
    if image is None:
        raise Http404
    held = preferences.of(editor(request))
    threshold = _percent(request.GET.get("_above"), held.threshold)
    following, before = reel.after(image, FIRST), reel.before(image, 1)
    told = review_presenters.sheet(image)
    place = reel.place(image)
    context = {
        "title": image.title,
        "image": image,
        "told": told,
        "rows": review_presenters.rows(told, threshold),
        "boxes": review_presenters.boxes(told),
        "accept_all": review_presenters.accept_all(told, threshold),
        "moves": {state: review_presenters.move(told, state) for state in Image.State.values},
        "above": sum(review_presenters.is_above(tag, threshold) for tag in told["tags"]),
        "threshold": threshold,
        "place": place,
        "query": f"?{reel.query}" if reel.query else "",
        "next": address_of(following[0], reel) if following else "",
        "previous": address_of(before[0], reel) if before else "",
        "may_publish": request.user.has_perm("library.publish_image"),
        "completions": vocabulary.list_common_names(request.user, COMPLETIONS),
        "fields": review_presenters.fields(told, typed),
        "filters": reel.filters,
        # Each form is an act of its own, and none is done twice.
        **{name: uuid4() for name in ("batch", "add_batch", "words_batch")},
        "keys": preferences.keys(held),
        "key_list": preferences.key_list(held),
        "preference": held,
    }
    near = [
        *(review_presenters.sheet(one) for one in before),
        told,
        *(review_presenters.sheet(one) for one in following),
    ]
    config = {**_config(context, reel), "images": near, "more": len(following) == FIRST}
    return render_page(request, "desk/review/review.html", {**context, "config": config}, status=status)


def _config(context: dict[str, Any], reel: Reel) -> dict[str, Any]:
    place = context["place"]
    return {
        "current": context["told"]["id"],
        "number": place.number,
        "total": place.total,
        "left": place.left,
        "query": reel.query,
        "user": reel.user.pk,
        "mayPublish": context["may_publish"],
        "threshold": context["threshold"],
        "keys": context["keys"] if context["preference"].shortcuts_on else {},
        "on": context["preference"].shortcuts_on,
        "addresses": {
            "items": reverse("desk:review_items"),
            "acts": reverse("desk:review_acts"),
            "threshold": reverse("desk:threshold"),
            "tags": reverse("desk:tag_names"),
        },
        "words": review_words(),
        "tones": {state: desk_presenters.TONES[state] for state in Image.State.values},
    }


@require_GET
@never_cache
@require_permission("library.review_tagging", json=True)
def items(request: HttpRequest) -> JsonResponse:
    """The images after `_after`, or before `_before`, nearest first; or the one named by `_of`."""
    reel = Reel(request.user, request.GET)
    name = next((name for name in ("_after", "_before", "_of") if name in request.GET), "_of")
    try:
        here = reel.one(UUID(request.GET.get(name, "")))
    except ValueError:
        here = None
    if here is None:
        reason = _("The image is not there, or not for you to see.")
        return JsonResponse({"reason": reason}, status=404)
    if name == "_of":
        return JsonResponse({"images": [review_presenters.sheet(here)], "more": False})
    found = reel.after(here, MORE) if name == "_after" else reel.before(here, MORE)
    return JsonResponse({"images": [review_presenters.sheet(image) for image in found], "more": len(found) == MORE})


@require_GET
@never_cache
@require_permission("library.review_tagging", json=True)
def tag_names(request: HttpRequest) -> JsonResponse:
    """The tags of the vocabulary that hold `?q=`, at most twenty."""
    named = access.visible_tags(request.user).filter(name__icontains=request.GET.get("q", "").strip())
    return JsonResponse({"names": list(named.values_list("name", flat=True)[:20])})


def _percent(text: str | None, usual: int) -> int:
    percent = read_number(text or "")
    return usual if percent is None else min(preferences.LARGEST, percent)
