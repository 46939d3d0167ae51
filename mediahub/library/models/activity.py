"""What editors did and looked for."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mediahub.library.models.images import Image


def leave_to_everybody(collector: Any, field: Any, searches: models.QuerySet["SavedSearch"], using: str) -> None:
    """Delete the searches of a deleted person that were theirs alone; those for everybody stay, without an owner."""
    models.CASCADE(collector, field, searches.filter(shared=False), using)
    models.SET_NULL(collector, field, searches.filter(shared=True), using)


class SavedSearch(models.Model):
    """A search with a name, of one person or for everybody; `query` is an address after its question mark.

    It has no owner once the person who shared it was deleted.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, leave_to_everybody, null=True, blank=True, related_name="saved_searches"
    )
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
        OFFERED = "offered", _("sent a newer file for")
        DECLINED = "declined", _("left out a newer file of")
        HIDDEN = "hidden", _("hid the label")
        FILED = "filed", _("changed the collections of")
        MADE = "made", _("made the collection")
        ARRANGED = "arranged", _("changed the collection")
        REMOVED = "removed", _("deleted the collection")
        DOWNLOADED = "downloaded", _("downloaded the original of")
        UNDONE = "undone", _("took back a change of")

    # These leave nothing to take back.
    LASTING = (Verb.UPLOADED, Verb.DOWNLOADED, Verb.OFFERED, Verb.DECLINED, Verb.MERGED, Verb.HIDDEN)

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

    @property
    def is_lasting(self) -> bool:
        """Return whether there is nothing in it to take back."""
        return self.verb in self.LASTING or not (self.image_id or "collection" in self.changes)
