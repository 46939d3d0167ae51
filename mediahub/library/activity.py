"""Noting what was done, so that it can be told, and taking it back."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.library import revisions
from mediahub.library.models import Activity, Image, Tagging

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Changes = dict[str, Any]


@dataclass
class Act:
    """One act of a person on any number of images: `changed` counts them, `batch` is what undoes it."""

    by: "User | None"
    batch: UUID = field(default_factory=uuid4)
    changed: int = 0

    def note(self, image: Image, verb: Activity.Verb, changes: Changes, undoes: UUID | None = None) -> None:
        """Write down one change, within the transaction that makes it."""
        self.changed += 1
        Activity.objects.create(
            image=image,
            subject=image.title,
            verb=verb,
            changes=changes,
            by=self.by,
            batch=self.batch,
            undoes=undoes,
        )


@dataclass(frozen=True)
class Undone:
    """How many changes were taken back, and a sentence for each that could not be."""

    act: Act
    refused: list[str]


def undo(user: "User", batch: UUID) -> Undone:
    """Take back one act: each image goes back to what it was, unless somebody has changed the same thing since."""
    act, refused = Act(user), []
    with transaction.atomic():
        for done in Activity.objects.filter(batch=batch).select_related("image"):
            image = Image.objects.select_for_update().filter(activities=done).first()
            if image is None or not _take_back(act, image, done):
                refused.append(_("%(title)s was changed again since; it stays as it is now.") % {"title": done.subject})
    return Undone(act, refused)


def last_of(user: "User", image_ids: Iterable[UUID]) -> UUID | None:
    """The batch of this person's newest act on these images that is not itself an undoing and was not undone."""
    own = Activity.objects.filter(by=user, image__in=image_ids).exclude(verb=Activity.Verb.UNDONE)
    undone = Activity.objects.filter(undoes=OuterRef("batch"))
    return own.exclude(Exists(undone)).values_list("batch", flat=True).first()


def _take_back(act: Act, image: Image, done: Activity) -> bool:
    fields = done.changes.get("fields", {})
    tags = done.changes.get("tags", [])
    states = dict(image.taggings.filter(tag__in=[tag for tag, *_rest in tags]).values_list("tag_id", "state"))
    if any(as_text(getattr(image, name)) != after for name, (_before, after) in fields.items()):
        return False
    if any(states.get(tag) != after for tag, _name, _before, after in tags):
        return False
    concrete = {column.name: column for column in Image._meta.concrete_fields}
    for name, (before, _after) in fields.items():
        setattr(image, name, concrete[name].to_python(before))
    if fields:
        image.save(update_fields=[*fields, "updated_at"])
    for tag, _name, before, _after in tags:
        _set_back(act, image, tag, before)
    reversed_fields = {name: [after, before] for name, (before, after) in fields.items()}
    reversed_tags = [[tag, name, after, before] for tag, name, before, after in tags]
    act.note(image, Activity.Verb.UNDONE, {"fields": reversed_fields, "tags": reversed_tags}, done.batch)
    revisions.changed(image.pk)
    return True


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


def as_text(value: Any) -> Any:
    """A field's value as JSON keeps it."""
    return value.isoformat() if hasattr(value, "isoformat") else value
