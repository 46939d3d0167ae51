"""Who did what and when: act by act, and as a file."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mediahub.desk.activity import presenters as activity_presenters
from mediahub.library import access
from mediahub.library.models import Activity
from mediahub.library.parsing import read_day, read_number

PAGE = 50
# Of an act on many images so many are told; the file tells all.
SHOWN = 12
# A function's answer may have six megabytes.
MOST_ROWS = 10_000
KINDS: dict[str, tuple[str, Callable[[Iterator[Activity], User | AnonymousUser], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", activity_presenters.as_csv),
    "jsonl": ("application/jsonl; charset=utf-8", activity_presenters.as_json_lines),
}

may_see = permission_required("library.view_activity", raise_exception=True)


@require_GET
@may_see
def page(request: HttpRequest) -> HttpResponse:
    """The acts that the filters let through, the newest first; `before` is where the page before ended."""
    asked, narrowed = _narrowed(request)
    acts = narrowed.order_by().values("batch").annotate(last=Max("pk"), n=Count("pk")).order_by("-last")
    if before := read_number(request.GET.get("before", "")):
        acts = acts.filter(last__lt=before)
    part = list(acts[: PAGE + 1])
    counts = {act["batch"]: act["n"] for act in part[:PAGE]}
    told: dict[Any, list[Activity]] = {batch: [] for batch in counts}
    # One act may be on a thousand images: its newest lines stand for it.
    lasts = Q(pk__in=[act["last"] for act in part[:PAGE]])
    few = Q(batch__in=[batch for batch, n in counts.items() if n <= SHOWN])
    lines = list(narrowed.filter(lasts | few).select_related("by").order_by("-pk"))
    for done in lines:
        told[done.batch].append(done)
    known = activity_presenters.known_to(request.user, lines)
    context = {
        "title": _("Activity"),
        "acts": [
            activity_presenters.act(activities, counts[batch], known)
            for batch, activities in told.items()
            if activities
        ],
        "asked": asked,
        "people": User.objects.filter(is_staff=True).order_by("username"),
        "verbs": Activity.Verb.choices,
        "query": _query(asked),
        "more": part[PAGE - 1]["last"] if len(part) > PAGE else None,
    }
    return render(request, "desk/activity/activity.html", {**admin.site.each_context(request), **context})


@require_GET
@may_see
def export(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """The newest ten thousand lines that the filters let through, as a file."""
    if kind not in KINDS:
        raise Http404
    content_type, write = KINDS[kind]
    _asked, narrowed = _narrowed(request)
    newest = narrowed.select_related("by").order_by("-pk")[:MOST_ROWS]
    answer = StreamingHttpResponse(write(newest.iterator(500), request.user), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="activity.{kind}"'
    return answer


def _narrowed(request: HttpRequest) -> tuple[dict[str, str], QuerySet[Activity]]:
    """What the address asks for, and the activities it leaves of those that the person may read."""
    found = access.visible_activities(request.user)
    asked = {name: request.GET.get(name, "") for name in ("by", "verb", "from", "to")}
    if asked["by"] == "none":
        found = found.filter(by=None)
    elif by := read_number(asked["by"]):
        found = found.filter(by=by)
    if asked["verb"] in Activity.Verb.values:
        found = found.filter(verb=asked["verb"])
    for name, lookup in (("from", "at__date__gte"), ("to", "at__date__lte")):
        if day := read_day(asked[name]):
            found = found.filter(**{lookup: day})
    return asked, found


def _query(asked: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in asked.items() if value.replace("-", "").isalnum())
