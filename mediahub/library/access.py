"""Which images and collections a person may see and change: the one place that every page asks."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, Group, User
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.expressions import ExpressionWrapper
from django.db.models.fields import CharField

from mediahub.library.models import Collection, Image, Membership

R = TypeVar("R", bound=Model)


def visible(user: User | AnonymousUser) -> QuerySet[Image]:
    """The images this person may see, those without an original included; none without the right to see any."""
    return unclosed(user) if user.has_perm("library.view_image") else Image.objects.none()


def unclosed(user: User | AnonymousUser) -> QuerySet[Image]:
    """The images that no collection closes to this person, whatever else they may do.

    An image whose collections are all closed to the person is hidden; one that lies in none is not.
    """
    if user.has_perm("library.see_every_collection"):
        return Image.objects.all()
    return _open_to(_groups(user))


def about_unclosed(user: User | AnonymousUser, records: QuerySet[R]) -> QuerySet[R]:
    """These records without those about an image that is closed to the person; `image` is null where it is of none."""
    if user.has_perm("library.see_every_collection"):
        return records
    return records.filter(Q(image=None) | Q(image__in=unclosed(user)))


def hidden(ids: Sequence[UUID]) -> int:
    """How many of these images are closed to a person who is in no group at all."""
    return len(ids) - _open_to(Group.objects.none()).filter(pk__in=ids).count()


def changeable(user: User | AnonymousUser) -> QuerySet[Image]:
    """The images whose words and tags this person may change."""
    return visible(user) if user.has_perm("library.review_tagging") else Image.objects.none()


def collections(user: User | AnonymousUser) -> QuerySet[Collection]:
    """The collections this person may see: those that no restriction, of their own or from above, closes to them."""
    if not user.has_perm("library.view_image"):
        return Collection.objects.none()
    if user.has_perm("library.see_every_collection"):
        return Collection.objects.all()
    return Collection.objects.exclude(pk__in=_closed_to(_groups(user)).values("pk"))


def _groups(user: User | AnonymousUser) -> QuerySet[Group]:
    return Group.objects.filter(user=user.pk) if user.pk else Group.objects.none()


def _open_to(groups: QuerySet[Group]) -> QuerySet[Image]:
    closed = _closed_to(groups).values("pk")
    # What lies in closed collections is little: to begin there is quicker than to look at where all images lie.
    elsewhere = Membership.objects.filter(image=OuterRef("image")).exclude(collection__in=closed)
    hidden = Membership.objects.filter(~Exists(elsewhere), image=OuterRef("pk"), collection__in=closed)
    return Image.objects.filter(~Exists(hidden))


def _closed_to(groups: QuerySet[Group]) -> QuerySet[Collection]:
    """What lies in or below a collection that is for groups, of which it is none of these."""
    links = Collection.groups.through.objects.filter(collection=OuterRef("pk"))
    asked = ExpressionWrapper(OuterRef("path"), output_field=CharField())
    shut = Collection.objects.filter(~Exists(links.filter(group__in=groups.values("pk"))), restricted=True)
    return Collection.objects.filter(Exists(shut.alias(asked=asked).filter(asked__startswith=F("path"))))
