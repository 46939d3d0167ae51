"""Define what ends a session, and what a session without the second factor that the person needs can reach."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.desk import unsaved_input
from mediahub.desk.people import second_factor
from mediahub.desk.people.session_store import SEEN, STARTED

# So often at most a session is written because it is used.
SEEN_EVERY_SECONDS = 300
# What a person reaches who still has to set up a second factor: that, and the way out. Names of addresses.
OPEN_WITHOUT_FACTOR = frozenset(
    {
        *("login", "logout", "jsi18n", "session", "csp_report", "security_txt", "public", "password_reset_confirm"),
        *("password_reset_complete", "mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_view_recovery_codes"),
        *("account_login", "account_reauthenticate", "mfa_authenticate", "mfa_login_webauthn"),
    }
)


class SessionRules:
    """Middleware: end sessions that are too old or were not used for too long, and demand second factors."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if SESSION_KEY in session:
            now = timezone.now().timestamp()
            seen = session.get(SEEN, now)
            idle = settings.SESSION_IDLE_SECONDS
            if (idle and now - seen > idle) or now - session.get(STARTED, now) > settings.SESSION_COOKIE_AGE:
                session.flush()
            # What a script asks by itself is no sign that a person is there.
            elif now - seen > min(SEEN_EVERY_SECONDS, (idle or SEEN_EVERY_SECONDS) / 4) and not (
                request.method == "GET" and unsaved_input.is_for_a_script(request)
            ):
                session[SEEN] = now
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Answer in place of the view where the person has to give or set up a second factor first."""
        if not settings.SECOND_FACTOR_REQUIRED or SESSION_KEY not in request.session:
            return None
        match = request.resolver_match
        if match is None or match.url_name in OPEN_WITHOUT_FACTOR:
            return None
        if not second_factor.needs_second_factor(request.user) or second_factor.gave_second_factor(request):
            return None
        return _demand_factor(request)


def _demand_factor(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    enrolled = second_factor.has_second_factor(request.user)
    sentence = (
        _("Sign in again with your second factor to continue.")
        if enrolled
        else _("Your role needs a second factor. Set one up to continue.")
    )
    if unsaved_input.is_for_a_script(request):
        return JsonResponse({"reason": sentence, "code": "second_factor"}, status=403)
    if enrolled:
        # Set up elsewhere since this session began, or before the role needed it.
        logout(request)
        messages.warning(request, sentence)
        return HttpResponseRedirect(reverse("admin:login"))
    return HttpResponseRedirect(reverse("mfa_index"))
