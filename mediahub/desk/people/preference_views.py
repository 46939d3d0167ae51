"""How an editor works: the keys and their list, the threshold and the language."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mediahub.desk import language
from mediahub.desk.current_user import editor
from mediahub.desk.http import render_page, require_permission
from mediahub.desk.models import Preference
from mediahub.desk.people import preferences
from mediahub.desk.people.preferences import PreferenceForm
from mediahub.library.parsing import read_number


@require_http_methods(["GET", "POST"])
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """The editor's own keys, switch, threshold and language."""
    with transaction.atomic():
        return _page(request, preferences.of(editor(request), locked=request.method == "POST"))


def _page(request: HttpRequest, held: Preference) -> HttpResponse:
    form = PreferenceForm(request.POST or None, instance=held)
    if request.method == "POST" and form.is_valid():
        form.save()
        language.take_along(request, editor(request))
        # The sentence is for the page that comes next, in its language.
        with translation.override(form.instance.language or translation.get_language_from_request(request)):
            kept = _("Your preferences are kept.")
        messages.success(request, kept)
        return redirect("desk:preferences")
    context = {"title": _("Preferences"), "form": form, "acts": [form[name] for name in preferences.ACTS]}
    status = 409 if form.conflicts else 200
    return render_page(request, "desk/people/preferences.html", context, status=status)


@require_GET
@never_cache
def keys(request: HttpRequest) -> HttpResponse:
    """The list of keys, to print."""
    held = preferences.of(editor(request))
    context = {"title": _("Keys"), "key_list": preferences.key_list(held), "on": held.shortcuts_on}
    return render_page(request, "desk/people/keys.html", context)


@require_POST
@require_permission("library.review_tagging", json=True)
def threshold(request: HttpRequest) -> JsonResponse:
    """Remember the threshold that the editor's slider stands at, in per cent."""
    percent = read_number(request.POST.get("threshold", ""))
    if percent is None:
        return JsonResponse({"reason": _("A threshold is a number from 0 to 100.")}, status=400)
    preferences.remember_threshold(editor(request), percent)
    return JsonResponse({})
