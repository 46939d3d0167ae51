"""What the public was given: each file, so that each can be taken back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mediahub.library.models import Image


class PublicFile(models.Model):
    """A copy of a rendition under `public/`; the row is there before the file and goes after it.

    `source` is the rendition's key and the digest of the credit inside the copy: empty until it is copied, and of no
    rendition while another is copied over it. What was superseded stays for a grace period.
    """

    image = models.ForeignKey(Image, models.CASCADE, related_name="public_files")
    key = models.CharField(_("key"), max_length=255, unique=True)
    source = models.CharField(_("source"), max_length=255, blank=True)
    superseded_at = models.DateTimeField(_("superseded"), null=True, blank=True, db_index=True)

    class Meta:
        verbose_name = _("public file")
        verbose_name_plural = _("public files")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key
