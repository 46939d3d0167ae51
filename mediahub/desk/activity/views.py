"""Who did what and when: act by act, and as a file."""

from collections.abc import Callable, Iterator
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mediahub.desk.activity import presenters
from mediahub.desk.http import render_page, require_permission
from mediahub.history.models import Action, Change
from mediahub.library import access
from mediahub.library.parsing import read_day, read_number

PAGE = 50
# Of an act on many images so many are told; the file tells all.
SHOWN = 12
# A function's answer may have six megabytes.
MOST_ROWS = 10_000
KINDS: dict[str, tuple[str, Callable[[Iterator[Change], User | AnonymousUser], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", presenters.as_csv),
    "jsonl": ("application/jsonl; charset=utf-8", presenters.as_json_lines),
}

may_see = require_permission("history.view_change")


@require_GET
@may_see
def page(request: HttpRequest) -> HttpResponse:
    """Show the change sets that the filters let through, the newest first; `before` is where the last page ended."""
    asked, changes = _narrowed(request)
    # The newest change of each set stands for it: the first page is found without a look at the changes before it.
    newer = changes.filter(change_set=OuterRef("change_set"), pk__gt=OuterRef("pk")).order_by()
    newest = changes.filter(~Exists(newer)).order_by("-pk")
    if before := read_number(request.GET.get("before", "")):
        newest = newest.filter(pk__lt=before)
    newest_ids = dict(newest.values_list("change_set", "pk")[: PAGE + 1])
    has_more = len(newest_ids) > PAGE
    shown = list(newest_ids)[:PAGE]
    in_shown = changes.filter(change_set__in=shown).order_by()
    counts = dict(in_shown.values_list("change_set").annotate(n=Count("pk")))
    # One change set may be of a thousand images: its newest change stands for them.
    few = Q(change_set__in=[change_set for change_set in shown if counts.get(change_set, 0) <= SHOWN])
    lasts = Q(pk__in=[newest_ids[change_set] for change_set in shown])
    lines = list(changes.filter(lasts | few).select_related("by").order_by("-pk"))
    by_set: dict[UUID, list[Change]] = {change_set: [] for change_set in shown}
    for change in lines:
        by_set[change.change_set].append(change)
    reader = presenters.build_reader(request.user, lines)
    context = {
        "title": _("Activity"),
        "change_sets": [
            presenters.present_change_set(group, counts.get(change_set, len(group)), reader)
            for change_set, group in by_set.items()
            if group
        ],
        "asked": asked,
        "people": User.objects.filter(is_staff=True).order_by("username"),
        "actions": Action.choices,
        "query": _query(asked),
        "more": newest_ids[shown[-1]] if has_more else None,
    }
    return render_page(request, "desk/activity/activity.html", context)


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


def _narrowed(request: HttpRequest) -> tuple[dict[str, str], QuerySet[Change]]:
    """What the address asks for, and the activities it leaves of those that the person may read."""
    found = access.visible_changes(request.user)
    asked = {name: request.GET.get(name, "") for name in ("by", "action", "from", "to")}
    if asked["by"] == "none":
        found = found.filter(by=None)
    elif by := read_number(asked["by"]):
        found = found.filter(by=by)
    if asked["action"] in Action.values:
        found = found.filter(action=asked["action"])
    for name, lookup in (("from", "at__date__gte"), ("to", "at__date__lte")):
        if day := read_day(asked[name]):
            found = found.filter(**{lookup: day})
    return asked, found


def _query(asked: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in asked.items() if value.replace("-", "").isalnum())
