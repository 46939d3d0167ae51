"""Collections, and which image lies in which."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mediahub.library.models.images import CreatedKeyField, Image


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
    restricted = models.BooleanField(_("restricted to groups"), default=False, editable=False)
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
            ("restrict_collection", "Can restrict collections to groups"),
            ("see_every_collection", "Can see all collections, including restricted ones"),
        ]

    def __str__(self) -> str:
        return self.name


class Audience(models.Model):
    """Whom images are open to that lie in restricted collections only; `Image.audience` is empty for all others.

    The gate of a collection is the nearest restricted one at or above it. Images of one audience have the same gates,
    and are open to who may see one of these. The verbs in `audiences` keep it.
    """

    # Of the gates' ids, which may be many.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    gates = models.ManyToManyField(Collection, related_name="audiences")

    class Meta:
        verbose_name = _("audience")
        verbose_name_plural = _("audiences")
        default_permissions = ()

    def __str__(self) -> str:
        return self.digest


class Membership(models.Model):
    """An image in a collection, and who put it there."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="memberships")
    image = models.ForeignKey(Image, models.CASCADE, related_name="memberships")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("added"), default=timezone.now)
    created_key = CreatedKeyField(editable=False)

    class Meta:
        verbose_name = _("image in a collection")
        verbose_name_plural = _("images in collections")
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["collection", "image"], name="one_membership_a_collection")]
        # The cover of a collection is what was put in last.
        indexes = [
            models.Index(fields=["collection", "-at", "-id"], name="membership_newest"),
            models.Index(fields=["collection", "-created_key", "image"], name="membership_by_image"),
        ]

    def __str__(self) -> str:
        return f"{self.image_id} in {self.collection_id}"
