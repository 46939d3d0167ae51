"""Limits on guessing passwords and codes, by account and address together, in all processes at once.

An attempt is a row, written as failed before anything is checked, so that attempts at the same moment count each other.
Who fails too often waits for as long as the oldest of the failures counts. Attempts that are turned away do not count,
and nobody can keep a person out of an address that they sign in from: failures elsewhere do not stop them there.
"""

import math
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from mediahub.desk.models import SignInAttempt

WINDOW = timedelta(minutes=15)
# One name from one address; everything from one address, behind which an office may sit; one name from all addresses
# from which that person has not signed in lately.
MOST_OF_PAIR, MOST_OF_ADDRESS, MOST_OF_ACCOUNT = 5, 30, 20
ADDRESS_KNOWN_FOR = timedelta(days=30)


class LockedOut(ValidationError):
    """Too many attempts failed; the message says when to try again."""


def begin_attempt(name: str, address: str) -> SignInAttempt:
    """Record an attempt as failed, before it is checked; raise LockedOut when too many have failed already.

    Args:
        name: the user name as it was entered, or "" where the sign-in names nobody, as with a passkey.
        address: the client's network.
    """
    now = timezone.now()
    attempt = SignInAttempt.objects.create(at=now, account=_hash(name) if name else "", address=address)
    if end := _find_end(attempt):
        attempt.delete()
        raise LockedOut(_explain(end - now), code="locked_out")
    return attempt


def is_last_attempt(attempt: SignInAttempt) -> bool:
    """Return whether the next attempt with this name from this address will be turned away."""
    return bool(attempt.account) and _find_last(_of_pair(attempt), attempt.at, MOST_OF_PAIR) is not None


def record_success(name: str, address: str) -> None:
    """Forget the failures of this name from this address, and know the address as this person's."""
    now = timezone.now()
    account = _hash(name)
    SignInAttempt.objects.filter(Q(account=account, address=address) | Q(at__lt=now - ADDRESS_KNOWN_FOR)).delete()
    SignInAttempt.objects.create(at=now, account=account, address=address, succeeded=True)


def forget_person(name: str) -> None:
    """Delete what is known of a person who leaves."""
    SignInAttempt.objects.filter(account=_hash(name)).delete()


def _find_end(attempt: SignInAttempt) -> datetime | None:
    """Return until when this attempt has to wait; None where it may go on."""
    others = ~Q(pk=attempt.pk)
    ends = [_find_last(Q(address=attempt.address) & others, attempt.at, MOST_OF_ADDRESS)]
    if attempt.account:
        ends.append(_find_last(_of_pair(attempt) & others, attempt.at, MOST_OF_PAIR))
        if not SignInAttempt.objects.filter(_of_pair(attempt), succeeded=True).exists():
            ends.append(_find_last(Q(account=attempt.account) & others, attempt.at, MOST_OF_ACCOUNT))
    return max(filter(None, ends), default=None)


def _find_last(condition: Q, now: datetime, most: int) -> datetime | None:
    """Return when the last but `most` of these failures stops to count; None where there are fewer."""
    failures = SignInAttempt.objects.filter(condition, succeeded=False, at__gt=now - WINDOW)
    times = failures.order_by("-at").values_list("at", flat=True)[most - 1 : most]
    return times[0] + WINDOW if times else None


def _of_pair(attempt: SignInAttempt) -> Q:
    return Q(account=attempt.account, address=attempt.address)


def _hash(name: str) -> str:
    return salted_hmac(__name__, name.strip().casefold(), algorithm="sha256").hexdigest()


def _explain(wait: timedelta) -> str:
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    sentence = ngettext(
        "Too many attempts to sign in have failed. Try again in %(n)d minute.",
        "Too many attempts to sign in have failed. Try again in %(n)d minutes.",
        minutes,
    )
    return sentence % {"n": minutes}
