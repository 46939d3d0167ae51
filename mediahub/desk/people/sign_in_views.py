"""The pages of the sign-in: name and password, the second factor, and a passkey in place of both."""

from typing import Any

from allauth.account import views as account_views
from allauth.account.adapter import get_adapter
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.mfa.base import views as mfa_views
from allauth.mfa.webauthn import views as passkey_views
from allauth.mfa.webauthn.internal import flows as passkey_flows
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy

from mediahub.desk import unsaved_input
from mediahub.desk.people.account_pages import AccountPage
from mediahub.desk.people.adapters import TYPED
from mediahub.desk.people.lockouts import WINDOW
from mediahub.desk.people.passkeys import explain_missing_passkeys
from mediahub.desk.people.session_views import build_sign_in_context


def remember_typed(request: HttpRequest) -> None:
    """Let a form that was sent before the sign-in outlast all its steps; end the session of anybody else first."""
    if request.user.is_authenticated:
        logout(request)
    clear_login(request)
    text = request.POST.get(unsaved_input.FIELD_NAME, "")
    if unsaved_input.unsign(text):
        request.session[TYPED] = text
    else:
        request.session.pop(TYPED, None)


class SignInView(AccountPage, account_views.LoginView):
    """Name and password. This is the admin's sign-in as well, so that there is no other way in."""

    template_name = "admin/login.html"
    title = gettext_lazy("Sign in to MediaHub")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if admin.site.has_permission(request):
            return HttpResponseRedirect(self.get_next_url() or reverse("admin:index"))
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        remember_typed(self.request)
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        return mark_locked_out(form, response)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = unsaved_input.unsign(self.request.POST.get(unsaved_input.FIELD_NAME, ""))
        return {
            **super().get_context_data(**kwargs),
            "app_path": reverse("admin:login"),
            "next": self.get_next_url() or reverse("admin:index"),
            "username": self.request.user.get_username(),
            **build_sign_in_context(self.request, form),
        }


class SecondFactorView(AccountPage, mfa_views.AuthenticateView):
    """The second step for people who have a second factor."""

    template_name = "desk/people/second_factor.html"
    title = gettext_lazy("Second factor")

    def form_invalid(self, form: Any) -> HttpResponse:
        return mark_locked_out(form, super().form_invalid(form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "no_passkeys": explain_missing_passkeys(self.request)}


class PasskeySignInView(passkey_views.LoginWebAuthnView):
    """A passkey alone: it is something that one has, unlocked by something that one knows or is."""

    def form_valid(self, form: Any) -> HttpResponse:
        authenticator = form.cleaned_data["credential"]
        remember_typed(self.request)
        address = self.request.POST.get("next", "")
        safe = address if get_adapter(self.request).is_safe_url(address) else None
        login = Login(user=authenticator.user, redirect_url=safe)
        response: HttpResponse = passkey_flows.perform_passwordless_login(self.request, authenticator, login)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        for sentence in form.errors.get("credential", []):
            messages.error(self.request, sentence)
        return HttpResponseRedirect(reverse("admin:login"))


def mark_locked_out(form: Any, response: HttpResponse) -> HttpResponse:
    """Return the page with the status that tells a program to wait, where the form says so to a person."""
    errors = [error for errors in form.errors.as_data().values() for error in errors]
    if any(error.code == "locked_out" for error in errors):
        response.status_code = 429
        response["Retry-After"] = str(int(WINDOW.total_seconds()))
    return response
