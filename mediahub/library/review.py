"""What editors decide: tags accepted, rejected and added; words; images published and archived.

Each verb takes the Act that it is part of, so that one act on many images is told and taken back as one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import Difference, Reader, register
from mediahub.history.models import Action, Change
from mediahub.library import field_edits, publishing, revisions, vocabulary
from mediahub.library.changes import FieldChange, ImageChange
from mediahub.library.field_edits import UNSEEN, Conflicted, Edit
from mediahub.library.models import Image, Tag, Tagging

# What an editor types about an image.
WORDS = ("title", "alt_text", "caption", "credit", "licence", "rights_until")


@register
@dataclass(frozen=True)
class MetadataChange(FieldChange):
    """A change of what an editor types about an image."""

    kind = "metadata"

    def permissions(self, change: Change) -> set[str]:
        """Return the right to change images."""
        return {"library.change_image"}

    def check(self, image: Image) -> None:
        """Raise ValidationError where a published image would be left without what it must have."""
        publishing.check_words(image)


@register
@dataclass(frozen=True)
class TagChange(ImageChange):
    """A change of tags of an image: by the tag's id its name, and its state, which is None where it is not there."""

    kind = "tags"

    names: dict[str, str] = field(default_factory=dict)
    before: dict[str, str | None] = field(default_factory=dict)
    after: dict[str, str | None] = field(default_factory=dict)

    def add(self, tag: Tag, before: str | None, after: str) -> None:
        """Add one more tag to the change."""
        key = str(tag.pk)
        self.names[key], self.before[key], self.after[key] = tag.name, before, str(after)

    def permissions(self, change: Change) -> set[str]:
        """Return the right to decide on tags."""
        return {"library.review_tagging"}

    def is_current(self, image: Image) -> bool:
        """Return whether each tag still has the state that this change gave it."""
        states = {
            str(pk): state
            for pk, state in image.taggings.filter(tag__in=[int(tag) for tag in self.after]).values_list("tag", "state")
        }
        return all(states.get(tag) == state for tag, state in self.after.items())

    def reversed(self) -> "TagChange":
        """Return the change back."""
        return replace(self, before=self.after, after=self.before)

    def apply(self, image: Image, by: User | None) -> None:
        """Give the tags their states. A tag that is gone from the vocabulary since stays gone."""
        for tag, state in self.after.items():
            taggings = Tagging.objects.filter(image=image, tag_id=tag)
            if state is None:
                taggings.delete()
            else:
                taggings.update(state=state, **_decided(by, Tagging.State(state), reviewed=True))

    def describe(self, reader: Reader) -> list[Difference]:
        """Return each tag with its state before and after."""
        states: dict[str | None, str] = {value: str(label) for value, label in Tagging.State.choices}
        return [
            Difference(
                _("Tag “%(tag)s”") % {"tag": name}, states.get(self.before[tag], ""), states.get(self.after[tag], "")
            )
            for tag, name in self.names.items()
        ]


def untouched() -> Q:
    """Return the condition that an image waits for a first decision: it is in review, and nobody reviewed a tag of it.

    A tag that was given to a whole batch, or that stands in the file, is accepted or suggested without a review.
    """
    reviewed = Tagging.objects.filter(image=OuterRef("pk"), reviewed_at__isnull=False)
    return Q(state=Image.State.IN_REVIEW) & ~Q(Exists(reviewed))


def is_untouched(image: Image) -> bool:
    """Return what `untouched` asks of an image whose taggings are at hand."""
    in_review = image.state == Image.State.IN_REVIEW
    return in_review and all(tagging.reviewed_at is None for tagging in image.taggings.all())


def _decide(change_set: ChangeSet, taggings: Iterable[Tagging], state: Tagging.State, *, reviewed: bool = True) -> int:
    decided: dict[Image, TagChange] = {}
    with transaction.atomic():
        for tagging in taggings:
            before = tagging.state
            changed = (
                Tagging.objects.filter(pk=tagging.pk, state=before)
                .exclude(state=state)
                .update(state=state, **_decided(change_set.by, state, reviewed=reviewed))
            )
            if changed:
                decided.setdefault(tagging.image, TagChange()).add(tagging.tag, before, state)
        for image, change in decided.items():
            revisions.changed(image.pk)
            change_set.record(image, Action.TAGGED, change)
    return sum(len(change.names) for change in decided.values())


def _decided(by: User | None, state: Tagging.State, *, reviewed: bool) -> dict[str, object]:
    """Who decided, and when somebody looked at the image for it; nobody on a tag that is left open."""
    if state == Tagging.State.SUGGESTED:
        return {"reviewed_by": None, "reviewed_at": None}
    return {"reviewed_by": by, **({"reviewed_at": timezone.now()} if reviewed else {})}


def accept(change_set: ChangeSet, taggings: Iterable[Tagging]) -> int:
    """Say that these tags are right; returns how many decisions changed."""
    return _decide(change_set, taggings, Tagging.State.ACCEPTED)


def reject(change_set: ChangeSet, taggings: Iterable[Tagging]) -> int:
    """Say that these tags are wrong; returns how many decisions changed."""
    return _decide(change_set, taggings, Tagging.State.REJECTED)


def leave_open(change_set: ChangeSet, taggings: Iterable[Tagging]) -> int:
    """Leave these tags to somebody else's decision again; returns how many decisions changed."""
    return _decide(change_set, taggings, Tagging.State.SUGGESTED)


def add(change_set: ChangeSet, image: Image, name: str, *, reviewed: bool = True) -> Tagging:
    """Put an accepted tag of the editor's own on the image; raises ValidationError for a name that is no tag.

    `reviewed` says that the editor looked at this image for it.
    """
    name = vocabulary.clean(name)
    with transaction.atomic():
        tag = vocabulary.find_or_make(name)
        tagging, created = Tagging.objects.get_or_create(
            image=image,
            tag=tag,
            defaults={
                "source": Tagging.Source.EDITOR,
                "state": Tagging.State.ACCEPTED,
                **_decided(change_set.by, Tagging.State.ACCEPTED, reviewed=reviewed),
            },
        )
        if created:
            revisions.changed(image.pk)
            change = TagChange()
            change.add(tag, None, tagging.state)
            change_set.record(image, Action.TAGGED, change)
        else:
            _decide(change_set, [tagging], Tagging.State.ACCEPTED, reviewed=reviewed)
    tagging.refresh_from_db()
    return tagging


def describe(change_set: ChangeSet, image: Image, wanted: Mapping[str, Edit]) -> None:
    """Write the words that an editor changed in this image, by the names of their fields, and no others.

    Raises Conflicted, having written nothing, where somebody else has changed one of them since it was seen, and
    ValidationError when the image may not go without what it had.
    """
    with transaction.atomic():
        current = Image.objects.select_for_update().get(pk=image.pk)
        values, conflicting = field_edits.merge({name: getattr(current, name) for name in wanted}, wanted)
        if conflicting:
            raise Conflicted([field_edits.conflict(current, name, wanted[name].wanted) for name in conflicting])
        if not values:
            return
        MetadataChange.between(current, values).perform(change_set, current, Action.DESCRIBED)


def take_over(change_set: ChangeSet, image: Image, name: str, seen: Any = UNSEEN) -> bool:
    """Put the file's own word into a field of the image that said `seen`; False when the file has none for it.

    Raises what `describe` raises.
    """
    if name not in WORDS or not image.embedded.get(name):
        return False
    column = {column.name: column for column in Image._meta.concrete_fields}[name]
    describe(change_set, image, {name: Edit(column.to_python(image.embedded[name]), seen)})
    return True


def _move(change_set: ChangeSet, images: Iterable[Image], state: Image.State) -> int:
    moved = 0
    with transaction.atomic():
        ids = [image.pk for image in images]
        for image in Image.objects.select_for_update().filter(pk__in=ids).exclude(state=state):
            publishing.StateChange.between(image, {"state": str(state)}).perform(change_set, image, Action.MOVED)
            moved += 1
    return moved


def archive(change_set: ChangeSet, images: Iterable[Image]) -> int:
    """Take the images out of use, keeping everything; returns how many were not before."""
    return _move(change_set, images, Image.State.ARCHIVED)


def reopen(change_set: ChangeSet, images: Iterable[Image]) -> int:
    """Put the images back into review; returns how many were not there before."""
    return _move(change_set, images, Image.State.IN_REVIEW)
