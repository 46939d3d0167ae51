"""What editors keep: images, their renditions, the vocabulary of tags, and which tag stands on which image."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from processing import SPECS

WHOLE = frozenset(spec.name for spec in SPECS)


def uncut() -> models.Q:
    """Images whose filled renditions were cut at another point than they should be.

    One that has none, from before there were any, is left as it is until somebody says where its focal point is.
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
        DONE = "done", _("labelled")
        NOT_ANALYSABLE = "not_analysable", _("not analysable")
        UNAVAILABLE = "unavailable", _("labels unavailable")
        OFF = "off", _("labels switched off")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(_("title"), max_length=200)
    alt_text = models.CharField(_("alt text"), max_length=500, blank=True)
    caption = models.TextField(_("caption"), max_length=2000, blank=True, db_default="")
    credit = models.CharField(_("credit"), max_length=200, blank=True)
    licence = models.CharField(_("licence"), max_length=200, blank=True, db_default="")
    # The last day on which the picture may be shown.
    rights_until = models.DateField(_("rights until"), null=True, blank=True, db_index=True)
    file_name = models.CharField(_("file name"), max_length=255)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.IN_REVIEW, db_index=True)

    format = models.CharField(_("format"), max_length=8)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    bytes = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64, db_index=True)
    taken_at = models.DateTimeField(_("date taken"), null=True, blank=True)
    camera = models.CharField(_("camera"), max_length=200, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    placeholder = models.TextField(_("placeholder"), blank=True, editable=False)
    # What it looks like, as processing tells it; both empty until a file was looked at. Names of colours stand between
    # spaces, so that each can be searched for.
    fingerprint = models.CharField(max_length=22, blank=True, db_default="", editable=False)
    colours = models.CharField(_("colours"), max_length=100, blank=True, db_default="", editable=False)
    notes = models.JSONField(_("notes"), default=list, blank=True)

    # What a service flagged for a person to look at: [{"name", "parent", "confidence"}].
    moderation = models.JSONField(
        _("flagged"), default=list, blank=True, db_default=models.Value([], models.JSONField())
    )
    moderation_seen_at = models.DateTimeField(_("flags looked at"), null=True, blank=True)

    # Where the eye should rest, as parts of the upright picture's width and height; None until an editor says so.
    focal_x = models.FloatField(_("focal point, across"), null=True, blank=True)
    focal_y = models.FloatField(_("focal point, down"), null=True, blank=True)
    # Where it is proposed by the labels' boxes, and where the filled renditions were cut; None before they were.
    proposed_x = models.FloatField(default=0.5, db_default=0.5, editable=False)
    proposed_y = models.FloatField(default=0.5, db_default=0.5, editable=False)
    cut_x = models.FloatField(null=True, editable=False)
    cut_y = models.FloatField(null=True, editable=False)

    # The words that stand in the file, as it was taken in: by the names of the fields, and "keywords".
    embedded = models.JSONField(
        _("words in the file"), default=dict, blank=True, db_default=models.Value({}, models.JSONField())
    )

    label_state = models.CharField(_("labels"), max_length=16, choices=LabelState, default=LabelState.OFF)
    label_note = models.CharField(_("note on labels"), max_length=500, blank=True)
    label_source = models.CharField(_("label source"), max_length=16, blank=True)
    label_model = models.CharField(_("label model"), max_length=64, blank=True)
    label_raw = models.JSONField(_("raw labels"), default=dict, blank=True)
    labelled_at = models.DateTimeField(_("labelled"), null=True, blank=True, db_index=True)

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
            models.Index(
                fields=["id"], name="image_unmirrored", condition=models.Q(mirrored_revision__lt=F("revision"))
            ),
            models.Index(fields=["id"], name="image_uncut", condition=uncut()),
        ]
        permissions = [
            ("publish_image", "Can publish and archive images"),
            ("replace_image", "Can replace the file of images and restore earlier versions"),
            ("download_original", "Can download the original files of images"),
        ]

    def __str__(self) -> str:
        return self.title


class Rendition(models.Model):
    """A derived file in the renditions bucket, named by its content."""

    image = models.ForeignKey(Image, models.CASCADE, related_name="renditions")
    name = models.CharField(_("name"), max_length=32)
    key = models.CharField(_("key"), max_length=255, db_index=True)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    bytes = models.PositiveIntegerField(_("bytes"))
    content_type = models.CharField(_("content type"), max_length=32)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    # The reconciliation that last found this file in the bucket.
    seen = models.PositiveBigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        ordering = ["image", "-width"]
        constraints = [models.UniqueConstraint(fields=["image", "name"], name="one_rendition_a_name")]

    def __str__(self) -> str:
        return f"{self.name} {self.width}×{self.height}"

    @property
    def whole(self) -> bool:
        """That it shows all of the picture, and is no crop."""
        return self.name in WHOLE


class Version(models.Model):
    """One file that the image was made of: where the original lies, what it says of itself, and its renditions.

    `facts` are the image's fields that come from the file, `files` its renditions by name, as fields of Rendition.
    """

    image = models.ForeignKey(Image, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("number"))
    key = models.CharField(_("key"), max_length=1024)
    version_id = models.CharField(_("version in the bucket"), max_length=1024, blank=True)
    facts = models.JSONField(_("facts"), default=dict)
    files = models.JSONField(_("renditions"), default=dict)
    current = models.BooleanField(_("current"), default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("came"), default=timezone.now)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["image", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["image", "number"], name="one_version_a_number"),
            models.UniqueConstraint(fields=["image"], condition=models.Q(current=True), name="one_current_version"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class Band(models.Model):
    """A part of an image's fingerprint, by which those are found that look like it; `processing.bands` makes it."""

    image = models.ForeignKey(Image, models.CASCADE, related_name="bands")
    part = models.PositiveIntegerField(db_index=True)

    class Meta:
        verbose_name = _("part of a fingerprint")
        verbose_name_plural = _("parts of fingerprints")

    def __str__(self) -> str:
        return f"{self.part:05x}"


class Likeness(models.Model):
    """That two images are the same file, or look alike: `distance` in bits of their fingerprints; `first` came first.

    `parted_at` is when a person said that they are not the same picture.
    """

    first = models.ForeignKey(Image, models.CASCADE, related_name="+")
    second = models.ForeignKey(Image, models.CASCADE, related_name="+")
    distance = models.PositiveSmallIntegerField(_("distance"))
    parted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    parted_at = models.DateTimeField(_("said to be different"), null=True, blank=True)

    class Meta:
        verbose_name = _("likeness")
        verbose_name_plural = _("likenesses")
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="one_likeness_a_pair")]

    def __str__(self) -> str:
        return f"{self.first_id} {self.second_id}"


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
        verbose_name = _("rule for a label")
        verbose_name_plural = _("rules for labels")
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


class Tagging(models.Model):
    """A tag on an image: who claims it, how surely, and what an editor decided."""

    class Source(models.TextChoices):
        REKOGNITION = "rekognition", _("recognised by Rekognition")
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

    class Meta:
        verbose_name = _("tagging")
        verbose_name_plural = _("taggings")
        ordering = [F("confidence").desc(nulls_first=True), "tag__name"]
        constraints = [models.UniqueConstraint(fields=["image", "tag"], name="one_tagging_a_tag")]
        permissions = [("review_tagging", "Can accept, reject and add tags")]

    def __str__(self) -> str:
        return f"{self.tag} ({self.get_state_display()})"


class Collection(models.Model):
    """A named place for images, within another one or at the top; an image may be in many.

    `path` holds the ids from the top down to its own, eight digits each: what lies below begins with it, and digits
    sort alike in every database, so that an index finds them as a range. The verbs in `collections` keep it.
    """

    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), max_length=500, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=64, db_index=True, editable=False)
    # Only its groups see it, and what lies below it: nobody's, when a group was deleted, rather than everybody's.
    restricted = models.BooleanField(_("for groups only"), default=False, editable=False)
    groups = models.ManyToManyField("auth.Group", blank=True, related_name="collections")
    images = models.ManyToManyField(Image, through="Membership", related_name="collections")

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), "parent", name="one_collection_a_name_below"),
            models.UniqueConstraint(
                Lower("name"), condition=models.Q(parent=None), name="one_collection_a_name_on_top"
            ),
        ]
        permissions = [
            ("restrict_collection", "Can say which groups see a collection"),
            ("see_every_collection", "Can see every collection, whatever groups it is for"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """An image in a collection, and who put it there."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="memberships")
    image = models.ForeignKey(Image, models.CASCADE, related_name="memberships")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("put in"), default=timezone.now)

    class Meta:
        verbose_name = _("image in a collection")
        verbose_name_plural = _("images in collections")
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["collection", "image"], name="one_membership_a_collection")]
        # The cover of a collection is what was put in last.
        indexes = [models.Index(fields=["collection", "-at", "-id"], name="membership_newest")]

    def __str__(self) -> str:
        return f"{self.image_id} in {self.collection_id}"


class SavedSearch(models.Model):
    """A search with a name, of one person or for everybody; `query` is an address after its question mark."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_searches")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("query"), max_length=1000)
    shared = models.BooleanField(_("for everybody"), default=False)

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_saved_search_a_name")]

    def __str__(self) -> str:
        return self.name


class Activity(models.Model):
    """One change, by whom and when, with what was before and after; it is only ever added to.

    `changes` holds what can be taken back: {"fields": {name: [before, after]}, "tags": [[tag's id, name, before,
    after]], "version": [number before, number after], "collections": [[collection's id, name, whether it was in it
    before, after]], "parted": [[other's id, title, before, after]]}, where a tag's state is None for a tag that is not
    on the image. "into" is [id, title] of the image that took this one's place. A change of a collection itself is
    {"collection": [id, before, after]}, each None or its fields as `collections.snapshot` has them. What one act of a
    person did to several images has one `batch`.
    """

    class Verb(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        DESCRIBED = "described", _("changed the words of")
        TAGGED = "tagged", _("decided on the tags of")
        MOVED = "moved", _("changed the state of")
        REPLACED = "replaced", _("replaced the file of")
        RESTORED = "restored", _("restored an earlier version of")
        EXPIRED = "expired", _("took down, as the rights ended,")
        SEEN = "seen", _("looked at what was flagged in")
        TOOK_OVER = "took_over", _("merged duplicates into")
        FOLDED = "folded", _("archived a duplicate:")
        PARTED = "parted", _("said what is no duplicate of")
        AIMED = "aimed", _("moved the focal point of")
        MERGED = "merged", _("merged a tag into")
        HIDDEN = "hidden", _("hid the label")
        FILED = "filed", _("changed the collections of")
        MADE = "made", _("made the collection")
        ARRANGED = "arranged", _("changed the collection")
        REMOVED = "removed", _("deleted the collection")
        DOWNLOADED = "downloaded", _("downloaded the original of")
        UNDONE = "undone", _("took back a change of")

    image = models.ForeignKey(Image, models.SET_NULL, null=True, blank=True, related_name="activities")
    # What it was called at that time, also of what is no image.
    subject = models.CharField(_("subject"), max_length=200)
    verb = models.CharField(_("what"), max_length=16, choices=Verb)
    changes = models.JSONField(_("changes"), default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    batch = models.UUIDField(default=uuid.uuid4, db_index=True, editable=False)
    # The batch that this one took back.
    undoes = models.UUIDField(null=True, blank=True, db_index=True, editable=False)

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activity")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.by or 'MediaHub'} {self.get_verb_display()} {self.subject}"
