"""The forms of second factors, each under the limits on attempts."""

from collections.abc import Callable
from typing import Any, TypeVar

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
    SignupWebAuthnForm,
)
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub.desk.http import Unreadable, parse_json
from mediahub.desk.people import lockouts, sign_in_changes
from mediahub.desk.people.browsers import get_client_network
from mediahub.history.models import Action

T = TypeVar("T")
CODE_WIDGET = forms.TextInput(
    attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "inputmode": "numeric"}
)
LONGEST_CODE = 40


def _limit(name: str, method: str, check: Callable[[], T]) -> T:
    """Return what `check` returns; raise ValidationError, and count an attempt, where it refuses.

    Args:
        name: the person's user name, or "" where only the address is known.
        method: how the person tries to sign in, for the activity.
        check: raises ValidationError for a wrong code or key.
    """
    request = context.request
    attempt = lockouts.begin_attempt(name, get_client_network(request))
    try:
        value = check()
    except ValidationError:
        action = Action.LOCKED_OUT if lockouts.is_last_attempt(attempt) else Action.SIGN_IN_REFUSED
        known = User.objects.filter(username=name).first() if name else None
        sign_in_changes.record_refusal(request, known, method, action)
        raise
    attempt.delete()
    return value


class CodeForm(AuthenticateForm):
    """A code of the authenticator app, or a recovery code, after the password."""

    code = forms.CharField(label=gettext_lazy("Code"), max_length=LONGEST_CODE, widget=CODE_WIDGET)

    def clean_code(self) -> str:
        check: Callable[[], str] = super().clean_code
        return _limit(self.user.username, "totp", check)


class ConfirmCodeForm(ReauthenticateForm):
    """A code, once more before something that matters."""

    code = forms.CharField(label=gettext_lazy("Code"), max_length=LONGEST_CODE, widget=CODE_WIDGET)

    def clean_code(self) -> str:
        check: Callable[[], str] = super().clean_code
        return _limit(self.user.username, "totp", check)


class ActivateAppForm(ActivateTOTPForm):
    """The first code of an authenticator app, which proves that it has the secret."""

    code = forms.CharField(label=gettext_lazy("Code from the app"), max_length=LONGEST_CODE, widget=CODE_WIDGET)


class CredentialField(forms.JSONField):
    """Hold what the browser answers for a passkey: a JSON object of bounded depth."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return parse_json(value or "")
        except Unreadable as error:
            raise ValidationError(str(error)) from error


def _read_credential(check: Callable[[], T]) -> T:
    """Return what `check` returns; raise ValidationError for an answer that no browser would give."""
    try:
        return check()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValidationError(_("The passkey could not be read. Try again, or use another way to sign in.")) from error


class PasskeyForm(AuthenticateWebAuthnForm):
    """A passkey after the password."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        check = super().clean_credential
        return _limit(self.user.username, "webauthn", lambda: _read_credential(check))


class PasskeyLoginForm(LoginWebAuthnForm):
    """A passkey in place of name and password; it says itself whose it is."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        check = super().clean_credential
        return _limit("", "passkey", lambda: _read_credential(check))


class ConfirmPasskeyForm(ReauthenticateWebAuthnForm):
    """A passkey, once more before something that matters."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        check = super().clean_credential
        return _limit(self.user.username, "webauthn", lambda: _read_credential(check))


class AddPasskeyForm(SignupWebAuthnForm):
    """A new passkey, with a name by which its owner knows it."""

    name = forms.CharField(label=gettext_lazy("Name of the passkey"), max_length=60, required=False)
    credential = CredentialField()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = _read_credential(super().clean)
        return values
