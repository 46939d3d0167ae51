"""The vocabulary of tags, and which tag stands on which image."""

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from mediahub.library.models.images import CreatedKeyField, Image


class Tag(models.Model):
    """A word of the vocabulary."""

    name = models.CharField(_("name"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Synonym(models.Model):
    """Another word for a tag; what is typed or labelled with it is the tag."""

    word = models.CharField(_("word"), max_length=100, unique=True)
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="synonyms")

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering = ["word"]

    def __str__(self) -> str:
        return self.word


class LabelRule(models.Model):
    """What becomes of a machine's label: this tag, or nothing where there is none."""

    label = models.CharField(_("label"), max_length=100, unique=True)
    tag = models.ForeignKey(Tag, models.CASCADE, null=True, blank=True, related_name="labels")

    class Meta:
        verbose_name = _("label rule")
        verbose_name_plural = _("label rules")
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


class Tagging(models.Model):
    """A tag on an image: who claims it, how surely, and what an editor decided."""

    class Source(models.TextChoices):
        REKOGNITION = "rekognition", _("recognized by Rekognition")
        MEASURED = "measured", _("measured")
        RECORDED = "recorded", _("recorded answer")
        EDITOR = "editor", _("added by an editor")
        FILE = "file", _("from the file")

    class State(models.TextChoices):
        SUGGESTED = "suggested", _("suggested")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")

    image = models.ForeignKey(Image, models.CASCADE, related_name="taggings")
    tag = models.ForeignKey(Tag, models.PROTECT, related_name="taggings")
    source = models.CharField(_("source"), max_length=16, choices=Source)
    confidence = models.FloatField(_("confidence"), null=True, blank=True)
    boxes = models.JSONField(_("boxes"), default=list, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.SUGGESTED, db_index=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)
    created_key = CreatedKeyField(editable=False)

    class Meta:
        verbose_name = _("tagging")
        verbose_name_plural = _("taggings")
        ordering = [F("confidence").desc(nulls_first=True), "tag__name"]
        constraints = [models.UniqueConstraint(fields=["image", "tag"], name="one_tagging_a_tag")]
        # Tags are counted by their state on each page of the library.
        indexes = [
            models.Index(fields=["tag", "state"], name="tagging_by_tag"),
            models.Index(fields=["tag", "-created_key", "image", "state"], name="tagging_newest"),
        ]
        permissions = [("review_tagging", "Can accept, reject and add tags")]

    def __str__(self) -> str:
        return f"{self.tag} ({self.get_state_display()})"
