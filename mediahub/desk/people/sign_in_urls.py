"""The addresses of the sign-in, by the names under which allauth looks for them."""

from django.conf import settings
from django.contrib import admin
from django.urls import path

from mediahub.desk.people import factor_views, sign_in_views

view = admin.site.admin_view
urlpatterns = [
    # The admin's own pattern is behind this one; both lead to the same view.
    path("login/", admin.site.login, name="account_login"),
    path("login/second/", sign_in_views.SecondFactorView.as_view(), name="mfa_authenticate"),
    path("login/passkey/", sign_in_views.PasskeySignInView.as_view(), name="mfa_login_webauthn"),
    path("account/", view(factor_views.AccountView.as_view()), name="mfa_index"),
    path("account/app/", view(factor_views.AddAppView.as_view()), name="mfa_activate_totp"),
    path("account/app/remove/", view(factor_views.RemoveAppView.as_view()), name="mfa_deactivate_totp"),
    path("account/passkeys/add/", view(factor_views.AddPasskeyView.as_view()), name="mfa_add_webauthn"),
    path(
        "account/passkeys/<id:pk>/remove/", view(factor_views.RemovePasskeyView.as_view()), name="mfa_remove_webauthn"
    ),
    path("account/codes/", view(factor_views.RecoveryCodesView.as_view()), name="mfa_view_recovery_codes"),
    path("account/codes/new/", view(factor_views.NewRecoveryCodesView.as_view()), name="mfa_generate_recovery_codes"),
    path("account/confirm/", view(factor_views.ConfirmPasswordView.as_view()), name="account_reauthenticate"),
    path("account/confirm/code/", view(factor_views.ConfirmCodeView.as_view()), name="mfa_reauthenticate"),
    path(
        "account/confirm/passkey/",
        view(factor_views.ConfirmPasskeyView.as_view()),
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
