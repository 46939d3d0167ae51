"""A person's own second factors, recovery codes and sessions, and confirming who one is before they change."""

from typing import Any

from allauth.account import views as account_views
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.mfa.base import views as mfa_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as app_views
from allauth.mfa.webauthn import views as passkey_views
from allauth.mfa.webauthn.internal import auth as passkey_auth
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy

from mediahub.desk.http import get_editor
from mediahub.desk.people import second_factor, sessions
from mediahub.desk.people.account_pages import AccountPage
from mediahub.desk.people.adapters import FactorAdapter
from mediahub.desk.people.passkeys import explain_missing_passkeys
from mediahub.desk.people.sign_in_views import mark_locked_out


class AccountView(AccountPage, mfa_views.IndexView):
    """Show what the person signs in with, and where they are signed in."""

    template_name = "desk/people/account.html"
    title = gettext_lazy("Sign-in and sessions")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = get_editor(self.request)
        factors = list(Authenticator.objects.filter(user=user).order_by("created_at"))
        codes = next((factor for factor in factors if factor.type == Authenticator.Type.RECOVERY_CODES), None)
        return {
            **super().get_context_data(**kwargs),
            "app": next((factor for factor in factors if factor.type == Authenticator.Type.TOTP), None),
            "passkeys": [factor for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
            "codes": codes,
            "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
            "no_passkeys": explain_missing_passkeys(self.request),
            "must_set_up": second_factor.needs_second_factor(user)
            and not second_factor.gave_second_factor(self.request),
            "sessions": sessions.list_sessions(user, self.request.session.session_key or ""),
        }


class AddAppView(AccountPage, app_views.ActivateTOTPView):
    """The secret of an authenticator app, as a QR code and to type, and its first code."""

    template_name = "desk/people/add_app.html"
    title = gettext_lazy("Add an authenticator app")

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        _count_as_given(self.request, "totp")
        return response


class RemoveAppView(AccountPage, app_views.DeactivateTOTPView):
    """The question before the authenticator app is removed."""

    template_name = "desk/people/remove_factor.html"
    title = gettext_lazy("Remove the authenticator app")


class AddPasskeyView(AccountPage, passkey_views.AddWebAuthnView):
    """A new passkey: one that signs in by itself, so it must be stored on the device and unlocked each time."""

    template_name = "desk/people/add_passkey.html"
    title = gettext_lazy("Add a passkey")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        # After allauth's own options, which ask for no passkey: the newest challenge is the one that counts.
        options = passkey_auth.begin_registration(get_editor(self.request), True)
        form = kwargs.get("form") or self.get_form()
        missing = explain_missing_passkeys(self.request)
        return {**context, "form": form, "js_data": {"creation_options": options}, "no_passkeys": missing}

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        _count_as_given(self.request, "webauthn")
        return response


class RemovePasskeyView(AccountPage, passkey_views.RemoveWebAuthnView):
    """The question before a passkey is removed."""

    template_name = "desk/people/remove_factor.html"
    title = gettext_lazy("Remove the passkey")
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        if not FactorAdapter().can_delete_authenticator(self.object):
            messages.error(self.request, str(FactorAdapter.error_messages["cannot_delete_authenticator"]))
            return HttpResponseRedirect(reverse("mfa_index"))
        response: HttpResponse = super().form_valid(form)
        return response


class RecoveryCodesView(AccountPage, code_views.ViewRecoveryCodesView):
    """The recovery codes, shown once."""

    template_name = "desk/people/recovery_codes.html"
    title = gettext_lazy("Recovery codes")


class NewRecoveryCodesView(AccountPage, code_views.GenerateRecoveryCodesView):
    """The question before new recovery codes replace the old ones."""

    template_name = "desk/people/new_recovery_codes.html"
    title = gettext_lazy("Make new recovery codes")


class ConfirmPage(AccountPage):
    """The person's own proof of who they are, once more before something that matters."""

    request: HttpRequest
    template_name = "desk/people/confirm.html"
    title = gettext_lazy("Confirm that it is you")

    def form_valid(self, form: Any) -> HttpResponse:
        # A form that came too late is opened again, and not sent by itself.
        self.request.session.pop(STATE_SESSION_KEY, None)
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return mark_locked_out(form, super().form_invalid(form))  # type: ignore[misc]


class ConfirmPasswordView(ConfirmPage, account_views.ReauthenticateView):
    """The password."""


class ConfirmCodeView(ConfirmPage, mfa_views.ReauthenticateView):
    """A code."""


class ConfirmPasskeyView(ConfirmPage, passkey_views.ReauthenticateWebAuthnView):
    """A passkey."""

    def form_invalid(self, form: Any) -> HttpResponse:
        for sentence in form.errors.get("credential", []):
            messages.error(self.request, sentence)
        return HttpResponseRedirect(self.request.get_full_path())


def _count_as_given(request: HttpRequest, kind: str) -> None:
    """Let the factor that was just set up count as given in this session, which its setting up has proved."""
    record_authentication(request, get_editor(request), "mfa", type=kind)
