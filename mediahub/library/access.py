"""Which images and collections a person may see and change: the one place that every page asks."""

from django.contrib.auth.models import AnonymousUser, Group, User
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.expressions import ExpressionWrapper
from django.db.models.fields import CharField

from mediahub.library.models import Collection, Image, Membership


def visible(user: User | AnonymousUser) -> QuerySet[Image]:
    """The images this person may see, those without an original included; none without the right to see any."""
    return unclosed(user) if user.has_perm("library.view_image") else Image.objects.none()


def unclosed(user: User | AnonymousUser) -> QuerySet[Image]:
    """The images that no collection closes to this person, whatever else they may do.

    An image whose collections are all closed to the person is hidden; one that lies in none is not.
    """
    if user.has_perm("library.see_every_collection"):
        return Image.objects.all()
    closed = _closed(user).values("pk")
    held = Membership.objects.filter(image=OuterRef("pk"))
    return Image.objects.filter(
        ~Exists(held.filter(collection__in=closed)) | Exists(held.exclude(collection__in=closed))
    )


def changeable(user: User | AnonymousUser) -> QuerySet[Image]:
    """The images whose words and tags this person may change."""
    return visible(user) if user.has_perm("library.review_tagging") else Image.objects.none()


def collections(user: User | AnonymousUser) -> QuerySet[Collection]:
    """The collections this person may see: those that no restriction, of their own or from above, closes to them."""
    if not user.has_perm("library.view_image"):
        return Collection.objects.none()
    if user.has_perm("library.see_every_collection"):
        return Collection.objects.all()
    return Collection.objects.exclude(pk__in=_closed(user).values("pk"))


def _closed(user: User | AnonymousUser) -> QuerySet[Collection]:
    """What lies in or below a collection that is for groups, of which none is the person's."""
    links = Collection.groups.through.objects.filter(collection=OuterRef("pk"))
    own = Group.objects.filter(user=user.pk).values("pk")
    asked = ExpressionWrapper(OuterRef("path"), output_field=CharField())
    shut = Collection.objects.filter(~Exists(links.filter(group__in=own)), restricted=True)
    return Collection.objects.filter(Exists(shut.alias(asked=asked).filter(asked__startswith=F("path"))))
