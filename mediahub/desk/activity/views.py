"""Who changed what and when, as a page and as a file; and undo."""

from collections.abc import Callable, Iterator
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk.activity import presenters as activity_presenters
from mediahub.desk.http import add_undo_message, get_editor, get_return_address, render_page, require_permission
from mediahub.history import undo as history_undo
from mediahub.history.kinds import Event
from mediahub.history.models import Action, Change
from mediahub.jobs import orders
from mediahub.library import access
from mediahub.library.parsing import read_day, read_number

# A page of sentences is read by nobody.
MOST_REFUSALS = 5
PAGE_SIZE = 50
# A change set of many images shows so many of its changes; the file has all.
MAX_LINES_PER_ACTION = 12
# More changes than one request reverts become a job.
MOST_UNDONE = 2000
# A function's answer may have six megabytes.
MAX_EXPORTED_ROWS = 10_000
EXPORT_FORMATS: dict[str, tuple[str, Callable[[Iterator[Change], User | AnonymousUser], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", activity_presenters.write_csv),
    "jsonl": ("application/jsonl; charset=utf-8", activity_presenters.write_json_lines),
}
require_view_permission = require_permission("history.view_change")


@require_POST
def undo_change_set(request: HttpRequest, batch: UUID) -> HttpResponse:
    """Undo a change set of this editor, or anybody's for a person who may publish, and return to where it was asked."""
    user = get_editor(request)
    changes = Change.objects.filter(change_set=batch)
    if not user.has_perm("library.publish_image"):
        changes = changes.filter(by=user)
    if not changes.exists():
        messages.error(request, _("There is nothing here for you to undo."))
        return redirect(get_return_address(request))
    if (number := changes.exclude(kind=Event.kind).count()) > MOST_UNDONE:
        return redirect("desk:job", orders.order_undo(batch, number, user).pk)
    undone = history_undo.undo(user, batch)
    for sentence in undone.refused[:MOST_REFUSALS]:
        messages.warning(request, sentence)
    if undone.change_set.images:
        text = ngettext("Undone for %(n)d image.", "Undone for %(n)d images.", undone.change_set.images)
        add_undo_message(request, text % {"n": undone.change_set.images}, undone.change_set)
    elif undone.reverted:
        messages.success(
            request, _("Undone. The collections are back to how they were."), extra_tags=f"undo-{undone.change_set.id}"
        )
    return redirect(get_return_address(request))


@require_GET
@require_view_permission
def show_activity(request: HttpRequest) -> HttpResponse:
    """Show the actions that match the filters, newest first; `before` is where the previous page ended."""
    asked, changes = _filter_activities(request)
    # The newest change of each set stands for it: the first page is found without a look at the changes before it.
    newer = changes.filter(change_set=OuterRef("change_set"), pk__gt=OuterRef("pk")).order_by()
    newest = changes.filter(~Exists(newer)).order_by("-pk")
    if before := read_number(request.GET.get("before", "")):
        newest = newest.filter(pk__lt=before)
    newest_ids = dict(newest.values_list("change_set", "pk")[: PAGE_SIZE + 1])
    has_more = len(newest_ids) > PAGE_SIZE
    shown = list(newest_ids)[:PAGE_SIZE]
    in_shown = changes.filter(change_set__in=shown).order_by()
    counts = dict(in_shown.values_list("change_set").annotate(n=Count("pk")))
    # One change set may be of a thousand images: its newest change stands for them.
    few = Q(change_set__in=[change_set for change_set in shown if counts.get(change_set, 0) <= MAX_LINES_PER_ACTION])
    lasts = Q(pk__in=[newest_ids[change_set] for change_set in shown])
    lines = list(changes.filter(lasts | few).select_related("by").order_by("-pk"))
    by_set: dict[UUID, list[Change]] = {change_set: [] for change_set in shown}
    for change in lines:
        by_set[change.change_set].append(change)
    reader = activity_presenters.build_reader(request.user, lines)
    context = {
        "title": _("Activity"),
        "change_sets": [
            activity_presenters.present_change_set(group, counts.get(change_set, len(group)), reader)
            for change_set, group in by_set.items()
            if group
        ],
        "asked": asked,
        "people": User.objects.filter(is_staff=True).order_by("username"),
        "actions": Action.choices,
        "query": "&".join(f"{name}={value}" for name, value in asked.items() if value.replace("-", "").isalnum()),
        "more": newest_ids[shown[-1]] if has_more else None,
    }
    return render_page(request, "desk/activity/activity.html", context)


@require_GET
@require_view_permission
def export_activity(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """Send the newest ten thousand lines that match the filters as a file."""
    if kind not in EXPORT_FORMATS:
        raise Http404
    content_type, write = EXPORT_FORMATS[kind]
    _asked, narrowed = _filter_activities(request)
    newest = narrowed.select_related("by").order_by("-pk")[:MAX_EXPORTED_ROWS]
    answer = StreamingHttpResponse(write(newest.iterator(500), request.user), content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="activity.{kind}"'
    return answer


def _filter_activities(request: HttpRequest) -> tuple[dict[str, str], QuerySet[Change]]:
    """Return the filters in the address, and the activities that match them and that the person may read."""
    activities = access.visible_changes(request.user)
    asked = {name: request.GET.get(name, "") for name in ("by", "action", "from", "to")}
    if asked["by"] == "none":
        activities = activities.filter(by=None)
    elif by := read_number(asked["by"]):
        activities = activities.filter(by=by)
    if asked["action"] in Action.values:
        activities = activities.filter(action=asked["action"])
    for name, lookup in (("from", "at__date__gte"), ("to", "at__date__lte")):
        if day := read_day(asked[name]):
            activities = activities.filter(**{lookup: day})
    return asked, activities
