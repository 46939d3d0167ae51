"""Signing in through the organization's own OpenID Connect provider: it lets in whom the desk knows, and nobody else.

Loaded only where OIDC_ISSUER is set.
"""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base.constants import AuthError
from allauth.socialaccount.providers.openid_connect import views as openid_views
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from mediahub.desk.people import sign_in_changes
from mediahub.desk.people.sign_in_views import remember_typed
from mediahub.history.models import Action


class OrganizationAdapter(DefaultSocialAccountAdapter):
    """Matches whoever the provider names to one active person, by a verified e-mail address only."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def save_user(self, *args: Any, **kwargs: Any) -> Any:
        raise PermissionDenied(_("People are invited here. Ask an administrator."))

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        person, reason = _match_person(sociallogin)
        if person is None:
            sign_in_changes.record_refusal(request, None, "socialaccount", Action.SIGN_IN_REFUSED)
            raise _refuse(request, reason)
        if not sociallogin.is_existing:
            sociallogin.user = person
            sociallogin.save(request, connect=True)

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        if error == AuthError.CANCELLED:
            raise _refuse(request, _("The sign-in was canceled. Try again, or choose another way."))
        if isinstance(exception, RequestException):
            raise _refuse(request, _explain_unreachable())
        raise _refuse(request, _("Your organization's sign-in gave no valid answer. Try again, or choose another way."))


@require_POST
@never_cache
def start(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the browser to the organization's sign-in."""
    remember_typed(request)
    try:
        response: HttpResponse = openid_views.login(request, provider_id)
    except RequestException:
        response = _refuse(request, _explain_unreachable()).response
    return response


@require_GET
@never_cache
def finish(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take up the sign-in where the organization's provider sends the browser back."""
    response: HttpResponse = openid_views.callback(request, provider_id)
    return response


def _match_person(sociallogin: Any) -> tuple[User | None, str]:
    """Return the person who signs in, or None and why not in a sentence."""
    verified = [address.email for address in sociallogin.email_addresses if address.verified is True]
    if len(verified) != 1:
        return None, _("Your organization's sign-in names no verified e-mail address. Ask an administrator.")
    # As many as could be meant: two people with one address are nobody.
    people = list(User.objects.filter(email__iexact=verified[0], is_active=True, is_staff=True)[:2])
    unknown = _("%(email)s may not enter the desk. Ask an administrator for an invitation.") % {"email": verified[0]}
    if len(people) != 1:
        return None, unknown
    [person] = people
    account = sociallogin.account
    others = SocialAccount.objects.filter(user=person, provider=account.provider).exclude(uid=account.uid)
    if others.exists() or (sociallogin.is_existing and sociallogin.user.pk != person.pk):
        # An address that was given to somebody else at the organization, or a person whose address was changed.
        return None, _("This e-mail address belongs to another account of your organization. Ask an administrator.")
    return person, ""


def _explain_unreachable() -> str:
    return _("Your organization's sign-in cannot be reached. Use your password or passkey, and tell an administrator.")


def _refuse(request: HttpRequest, reason: str) -> ImmediateHttpResponse:
    messages.error(request, reason)
    return ImmediateHttpResponse(HttpResponseRedirect(reverse("admin:login")))
