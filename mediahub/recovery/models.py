"""What failed and what was done about it, how records and buckets compare, and how the clock's duties go."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mediahub.library.models import Image
from mediahub.uploads.models import Upload


class FailedItem(models.Model):
    """A dead letter on an editor's desk: what failed, why, and what was done about it."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        RETRIED = "retried", _("being retried")
        RESOLVED = "resolved", _("resolved")
        DISCARDED = "discarded", _("discarded")

    message_id = models.CharField(_("message"), max_length=100, unique=True)
    upload = models.ForeignKey(Upload, models.SET_NULL, null=True, blank=True, related_name="failed_items")
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="failed_items")
    kind = models.CharField(_("kind"), max_length=32)
    step = models.CharField(_("step"), max_length=16, blank=True)
    code = models.CharField(_("error code"), max_length=64, blank=True)
    # What fills the sentence of the code; `reason` is that sentence in English, for search.
    params = models.JSONField(default=dict, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    error = models.CharField(_("error"), max_length=100, blank=True, db_default="")
    fingerprint = models.CharField(_("fingerprint"), max_length=16, blank=True, db_default="", db_index=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True, db_default="")
    attempts = models.PositiveIntegerField(_("attempts"), default=1)
    retries = models.PositiveIntegerField(_("retries"), default=0, db_default=0)
    retry_order = models.ForeignKey("RetryOrder", models.SET_NULL, null=True, blank=True, related_name="items")
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    payload = models.TextField(_("payload"))
    first_failed_at = models.DateTimeField(_("first failed"))
    last_failed_at = models.DateTimeField(_("last failed"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN, db_index=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    handled_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("failed item")
        verbose_name_plural = _("failed items")
        ordering = ["-last_failed_at", "-pk"]
        permissions = [
            ("retry_faileditem", "Can retry failed items"),
            ("discard_faileditem", "Can discard failed items"),
        ]

    def __str__(self) -> str:
        return self.reason


class RetryOrder(models.Model):
    """One order to try failed items again: they go back to the queue a few a minute, and this says how far they are."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("requested"), default=timezone.now)
    total = models.PositiveIntegerField(_("failed items"), default=0)
    # The clock asks again for what nobody took on since then.
    asked_at = models.DateTimeField(default=timezone.now)
    sent_all_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = _("retry")
        verbose_name_plural = _("retries")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.total}, {self.at:%Y-%m-%d %H:%M}"


class Decision(models.Model):
    """What a person did about what failed: who, when, why. It is only ever added to."""

    class Kind(models.TextChoices):
        RETRY = "retry", _("retried")
        DISCARD = "discard", _("discarded")

    item = models.ForeignKey(FailedItem, models.CASCADE, null=True, blank=True, related_name="decisions")
    upload = models.ForeignKey(Upload, models.CASCADE, null=True, blank=True, related_name="decisions")
    kind = models.CharField(_("decision"), max_length=12, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(_("time"), default=timezone.now)
    note = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at:%Y-%m-%d %H:%M}"


class ConsistencyCheck(models.Model):
    """One comparison of buckets, rows and mirror: how far it is, and what it found by kind, with examples."""

    started_at = models.DateTimeField(_("started"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # A full one compares everything, the others the upload bucket only.
    full = models.BooleanField(_("full"), default=True)
    repair = models.BooleanField(_("repairs differences"), default=False)
    by_hand = models.BooleanField(_("manual"), default=False)
    since = models.DateTimeField(_("changed since"), null=True, blank=True)
    grace_seconds = models.PositiveIntegerField(_("grace period in seconds"), default=0)
    step = models.CharField(_("step"), max_length=32, blank=True)
    cursor = models.JSONField(default=dict)
    pages = models.PositiveIntegerField(_("pages"), default=0)
    counts = models.JSONField(_("findings"), default=dict)
    examples = models.JSONField(_("examples"), default=list)

    class Meta:
        verbose_name = _("consistency check")
        verbose_name_plural = _("consistency checks")
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


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
    at = models.DateTimeField(_("last checked"))
    waiting = models.PositiveIntegerField(_("messages waiting"))
    waiting_most = models.PositiveIntegerField(_("most messages waiting"))
    oldest = models.PositiveIntegerField(_("oldest upload, in seconds"))
    oldest_most = models.PositiveIntegerField(_("oldest upload at its peak, in seconds"))
    dead_letters = models.PositiveIntegerField(_("dead letters"))

    class Meta:
        verbose_name = _("queue hour")
        verbose_name_plural = _("queue hours")
        ordering = ["-hour"]
        permissions = [("view_dashboard", "Can see the dashboard")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M}"
