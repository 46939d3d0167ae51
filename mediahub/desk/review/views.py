"""The review: one image after the other, and what an editor decides on each."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk import presenters as desk_presenters
from mediahub.desk.http import (
    Unreadable,
    add_undo_message,
    get_editor,
    parse_json,
    read_json,
    render_page,
    require_permission,
)
from mediahub.desk.people import preferences
from mediahub.desk.review import presenters as review_presenters
from mediahub.desk.review.review_queue import ReviewQueue, prefetch_for_review
from mediahub.desk.review.texts import build_review_texts
from mediahub.library import access, editor_actions, vocabulary
from mediahub.library.models import Image
from mediahub.library.parsing import read_number

# How many images follow in the page itself, and how many a question for more brings.
IMAGES_AHEAD, MORE_IMAGES = 20, 60
MAX_COMPLETIONS = 200
require_review_permission = require_permission("library.review_tagging")
# One request does as much as fits well into a function's time; what it leaves is sent again.
MAX_ACTIONS = 50
MAX_SECONDS = 8.0
STATUSES: dict[type[editor_actions.Refused], int] = {
    editor_actions.Invalid: 400,
    editor_actions.NotPermitted: 403,
    editor_actions.ImageGone: 404,
    editor_actions.Conflicting: 409,
}


@require_GET
@never_cache
@require_review_permission
def start_review(request: HttpRequest) -> HttpResponse:
    """The first image that the filters let through; without filters, the newest in review."""
    reel = ReviewQueue(request.user, request.GET)
    image = reel.images().first()
    if image is None:
        messages.info(request, _("Nothing waits for review here."))
        return redirect("admin:library_image_changelist")
    return redirect(build_address(image, reel))


def build_address(image: Image, reel: ReviewQueue) -> str:
    """The review page of an image, with the filters it is looked at under."""
    path = reverse("desk:review", args=[image.pk])
    return f"{path}?{reel.query}" if reel.query else path


@require_GET
@never_cache
@require_review_permission
def show_image(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """One image, with the next ones for the script."""
    return render_review(request, image_id)


def render_review(
    request: HttpRequest, image_id: UUID, typed: Mapping[str, str] = MappingProxyType({}), status: int = 200
) -> HttpResponse:
    """One image, with words that were typed and could not be kept."""
    reel = ReviewQueue(request.user, request.GET)
    image = reel.one(image_id)
    if image is None:
        raise Http404
    held = preferences.get_preference(get_editor(request))
    threshold = _read_threshold(request.GET.get("_above"), held.threshold)
    following, before = reel.after(image, IMAGES_AHEAD), reel.before(image, 1)
    told = review_presenters.describe_image(image)
    place = reel.place(image)
    context = {
        "title": image.title,
        "image": image,
        "told": told,
        "rows": review_presenters.list_tag_rows(told, threshold),
        "boxes": review_presenters.list_boxes(told),
        "accept_all": review_presenters.build_accept_all(told, threshold),
        "moves": {state: review_presenters.build_state_change(told, state) for state in Image.State.values},
        "above": sum(review_presenters.is_above(tag, threshold) for tag in told["tags"]),
        "threshold": threshold,
        "place": place,
        "query": f"?{reel.query}" if reel.query else "",
        "next": build_address(following[0], reel) if following else "",
        "previous": build_address(before[0], reel) if before else "",
        "may_publish": request.user.has_perm("library.publish_image"),
        "completions": vocabulary.list_common_names(request.user, MAX_COMPLETIONS),
        "fields": review_presenters.list_fields(told, typed),
        "filters": reel.filters,
        # Each form is an act of its own, and none is done twice.
        **{name: uuid4() for name in ("batch", "add_batch", "words_batch")},
        "keys": preferences.get_keys(held),
        "key_list": preferences.list_keys(held),
        "preference": held,
    }
    near = [
        *(review_presenters.describe_image(one) for one in before),
        told,
        *(review_presenters.describe_image(one) for one in following),
    ]
    config = {**_build_script_config(context, reel), "images": near, "more": len(following) == IMAGES_AHEAD}
    return render_page(request, "desk/review/review.html", {**context, "config": config}, status=status)


def _build_script_config(context: dict[str, Any], reel: ReviewQueue) -> dict[str, Any]:
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
        "words": build_review_texts(),
        "tones": {state: desk_presenters.TONES[state] for state in Image.State.values},
    }


@require_GET
@never_cache
@require_permission("library.review_tagging", json=True)
def list_images(request: HttpRequest) -> JsonResponse:
    """The images after `_after`, or before `_before`, nearest first; or the one named by `_of`."""
    reel = ReviewQueue(request.user, request.GET)
    name = next((name for name in ("_after", "_before", "_of") if name in request.GET), "_of")
    try:
        here = reel.one(UUID(request.GET.get(name, "")))
    except ValueError:
        here = None
    if here is None:
        reason = _("The image is not there, or not for you to see.")
        return JsonResponse({"reason": reason}, status=404)
    if name == "_of":
        return JsonResponse({"images": [review_presenters.describe_image(here)], "more": False})
    found = reel.after(here, MORE_IMAGES) if name == "_after" else reel.before(here, MORE_IMAGES)
    return JsonResponse(
        {"images": [review_presenters.describe_image(image) for image in found], "more": len(found) == MORE_IMAGES}
    )


@require_GET
@never_cache
@require_permission("library.review_tagging", json=True)
def complete_tag(request: HttpRequest) -> JsonResponse:
    """The tags of the vocabulary that hold `?q=`, at most twenty."""
    named = access.visible_tags(request.user).filter(name__icontains=request.GET.get("q", "").strip())
    return JsonResponse({"names": list(named.values_list("name", flat=True)[:20])})


def _read_threshold(text: str | None, usual: int) -> int:
    percent = read_number(text or "")
    return usual if percent is None else min(preferences.MAX_THRESHOLD, percent)


@require_POST
@never_cache
@require_permission("library.review_tagging", json=True)
def run_actions(request: HttpRequest) -> JsonResponse:
    """Do acts in their order, each by itself.

    The answer has a result for each act that was looked at, `{id, done, status, reason}`, and the images as they are
    now; the acts without a result have to be sent again.
    """
    refusal = _("This is no list of acts.")
    acts = read_json(request, refusal).read_objects("acts")
    ids = [act.read_uuid("image") for act in acts]
    if None in ids:
        raise Unreadable(refusal)
    user, until = get_editor(request), time.monotonic() + MAX_SECONDS
    results = []
    for act in acts[:MAX_ACTIONS]:
        results.append({"id": act.values.get("id"), **_run(user, act.values)})
        if time.monotonic() > until:
            break
    touched = prefetch_for_review(access.visible_images(user)).filter(pk__in=set(ids[: len(results)]))
    return JsonResponse({"acts": results, "images": [review_presenters.describe_image(image) for image in touched]})


def _run(user: User, data: Any) -> dict[str, Any]:
    try:
        editor_actions.perform(user, editor_actions.parse_action(data))
    except editor_actions.Refused as why:
        return {"done": False, "status": STATUSES[type(why)], "reason": " ".join(why.sentences)}
    return {"done": True}


@require_POST
@require_permission("library.review_tagging")
def run_action(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Do one act as a plain form sends it, and lead to the same image or to the next."""
    data = _read_form(request, image_id)
    try:
        act = editor_actions.perform(get_editor(request), editor_actions.parse_action(data))
    except editor_actions.Refused as why:
        for sentence in why.sentences:
            messages.error(request, sentence)
        # A button says what it does in `act`; only fields are typed into.
        typed = {} if "act" in request.POST else {name: text for name, (_was, text) in data.get("words", {}).items()}
        if typed and not isinstance(why, editor_actions.ImageGone):
            # What was typed stands in the fields again, and what is there now beside it, in the sentence.
            return render_review(request, image_id, typed, STATUSES[type(why)])
        return redirect(_build_image_address(request, image_id))
    if act.images:
        title = access.visible_images(request.user).values_list("title", flat=True).get(pk=image_id)
        add_undo_message(request, _("“%(title)s” is changed.") % {"title": title}, act)
    return redirect(
        _build_next_address(request, image_id)
        if data.get("then") == "next"
        else _build_image_address(request, image_id)
    )


def _read_form(request: HttpRequest, image_id: UUID) -> dict[str, Any]:
    """The act that a form stands for: its button says it, or its fields do."""
    form = request.POST
    data: dict[str, Any] = {}
    if "act" in form:
        try:
            data = parse_json(form["act"])
        except Unreadable:
            data = {"tags": [[]]}
    elif "tag" in form:
        data = {"tags": [[None, form["tag"], None, "accepted"]]}
    else:
        typed = [name for name in editor_actions.TYPED_FIELDS if name in form]
        data = {"words": {name: [form.get(f"was_{name}", ""), form[name]] for name in typed}}
    return {**data, "id": form.get("id", ""), "image": str(image_id)}


def _build_image_address(request: HttpRequest, image_id: Any) -> str:
    query = ReviewQueue(request.user, request.GET).query
    path = reverse("desk:review", args=[image_id])
    return f"{path}?{query}" if query else path


def _build_next_address(request: HttpRequest, image_id: UUID) -> str:
    reel = ReviewQueue(request.user, request.GET)
    here = reel.one(image_id)
    following = reel.after(here, 1) if here else []
    if not following:
        messages.info(request, _("That was the last image."))
    return _build_image_address(request, following[0].pk if following else image_id)
