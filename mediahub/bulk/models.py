"""Work on many images: a job and its chunks, each a range of image ids that one worker goes through in order."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One order to reprocess; the same order given again goes on with the job that is not finished."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    selection = models.JSONField(_("selection"))
    relabel = models.BooleanField(_("label again"), default=False)
    total = models.PositiveIntegerField(_("images"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.total} images, {self.created_at:%Y-%m-%d %H:%M}"


class Chunk(models.Model):
    """The images of a job from `first` to `last`, both included; all up to `reached` are behind it."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="chunks")
    first = models.UUIDField()
    last = models.UUIDField()
    reached = models.UUIDField(null=True)
    done = models.PositiveIntegerField(default=0)
    failures = models.JSONField(default=list)
    finished_at = models.DateTimeField(null=True, db_index=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.first} – {self.last}"

    @classmethod
    def claim(cls, pk: int, *, until: datetime) -> bool:
        """Take the chunk until the lease ends; False when another worker has it or it is finished."""
        free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
        return cls.objects.filter(free, pk=pk, finished_at=None).update(lease_until=until) == 1
