"""What the clock writes down: how its duties go, and how the upload queue stood."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Duty(models.Model):
    """One duty of the clock: whether it is done each minute, and since when it is not.

    It says which kind of failure it was and which code it had, and no more: the words of an error may name a file that
    not everybody may see. They are in the worker's log.
    """

    class Fault(models.TextChoices):
        UNAVAILABLE = "unavailable"
        MISCONFIGURED = "misconfigured"
        DATABASE = "database"
        UNFORESEEN = "unforeseen"
        CUT_OFF = "cut_off"

    name = models.CharField(max_length=40, unique=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    # How often in a row.
    failures = models.PositiveIntegerField(default=0, db_default=0)
    fault = models.CharField(max_length=16, choices=Fault, blank=True, db_default="")
    code = models.CharField(max_length=64, blank=True, db_default="")
    # The items that failed, as "image 5c…", the one that was tried longest ago first.
    items = models.JSONField(default=list, blank=True)
    # Until when the clock that began it may be at work on it; empty when it came to its end.
    busy_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "duties"
        ordering = ["failing_since", "name"]

    def __str__(self) -> str:
        return self.name


class QueueHour(models.Model):
    """How the upload queue stood in one hour: as the clock found it last, and the most it found.

    Counts are of messages, as SQS tells them; `oldest` is of seconds, for the upload that was longest on its way.
    """

    hour = models.DateTimeField(_("hour"), unique=True)
    at = models.DateTimeField(_("looked at"))
    waiting = models.PositiveIntegerField(_("messages waiting"))
    waiting_most = models.PositiveIntegerField(_("most messages waiting"))
    oldest = models.PositiveIntegerField(_("oldest upload, in seconds"))
    oldest_most = models.PositiveIntegerField(_("oldest upload at most, in seconds"))
    dead_letters = models.PositiveIntegerField(_("dead letters"))

    class Meta:
        verbose_name = _("hour of the queue")
        verbose_name_plural = _("hours of the queue")
        ordering = ["-hour"]
        permissions = [("view_dashboard", "Can see the dashboard")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M}"
