"""Collections: making and arranging them, and putting images in and taking them out.

Each verb takes the Act that it is part of. No image's revision grows: the mirror tells nothing of
collections.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import ChangeKind, Difference, NotReverted, Reader, register
from mediahub.history.models import Action, Change
from mediahub.library import access, audiences, field_edits, memberships
from mediahub.library.collection_tree import BETWEEN, STEP
from mediahub.library.field_edits import UNSEEN, Conflict, Conflicted, Edit, Unseen
from mediahub.library.models import Collection, Image
from mediahub.library.parsing import read_name
from processing import is_storable

# What a collection is, beside whom it is for.
ARRANGED = ("name", "description", "parent")
LONGEST = 100
LONGEST_DESCRIPTION = 500
MOST_LEVELS = 8

Locked = dict[int, Collection]
Snapshot = dict[str, Any]


@register
@dataclass(frozen=True)
class CollectionChange(ChangeKind):
    """A collection that was created, changed or deleted: what it was and what it is, None where it is not there."""

    kind = "collection"
    is_about_image = False

    collection: int
    before: Snapshot | None
    after: Snapshot | None

    def permissions(self, change: Change) -> set[str]:
        """Return the rights that creating, changing, restricting or deleting such a collection needs."""
        before, after = self.before, self.after
        if before is None or after is None:
            needed = {
                "library.delete_collection" if change.action == Action.COLLECTION_DELETED else "library.add_collection"
            }
        else:
            needed = {"library.change_collection"} if any(before[name] != after[name] for name in ARRANGED) else set()
        # To bring a deleted one back for the groups that it was for restricts nobody anew.
        if after is not None and _audience(before) != _audience(after):
            needed.add("library.restrict_collection")
        return needed

    @classmethod
    def select_visible(cls, user: User, changes: Sequence[Change]) -> set[int]:
        """Return the ids of those of the changes whose collection, or its place, the person may see."""
        closed = set(access.closed_collections(user).values_list("pk", flat=True))
        if not user.has_perm("library.view_image"):
            closed = set(Collection.objects.values_list("pk", flat=True))
        groups = set(user.groups.values_list("pk", flat=True))
        details = {change.pk: change.detail for change in changes if isinstance(change.detail, cls)}
        sees_all = access.sees_everything(user)
        return {pk for pk, detail in details.items() if detail._is_visible(closed, None if sees_all else groups)}

    def _is_visible(self, closed: set[int], groups: set[int] | None) -> bool:
        if self.after is not None or self.before is None:
            return self.collection not in closed
        # One that was deleted is seen by who sees the place it was at, and whom its groups let in.
        is_open = groups is None or not self.before["restricted"] or bool(groups & set(self.before["groups"]))
        return is_open and self.before["parent"] not in closed

    def revert(self, change_set: ChangeSet, change: Change) -> None:
        """Put the collection back; raises NotReverted or ValidationError where it has changed or cannot go back."""
        locked = _lock_all()
        collection = locked.get(self.collection)
        if (snapshot(collection) if collection else None) != self.after:
            raise NotReverted(_("It has been changed again since then."))
        if self.before is None:
            is_used = Q(memberships__isnull=False) | Q(children__isnull=False)
            if Collection.objects.filter(is_used, pk=self.collection).exists():
                raise NotReverted(_("The collection is no longer empty. Delete it under “Collections”."))
            audiences.forget_collection(self.collection)
            Collection.objects.filter(pk=self.collection).delete()
        else:
            self._restore(locked, collection or Collection(pk=self.collection), self.before)
        back = CollectionChange(self.collection, self.after, self.before)
        change_set.record_other(change.subject, Action.UNDONE, back, change.change_set)

    @staticmethod
    def _restore(locked: Locked, collection: Collection, before: Snapshot) -> None:
        if before["parent"] is not None and before["parent"] not in locked:
            raise NotReverted(_("The collection that contained it no longer exists."))
        collection.name, collection.description = before["name"], before["description"]
        collection.parent = locked.get(before["parent"])
        _save_place(locked, collection)
        _set_groups(collection, list(Group.objects.filter(pk__in=before["groups"])), restricted=before["restricted"])

    def describe(self, reader: Reader) -> list[Difference]:
        """Return what became of the collection; for a new one and one that is gone the action says all."""
        before, after = self.before, self.after
        if before is None or after is None:
            return []
        titles = {"name": _("Name"), "description": _("Description")}
        differences = [
            Difference(title, before[key], after[key]) for key, title in titles.items() if before[key] != after[key]
        ]
        if before["parent"] != after["parent"]:
            differences.append(Difference(_("Parent"), "", _("moved")))
        if before["groups"] != after["groups"]:
            differences.append(Difference(_("Groups"), str(len(before["groups"])), str(len(after["groups"]))))
        return differences


def create(
    change_set: ChangeSet,
    name: str,
    parent: Collection | None = None,
    *,
    description: str = "",
    groups: Iterable[Group] = (),
) -> Collection:
    """Create a collection; raises ValidationError for an invalid or taken name, or where it would lie too deep."""
    with transaction.atomic():
        locked = _lock_all()
        collection = Collection(name=clean_name(name), description=_clean_description(description))
        collection.parent = _get_locked(locked, parent) if parent else None
        _save_place(locked, collection)
        _set_groups(collection, list(groups))
        change = CollectionChange(collection.pk, None, snapshot(collection))
        change_set.record_other(collection.name, Action.COLLECTION_CREATED, change)
    return collection


def rename(change_set: ChangeSet, collection: Collection, name: str, description: str | None = None) -> None:
    """Give a collection another name, and another description where there is one; raises ValidationError."""
    edits = {"name": Edit(name)} if description is None else {"name": Edit(name), "description": Edit(description)}
    describe(change_set, collection, edits)


def describe(change_set: ChangeSet, collection: Collection, edits: Mapping[str, Edit]) -> None:
    """Write the name and the description as far as a person changed them.

    Raises Conflicted, having written nothing, where somebody else has changed one since it was seen, and
    ValidationError for a name that is none or taken.
    """
    with transaction.atomic():
        locked = _lock_all()
        current = _get_locked(locked, collection)
        before = snapshot(current)
        values, conflicting = field_edits.merge_edits({name: getattr(current, name) for name in edits}, edits)
        if conflicting:
            raise Conflicted([Conflict(name, getattr(current, name), edits[name].value) for name in conflicting])
        if "name" in values:
            current.name = clean_name(values["name"])
        if "description" in values:
            current.description = _clean_description(values["description"])
        _save_place(locked, current)
        _record(change_set, current, before)
    collection.name, collection.description = current.name, current.description


def move(
    change_set: ChangeSet, collection: Collection, parent: Collection | None, seen: int | Unseen | None = UNSEEN
) -> None:
    """Put a collection, with what lies below, into another one or to the top; raises ValidationError.

    `seen` is the id of the collection that it lay in when the person looked: it is not moved from another one.
    """
    with transaction.atomic():
        locked = _lock_all()
        current = _get_locked(locked, collection)
        before = snapshot(current)
        parent_id = parent.pk if parent else None
        if seen is not UNSEEN and current.parent_id not in (seen, parent_id):
            raise ValidationError(
                _("Someone else has moved this collection since you opened the page. Check where it is now.")
            )
        current.parent = _get_locked(locked, parent) if parent else None
        _save_place(locked, current)
        _record(change_set, current, before)
    collection.parent, collection.path = current.parent, current.path


def restrict(
    change_set: ChangeSet, collection: Collection, groups: Iterable[Group], seen: Iterable[Group] | None = None
) -> None:
    """Let only these groups see a collection and what lies below; none lets everybody who may see images.

    With `seen`, the groups that it had when the person looked, only what the person changed is: groups that somebody
    else has added or taken off since stay so.
    """
    with transaction.atomic():
        current = _get_locked(_lock_all(), collection)
        before = snapshot(current)
        chosen, existing = set(groups), set(current.groups.all())
        shown = existing if seen is None else set(seen)
        _set_groups(current, list((existing | (chosen - shown)) - (shown - chosen)))
        _record(change_set, current, before)


def delete(change_set: ChangeSet, collection: Collection) -> int:
    """Delete a collection and never an image; what lay in it moves up. Returns how many images were in it.

    Collections that move up, and have no groups of their own, keep those of the deleted one. Raises ValidationError
    where one that would move up has the name of one that is there.
    """
    with transaction.atomic():
        locked = _lock_all()
        deleted = _get_locked(locked, collection)
        count = 0
        images = Image.objects.filter(memberships__collection=deleted).only("title").order_by("pk")
        for chunk in memberships.split(images.iterator(memberships.CHUNK_SIZE)):
            count += memberships.remove_images(change_set, chunk, deleted)
        for child in [other for other in locked.values() if other.parent_id == deleted.pk]:
            before = snapshot(child)
            _move_up(change_set, locked, child, deleted)
            if deleted.restricted and not child.restricted:
                _set_groups(child, list(deleted.groups.all()), restricted=True)
            _record(change_set, child, before)
        before = snapshot(deleted)
        audiences.forget_collection(deleted.pk)
        Collection.objects.filter(pk=deleted.pk).delete()
        change_set.record_other(deleted.name, Action.COLLECTION_DELETED, CollectionChange(deleted.pk, before, None))
    return count


def _move_up(change_set: ChangeSet, locked: Locked, child: Collection, deleted: Collection) -> None:
    """Place a collection where the deleted one is; raises ValidationError, which names no collection that is closed."""
    readable = change_set.by is None or access.visible_collections(change_set.by).filter(pk=child.pk).exists()
    child.parent = deleted.parent
    try:
        _save_place(locked, child)
    except ValidationError:
        if readable:
            raise
        sentence = _(
            "“%(name)s” contains a collection that you don't have access to and that cannot move up. "
            "Ask a chief editor."
        )
        raise ValidationError(sentence % {"name": deleted.name}) from None


def subtree(collection: Collection, field: str = "") -> Q:
    """Return the condition that a collection is this one or lies below it; `field` leads to it from another record."""
    path = f"{field}__path" if field else "path"
    return Q(**{f"{path}__gte": collection.path, f"{path}__lt": f"{collection.path}{'9' * STEP}"})


def clean_name(name: str) -> str:
    """Return a collection's name with single spaces; raises ValidationError for an invalid one."""
    collection_name = read_name(name)
    if collection_name is None:
        raise ValidationError(_("Enter a name for the collection: a few words without line breaks."))
    if BETWEEN in collection_name or ">" in collection_name:
        raise ValidationError(_("A collection name cannot contain “›” or “>”, which separate names in a path."))
    if len(collection_name) > LONGEST:
        sentence = _("A collection name has at most %(most)d characters; this name has %(n)d.")
        raise ValidationError(sentence % {"most": LONGEST, "n": len(collection_name)})
    return collection_name


def snapshot(collection: Collection) -> Snapshot:
    """Return the collection's fields as the history keeps them."""
    return {
        "name": collection.name,
        "description": collection.description,
        "parent": collection.parent_id,
        "restricted": collection.restricted,
        "groups": sorted(collection.groups.values_list("pk", flat=True)),
    }


def find_last_change(collection: Collection) -> Change | None:
    """Return the newest change of the collection's name, description, place or groups."""
    changes = Change.objects.filter(action=Action.COLLECTION_CHANGED, data__collection=collection.pk)
    return changes.select_related("by").first()


def _audience(collection: Snapshot | None) -> tuple[bool, list[int]]:
    """Return whom a collection is for; one that is not there is for nobody in particular."""
    return (collection["restricted"], collection["groups"]) if collection else (False, [])


def _clean_description(description: str) -> str:
    description = description.strip()
    if not is_storable(description):
        raise ValidationError(_("The description contains invalid characters. Enter it again."))
    if len(description) > LONGEST_DESCRIPTION:
        sentence = _("A description has at most %(most)d characters; this one has %(n)d.")
        raise ValidationError(sentence % {"most": LONGEST_DESCRIPTION, "n": len(description)})
    return description


def _lock_all() -> Locked:
    """Return all collections, locked: two moves at once could otherwise make a circle."""
    return {collection.pk: collection for collection in Collection.objects.select_for_update().order_by("pk")}


def _record(change_set: ChangeSet, collection: Collection, before: Snapshot) -> None:
    after = snapshot(collection)
    if before != after:
        change_set.record_other(
            collection.name, Action.COLLECTION_CHANGED, CollectionChange(collection.pk, before, after)
        )


def _get_locked(locked: Locked, collection: Collection) -> Collection:
    if collection.pk not in locked:
        raise ValidationError(_("The collection “%(name)s” no longer exists.") % {"name": collection.name})
    return locked[collection.pk]


def _save_place(locked: Locked, collection: Collection) -> None:
    """Save a collection under its name and parent, with the paths of those below it; raises ValidationError."""
    parent, old = collection.parent, collection.path
    if old and parent and parent.path.startswith(old):
        sentence = _("“%(name)s” cannot be moved into itself or into a collection below it.")
        raise ValidationError(sentence % {"name": collection.name})
    siblings = [other for other in locked.values() if other.parent_id == (parent.pk if parent else None)]
    if any(other.name.casefold() == collection.name.casefold() for other in siblings if other.pk != collection.pk):
        raise ValidationError(_taken_message(collection.name, parent))
    descendants = [other for other in locked.values() if old and other.path.startswith(old) and other.path != old]
    deepest = max([len(other.path) - len(old) for other in descendants], default=0) // STEP + 1
    if len(parent.path if parent else "") // STEP + deepest > MOST_LEVELS:
        sentence = _("Collections can be nested at most %(n)d levels deep. Choose a parent higher up.")
        raise ValidationError(sentence % {"n": MOST_LEVELS})
    collection.save()
    collection.path = f"{parent.path if parent else ''}{collection.pk:0{STEP}d}"
    if collection.path != old:
        Collection.objects.filter(pk=collection.pk).update(path=collection.path)
        for other in descendants:
            other.path = collection.path + other.path[len(old) :]
        if old:
            moved = Concat(Value(collection.path), Substr("path", len(old) + 1))
            Collection.objects.filter(path__gt=old, path__lt=f"{old}{'9' * STEP}").update(path=moved)
        restricted = {pk for pk, other in locked.items() if other.restricted}
        # Below a restricted collection nothing changes when this moves: it is nearer than any above.
        if old and audiences.find_gate(old, restricted) != audiences.find_gate(collection.path, restricted):
            audiences.update_below(collection.path)


def _set_groups(collection: Collection, groups: list[Group], *, restricted: bool | None = None) -> None:
    before = collection.restricted
    collection.restricted = bool(groups) if restricted is None else restricted
    collection.save(update_fields=["restricted"])
    if collection.restricted != before:
        audiences.update_below(collection.path)
    collection.groups.set(groups)


def _taken_message(name: str, parent: Collection | None) -> str:
    if parent is None:
        return _("There is already a collection “%(name)s” at the top level.") % {"name": name}
    return _("There is already a collection “%(name)s” in “%(parent)s”.") % {"name": name, "parent": parent.name}
