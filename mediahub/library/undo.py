"""Taking back what was done, as far as it still stands, and as far as the person may do such a thing now."""

from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mediahub.library import access, collections, focal_point, publishing, revisions
from mediahub.library.activity import Act, Changes, as_text
from mediahub.library.models import Activity, Collection, Image, Likeness, Tagging
from mediahub.library.versions import put_in_place

# The right that each kind of change needs; a field that is not named here is one of the words of an image.
FIELD_PERMISSIONS = {
    "state": "library.publish_image",
    "focal_x": "library.review_tagging",
    "focal_y": "library.review_tagging",
    "moderation_seen_at": "library.review_tagging",
}
# What a collection is, beside whom it is for.
ARRANGED = ("name", "description", "parent")


@dataclass
class Undone:
    """What came of it: `act` counts the images, `arranged` the collections, `refused` says what stayed, and why."""

    act: Act
    refused: list[str] = field(default_factory=list)
    arranged: int = 0


def undo(user: User, batch: UUID, act: Act | None = None) -> Undone:
    """Take back one act: each image goes back to what it was, unless somebody has changed the same thing since.

    Each line needs the right that its change needs, now; a line on an image or a collection that the person may not
    see stays, and nothing is said of it but that it is there.
    """
    undone = Undone(act or Act(user))
    with transaction.atomic():
        lines = Activity.objects.filter(batch=batch).exclude(verb__in=Activity.LASTING).select_related("image")
        rights = _Rights(user, batch)
        visible = [line for line in lines if rights.sees(line)]
        for filed, group in groupby(visible, lambda line: "collections" in line.changes):
            _take_back_all(undone, rights, list(group), filed=filed)
    if hidden := len(lines) - len(visible):
        text = ngettext(
            "%(n)d change stays as it is: what it was about is not for you to see.",
            "%(n)d changes stay as they are: what they were about is not for you to see.",
            hidden,
        )
        undone.refused.append(text % {"n": hidden})
    return undone


def _take_back_all(undone: Undone, rights: "_Rights", lines: list[Activity], *, filed: bool) -> None:
    allowed = []
    for line in lines:
        if why := rights.missing(line):
            undone.refused.append(_stays(line, why))
        else:
            allowed.append(line)
    if filed:
        changed_since = collections.take_images_back(undone.act, allowed)
        undone.refused += [_stays(line, _("It was changed again since.")) for line in changed_since]
        return
    for line in allowed:
        if why := _hindrance(undone.act, line):
            undone.refused.append(_stays(line, why))
        else:
            undone.arranged += "collection" in line.changes


def permissions_to_undo(line: Activity) -> set[str]:
    """Return the rights that a person needs to take a line back: those that doing such a thing needs."""
    changes = line.changes
    needed = {FIELD_PERMISSIONS.get(name, "library.change_image") for name in changes.get("fields", {})}
    if changes.get("tags") or changes.get("parted"):
        needed.add("library.review_tagging")
    if "version" in changes:
        needed.add("library.replace_image")
    for _pk, _name, before, _after in changes.get("collections", []):
        needed.add("library.delete_membership" if before else "library.add_membership")
    if "collection" in changes:
        needed |= _permissions_of_collection(line)
    return needed


def _permissions_of_collection(line: Activity) -> set[str]:
    _pk, before, after = line.changes["collection"]
    if before is None or after is None:
        needed = {"library.delete_collection" if line.verb == Activity.Verb.REMOVED else "library.add_collection"}
    else:
        needed = {"library.change_collection"} if any(before[name] != after[name] for name in ARRANGED) else set()
    # To bring a deleted one back for the groups that it was for restricts nobody anew.
    if after is not None and _audience(before) != _audience(after):
        needed.add("library.restrict_collection")
    return needed


def _audience(collection: collections.Snapshot | None) -> tuple[bool, list[int]]:
    """Return whom a collection is for; one that is not there is for nobody in particular."""
    return (collection["restricted"], collection["groups"]) if collection else (False, [])


class _Rights:
    """What one person may see and do at the moment of an undo."""

    def __init__(self, user: User, batch: UUID) -> None:
        self._user = user
        self._lines = set(access.visible_activities(user).filter(batch=batch).values_list("pk", flat=True))
        self._collections = set(access.collections(user).values_list("pk", flat=True))

    def sees(self, line: Activity) -> bool:
        """Return whether the person may see the image and the collections that the line is about."""
        if "collection" not in line.changes and line.pk not in self._lines:
            return False
        named = {pk for pk, *_rest in line.changes.get("collections", [])}
        if "collection" in line.changes:
            pk, before, after = line.changes["collection"]
            # One that was deleted is seen by who sees the place it was at, and whom its groups let in.
            named |= {pk} if after is not None else {before["parent"]} - {None}
            if after is None and not self._is_let_in(before):
                return False
        # One that is gone hides nothing: such a line is refused where it is taken back.
        return not Collection.objects.filter(pk__in=named - self._collections).exists()

    def missing(self, line: Activity) -> str:
        """Return why the person may not take the line back, in a sentence; empty when they may."""
        needed = permissions_to_undo(line)
        if "version" in line.changes and line.image and line.image.state == Image.State.PUBLISHED:
            needed.add("library.publish_image")
        return "" if self._user.has_perms(needed) else _("You may not make such a change now. Ask a chief editor.")

    def _is_let_in(self, collection: collections.Snapshot) -> bool:
        if not collection["restricted"] or self._user.has_perm("library.see_every_collection"):
            return True
        return self._user.groups.filter(pk__in=collection["groups"]).exists()


def _stays(line: Activity, why: str) -> str:
    return _("%(title)s stays as it is now. %(why)s") % {"title": line.subject, "why": why}


def _hindrance(act: Act, done: Activity) -> str:
    """Take one line back; returns why it could not be, in a sentence, or nothing."""
    try:
        with transaction.atomic():
            if "collection" in done.changes:
                collections.take_back(act, done)
            else:
                _take_back(act, Image.objects.select_for_update().filter(activities=done).first(), done)
    except (_Stays, ValidationError) as why:
        return " ".join(why.messages) if isinstance(why, ValidationError) else str(why)
    return ""


class _Stays(Exception):
    """Why a change cannot be taken back, in a sentence."""


def _take_back(act: Act, image: Image | None, done: Activity) -> None:
    if image is None or not _stands(image, done.changes):
        raise _Stays(_("It was changed again since."))
    fields, tags = done.changes.get("fields", {}), done.changes.get("tags", [])
    concrete = {column.name: column for column in Image._meta.concrete_fields}
    for name, (before, _after) in fields.items():
        setattr(image, name, concrete[name].to_python(before))
    if "state" in fields and image.state == Image.State.PUBLISHED and (lacks := publishing.missing(image)):
        raise _Stays(" ".join(lacks))
    publishing.check_words(image)
    if "moderation_seen_at" in fields:
        publishing.check_file(image)
    if fields:
        image.save(update_fields=[*fields, "updated_at"])
    for tag, _name, before, _after in tags:
        _set_back(act, image, tag, before)
    if "version" in done.changes:
        _put_version(image, done.changes["version"][0])
        publishing.check_file(image)
    for other, _title, before, _after in done.changes.get("parted", []):
        _part_again(act, image, other, parted=before)
    act.note(image, Activity.Verb.UNDONE, _reversed(done.changes), done.batch)
    revisions.changed(image.pk)
    if "focal_x" in fields or "version" in done.changes:
        focal_point.follow(image)


def _stands(image: Image, changes: Changes) -> bool:
    """That all is still as this change left it."""
    fields, tags, version = changes.get("fields", {}), changes.get("tags", []), changes.get("version")
    states = dict(image.taggings.filter(tag__in=[tag for tag, *_rest in tags]).values_list("tag_id", "state"))
    return (
        all(as_text(getattr(image, name)) == after for name, (_before, after) in fields.items())
        and all(states.get(tag) == after for tag, _name, _before, after in tags)
        and all(_is_parted(image, other) == after for other, _title, _before, after in changes.get("parted", []))
        and (version is None or image.versions.filter(current=True, number=version[1]).exists())
    )


def _reversed(changes: Changes) -> Changes:
    found: Changes = {
        "fields": {name: [after, before] for name, (before, after) in changes.get("fields", {}).items()},
        "tags": [[tag, name, after, before] for tag, name, before, after in changes.get("tags", [])],
        "parted": [[other, title, after, before] for other, title, before, after in changes.get("parted", [])],
    }
    return {**found, "version": changes["version"][::-1]} if "version" in changes else found


def _is_parted(image: Image, other: str) -> bool:
    return Likeness.objects.filter(first=image, second=UUID(other), parted_at__isnull=False).exists()


def _part_again(act: Act, image: Image, other: str, *, parted: bool) -> None:
    decided = {"parted_by": act.by, "parted_at": timezone.now()} if parted else {"parted_by": None, "parted_at": None}
    Likeness.objects.filter(first=image, second=UUID(other)).update(**decided)


def _put_version(image: Image, number: int) -> None:
    versions = {version.number: version for version in image.versions.all()}
    current = next(version for version in versions.values() if version.current)
    put_in_place(image, current, versions[number])


def _set_back(act: Act, image: Image, tag_id: int, state: str | None) -> None:
    held = Tagging.objects.filter(image=image, tag_id=tag_id)
    if state is None:
        held.delete()
    else:
        decided = state != Tagging.State.SUGGESTED
        held.update(
            state=state,
            reviewed_by=act.by if decided else None,
            reviewed_at=timezone.now() if decided else None,
        )
