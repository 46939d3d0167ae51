"""The library: all images a search finds, page by page, and what is done to many of them at once."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from mediahub.desk.activity.undo_views import back, say
from mediahub.desk.collections import membership_views
from mediahub.desk.current_user import editor
from mediahub.desk.http import render_page
from mediahub.desk.jobs import views as jobs_views
from mediahub.desk.library import publishing_views, selection
from mediahub.desk.library.search_presenters import Drawer
from mediahub.desk.library.selection import Chosen, Page
from mediahub.desk.upload.progress_views import newest
from mediahub.history.change_set import ChangeSet
from mediahub.library import field_edits, metadata, publishing, saved_searches, tag_decisions
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Tagging
from mediahub.library.parsing import read_moment
from mediahub.library.search import Search

PAGE = 60


def page(request: HttpRequest) -> HttpResponse:
    """One page of the images that the address asks for; `after` is where the page before ended."""
    user = editor(request)
    if not user.has_perm("library.view_image"):
        raise PermissionDenied
    search = Search.parse(request.GET)
    # Read before the images: what changes in between is then fetched again, and not missed.
    mark = newest(user)
    found = search.images(user)
    shown = Page.show(found)
    after = request.GET.get("after", "")
    part = list(_part(found, after).defer("label_raw").prefetch_related("renditions")[: PAGE + 1])
    more = f"{part[PAGE - 1].created_at.isoformat()},{part[PAGE - 1].pk}" if len(part) > PAGE else ""
    context = {
        "title": _("Images"),
        "images": part[:PAGE],
        "search": search,
        "found": shown.found,
        "shown": shown,
        "more": _address(search, more),
        "continued": bool(after),
        "drawer": Drawer(search, user),
        "saved": [(search, saved_searches.may_change(user, search)) for search in saved_searches.list_searches(user)],
        "newest": mark,
        "may_publish": user.has_perm("library.publish_image"),
        "may_change": user.has_perm("library.review_tagging"),
        "most": selection.MOST,
    }
    return render_page(request, "desk/library/images.html", context)


def _part(found: QuerySet[Image], after: str) -> QuerySet[Image]:
    """What follows an image in the order of the list, known by when it came and its id."""
    try:
        moment, pk = after.split(",")
        at, key = read_moment(moment), UUID(pk)
    except ValueError:
        return found
    return found.filter(Q(created_at__lt=at) | Q(created_at=at, pk__gt=key)) if at else found


def _address(search: Search, after: str) -> str:
    if not after:
        return ""
    query = search.query()
    return f"?{query}&after={after}".replace("+", "%2B") if query else f"?after={after}".replace("+", "%2B")


# A verb may lead to a page of its own.
Verb = Callable[[HttpRequest, ChangeSet, Chosen], HttpResponse | None]
OfImages = Callable[[HttpRequest, ChangeSet, QuerySet[Image]], HttpResponse | None]


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Do one thing to the images that are chosen, or with `all` to all that the search in the address found."""
    user = editor(request)
    name = request.POST.get("act", "")
    held = ACTS.get(name)
    if held is None:
        messages.error(request, _("Choose what to do with the images."))
        return redirect(back(request))
    permission, verb = held
    if not user.has_perm(permission):
        raise PermissionDenied
    chosen = selection.chosen(request, user)
    if isinstance(chosen, HttpResponse):
        return chosen
    answer = verb(request, ChangeSet(user), chosen) if chosen else None
    if chosen:
        selection.say_left_out(request, chosen.left_out)
    return answer or redirect(back(request))


def _of_images(verb: OfImages) -> Verb:
    """Return a verb for which it is enough to know the images."""
    return lambda request, act, chosen: verb(request, act, chosen.images)


def _publish(request: HttpRequest, act: ChangeSet, chosen: Chosen) -> None:
    publishing_views.tell(request, publishing.publish(act, chosen.images, chosen.seen), act)


def _archive(request: HttpRequest, act: ChangeSet, images: QuerySet[Image]) -> None:
    done = publishing.archive(act, images)
    text = ngettext("%(n)d image is archived now.", "%(n)d images are archived now.", done)
    say(request, text % {"n": done}, act)


def _reopen(request: HttpRequest, act: ChangeSet, images: QuerySet[Image]) -> None:
    done = publishing.reopen(act, images)
    text = ngettext("%(n)d image is in review again.", "%(n)d images are in review again.", done)
    say(request, text % {"n": done}, act)


def _add_tag(request: HttpRequest, act: ChangeSet, images: QuerySet[Image]) -> None:
    try:
        for image in images:
            tagging = tag_decisions.add_tag(act, image, request.POST.get("tag", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return
    text = ngettext("“%(tag)s” was put on %(n)d image.", "“%(tag)s” was put on %(n)d images.", act.images)
    say(request, text % {"tag": tagging.tag.name, "n": act.images}, act)


def _reject_tag(request: HttpRequest, act: ChangeSet, images: QuerySet[Image]) -> None:
    name = " ".join(request.POST.get("tag", "").split())
    taggings = Tagging.objects.filter(image__in=images.values("pk"), tag__name__iexact=name)
    tag_decisions.reject(act, taggings.select_related("tag", "image"))
    text = ngettext("“%(tag)s” was rejected on %(n)d image.", "“%(tag)s” was rejected on %(n)d images.", act.images)
    say(request, text % {"tag": name, "n": act.images}, act)


def _set_credit(request: HttpRequest, act: ChangeSet, chosen: Chosen) -> HttpResponse | None:
    return _set_word(request, act, chosen, "credit")


def _set_license(request: HttpRequest, act: ChangeSet, chosen: Chosen) -> HttpResponse | None:
    return _set_word(request, act, chosen, "license")


def _set_word(request: HttpRequest, act: ChangeSet, chosen: Chosen, name: str) -> HttpResponse | None:
    """Put one text into the field `name` of all images that are chosen, unless somebody else has changed it since."""
    wanted = " ".join(request.POST.get(name, "").split())
    title = str(getattr(Image._meta.get_field(name), "verbose_name", name)).capitalize()
    if not wanted or len(wanted) > 200:
        messages.error(request, _("%(field)s: type 1 to 200 characters.") % {"field": title})
        return None
    images = list(chosen.images)
    since = chosen.page.moment if chosen.page else timezone.now()
    theirs = field_edits.find_changes_by_others(editor(request), name, [image.pk for image in images], since)
    kept = []
    for image in images:
        if image.pk in theirs and not field_edits.is_same(getattr(image, name), wanted):
            conflict = field_edits.build_conflict(image, name, wanted)
            kept.append((image, field_edits.describe_conflict(image.title, conflict)))
        else:
            metadata.edit(act, image, {name: Edit(wanted)})
    if act.images or not kept:
        text = ngettext("%(field)s: set on %(n)d image.", "%(field)s: set on %(n)d images.", act.images)
        say(request, text % {"field": title, "n": act.images}, act)
    if not kept:
        return None
    says = ngettext(
        "%(field)s: %(n)d image stays as it is, because somebody else changed it while you had the page open.",
        "%(field)s: %(n)d images stay as they are, because somebody else changed them while you had the page open.",
        len(kept),
    )
    return selection.ask(request, says % {"field": title, "n": len(kept)}, left=kept)


ACTS: dict[str, tuple[str, Verb]] = {
    "publish": ("library.publish_image", _publish),
    "archive": ("library.publish_image", _of_images(_archive)),
    "reopen": ("library.publish_image", _of_images(_reopen)),
    "add_tag": ("library.review_tagging", _of_images(_add_tag)),
    "reject_tag": ("library.review_tagging", _of_images(_reject_tag)),
    "put_in": ("library.add_membership", _of_images(membership_views.put_in)),
    "take_out": ("library.delete_membership", _of_images(membership_views.take_out)),
    "set_credit": ("library.change_image", _set_credit),
    "set_license": ("library.change_image", _set_license),
    "ask_reprocess": ("jobs.reprocess_images", _of_images(jobs_views.ask_reprocess)),
    "reprocess": ("jobs.reprocess_images", _of_images(jobs_views.reprocess)),
    "download": ("library.download_original", _of_images(jobs_views.download)),
}


@require_POST
def save_search(request: HttpRequest) -> HttpResponse:
    """Keep the search of the address under a name."""
    try:
        search = Search.parse(request.GET)
        saved_searches.save_search(
            editor(request), request.POST.get("name", ""), search, shared=bool(request.POST.get("shared"))
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(f"{reverse('admin:library_image_changelist')}?{request.GET.urlencode()}")


@require_POST
def change_search(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename or remove a search that the editor may change."""
    user = editor(request)
    try:
        if request.POST.get("forget"):
            saved_searches.delete_search(user, pk)
        else:
            saved_searches.rename_search(user, pk, request.POST.get("name", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(back(request))
