"""Figures of a large library, which the clock keeps so that no page counts all images; see `library.figures`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from mediahub.library.models.collections import Audience, Collection
from mediahub.library.models.images import Image
from mediahub.library.models.tags import Tag


class FigureRound(models.Model):
    """How far the clock is with counting one kind of figure; a kind is kept once a first round came to its end."""

    kind = models.CharField(max_length=16, unique=True)
    # The number of the part that was counted last; 0 between two rounds.
    after = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("round of counting")
        verbose_name_plural = _("rounds of counting")
        default_permissions = ()

    def __str__(self) -> str:
        return self.kind


class ImageFigures(models.Model):
    """Sums over the images of one part of the library that have one state and one audience."""

    part = models.PositiveSmallIntegerField()
    audience = models.ForeignKey(Audience, models.CASCADE, null=True)
    state = models.CharField(max_length=16, choices=Image.State)
    # Whether their originals were deleted, so that they are out of use.
    deleted = models.BooleanField()
    images = models.PositiveIntegerField(default=0)
    without_alt_text = models.PositiveIntegerField(default=0)
    # The first day of the month, of which the next two tell.
    month = models.DateField()
    created = models.PositiveIntegerField(default=0)
    labeled = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    rendition_bytes = models.PositiveBigIntegerField(default=0)
    # Of the files that were replaced, with their renditions.
    earlier_bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("figures of images")
        verbose_name_plural = _("figures of images")
        default_permissions = ()
        indexes = [models.Index(fields=["part"], name="image_figures_by_part")]

    def __str__(self) -> str:
        return f"{self.part}, {self.state}"


class TagFigures(models.Model):
    """On how many images of one audience a tag is accepted, and on how many it is suggested."""

    tag = models.ForeignKey(Tag, models.CASCADE, related_name="figures")
    audience = models.ForeignKey(Audience, models.CASCADE, null=True)
    accepted = models.PositiveIntegerField(default=0)
    suggested = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("figures of a tag")
        verbose_name_plural = _("figures of tags")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.tag_id}"


class CollectionFigures(models.Model):
    """How many images in use lie in a collection itself."""

    collection = models.OneToOneField(Collection, models.CASCADE, related_name="figures")
    images = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("figures of a collection")
        verbose_name_plural = _("figures of collections")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.collection_id}"
