"""Images that were erased for good: what is left of each, and which files may never become an image again."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Purge(models.Model):
    """An order to erase an image for good, and the tombstone that is left of it: who, when, why, and no word of it.

    The image's records go in the transaction that writes this row. `keys` and `downloads` name files that are still to
    be erased, and are empty at the end. A first pass erases all files at once; a last one, after `settles_at`, erases
    what was written by somebody who had begun before.
    """

    image_id = models.UUIDField(_("image"), primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    at = models.DateTimeField(_("time"), default=timezone.now)
    reason = models.CharField(_("reason"), max_length=500)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    # Objects of the upload bucket and of the renditions bucket.
    keys = models.JSONField(default=list, editable=False)
    downloads = models.JSONField(default=list, editable=False)
    settles_at = models.DateTimeField(default=timezone.now, editable=False)
    erased_at = models.DateTimeField(_("files erased"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("erased image")
        verbose_name_plural = _("erased images")
        ordering = ["-at", "image_id"]
        default_permissions = ()
        permissions = [("purge_image", "Can erase images for good")]
        indexes = [
            models.Index(fields=["settles_at"], name="purge_unfinished", condition=models.Q(finished_at__isnull=True))
        ]

    def __str__(self) -> str:
        return str(self.image_id)


class PurgedUpload(models.Model):
    """The id of an upload whose file is never taken in again, however late an event or a message tells of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Empty for the ticket of a person who left.
    purge = models.ForeignKey(Purge, models.CASCADE, null=True, blank=True, related_name="uploads")

    class Meta:
        verbose_name = _("erased upload")
        verbose_name_plural = _("erased uploads")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.id)
