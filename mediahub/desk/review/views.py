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
from mediahub.desk.review.texts import build_place_texts, build_review_texts
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
    """Redirect to the first image that matches the filters; without filters, to the newest in review."""
    queue = ReviewQueue(request.user, request.GET)
    image = queue.list_images().first()
    if image is None:
        messages.info(request, _("There is nothing to review here."))
        return redirect("admin:library_image_changelist")
    return redirect(build_address(image, queue))


def build_address(image: Image, queue: ReviewQueue) -> str:
    """Return the address of an image's review page, with the current filters."""
    path = reverse("desk:review", args=[image.pk])
    return f"{path}?{queue.query}" if queue.query else path


@require_GET
@never_cache
@require_review_permission
def show_image(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Show one image, with the next ones for the script."""
    return render_review(request, image_id)


def render_review(
    request: HttpRequest, image_id: UUID, typed: Mapping[str, str] = MappingProxyType({}), status: int = 200
) -> HttpResponse:
    """Render one image, with typed text that could not be saved."""
    queue = ReviewQueue(request.user, request.GET)
    loaded = queue.load(image_id, IMAGES_AHEAD, 1)
    if loaded is None:
        raise Http404
    image, following, before = loaded
    preference = preferences.get_preference(get_editor(request))
    threshold = _read_threshold(request.GET.get("_above"), preference.threshold)
    described = review_presenters.describe_image(image)
    place = queue.get_position(image)
    place_texts = build_place_texts(place)
    context = {
        "title": image.title,
        "image": image,
        "shown_image": described,
        "rows": review_presenters.list_tag_rows(described, threshold),
        "boxes": review_presenters.list_boxes(described),
        "accept_all": review_presenters.build_accept_all(described, threshold),
        "moves": {state: review_presenters.build_state_change(described, state) for state in Image.State.values},
        "above": sum(review_presenters.is_above(tag, threshold) for tag in described["tags"]),
        "threshold": threshold,
        "place": place,
        "place_text": place_texts["place" if place.number else "outside"].format(
            number=place.number, total=place.total
        ),
        "left_text": place_texts["left"].format(n=place.left),
        "query": f"?{queue.query}" if queue.query else "",
        "next": build_address(following[0], queue) if following else "",
        "previous": build_address(before[0], queue) if before else "",
        "may_publish": request.user.has_perm("library.publish_image"),
        "completions": vocabulary.list_common_names(request.user, MAX_COMPLETIONS),
        "fields": review_presenters.list_fields(described, typed),
        "filters": queue.filters,
        # Each form is an act of its own, and none is done twice.
        **{name: uuid4() for name in ("batch", "add_batch", "words_batch")},
        "keys": preferences.get_keys(preference),
        "key_list": preferences.list_keys(preference),
        "preference": preference,
    }
    near = [
        *(review_presenters.describe_image(neighbor) for neighbor in before),
        described,
        *(review_presenters.describe_image(neighbor) for neighbor in following),
    ]
    config = {**_build_script_config(context, queue), "images": near, "more": len(following) == IMAGES_AHEAD}
    return render_page(request, "desk/review/review.html", {**context, "config": config}, status=status)


def _build_script_config(context: dict[str, Any], queue: ReviewQueue) -> dict[str, Any]:
    place = context["place"]
    return {
        "current": context["shown_image"]["id"],
        "number": place.number,
        "total": place.total,
        "left": place.left,
        "query": queue.query,
        "user": queue.user.pk,
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
        "texts": build_review_texts(place),
        "tones": {state: desk_presenters.TONES[state] for state in Image.State.values},
    }


@require_GET
@never_cache
@require_permission("library.review_tagging", json=True)
def list_images(request: HttpRequest) -> JsonResponse:
    """Return the images after `_after` or before `_before`, nearest first, or the one named by `_of`."""
    queue = ReviewQueue(request.user, request.GET)
    name = next((name for name in ("_after", "_before", "_of") if name in request.GET), "_of")
    try:
        here = queue.get(UUID(request.GET.get(name, "")))
    except ValueError:
        here = None
    if here is None:
        reason = _("The image does not exist, or you don't have access to it.")
        return JsonResponse({"reason": reason}, status=404)
    if name == "_of":
        return JsonResponse({"images": [review_presenters.describe_image(here)], "more": False})
    images = queue.list_after(here, MORE_IMAGES) if name == "_after" else queue.list_before(here, MORE_IMAGES)
    return JsonResponse(
        {"images": [review_presenters.describe_image(image) for image in images], "more": len(images) == MORE_IMAGES}
    )


@require_GET
@never_cache
@require_permission("library.review_tagging", json=True)
def complete_tag(request: HttpRequest) -> JsonResponse:
    """Return at most 20 names of tags that contain `?q=`, as {"names": [...]}."""
    named = access.visible_tags(request.user).filter(name__icontains=request.GET.get("q", "").strip())
    return JsonResponse({"names": list(named.values_list("name", flat=True)[:20])})


def _read_threshold(text: str | None, usual: int) -> int:
    percent = read_number(text or "")
    return usual if percent is None else min(preferences.MAX_THRESHOLD, percent)


@require_POST
@never_cache
@require_permission("library.review_tagging", json=True)
def run_actions(request: HttpRequest) -> JsonResponse:
    """Run actions in their order, each by itself.

    The answer has a result for each act that was looked at, `{id, done, status, reason}`, and the images as they are
    now; the acts without a result have to be sent again.
    """
    refusal = _("The request is not a valid list of actions. Reload the page and try again.")
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
    """Run one action from a plain form, and redirect to the same image or to the next."""
    data = _read_form(request, image_id)
    try:
        change_set = editor_actions.perform(get_editor(request), editor_actions.parse_action(data))
    except editor_actions.Refused as why:
        for sentence in why.sentences:
            messages.error(request, sentence)
        # A button says what it does in `act`; only fields are typed into.
        typed = {} if "act" in request.POST else {name: text for name, (_was, text) in data.get("words", {}).items()}
        if typed and not isinstance(why, editor_actions.ImageGone):
            # What was typed stands in the fields again, and what is there now beside it, in the sentence.
            return render_review(request, image_id, typed, STATUSES[type(why)])
        return redirect(_build_image_address(request, image_id))
    if change_set.images:
        title = access.visible_images(request.user).values_list("title", flat=True).get(pk=image_id)
        add_undo_message(request, _("“%(title)s” updated.") % {"title": title}, change_set)
    return redirect(
        _build_next_address(request, image_id)
        if data.get("then") == "next"
        else _build_image_address(request, image_id)
    )


def _read_form(request: HttpRequest, image_id: UUID) -> dict[str, Any]:
    """Return the action that a form sends, by its button or by its fields."""
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
    queue = ReviewQueue(request.user, request.GET)
    here = queue.get(image_id)
    following = queue.list_after(here, 1) if here else []
    if not following:
        messages.info(request, _("That was the last image."))
    return _build_image_address(request, following[0].pk if following else image_id)
