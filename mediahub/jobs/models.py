"""Work on many images: a job and its chunks, each of which one worker at a time goes through in order."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mediahub.reasons import Reason


class Job(models.Model):
    """One order on many images; the same order given again goes on with the job that is not at its end.

    `queued` says that it is worked on through the queue, turn by turn; without it a command hands out its chunks.
    """

    class Kind(models.TextChoices):
        REPROCESS = "reprocess", _("regenerate renditions")
        ZIP = "zip", _("ZIP download")
        MIRROR = "mirror", _("rebuild the mirror")
        CHECK = "check", _("compare buckets, records, and mirror")
        ACTION = "action", _("change images")
        UNDO = "undo", _("undo changes")

    class Stage(models.TextChoices):
        RENDITIONS = "renditions", _("renditions")
        LABELS = "labels", _("labels, from stored answers")
        MIRROR = "mirror", _("mirror")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        CANCELLED = "cancelled", _("canceled")
        DONE = "done", _("done")
        PARTLY = "partly", _("done with errors")

    class Files(models.TextChoices):
        ORIGINAL = "original", _("originals")
        LARGE = "large", _("large renditions")

    ACTIVE = (State.WAITING, State.RUNNING)
    ENDED = (State.CANCELLED, State.DONE, State.PARTLY)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.REPROCESS, db_default=Kind.REPROCESS)
    state = models.CharField(
        _("state"), max_length=16, choices=State, default=State.WAITING, db_default=State.WAITING, db_index=True
    )
    selection = models.JSONField(_("selection"))
    # What a reprocess makes anew of each image.
    stage = models.CharField(
        _("stage"), max_length=16, choices=Stage, default=Stage.RENDITIONS, db_default=Stage.RENDITIONS
    )
    relabel = models.BooleanField(_("relabel"), default=False)
    # What an editor does to all images of the job: the verb, and what it needs.
    action = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), editable=False)
    files = models.CharField(_("files"), max_length=16, choices=Files, blank=True, db_default="")
    queued = models.BooleanField(default=False, db_default=False, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    total = models.PositiveIntegerField(_("images"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    # When work began, or went on after a pause, and how many images were behind it then: the rate is told from both.
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    passed_before = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # When the queue was last asked to go on.
    asked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["-created_at"], name="job_newest")]
        permissions = [("reprocess_images", "Can regenerate the renditions of many images")]

    def __str__(self) -> str:
        return f"{self.total} images, {self.created_at:%Y-%m-%d %H:%M}"

    @classmethod
    def move(cls, pk: uuid.UUID, before: tuple[str, ...], to: str, **values: Any) -> bool:
        """Bring the job from one of these states to another; False when it is in none of them any more."""
        return cls.objects.filter(pk=pk, state__in=before).update(state=to, **values) == 1


class Chunk(models.Model):
    """The images of a job from `first` to `last`, both included, or `only` those; all up to `reached` are behind it.

    Each of `failures` has an image's id, its file name, and a reason (code, params and English sentence). The zip file
    of a chunk is in `key`, its size in `bytes`. A chunk with a `cursor` is about no images: it goes through the
    mirror's table, or a consistency check, and the cursor says how far it is.
    """

    job = models.ForeignKey(Job, models.CASCADE, related_name="chunks")
    first = models.UUIDField()
    last = models.UUIDField()
    only = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    cursor = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    # The place of the chunk's first image among all of its job.
    start = models.PositiveIntegerField(default=1, db_default=1)
    reached = models.UUIDField(null=True)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0, db_default=0)
    failures = models.JSONField(default=list)
    # How often it was taken up since an image of it was last brought to an end.
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    key = models.CharField(max_length=255, blank=True, db_default="")
    bytes = models.PositiveBigIntegerField(default=0, db_default=0)
    finished_at = models.DateTimeField(null=True, db_index=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.first} – {self.last}"

    @classmethod
    def filter_open(cls) -> "QuerySet[Chunk]":
        """Return the unfinished chunks of active jobs that no worker has."""
        free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
        # Not by a join: what is conditional must stand in the very row that is updated.
        return cls.objects.filter(free, finished_at=None, job__in=Job.objects.filter(state__in=Job.ACTIVE))

    @classmethod
    def claim(cls, pk: int, *, until: datetime) -> bool:
        """Take the chunk until the lease ends; False when another worker has it, or nothing is to be done."""
        return cls.filter_open().filter(pk=pk).update(lease_until=until, attempts=F("attempts") + 1) == 1

    def match_leased(self) -> "QuerySet[Chunk]":
        """Return this chunk, as long as the worker that claimed this very lease has it."""
        return Chunk.objects.filter(pk=self.pk, lease_until=self.lease_until, finished_at=None)


def build_failure(image_id: uuid.UUID | str, file_name: str, reason: Reason) -> dict[str, Any]:
    """Return an entry of a chunk's failures."""
    return {"image": str(image_id), "name": file_name, **reason.to_json()}
