"""The addresses of the sign-in, by the names under which allauth looks for them."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from django.utils.module_loading import import_string


def load_view(name: str) -> Callable[..., HttpResponseBase]:
    """Return a view that is imported when it is asked for.

    allauth's views, forms and fido2 would take a third of the time in which a function starts.
    """

    def show(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        view: HttpResponseBase = import_string(f"mediahub.desk.people.{name}").as_view()(request, **kwargs)
        return view

    return show


def load_own_view(name: str) -> Callable[..., HttpResponseBase]:
    """Return such a view for people who are signed in."""
    view: Callable[..., HttpResponseBase] = admin.site.admin_view(load_view(f"factor_views.{name}"))
    return view


urlpatterns = [
    # The admin's own pattern is behind this one; both lead to the same view.
    path("login/", admin.site.login, name="account_login"),
    path("login/second/", load_view("sign_in_views.SecondFactorView"), name="mfa_authenticate"),
    path("login/passkey/", load_view("sign_in_views.PasskeySignInView"), name="mfa_login_webauthn"),
    path("account/", load_own_view("AccountView"), name="mfa_index"),
    path("account/app/", load_own_view("AddAppView"), name="mfa_activate_totp"),
    path("account/app/remove/", load_own_view("RemoveAppView"), name="mfa_deactivate_totp"),
    path("account/passkeys/add/", load_own_view("AddPasskeyView"), name="mfa_add_webauthn"),
    path("account/passkeys/<id:pk>/remove/", load_own_view("RemovePasskeyView"), name="mfa_remove_webauthn"),
    path("account/codes/", load_own_view("RecoveryCodesView"), name="mfa_view_recovery_codes"),
    path("account/codes/new/", load_own_view("NewRecoveryCodesView"), name="mfa_generate_recovery_codes"),
    path("account/confirm/", load_own_view("ConfirmPasswordView"), name="account_reauthenticate"),
    path("account/confirm/code/", load_own_view("ConfirmCodeView"), name="mfa_reauthenticate"),
    path(
        "account/confirm/passkey/",
        load_own_view("ConfirmPasskeyView"),
        name="mfa_reauthenticate_webauthn",
    ),
]
if settings.OIDC_ISSUER:
    # Imported only here: these libraries cost each cold start, and most sites do not need them.
    from mediahub.desk.people import organization

    PLACE = "login/organization/<slug:provider_id>/"
    urlpatterns += [
        path(PLACE, organization.start, name="openid_connect_login"),
        path(f"{PLACE}back/", organization.finish, name="openid_connect_callback"),
    ]
