"""What is done on the review page: by plain forms one act at a time, by its script many at once."""

import time
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from mediahub.desk.activity.undo_views import say
from mediahub.desk.current_user import editor
from mediahub.desk.http import Unreadable, parse_json, read_json, require_permission
from mediahub.desk.review import presenters as review_presenters
from mediahub.desk.review import views as review_views
from mediahub.desk.review.review_queue import Reel, told
from mediahub.library import access, editor_actions

# One request does as much as fits well into a function's time; what it leaves is sent again.
AT_ONCE = 50
SECONDS = 8.0
STATUSES: dict[type[editor_actions.Refused], int] = {
    editor_actions.Invalid: 400,
    editor_actions.NotPermitted: 403,
    editor_actions.ImageGone: 404,
    editor_actions.Conflicting: 409,
}


@require_POST
@never_cache
@require_permission("library.review_tagging", json=True)
def many(request: HttpRequest) -> JsonResponse:
    """Do acts in their order, each by itself.

    The answer has a result for each act that was looked at, `{id, done, status, reason}`, and the images as they are
    now; the acts without a result have to be sent again.
    """
    refusal = _("This is no list of acts.")
    acts = read_json(request, refusal).read_objects("acts")
    ids = [act.read_uuid("image") for act in acts]
    if None in ids:
        raise Unreadable(refusal)
    user, until = editor(request), time.monotonic() + SECONDS
    results = []
    for act in acts[:AT_ONCE]:
        results.append({"id": act.values.get("id"), **_result(user, act.values)})
        if time.monotonic() > until:
            break
    touched = told(access.visible_images(user)).filter(pk__in=set(ids[: len(results)]))
    return JsonResponse({"acts": results, "images": [review_presenters.sheet(image) for image in touched]})


def _result(user: User, data: Any) -> dict[str, Any]:
    try:
        editor_actions.perform(user, editor_actions.parse_action(data))
    except editor_actions.Refused as why:
        return {"done": False, "status": STATUSES[type(why)], "reason": " ".join(why.sentences)}
    return {"done": True}


@require_POST
@require_permission("library.review_tagging")
def one(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Do one act as a plain form sends it, and lead to the same image or to the next."""
    data = _asked(request, image_id)
    try:
        act = editor_actions.perform(editor(request), editor_actions.parse_action(data))
    except editor_actions.Refused as why:
        for sentence in why.sentences:
            messages.error(request, sentence)
        # A button says what it does in `act`; only fields are typed into.
        typed = {} if "act" in request.POST else {name: text for name, (_was, text) in data.get("words", {}).items()}
        if typed and not isinstance(why, editor_actions.ImageGone):
            # What was typed stands in the fields again, and what is there now beside it, in the sentence.
            return review_views.show(request, image_id, typed, STATUSES[type(why)])
        return redirect(_address(request, image_id))
    if act.images:
        title = access.visible_images(request.user).values_list("title", flat=True).get(pk=image_id)
        say(request, _("“%(title)s” is changed.") % {"title": title}, act)
    return redirect(_next(request, image_id) if data.get("then") == "next" else _address(request, image_id))


def _asked(request: HttpRequest, image_id: UUID) -> dict[str, Any]:
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


def _address(request: HttpRequest, image_id: Any) -> str:
    query = Reel(request.user, request.GET).query
    path = reverse("desk:review", args=[image_id])
    return f"{path}?{query}" if query else path


def _next(request: HttpRequest, image_id: UUID) -> str:
    reel = Reel(request.user, request.GET)
    here = reel.one(image_id)
    following = reel.after(here, 1) if here else []
    if not following:
        messages.info(request, _("That was the last image."))
    return _address(request, following[0].pk if following else image_id)
