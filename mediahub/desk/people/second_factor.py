"""Say who needs a second factor, and whether the person in a session has given one."""

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

# Recovery codes replace a factor once; they are none by themselves.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# A role, as `invite --role` and SECOND_FACTOR_REQUIRED name it → rights by which a person has it, also by other groups.
ROLE_PERMISSIONS = {
    "admin": ("auth.change_user", "auth.add_user", "auth.delete_user", "auth.change_group", "auth.add_group"),
    "chief": ("library.publish_image", "library.purge_image", "library.see_every_collection"),
    "editor": (),
}


def needs_second_factor(user: User | AnonymousUser) -> bool:
    """Return whether a setting demands a second factor of this person."""
    roles = settings.SECOND_FACTOR_REQUIRED
    if not roles or not user.is_authenticated:
        return False
    if "editor" in roles:
        return True
    return any(user.has_perm(permission) for role in roles for permission in ROLE_PERMISSIONS[role])


def gave_second_factor(request: HttpRequest) -> bool:
    """Return whether the person gave a second factor in this session; asks the database nothing."""
    if not isinstance(request.user, User):
        return False
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))


def has_second_factor(user: User) -> bool:
    """Return whether the person has set up a second factor."""
    factors: bool = Authenticator.objects.filter(user=user, type__in=FACTORS).exists()
    return factors
