"""Taking back what was done, as far as it still stands."""

from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.library import collections, focus, publishing, revisions
from mediahub.library.activity import Act, Changes, as_text
from mediahub.library.models import Activity, Image, Likeness, Tagging
from mediahub.library.versions import put_in_place

# What was done and leaves nothing to take back.
LASTING = [Activity.Verb.UPLOADED, Activity.Verb.DOWNLOADED]


@dataclass(frozen=True)
class Undone:
    """How many changes were taken back, and a sentence for each that could not be."""

    act: Act
    refused: list[str]


def undo(user: User, batch: UUID, act: Act | None = None) -> Undone:
    """Take back one act: each image goes back to what it was, unless somebody has changed the same thing since."""
    act, refused = act or Act(user), []
    with transaction.atomic():
        lines = Activity.objects.filter(batch=batch).exclude(verb__in=LASTING).select_related("image")
        for filed, dones in groupby(lines, lambda done: "collections" in done.changes):
            if filed:
                stay = collections.take_images_back(act, dones)
                refused += [_stays(done, _("It was changed again since.")) for done in stay]
            else:
                refused += [_stays(done, why) for done in dones if (why := _hindrance(act, done))]
    return Undone(act, refused)


def _stays(done: Activity, why: str) -> str:
    return _("%(title)s stays as it is now. %(why)s") % {"title": done.subject, "why": why}


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
    if fields:
        image.save(update_fields=[*fields, "updated_at"])
    for tag, _name, before, _after in tags:
        _set_back(act, image, tag, before)
    if "version" in done.changes:
        _put_version(image, done.changes["version"][0])
    for other, _title, before, _after in done.changes.get("parted", []):
        _part_again(act, image, other, parted=before)
    act.note(image, Activity.Verb.UNDONE, _reversed(done.changes), done.batch)
    revisions.changed(image.pk)
    if "focal_x" in fields or "version" in done.changes:
        focus.follow(image)


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
