"""The pages on which people set up their work: the preferences, their keys, and the invitation."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mediahub.desk import language
from mediahub.desk.http import get_editor, render_page, require_permission
from mediahub.desk.models import Preference
from mediahub.desk.people import preferences, sessions, sign_in_changes
from mediahub.desk.people.account_pages import DeskPageMixin
from mediahub.desk.people.forms import PreferenceForm
from mediahub.history.models import Action
from mediahub.library.parsing import read_number


@require_http_methods(["GET", "POST"])
@never_cache
def edit_preferences(request: HttpRequest) -> HttpResponse:
    """Show and save the editor's own keys, switch, threshold and language."""
    with transaction.atomic():
        return _save_or_show_preferences(
            request, preferences.get_preference(get_editor(request), locked=request.method == "POST")
        )


def _save_or_show_preferences(request: HttpRequest, preference: Preference) -> HttpResponse:
    form = PreferenceForm(request.POST or None, instance=preference)
    if request.method == "POST" and form.is_valid():
        form.save()
        language.remember_language(request, get_editor(request))
        # The sentence is for the page that comes next, in its language.
        with translation.override(form.instance.language or translation.get_language_from_request(request)):
            text = _("Preferences saved.")
        messages.success(request, text)
        return redirect("desk:preferences")
    context = {"title": _("Preferences"), "form": form, "acts": [form[name] for name in preferences.KEY_ACTIONS]}
    status = 409 if form.conflicts else 200
    return render_page(request, "desk/people/preferences.html", context, status=status)


@require_GET
@never_cache
def show_keys(request: HttpRequest) -> HttpResponse:
    """Show the list of keys, to print."""
    preference = preferences.get_preference(get_editor(request))
    context = {
        "title": _("Keyboard shortcuts"),
        "key_list": preferences.list_keys(preference),
        "on": preference.shortcuts_on,
    }
    return render_page(request, "desk/people/keys.html", context)


@require_POST
@require_permission("library.review_tagging", json=True)
def set_threshold(request: HttpRequest) -> JsonResponse:
    """Save the threshold of the editor's slider, in per cent."""
    percent = read_number(request.POST.get("threshold", ""))
    if percent is None:
        return JsonResponse({"reason": _("Enter a threshold from 0 to 100.")}, status=400)
    preferences.save_threshold(get_editor(request), percent)
    return JsonResponse({})


class InvitationView(DeskPageMixin, views.PasswordResetConfirmView):
    """Django's own form, on a page of the desk."""

    template_name = "desk/people/invitation.html"
    title = gettext_lazy("Welcome to MediaHub")

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(*args, **kwargs)
        if kwargs["token"] != self.reset_url_token:
            # The address is the secret: no other address is told of it. The form stands under one without it.
            response["Referrer-Policy"] = "no-referrer"
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        sessions.end_all(form.user)
        sign_in_changes.record_change(form.user, form.user, Action.PASSWORD_CHANGED)
        return response


class InvitationAcceptedView(DeskPageMixin, views.PasswordResetCompleteView):
    """The way on to the sign-in."""

    template_name = "desk/people/invitation_accepted.html"
    title = gettext_lazy("Your password is set")
