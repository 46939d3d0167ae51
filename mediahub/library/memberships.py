"""Adding images to collections and removing them; no image's revision grows: the mirror holds no collections."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import ChangeKind, Difference, Reader, register
from mediahub.history.models import Action, Change
from mediahub.library import access, audiences
from mediahub.library.models import Collection, Image, Membership

CHUNK_SIZE = 500
T = TypeVar("T")


@register
@dataclass(frozen=True)
class MembershipChange(ChangeKind):
    """An image that was put into a collection or taken out: whether it was in it before, and is after."""

    kind = "membership"

    collection: int
    name: str
    before: bool
    after: bool

    def permissions(self, change: Change) -> set[str]:
        """Return the right to put images into collections or to take them out, whichever the change did."""
        return {"library.delete_membership" if self.before else "library.add_membership"}

    def reversed(self) -> "MembershipChange":
        """Return the change back."""
        return MembershipChange(self.collection, self.name, self.after, self.before)

    def describe(self, reader: Reader) -> list[Difference]:
        """Return the collection's name on the side where the image is in it, if the reader may know of it."""
        if reader.collections is not None and self.collection not in reader.collections:
            return []
        return [Difference(_("Collection"), self.name if self.before else "", self.name if self.after else "")]

    @classmethod
    def select_visible(cls, user: User, changes: Sequence[Change]) -> set[int]:
        """Return the ids of those of the changes whose image and collection the person may see."""
        visible = access.visible_changes(user).filter(pk__in=[change.pk for change in changes])
        visible_images = set(visible.values_list("pk", flat=True))
        collections = {change.pk: change.detail.collection for change in changes if isinstance(change.detail, cls)}
        # One that is gone hides nothing: such a change is refused where it is reverted.
        existing = Collection.objects.filter(pk__in=set(collections.values()))
        closed = set(
            existing.exclude(pk__in=access.visible_collections(user).values("pk")).values_list("pk", flat=True)
        )
        return {pk for pk, collection in collections.items() if pk in visible_images and collection not in closed}

    @classmethod
    def revert_all(cls, change_set: ChangeSet, changes: Sequence[Change]) -> Iterator[tuple[Change, str]]:
        """Revert the changes in a few statements; yields those that are not current any more."""
        for chunk in split(changes):
            details = {change.pk: change.detail for change in chunk if isinstance(change.detail, cls)}
            collection_ids = {detail.collection for detail in details.values()}
            audiences.lock_places(collection_ids)
            existing = set(Collection.objects.filter(pk__in=collection_ids).values_list("pk", flat=True))
            memberships = Membership.objects.filter(
                collection__in=collection_ids, image__in=[change.image_id for change in chunk]
            )
            ids = {(row.image_id, row.collection_id): row.pk for row in memberships}
            reverts: list[tuple[Image, MembershipChange]] = []
            for change in chunk:
                detail = details[change.pk]
                is_inside = (change.image_id, detail.collection) in ids
                if change.image is None or detail.collection not in existing or is_inside != detail.after:
                    yield change, _("It has been changed again since then.")
                else:
                    reverts.append((change.image, detail.reversed()))
            removed = [ids[image.pk, detail.collection] for image, detail in reverts if not detail.after]
            Membership.objects.filter(pk__in=removed).delete()
            Membership.objects.bulk_create(
                Membership(collection_id=detail.collection, image=image, by=change_set.by)
                for image, detail in reverts
                if detail.after
            )
            audiences.update_images(image.pk for image, _detail in reverts)
            change_set.record_all(reverts, Action.UNDONE, chunk[0].change_set)


def add_images(change_set: ChangeSet, images: Iterable[Image], collection: Collection) -> int:
    """Add images to a collection; returns how many were not in it before."""
    ids: list[UUID] = []
    with transaction.atomic():
        audiences.lock_places([collection.pk])
        for chunk in split(images):
            members = _members(chunk, collection)
            new = [image for image in chunk if image.pk not in members]
            Membership.objects.bulk_create(
                [Membership(collection=collection, image=image, by=change_set.by) for image in new],
                ignore_conflicts=True,
            )
            detail = MembershipChange(collection.pk, collection.name, before=False, after=True)
            change_set.record_all([(image, detail) for image in new], Action.COLLECTIONS_CHANGED)
            ids += [image.pk for image in new]
        audiences.update_images(ids)
    return len(ids)


def remove_images(change_set: ChangeSet, images: Iterable[Image], collection: Collection) -> int:
    """Remove images from a collection, not from those below it; returns how many were in it before."""
    ids: list[UUID] = []
    with transaction.atomic():
        audiences.lock_places([collection.pk])
        for chunk in split(images):
            members = _members(chunk, collection)
            Membership.objects.filter(collection=collection, image__in=members).delete()
            detail = MembershipChange(collection.pk, collection.name, before=True, after=False)
            change_set.record_all(
                [(image, detail) for image in chunk if image.pk in members], Action.COLLECTIONS_CHANGED
            )
            ids += members
        audiences.update_images(ids)
    return len(ids)


def split(rows: Iterable[T]) -> Iterator[list[T]]:
    """Yield the rows in lists of a bounded size."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK_SIZE)):
        yield chunk


def _members(images: list[Image], collection: Collection) -> set[UUID]:
    members = Membership.objects.filter(collection=collection, image__in=[image.pk for image in images])
    return set(members.values_list("image_id", flat=True))
