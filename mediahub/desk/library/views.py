"""The library's grid, its saved searches, and the start of each action on many images."""

from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk import overview
from mediahub.desk.http import get_editor, get_return_address, render_page, require_permission
from mediahub.desk.library import background_actions, selection
from mediahub.desk.library.bulk_actions import BULK_ACTIONS
from mediahub.desk.library.presenters import SearchFilters
from mediahub.desk.library.selection import ShownPage
from mediahub.desk.overview import get_newest_mark
from mediahub.history.change_set import ChangeSet
from mediahub.library import saved_searches
from mediahub.library.search import Search, suggestions
from mediahub.library.search.sorts import list_page

PAGE_SIZE = 60


def show_images(request: HttpRequest) -> HttpResponse:
    """Show one page of the images that match the address; `after` is where the previous page ended."""
    user = get_editor(request)
    if not user.has_perm("library.view_image"):
        raise PermissionDenied
    search = Search.parse(request.GET)
    # Read before the images: what changes in between is then fetched again, and not missed.
    mark = get_newest_mark(user)
    shown = ShownPage.show(search, user)
    after = request.GET.get("after", "")
    typed = search
    if not shown.number and not after and (corrected := suggestions.correct(search, user)):
        search, shown = corrected, ShownPage.show(corrected, user)
    results = shown.narrow(search, user).defer("label_raw").prefetch_related("renditions")
    images, more = list_page(results, search.choose_sort(), search.looked_for, after, PAGE_SIZE)
    context = {
        "title": _("Images"),
        "images": images,
        "search": search,
        "typed": typed,
        "typed_alone": replace(typed, is_exact=True).query(),
        "found": shown.number,
        "number": selection.describe_number(shown.number, selection.MAX_IMAGES),
        "shown": shown,
        "more": "?" + "&".join(filter(None, (search.query(), urlencode({"after": more})))) if more else "",
        "continued": bool(after),
        "filters": SearchFilters(search, user),
        "may_share": saved_searches.may_share(user),
        "newest": mark,
        "may_publish": user.has_perm("library.publish_image"),
        "may_change": user.has_perm("library.review_tagging"),
        "most": selection.MAX_IMAGES,
    }
    return render_page(request, "desk/library/images.html", context)


@require_GET
@never_cache
@require_permission("library.view_image")
def show_search_menus(request: HttpRequest) -> HttpResponse:
    """Show the filters and the saved searches for the search in the address; the library's page fetches them."""
    user = get_editor(request)
    search = Search.parse(request.GET)
    context = {
        "title": _("Filters and saved searches"),
        "search": search,
        "filters": SearchFilters(search, user),
        "saved_searches": [
            (saved_search, saved_searches.may_change(user, saved_search))
            for saved_search in saved_searches.list_searches(user)
        ],
        "library_address": f"{reverse('admin:library_image_changelist')}?{search.query()}",
    }
    return render_page(request, "desk/library/search_menus.html", context)


@require_GET
@never_cache
@require_permission("library.view_image", json=True)
def count_images(request: HttpRequest) -> JsonResponse:
    """Return how many images a search finds, in words; the page itself counts no further than an action reaches."""
    number = Search.parse(request.GET).count(get_editor(request))
    return JsonResponse({"text": selection.describe_number(number)})


@require_POST
def run_bulk_action(request: HttpRequest) -> HttpResponse:
    """Do one thing to the images that are chosen, or with `all` to all that the search in the address found."""
    user = get_editor(request)
    name = request.POST.get("act", "")
    action = BULK_ACTIONS.get(name)
    if action is None:
        messages.error(request, _("Choose what to do with the selected images."))
        return redirect(get_return_address(request))
    permission, verb = action
    if not user.has_perm(permission):
        raise PermissionDenied
    if in_background := background_actions.order_job(request, user, name):
        return in_background
    chosen = selection.select_images(request, user)
    if isinstance(chosen, HttpResponse):
        return chosen
    answer = verb(request, ChangeSet(user), chosen) if chosen else None
    if chosen:
        selection.report_left_out(request, chosen.left_out)
    return answer or redirect(get_return_address(request))


@require_POST
@require_permission("library.view_image")
def save_search(request: HttpRequest) -> HttpResponse:
    """Keep the search of the address under a name."""
    try:
        search = Search.parse(request.GET)
        saved_searches.save_search(
            get_editor(request), request.POST.get("name", ""), search, shared=bool(request.POST.get("shared"))
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(f"{reverse('admin:library_image_changelist')}?{request.GET.urlencode()}")


@require_POST
@require_permission("library.view_image")
def change_search(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename or remove a search that the editor may change."""
    user = get_editor(request)
    try:
        if request.POST.get("forget"):
            saved_searches.delete_search(user, pk)
        else:
            saved_searches.rename_search(user, pk, request.POST.get("name", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(get_return_address(request))


@require_GET
@never_cache
@require_permission("library.view_image", json=True)
def show_pulse(request: HttpRequest) -> JsonResponse:
    """Return a mark that differs after each change, and how many failed items are open."""
    return JsonResponse(
        {
            "newest": get_newest_mark(get_editor(request)),
            "failed": overview.list_open_failed_items(request.user).count(),
        }
    )
