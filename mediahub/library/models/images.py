"""Images, the files each was made of, and what they look like."""

import uuid
from datetime import datetime

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from processing import MAX_LENGTHS
from processing.formats import MODERN, get_output


def uncut() -> models.Q:
    """Return which images have crops that were cut at another point than they should be.

    One without crops is left as it is until somebody says where its focal point is.
    """
    right = models.Q(cut_x=Coalesce("focal_x", "proposed_x"), cut_y=Coalesce("focal_y", "proposed_y"))
    return (models.Q(cut_x__isnull=False) | models.Q(focal_x__isnull=False)) & ~right


class Image(models.Model):
    """One picture as an editor sees it; `revision` grows with every change a reader of the mirror could notice."""

    class State(models.TextChoices):
        IN_REVIEW = "in_review", _("in review")
        PUBLISHED = "published", _("published")
        ARCHIVED = "archived", _("archived")

    class LabelState(models.TextChoices):
        DONE = "done", _("labeled")
        NOT_ANALYZABLE = "not_analyzable", _("cannot be analyzed")
        UNAVAILABLE = "unavailable", _("labels unavailable")
        OFF = "off", _("labels turned off")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(_("title"), max_length=MAX_LENGTHS["title"])
    alt_text = models.CharField(_("alt text"), max_length=MAX_LENGTHS["alt_text"], blank=True)
    caption = models.TextField(_("caption"), max_length=MAX_LENGTHS["caption"], blank=True, db_default="")
    credit = models.CharField(_("credit"), max_length=MAX_LENGTHS["credit"], blank=True)
    copyright = models.CharField(_("copyright notice"), max_length=MAX_LENGTHS["copyright"], blank=True, db_default="")
    license = models.CharField(_("license"), max_length=MAX_LENGTHS["license"], blank=True, db_default="")
    license_url = models.CharField(
        _("address of the license"),
        max_length=MAX_LENGTHS["license_url"],
        blank=True,
        db_default="",
        validators=[URLValidator(schemes=["http", "https"])],
    )
    # The last day on which the picture may be shown.
    rights_until = models.DateField(_("rights valid until"), null=True, blank=True, db_index=True)
    file_name = models.CharField(_("file name"), max_length=255)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.IN_REVIEW, db_index=True)

    format = models.CharField(_("format"), max_length=8)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    bytes = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    # The moment; and how far from UTC, in minutes to the east, the clocks were where the picture was taken.
    taken_at = models.DateTimeField(_("date taken"), null=True, blank=True)
    taken_offset = models.SmallIntegerField(null=True, editable=False)
    # Whether the file names no time zone, so that the site's was taken; and whether it names a day without a time.
    taken_guessed = models.BooleanField(default=False, db_default=False, editable=False)
    taken_day_only = models.BooleanField(default=False, db_default=False, editable=False)
    # The day by those clocks, which is the one that is searched for.
    taken_day = models.DateField(_("day taken"), null=True, editable=False, db_index=True)
    camera = models.CharField(_("camera"), max_length=MAX_LENGTHS["camera"], blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    # What the file says besides: who made the picture, by their names, and how; two URIs of IPTC and PLUS.
    creators = models.JSONField(
        _("creators"), default=list, blank=True, db_default=models.Value([], models.JSONField()), editable=False
    )
    extended_description = models.TextField(_("extended description"), blank=True, db_default="", editable=False)
    digital_source_type = models.CharField(
        _("digital source type"),
        max_length=MAX_LENGTHS["digital_source_type"],
        blank=True,
        db_default="",
        editable=False,
    )
    data_mining = models.CharField(
        _("data mining"), max_length=MAX_LENGTHS["data_mining"], blank=True, db_default="", editable=False
    )
    # Whether the file carries Content Credentials (C2PA).
    content_credentials = models.BooleanField(_("Content Credentials"), default=False, db_default=False, editable=False)
    placeholder = models.TextField(_("placeholder"), blank=True, editable=False)
    # What it looks like, as processing tells it; both empty until a file was looked at. Names of colors stand between
    # spaces, so that each can be searched for.
    fingerprint = models.CharField(max_length=22, blank=True, db_default="", editable=False)
    colors = models.CharField(_("colors"), max_length=100, blank=True, db_default="", editable=False)
    notes = models.JSONField(_("notes"), default=list, blank=True)

    # What a service flagged for a person to look at: [{"name", "parent", "confidence"}].
    moderation = models.JSONField(_("flags"), default=list, blank=True, db_default=models.Value([], models.JSONField()))
    # The SHA-256 of the file that the service was asked about and answered for. Of any other, no flags mean nothing.
    moderation_checked = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    # When a person looked at the file that the image is made of.
    moderation_seen_at = models.DateTimeField(_("flags reviewed"), null=True, blank=True)

    # Where the eye should rest, as parts of the upright picture's width and height; None until an editor says so.
    focal_x = models.FloatField(_("focal point, horizontal"), null=True, blank=True)
    focal_y = models.FloatField(_("focal point, vertical"), null=True, blank=True)
    # Where it is proposed by the labels' boxes, and where the crops were cut; None before they were.
    proposed_x = models.FloatField(default=0.5, db_default=0.5, editable=False)
    proposed_y = models.FloatField(default=0.5, db_default=0.5, editable=False)
    cut_x = models.FloatField(null=True, editable=False)
    cut_y = models.FloatField(null=True, editable=False)

    # The words that stand in the file, as it was taken in: by the names of the fields, and "keywords".
    embedded = models.JSONField(
        _("embedded metadata"), default=dict, blank=True, db_default=models.Value({}, models.JSONField())
    )

    label_state = models.CharField(_("labels"), max_length=16, choices=LabelState, default=LabelState.OFF)
    # The code, params and English sentence of why there are no labels; so is each of `notes`.
    label_note = models.JSONField(_("note about labels"), default=dict, blank=True)
    label_source = models.CharField(_("label source"), max_length=16, blank=True)
    label_model = models.CharField(_("label model"), max_length=64, blank=True)
    label_raw = models.JSONField(_("raw labels"), default=dict, blank=True)
    labeled_at = models.DateTimeField(_("labeled"), null=True, blank=True, db_index=True)

    # Whom it is open to where all its collections are restricted: kept with its memberships by `audiences`.
    audience = models.ForeignKey(
        "library.Audience",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        related_name="images",
    )
    revision = models.PositiveIntegerField(_("revision"), default=1)
    mirrored_revision = models.PositiveIntegerField(_("mirrored revision"), default=0)
    deleted_at = models.DateTimeField(_("original deleted"), null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["-created_at", "id"], name="image_newest"),
            models.Index(fields=["-updated_at"], name="image_changed"),
            models.Index(fields=["-bytes", "id"], name="image_largest"),
            models.Index(
                fields=["id"], name="image_unmirrored", condition=models.Q(mirrored_revision__lt=F("revision"))
            ),
            models.Index(fields=["id"], name="image_uncut", condition=uncut()),
            models.Index(fields=["audience"], name="image_hidden", condition=models.Q(audience__isnull=False)),
        ]
        permissions = [
            ("publish_image", "Can publish and archive images"),
            ("replace_image", "Can replace the file of images and restore earlier versions"),
            ("download_original", "Can download the original files of images"),
        ]

    def __str__(self) -> str:
        return self.title


class CreatedKeyField(models.DateTimeField):  # type: ignore[type-arg]
    """When the image of a row was created, which never changes: an index with it gives the newest images of a kind.

    Who writes many rows that know only the ids of their images sets it; else the image is asked.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> datetime:
        """Return the moment, taken from the image when the row is new and nobody set it."""
        if add and getattr(model_instance, self.attname) is None:
            setattr(model_instance, self.attname, model_instance.image.created_at)  # type: ignore[attr-defined]
        moment: datetime = super().pre_save(model_instance, add)
        return moment


class Rendition(models.Model):
    """A derived file in the renditions bucket, named by its content; each name has one for each of its formats."""

    class Mode(models.TextChoices):
        FIT = "fit", _("whole picture")
        CROP = "crop", _("crop")

    image = models.ForeignKey(Image, models.CASCADE, related_name="renditions")
    name = models.CharField(_("name"), max_length=32)
    mode = models.CharField(_("mode"), max_length=4, choices=Mode)
    # A name in processing.formats.
    format = models.CharField(_("format"), max_length=8)
    key = models.CharField(_("key"), max_length=255, db_index=True)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    bytes = models.PositiveIntegerField(_("bytes"))
    content_type = models.CharField(_("content type"), max_length=32)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    # What it was made by and of: see processing.recipe, and the beginning of the original's SHA-256.
    recipe = models.CharField(max_length=16, blank=True, db_default="", default="", editable=False)
    original_hash = models.CharField(max_length=16, blank=True, db_default="", default="", editable=False)
    # The consistency check that last found this file in the bucket.
    seen = models.PositiveBigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        ordering = ["image", "-width", "name", "-format"]
        constraints = [
            models.UniqueConstraint(fields=["image", "name", "format"], name="one_rendition_a_name_and_format")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.width}×{self.height}"

    @property
    def is_fallback(self) -> bool:
        """Whether every browser shows it: the one of its name that is not in the modern format."""
        return self.format != MODERN

    @property
    def keeps_transparency(self) -> bool:
        """Whether something behind the picture can be seen through it."""
        return get_output(self.format).has_alpha


class Version(models.Model):
    """One file that the image was made of: where the original lies, what it says of itself, and its renditions.

    `facts` are the image's fields that come from the file, `files` its renditions, as fields of Rendition.
    """

    image = models.ForeignKey(Image, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    key = models.CharField(_("key"), max_length=1024)
    version_id = models.CharField(_("version in the bucket"), max_length=1024, blank=True)
    facts = models.JSONField(_("file details"), default=dict)
    files = models.JSONField(_("renditions"), default=list)
    # Of all its renditions together.
    rendition_bytes = models.PositiveBigIntegerField(default=0, editable=False)
    current = models.BooleanField(_("in use"), default=True)
    # A newer file of a published image, until somebody who may publish puts it to use or leaves it out.
    waiting = models.BooleanField(_("waiting"), default=False, db_default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("received"), default=timezone.now)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["image", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["image", "number"], name="one_version_a_number"),
            models.UniqueConstraint(fields=["image"], condition=models.Q(current=True), name="one_current_version"),
        ]
        indexes = [models.Index(fields=["image"], name="version_waiting", condition=models.Q(waiting=True))]

    def __str__(self) -> str:
        return f"{self.number}"


class FingerprintPart(models.Model):
    """A part of an image's fingerprint, by which those are found that look like it; `processing.bands` makes it."""

    image = models.ForeignKey(Image, models.CASCADE, related_name="bands")
    part = models.PositiveIntegerField(db_index=True)

    class Meta:
        verbose_name = _("part of a fingerprint")
        verbose_name_plural = _("parts of fingerprints")

    def __str__(self) -> str:
        return f"{self.part:05x}"


class SimilarPair(models.Model):
    """That two images are the same file, or look alike: `distance` in bits of their fingerprints; `first` came first.

    `different_at` is when a person said that they are not the same picture.
    """

    first = models.ForeignKey(Image, models.CASCADE, related_name="+")
    second = models.ForeignKey(Image, models.CASCADE, related_name="+")
    distance = models.PositiveSmallIntegerField(_("distance"))
    different_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    different_at = models.DateTimeField(_("confirmed as different"), null=True, blank=True)

    class Meta:
        verbose_name = _("similarity")
        verbose_name_plural = _("similarities")
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="one_similar_pair")]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"
