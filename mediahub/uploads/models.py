"""How a file comes in: the journey of each upload, and what failed on the way."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mediahub.library.models import Collection, Image
from processing import MAX_LENGTHS

# S3's sequencers are hexadecimal and of differing length; right-padded with zeros they compare as text.
SEQUENCER_WIDTH = 64
TICKET_GRACE = timedelta(hours=1)  # The bucket takes no signed address that is older.


def pad_sequencer(sequencer: str) -> str:
    """Return the sequencer of an S3 event as 64 comparable characters; empty stays empty and is older than any."""
    return sequencer.upper().ljust(SEQUENCER_WIDTH, "0")[:SEQUENCER_WIDTH] if sequencer else ""


class UploadBatch(models.Model):
    """Files that one person sent together, and the words that all their images get."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(_("started"), default=timezone.now)
    # Where the files were placed in the bucket, "/" for none of its folders; empty where a person sent them.
    folder = models.CharField(_("folder"), max_length=1024, blank=True, editable=False)
    system_files = models.PositiveIntegerField(_("system files skipped"), default=0, editable=False)
    title = models.CharField(_("title"), max_length=MAX_LENGTHS["title"], blank=True)
    # Whether the title is followed by the place of each file among those that were sent.
    numbered = models.BooleanField(_("number the titles"), default=True)
    credit = models.CharField(_("credit"), max_length=MAX_LENGTHS["credit"], blank=True)
    copyright = models.CharField(_("copyright notice"), max_length=MAX_LENGTHS["copyright"], blank=True, db_default="")
    license = models.CharField(_("license"), max_length=MAX_LENGTHS["license"], blank=True, db_default="")
    license_url = models.CharField(
        _("address of the license"), max_length=MAX_LENGTHS["license_url"], blank=True, db_default=""
    )
    tags = models.JSONField(_("tags"), default=list, blank=True)
    collection = models.ForeignKey(Collection, models.SET_NULL, null=True, blank=True, related_name="+")
    # The act that gives these words, also to images that come later: what takes it back, takes back all of it.
    act = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        verbose_name = _("upload batch")
        verbose_name_plural = _("upload batches")
        ordering = ["-made_at", "id"]
        indexes = [models.Index(fields=["-made_at"], name="batch_of_folder", condition=~Q(folder=""))]

    def __str__(self) -> str:
        return self.title or self.folder or f"{self.made_at:%Y-%m-%d %H:%M}"


class Upload(models.Model):
    """The journey of one file from the browser, or from the bucket, to an image."""

    # Fields that came after the first release have a default in the database too: while a deployment is under way, the
    # version before writes rows as well.

    class State(models.TextChoices):
        ISSUED = "issued", _("waiting for the file")
        WORKING = "working", _("processing")
        READY = "ready", _("done")
        REJECTED = "rejected", _("rejected")
        FAILED = "failed", _("failed")
        DELETED = "deleted", _("deleted")
        EXPIRED = "expired", _("never arrived")

    class Source(models.TextChoices):
        BROWSER = "browser", _("browser")
        BUCKET = "bucket", _("bucket")

    class Method(models.TextChoices):
        POST = "post", _("single request")
        MULTIPART = "multipart", _("multipart")
        PLAIN = "plain", _("plain form")
        DIRECT = "direct", _("placed in the bucket")

    # A version of a file in one of these is not taken up again unless somebody asks for it.
    SETTLED = (State.READY, State.REJECTED, State.FAILED)
    ENDED = (State.READY, State.REJECTED, State.FAILED, State.DELETED, State.EXPIRED)
    # The one table of transitions: by where a journey goes, the states it may come from. A version of the file that is
    # newer than the one worked on begins the journey anew from any of them.
    COMES_FROM = {
        State.ISSUED: (State.FAILED, State.REJECTED),
        State.WORKING: (State.ISSUED, State.WORKING, State.EXPIRED),
        State.READY: (State.WORKING,),
        State.REJECTED: (State.WORKING,),
        State.FAILED: (State.ISSUED, State.WORKING),
        State.DELETED: (State.ISSUED, State.WORKING, State.READY, State.REJECTED, State.FAILED, State.EXPIRED),
        State.EXPIRED: (State.ISSUED,),
    }

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
    # This was found by looking into the bucket; no event has told yet where in the order of events it stands.
    unsequenced = models.BooleanField(default=False, db_default=False, editable=False)

    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ISSUED, db_index=True)
    step = models.CharField(_("step"), max_length=16, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    code = models.CharField(_("error code"), max_length=64, blank=True, db_default="")
    # What fills the sentence of the code; `reason` is that sentence in English, for search.
    params = models.JSONField(default=dict, blank=True, editable=False)
    error = models.CharField(_("error"), max_length=100, blank=True, db_default="")
    request_id = models.CharField(_("request"), max_length=64, blank=True, db_default="")
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    recipe = models.CharField(_("processing settings"), max_length=16, blank=True, db_default="")
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    # When what stopped on its way is tried again by itself; empty while somebody works on it, and where nobody knows.
    next_try_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    issued_at = models.DateTimeField(_("issued"), default=timezone.now, db_index=True)
    expires_at = models.DateTimeField(_("ticket expires"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # How long the steps from decoding to storing took, in the attempt that made it an image, in milliseconds.
    work_ms = models.PositiveIntegerField(_("processing time in milliseconds"), null=True, blank=True)
    # The consistency check that last found this file in the bucket.
    seen = models.PositiveBigIntegerField(null=True, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="uploads"
    )
    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="uploads")
    batch = models.ForeignKey(UploadBatch, models.SET_NULL, null=True, blank=True, related_name="uploads")
    # What the browser says of the file before it is sent; the image's own is computed from what arrived.
    declared_sha256 = models.CharField(max_length=64, blank=True, db_default="", editable=False)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-issued_at", "id"]
        constraints = [models.UniqueConstraint(fields=["bucket", "key"], name="one_upload_a_key")]
        indexes = [
            models.Index(fields=["uploaded_by", "state"], name="upload_by_editor"),
            # The dashboard counts from this alone, and looks at no row.
            models.Index(fields=["issued_at", "state", "work_ms"], name="upload_outcomes"),
            # Those that became no image are counted by themselves.
            models.Index(fields=["issued_at"], name="upload_without_image", condition=Q(image=None)),
            # The list of uploads tells those from the bucket by their folders.
            models.Index(fields=["-issued_at", "id"], name="upload_by_person", condition=Q(source="browser")),
        ]
        permissions = [("allow_more_pixels", "Can allow an image over the pixel limit")]

    def __str__(self) -> str:
        return self.file_name

    @classmethod
    def move(cls, upload_id: uuid.UUID, to: State, where: Q | None = None, **values: Any) -> bool:
        """Go on to another state if the table allows it from the present one and `where` holds; False otherwise."""
        going = cls.objects.filter(where or Q(), pk=upload_id, state__in=cls.COMES_FROM[to])
        return going.update(state=to, **values) == 1

    def resolve_failed_items(self) -> None:
        """Resolve the upload's failed items that are open or being retried, because it came to an end."""
        # Failed items belong to the app above: they are named here by their relation and states alone.
        self.failed_items.filter(state__in=["open", "retried"]).update(state="resolved", handled_at=timezone.now())

    @property
    def waits_for_another_try(self) -> bool:
        """Whether nobody works on it now though it was begun or put off, and it is taken up again by itself."""
        left = self.lease_until is not None and self.lease_until <= timezone.now()
        return (self.state == self.State.WORKING and left) or (self.state == self.State.ISSUED and bool(self.code))

    def match_unchanged(self) -> Q:
        """Return the condition that nobody continued this journey since this row was read."""
        return Q(state=self.state, version_id=self.version_id, sequencer=self.sequencer, attempts=self.attempts)

    def outlives_sender(self) -> bool:
        """Return whether this upload's ticket has brought no file yet, and its person may not sign in any more."""
        by_ticket = self.source == self.Source.BROWSER and self.expires_at is not None
        sender = self.uploaded_by
        return by_ticket and not self.version_id and not (sender is not None and sender.is_active)

    def has_other_version(self, version_id: str) -> bool:
        """Return whether a ticket already brought this upload's file, and this is another version of it."""
        by_ticket = self.source == self.Source.BROWSER and self.expires_at is not None
        return by_ticket and self.version_id not in ("", version_id)

    def refuses_version(self, version_id: str, put_at: datetime) -> bool:
        """Return whether a ticket's holder may have put this version over the file; later it is an operator's."""
        until = self.expires_at + TICKET_GRACE if self.expires_at else put_at
        return self.has_other_version(version_id) and put_at <= until

    @classmethod
    def claim_version(cls, upload_id: uuid.UUID, claim: "Claim") -> bool:
        """Claim one version of the file until the lease ends; return False when another has it or it is done.

        One conditional UPDATE decides: an unfinished upload whose lease is free, or any upload of which a newer version
        arrived.
        """
        unfinished = Q(state__in=cls.COMES_FROM[cls.State.WORKING]) & match_free() & Q(sequencer__lte=claim.sequencer)
        newer = Q(sequencer__lt=claim.sequencer, unsequenced=False)
        if claim.version_id:
            newer &= ~Q(version_id=claim.version_id)
        older_or_same = Q(unsequenced=False) | Q(version_id=claim.version_id)
        # What came by a ticket stays the version that came first.
        open_to = ~Q(source=cls.Source.BROWSER, expires_at__isnull=False) | Q(version_id__in=["", claim.version_id])
        return claim.acquire(cls.objects.filter((unfinished & older_or_same) | newer, open_to, pk=upload_id))

    def claim_current_version(self, claim: "Claim") -> bool:
        """Claim the version that the bucket has now; return False when another was here since this row was read.

        For what no event tells of: without a sequencer, the bucket's own answer says which version is the newest.
        """
        return claim.acquire(Upload.objects.filter(self.match_unchanged() & match_free(), pk=self.pk), unsequenced=True)


class ArrivalFigures(models.Model):
    """What the clock counted of one day's uploads that became images of one audience; see `arrival_figures`.

    `outcomes` holds a number by state; `times` of those that are ready, a number by hundredths of a second.
    """

    day = models.DateField(db_index=True)
    audience = models.ForeignKey("library.Audience", models.CASCADE, null=True)
    outcomes = models.JSONField(default=dict)
    times = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("figures of a day")
        verbose_name_plural = _("figures of days")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.day}"


def match_free() -> Q:
    """Return the condition that nobody holds a lease on the upload."""
    return Q(lease_until=None) | Q(lease_until__lte=timezone.now())


@dataclass(frozen=True)
class Claim:
    """One worker's hold on one version of a file: what fences all it writes. `sequencer` is padded."""

    version_id: str
    sequencer: str
    until: datetime
    request: str = ""

    def acquire(self, uploads: models.QuerySet[Upload], *, unsequenced: bool = False) -> bool:
        """Make the one upload in `uploads` this worker's; return False when it is not there."""
        claimed = uploads.update(
            state=Upload.State.WORKING,
            version_id=self.version_id,
            sequencer=self.sequencer,
            unsequenced=unsequenced,
            attempts=F("attempts") + 1,
            lease_until=self.until,
            finished_at=None,
            next_try_at=None,
            request_id=self.request[:64],
        )
        return claimed == 1

    def match_held(self) -> Q:
        """Return the condition that the upload is still this worker's."""
        return Q(
            state=Upload.State.WORKING,
            version_id=self.version_id,
            sequencer=self.sequencer,
            lease_until=self.until,
        )
