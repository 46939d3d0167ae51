"""Define what the desk remembers of each editor: preferences, sessions, and attempts to sign in."""

from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _


class Preference(models.Model):
    """How one editor works: which key does what, if keys do anything, from which confidence to accept; the language."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preference")
    # The name of each act → its key; an act that is not named has its usual key, an empty key is none.
    shortcuts = models.JSONField(_("keyboard shortcuts"), default=dict, blank=True)
    shortcuts_on = models.BooleanField(_("keyboard shortcuts enabled"), default=True)
    threshold = models.PositiveSmallIntegerField(_("acceptance threshold, in percent"), default=80)
    # The code of a language; empty is what the browser asks for.
    language = models.CharField(_("language"), max_length=8, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.user)


class Session(AbstractBaseSession):
    """A session, with what a person needs to recognize it among their own.

    The columns repeat what the session's data holds, so that sessions can be listed and ended by person.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="desk_sessions"
    )
    browser = models.CharField(_("browser"), max_length=100, blank=True)
    address = models.CharField(_("network address"), max_length=45, blank=True)
    started_at = models.DateTimeField(_("signed in at"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    @classmethod
    def get_session_store_class(cls) -> Any:
        from mediahub.desk.people.session_store import SessionStore

        return SessionStore


class SignInAttempt(models.Model):
    """One attempt to sign in, by which guessing is slowed down in all processes; a sign-in deletes old ones."""

    at = models.DateTimeField(db_index=True)
    # A keyed hash of the user name that was entered, whether or not there is such a person.
    account = models.CharField(max_length=64)
    # For IPv6 the network that one subscriber has.
    address = models.CharField(max_length=45)
    succeeded = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="attempt_by_account"),
            models.Index(fields=["address", "at"], name="attempt_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {'succeeded' if self.succeeded else 'failed'}"


class CacheEntry(models.Model):
    """The table of Django's database cache: what all processes must know at once, such as a code that was used."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    class Meta:
        # The name that settings.CACHES gives to Django.
        db_table = "desk_cacheentry"

    def __str__(self) -> str:
        return self.cache_key
