"""The sessions of one person: listed for them, and ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from mediahub.desk.models import Session


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner sees it; `mark` names it without being its key, which would open it."""

    mark: str
    browser: str
    address: str
    started_at: datetime | None
    seen_at: datetime | None
    current: bool


def list_sessions(user: User, current_key: str) -> list[OpenSession]:
    """Return the sessions of a person that can still be used, the newest first."""
    now = timezone.now()
    rows = Session.objects.filter(user=user, expire_date__gt=now).order_by("-seen_at")
    if idle := settings.SESSION_IDLE_SECONDS:
        rows = rows.filter(seen_at__gt=now - timedelta(seconds=idle))
    return [
        OpenSession(
            _mark(row.session_key),
            row.browser,
            row.address,
            row.started_at,
            row.seen_at,
            row.session_key == current_key,
        )
        for row in rows
    ]


def end_session(user: User, mark: str) -> bool:
    """End one session of a person; return whether there was one."""
    keys = Session.objects.filter(user=user).values_list("session_key", flat=True)
    key = next((key for key in keys if constant_time_compare(_mark(key), mark)), None)
    return bool(key and Session.objects.filter(user=user, session_key=key).delete()[0])


def end_all(user: User) -> int:
    """End all sessions of a person and return how many there were."""
    return Session.objects.filter(user=user).delete()[0]


def end_others(user: User, current_key: str) -> None:
    """End all sessions of a person but this one, as after a new password."""
    Session.objects.filter(user=user).exclude(session_key=current_key).delete()


def _mark(key: str) -> str:
    return salted_hmac(__name__, key, algorithm="sha256").hexdigest()[:32]
