"""The forms of name and password."""

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class SignInForm(AuthenticationForm):
    """User name and password, as Django's form has them, for people who may enter the desk."""

    user_cache: User | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["autocomplete"] = "username webauthn"

    def clean(self) -> dict[str, Any]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name and password:
            self.user_cache = get_adapter(self.request).authenticate(self.request, username=name, password=password)
            if self.user_cache is None:
                raise ValidationError(
                    _("The user name or the password is wrong. Both distinguish capital and small letters.")
                )
        return self.cleaned_data

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Go on with the sign-in: to the second factor, or to where the person wanted to go."""
        # With the page, not with every cold start: allauth brings much along.
        from allauth.account.internal.flows.login import perform_password_login
        from allauth.account.models import Login

        credentials = {"username": self.cleaned_data["username"]}
        login = Login(user=self.user_cache, redirect_url=redirect_url)
        response: HttpResponse = perform_password_login(request, credentials, login)
        return response


class ConfirmPasswordForm(forms.Form):
    """The person's own password, once more before something that matters."""

    password = forms.CharField(
        label=gettext_lazy("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        adapter = get_adapter()
        if not adapter.reauthenticate(self.user, password):
            raise adapter.validation_error("incorrect_password")
        return password
