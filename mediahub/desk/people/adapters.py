"""Tell django-allauth how to behave on the desk: who may sign in, where to, and what is recorded of it.

MediaHub sends no letters and opens to no strangers. Where allauth would send a notice, the activity gets a line.
"""

from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mediahub.desk import language, unsaved_input
from mediahub.desk.models import Session
from mediahub.desk.people import lockouts, second_factor, session_store, sign_in_changes
from mediahub.desk.people.browsers import describe_browser, get_client_address, get_client_network
from mediahub.desk.people.passkeys import get_passkey_host
from mediahub.desk.people.session_views import offer_to_send_again
from mediahub.history.models import Action

# In the session of somebody who signs in: the form that was sent before, as unsaved_input signs it.
TYPED = "typed"
SENTENCES = {
    "mfa/messages/totp_activated.txt": gettext_lazy("Authenticator app added."),
    "mfa/messages/totp_deactivated.txt": gettext_lazy("Authenticator app removed."),
    "mfa/messages/webauthn_added.txt": gettext_lazy("Passkey added."),
    "mfa/messages/webauthn_removed.txt": gettext_lazy("Passkey removed."),
}
# How a person can confirm who they are, by allauth's ids.
CONFIRMATIONS = {
    "reauthenticate": gettext_lazy("Use your password"),
    "mfa_reauthenticate": gettext_lazy("Use a code"),
    "mfa_reauthenticate:webauthn": gettext_lazy("Use your passkey"),
}
# What allauth would write letters about → the line in the activity.
NOTICES = {
    "mfa/email/totp_activated": Action.FACTOR_ADDED,
    "mfa/email/webauthn_added": Action.FACTOR_ADDED,
    "mfa/email/totp_deactivated": Action.FACTOR_REMOVED,
    "mfa/email/webauthn_removed": Action.FACTOR_REMOVED,
    "mfa/email/recovery_codes_generated": Action.CODES_RENEWED,
}


class AccountAdapter(DefaultAccountAdapter):
    """Signs in staff and nobody else."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_password": gettext_lazy("This is not your password. Try again."),
        "incorrect_code": gettext_lazy("This code is wrong or was used already. Wait for the next one and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def save_user(self, *args: Any, **kwargs: Any) -> Any:
        raise PermissionDenied(_("People are invited here. Ask an administrator."))

    def is_safe_url(self, url: str | None) -> bool:
        # Within this site and nowhere else; without a slash Django takes it for the name of a view.
        if not url or not url.startswith("/"):
            return False
        return url_has_allowed_host_and_scheme(url, {self.request.get_host()}, self.request.is_secure())

    def get_client_ip(self, request: HttpRequest) -> str:
        return get_client_address(request)

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        records = get_authentication_records(self.request, self.request.user)
        now = timezone.now().timestamp()
        return not any(now - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT for record in records)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        methods = super().get_reauthentication_methods(user)
        return [{**method, "description": str(CONFIRMATIONS[method["id"]])} for method in methods]

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: Any = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        if sentence := message or SENTENCES.get(message_template or ""):
            messages.add_message(request, level, str(sentence), extra_tags=extra_tags)

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        if action := NOTICES.get(template_prefix):
            sign_in_changes.record_change(user, user, action)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        name = str(credentials.get("username", ""))
        attempt = lockouts.begin_attempt(name, get_client_network(request))
        user = authenticate(request, username=name, password=credentials.get("password"))
        if isinstance(user, User) and user.is_staff:
            # Guessed right: what may still fail is a code, which counts for itself.
            attempt.delete()
            return user
        action = Action.LOCKED_OUT if lockouts.is_last_attempt(attempt) else Action.SIGN_IN_REFUSED
        known = User.objects.filter(username=name).first()
        sign_in_changes.record_refusal(request, known, "password", action)
        return None

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        if user.is_active and user.is_staff:
            return None
        messages.error(request, _("This person may not enter the desk. Ask an administrator."))
        return HttpResponseRedirect(reverse("admin:login"))

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        now = timezone.now().timestamp()
        session = request.session
        session[session_store.STARTED] = session[session_store.SEEN] = now
        session[session_store.BROWSER] = describe_browser(request)
        session[session_store.ADDRESS] = get_client_address(request)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        lockouts.record_success(user.username, get_client_network(request))
        Session.objects.filter(expire_date__lt=timezone.now()).delete()
        method = _name_method(request, user)
        sign_in_changes.record_sign_in(request, user, method)
        language.remember_language(request, user)
        if method == Authenticator.Type.RECOVERY_CODES:
            _warn_of_last_codes(request, user)
        if form := unsaved_input.unsign(request.session.pop(TYPED, "")):
            says = _("You are signed in again. What you sent before is still here.")
            return offer_to_send_again(request, form, says)
        return HttpResponseRedirect(kwargs.get("redirect_url") or self.get_login_redirect_url(request))


class FactorAdapter(DefaultMFAAdapter):
    """Second factors of the desk."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "cannot_delete_authenticator": gettext_lazy(
            "Your role needs a second factor. Add another one before you remove this one."
        ),
        "cannot_generate_recovery_codes": gettext_lazy("Set up a second factor first."),
    }

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        others = Authenticator.objects.filter(user=authenticator.user, type__in=second_factor.FACTORS)
        return not second_factor.needs_second_factor(authenticator.user) or (
            others.exclude(pk=authenticator.pk).exists()
        )

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey %(n)d") % {"n": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": get_passkey_host(), "name": "MediaHub"}


def _name_method(request: HttpRequest, user: User) -> str:
    """Return how the person signed in, by the names of `sign_in_changes.METHODS`."""
    records = get_authentication_records(request, user)
    if not records:
        return ""
    if records[-1].get("passwordless"):
        return "passkey"
    return str(records[-1].get("type") or records[-1].get("method", ""))


def _warn_of_last_codes(request: HttpRequest, user: User) -> None:
    codes = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    left = len(codes.wrap().get_unused_codes()) if codes else 0
    sentence = ngettext(
        "You used a recovery code. %(n)d is left. Make new ones on the page “Sign-in and sessions”.",
        "You used a recovery code. %(n)d are left. Make new ones on the page “Sign-in and sessions”.",
        left,
    )
    messages.warning(request, sentence % {"n": left})
