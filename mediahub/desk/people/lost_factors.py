"""Help for a person who lost the phone or the key: an administrator removes their second factors."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import transaction

from mediahub.desk.people import sessions, sign_in_changes
from mediahub.history.models import Action


@transaction.atomic
def remove_factors(by: User | None, person: User) -> int:
    """Remove all second factors and recovery codes, end the person's sessions, and return how many factors there were.

    Whoever holds what was lost may be signed in with it, so that the sessions end too.
    """
    number: int = Authenticator.objects.filter(user=person).delete()[0]
    sessions.end_all(person)
    sign_in_changes.record_change(by, person, Action.FACTOR_REMOVED)
    return number
