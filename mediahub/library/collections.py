"""Collections: making and arranging them, and putting images in and taking them out.

Each verb takes the Act that it is part of. No image's revision grows: the mirror tells nothing of
collections.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from mediahub.library import access, field_edits
from mediahub.library.activity import Act
from mediahub.library.field_edits import UNSEEN, Conflict, Conflicted, Edit, Unseen
from mediahub.library.models import Activity, Collection, Image, Membership
from processing import is_storable

LONGEST = 100
LONGEST_DESCRIPTION = 500
MOST_LEVELS = 8
STEP = 8
PARTS = 500
# Stands between the names of a collection and of those it lies in; so no name may hold it.
BETWEEN = "›"

Held = dict[int, Collection]
Snapshot = dict[str, Any]
T = TypeVar("T")


def make(
    act: Act, name: str, parent: Collection | None = None, *, description: str = "", groups: Iterable[Group] = ()
) -> Collection:
    """Make a collection; raises ValidationError for a name that is none or taken, or where it would lie too deep."""
    with transaction.atomic():
        held = _hold()
        made = Collection(name=clean(name), description=_text(description))
        made.parent = _same(held, parent) if parent else None
        _place(held, made)
        _close(made, list(groups))
        act.note_collection(made.name, Activity.Verb.MADE, [made.pk, None, snapshot(made)])
    return made


def rename(act: Act, collection: Collection, name: str, description: str | None = None) -> None:
    """Give a collection another name, and another description where there is one; raises ValidationError."""
    wanted = {"name": Edit(name)} if description is None else {"name": Edit(name), "description": Edit(description)}
    describe(act, collection, wanted)


def describe(act: Act, collection: Collection, wanted: Mapping[str, Edit]) -> None:
    """Write the name and the description as far as a person changed them.

    Raises Conflicted, having written nothing, where somebody else has changed one since it was seen, and
    ValidationError for a name that is none or taken.
    """
    with transaction.atomic():
        held = _hold()
        kept = _same(held, collection)
        before = snapshot(kept)
        values, conflicting = field_edits.merge({name: getattr(kept, name) for name in wanted}, wanted)
        if conflicting:
            raise Conflicted([Conflict(name, getattr(kept, name), wanted[name].wanted) for name in conflicting])
        if "name" in values:
            kept.name = clean(values["name"])
        if "description" in values:
            kept.description = _text(values["description"])
        _place(held, kept)
        _note(act, kept, before)
    collection.name, collection.description = kept.name, kept.description


def move(act: Act, collection: Collection, parent: Collection | None, seen: int | Unseen | None = UNSEEN) -> None:
    """Put a collection, with what lies below, into another one or to the top; raises ValidationError.

    `seen` is the id of the collection that it lay in when the person looked: it is not moved from another one.
    """
    with transaction.atomic():
        held = _hold()
        kept = _same(held, collection)
        before = snapshot(kept)
        wanted = parent.pk if parent else None
        if seen is not UNSEEN and kept.parent_id not in (seen, wanted):
            raise ValidationError(_("Somebody else has moved it since you opened the page. Look where it lies now."))
        kept.parent = _same(held, parent) if parent else None
        _place(held, kept)
        _note(act, kept, before)
    collection.parent, collection.path = kept.parent, kept.path


def restrict(act: Act, collection: Collection, groups: Iterable[Group], seen: Iterable[Group] | None = None) -> None:
    """Let only these groups see a collection and what lies below; none lets everybody who may see images.

    With `seen`, the groups that it had when the person looked, only what the person changed is: groups that somebody
    else has added or taken off since stay so.
    """
    with transaction.atomic():
        kept = _same(_hold(), collection)
        before = snapshot(kept)
        wanted, now = set(groups), set(kept.groups.all())
        shown = now if seen is None else set(seen)
        _close(kept, list((now | (wanted - shown)) - (shown - wanted)))
        _note(act, kept, before)


def delete(act: Act, collection: Collection) -> int:
    """Delete a collection and never an image; what lay in it moves up. Returns how many images were in it.

    Collections that move up, and have no groups of their own, keep those of the deleted one. Raises ValidationError
    where one that would move up has the name of one that is there.
    """
    with transaction.atomic():
        held = _hold()
        gone = _same(held, collection)
        count = 0
        images = Image.objects.filter(memberships__collection=gone).only("title").order_by("pk")
        for part in _parts(images.iterator(PARTS)):
            count += take_out(act, part, gone)
        for child in [one for one in held.values() if one.parent_id == gone.pk]:
            before = snapshot(child)
            _move_up(act, held, child, gone)
            if gone.restricted and not child.restricted:
                _close(child, list(gone.groups.all()), restricted=True)
            _note(act, child, before)
        before = snapshot(gone)
        Collection.objects.filter(pk=gone.pk).delete()
        act.note_collection(gone.name, Activity.Verb.REMOVED, [gone.pk, before, None])
    return count


def _move_up(act: Act, held: Held, child: Collection, gone: Collection) -> None:
    """Place a collection where the deleted one is; raises ValidationError, which names no collection that is closed."""
    readable = act.by is None or access.collections(act.by).filter(pk=child.pk).exists()
    child.parent = gone.parent
    try:
        _place(held, child)
    except ValidationError:
        if readable:
            raise
        said = _("“%(name)s” holds a collection that is closed to you and cannot move up. Ask a chief editor.")
        raise ValidationError(said % {"name": gone.name}) from None


def put(act: Act, images: Iterable[Image], collection: Collection) -> int:
    """Put images into a collection; returns how many were not in it before."""
    changed = 0
    with transaction.atomic():
        for part in _parts(images):
            inside = Membership.objects.filter(collection=collection, image__in=[image.pk for image in part])
            held = set(inside.values_list("image_id", flat=True))
            new = [image for image in part if image.pk not in held]
            Membership.objects.bulk_create(
                [Membership(collection=collection, image=image, by=act.by) for image in new], ignore_conflicts=True
            )
            act.note_all(((image, _filed(collection, before=False)) for image in new), Activity.Verb.FILED)
            changed += len(new)
    return changed


def take_out(act: Act, images: Iterable[Image], collection: Collection) -> int:
    """Take images out of a collection, not of those below it; returns how many were in it before."""
    changed = 0
    with transaction.atomic():
        for part in _parts(images):
            inside = Membership.objects.filter(collection=collection, image__in=[image.pk for image in part])
            held = set(inside.values_list("image_id", flat=True))
            inside.delete()
            left = [image for image in part if image.pk in held]
            act.note_all(((image, _filed(collection, before=True)) for image in left), Activity.Verb.FILED)
            changed += len(left)
    return changed


def carry_over(act: Act, image: Image, to: Image) -> int:
    """Put one image into all collections that another is in; returns into how many it was put."""
    return sum(put(act, [to], collection) for collection in image.collections.all())


def below(collection: Collection, field: str = "") -> Q:
    """That a collection is this one or lies below it; `field` leads to it from the record that is asked for."""
    path = f"{field}__path" if field else "path"
    return Q(**{f"{path}__gte": collection.path, f"{path}__lt": f"{collection.path}{'9' * STEP}"})


def clean(name: str) -> str:
    """A collection's name with single spaces; raises ValidationError for what is none."""
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise ValidationError(_("Give the collection a name: a word or a few, without line breaks."))
    if BETWEEN in name or ">" in name:
        raise ValidationError(_("The name of a collection cannot hold “›” or “>”: they stand between names."))
    if len(name) > LONGEST:
        said = _("The name of a collection has at most %(most)d characters; this one has %(n)d.")
        raise ValidationError(said % {"most": LONGEST, "n": len(name)})
    return name


def snapshot(collection: Collection) -> Snapshot:
    """A collection as the activity keeps it."""
    return {
        "name": collection.name,
        "description": collection.description,
        "parent": collection.parent_id,
        "restricted": collection.restricted,
        "groups": sorted(collection.groups.values_list("pk", flat=True)),
    }


def take_back(act: Act, done: Activity) -> None:
    """Undo one change of a collection itself; raises ValidationError where it does not stand, or cannot go back."""
    pk, before, after = done.changes["collection"]
    held = _hold()
    kept = held.get(pk)
    if (snapshot(kept) if kept else None) != after:
        raise ValidationError(_("It was changed again since."))
    if before is None:
        if Collection.objects.filter(Q(pk=pk), Q(memberships__isnull=False) | Q(children__isnull=False)).exists():
            raise ValidationError(_("It is not empty any more. Delete it under “Collections”."))
        Collection.objects.filter(pk=pk).delete()
    else:
        kept = kept or Collection(pk=pk)
        if before["parent"] is not None and before["parent"] not in held:
            raise ValidationError(_("The collection that it was in is gone."))
        kept.name, kept.description = before["name"], before["description"]
        kept.parent = held.get(before["parent"])
        _place(held, kept)
        _close(kept, list(Group.objects.filter(pk__in=before["groups"])), restricted=before["restricted"])
    act.note_collection(done.subject, Activity.Verb.UNDONE, [pk, after, before], done.batch)


def take_images_back(act: Act, lines: Iterable[Activity]) -> list[Activity]:
    """Undo what one act did to the collections of images; returns those that do not stand any more."""
    stay: list[Activity] = []
    for part in _parts(lines):
        changes = [(done, row) for done in part for row in done.changes["collections"]]
        ids = {row[0] for _done, row in changes}
        there = set(Collection.objects.filter(pk__in=ids).values_list("pk", flat=True))
        inside = Membership.objects.filter(collection__in=ids, image__in=[done.image_id for done in part])
        held: dict[tuple[UUID | None, int], int] = {(one.image_id, one.collection_id): one.pk for one in inside}
        stands = {
            done.pk: done.image_id is not None
            and all(
                ((done.image_id, pk) in held) == after and pk in there
                for pk, _name, _before, after in done.changes["collections"]
            )
            for done in part
        }
        back = [(done, row) for done, row in changes if stands[done.pk]]
        Membership.objects.filter(pk__in=[held[done.image_id, row[0]] for done, row in back if not row[2]]).delete()
        Membership.objects.bulk_create(
            Membership(collection_id=row[0], image=done.image, by=act.by) for done, row in back if row[2] and done.image
        )
        noted = [(done.image, _reversed(done)) for done in part if stands[done.pk] and done.image]
        act.note_all(noted, Activity.Verb.UNDONE, part[0].batch)
        stay += [done for done in part if not stands[done.pk]]
    return stay


def _reversed(done: Activity) -> dict[str, Any]:
    return {"collections": [[pk, name, after, before] for pk, name, before, after in done.changes["collections"]]}


def _filed(collection: Collection, *, before: bool) -> dict[str, Any]:
    return {"collections": [[collection.pk, collection.name, before, not before]]}


def _text(description: str) -> str:
    description = description.strip()
    if not is_storable(description):
        raise ValidationError(_("The description holds characters that are no text. Type it anew."))
    if len(description) > LONGEST_DESCRIPTION:
        said = _("The description has at most %(most)d characters; this one has %(n)d.")
        raise ValidationError(said % {"most": LONGEST_DESCRIPTION, "n": len(description)})
    return description


def _hold() -> Held:
    """All collections, locked: two moves at once could else make a circle."""
    return {one.pk: one for one in Collection.objects.select_for_update().order_by("pk")}


def _note(act: Act, collection: Collection, before: Snapshot) -> None:
    after = snapshot(collection)
    if before != after:
        act.note_collection(collection.name, Activity.Verb.ARRANGED, [collection.pk, before, after])


def _parts(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while part := list(islice(left, PARTS)):
        yield part


def _same(held: Held, collection: Collection) -> Collection:
    if collection.pk not in held:
        raise ValidationError(_("The collection “%(name)s” is gone.") % {"name": collection.name})
    return held[collection.pk]


def _place(held: Held, collection: Collection) -> None:
    """Keep a collection under its name and parent, with the paths of what lies below; raises ValidationError."""
    parent, old = collection.parent, collection.path
    if old and parent and parent.path.startswith(old):
        said = _("“%(name)s” cannot be put into itself or into a collection below it.")
        raise ValidationError(said % {"name": collection.name})
    same = [one for one in held.values() if one.parent_id == (parent.pk if parent else None)]
    if any(_is_twin(one, collection) for one in same if one.pk != collection.pk):
        raise ValidationError(_taken(collection.name, parent))
    lower = [one for one in held.values() if old and one.path.startswith(old)]
    deepest = max([len(one.path) - len(old) for one in lower], default=0) // STEP + 1
    if len(parent.path if parent else "") // STEP + deepest > MOST_LEVELS:
        said = _("Collections lie at most %(n)d deep in each other. Choose a place higher up.")
        raise ValidationError(said % {"n": MOST_LEVELS})
    collection.save()
    collection.path = f"{parent.path if parent else ''}{collection.pk:0{STEP}d}"
    if collection.path != old:
        Collection.objects.filter(pk=collection.pk).update(path=collection.path)
        for one in lower:
            one.path = collection.path + one.path[len(old) :]
        if old:
            moved = Concat(Value(collection.path), Substr("path", len(old) + 1))
            Collection.objects.filter(path__gt=old, path__lt=f"{old}{'9' * STEP}").update(path=moved)


def _close(collection: Collection, groups: list[Group], *, restricted: bool | None = None) -> None:
    collection.restricted = bool(groups) if restricted is None else restricted
    collection.save(update_fields=["restricted"])
    collection.groups.set(groups)


def _is_twin(one: Collection, other: Collection) -> bool:
    return one.name.casefold() == other.name.casefold()


def _taken(name: str, parent: Collection | None) -> str:
    if parent is None:
        return _("There is a collection “%(name)s” at the top already.") % {"name": name}
    return _("There is a collection “%(name)s” in “%(parent)s” already.") % {"name": name, "parent": parent.name}
