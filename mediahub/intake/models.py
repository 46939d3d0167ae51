"""How a file comes in: the journey of each upload, and what failed on the way."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mediahub.library.models import Image

# S3's sequencers are hexadecimal and of differing length; right-padded with zeros they compare as text.
SEQUENCER_WIDTH = 64


def padded(sequencer: str) -> str:
    """The sequencer of an S3 event as 64 comparable characters; empty stays empty and is older than any."""
    return sequencer.upper().ljust(SEQUENCER_WIDTH, "0")[:SEQUENCER_WIDTH] if sequencer else ""


class Upload(models.Model):
    """The journey of one file from the browser, or from the bucket, to an image."""

    class State(models.TextChoices):
        ISSUED = "issued", _("waiting for the file")
        WORKING = "working", _("working")
        READY = "ready", _("done")
        REJECTED = "rejected", _("rejected")
        FAILED = "failed", _("failed")
        DELETED = "deleted", _("deleted")

    class Source(models.TextChoices):
        BROWSER = "browser", _("browser")
        BUCKET = "bucket", _("bucket")

    class Method(models.TextChoices):
        POST = "post", _("one request")
        MULTIPART = "multipart", _("in parts")
        PLAIN = "plain", _("plain form")
        DIRECT = "direct", _("put into the bucket")

    ENDED = (State.READY, State.REJECTED, State.FAILED, State.DELETED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.CharField(_("source"), max_length=8, choices=Source, default=Source.BROWSER)
    method = models.CharField(_("method"), max_length=12, choices=Method, default=Method.POST)
    file_name = models.CharField(_("file name"), max_length=255)
    content_type = models.CharField(_("content type"), max_length=100, blank=True)
    declared_bytes = models.PositiveBigIntegerField(_("bytes"), null=True, blank=True)
    bucket = models.CharField(_("bucket"), max_length=63)
    key = models.CharField(_("key"), max_length=1024)
    version_id = models.CharField(_("version"), max_length=1024, blank=True)
    sequencer = models.CharField(_("sequencer"), max_length=SEQUENCER_WIDTH, blank=True)

    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ISSUED, db_index=True)
    step = models.CharField(_("step"), max_length=16, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    issued_at = models.DateTimeField(_("issued"), default=timezone.now, db_index=True)
    expires_at = models.DateTimeField(_("ticket expires"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="uploads"
    )
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="uploads")

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-issued_at", "id"]
        constraints = [models.UniqueConstraint(fields=["bucket", "key"], name="one_upload_a_key")]
        indexes = [models.Index(fields=["uploaded_by", "state"], name="upload_by_editor")]

    def __str__(self) -> str:
        return self.file_name

    @classmethod
    def claim(cls, upload_id: uuid.UUID, *, version_id: str, sequencer: str, until: datetime) -> bool:
        """Take the work on one version of the file until the lease ends; False when another has it or it is done.

        One conditional UPDATE decides: an unfinished upload whose lease is free, or any upload of which a newer version
        arrived. `sequencer` is padded.
        """
        free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
        unfinished = Q(state__in=[cls.State.ISSUED, cls.State.WORKING]) & free & Q(sequencer__lte=sequencer)
        newer = Q(sequencer__lt=sequencer) if sequencer else Q(pk=None)
        claimed = cls.objects.filter(unfinished | newer, pk=upload_id).update(
            state=cls.State.WORKING,
            version_id=version_id,
            sequencer=sequencer,
            attempts=F("attempts") + 1,
            lease_until=until,
            finished_at=None,
        )
        return claimed == 1


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
    reason = models.CharField(_("reason"), max_length=500)
    attempts = models.PositiveIntegerField(_("attempts"), default=1)
    payload = models.TextField(_("payload"))
    first_failed_at = models.DateTimeField(_("first failed"))
    last_failed_at = models.DateTimeField(_("last failed"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN, db_index=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
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
