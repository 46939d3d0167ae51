"""What editors decide on tags: suggestions accepted and rejected, and tags added."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import Difference, Reader, register
from mediahub.history.models import Action
from mediahub.library import revisions, vocabulary
from mediahub.library.changes import Details, ImageChange, Refusals, lock_images
from mediahub.library.memberships import split
from mediahub.library.models import Image, Tag, Tagging
from mediahub.library.search import index


@register
@dataclass(frozen=True)
class TagChange(ImageChange):
    """A change of tags of an image: by the tag's id its name, and its state, which is None where it is not there."""

    kind = "tags"
    permission = "library.review_tagging"

    names: dict[str, str] = field(default_factory=dict)
    before: dict[str, str | None] = field(default_factory=dict)
    after: dict[str, str | None] = field(default_factory=dict)

    def add(self, tag: Tag, before: str | None, after: str) -> None:
        """Add one more tag to the change."""
        key = str(tag.pk)
        self.names[key], self.before[key], self.after[key] = tag.name, before, str(after)

    def is_current(self, image: Image) -> bool:
        """Return whether each tag still has the state that this change gave it."""
        return bool(self.select_current([(image, self)]))

    def reversed(self) -> "TagChange":
        """Return the change back."""
        return replace(self, before=self.after, after=self.before)

    def apply(self, image: Image, by: User | None) -> None:
        """Give the tags their states. A tag that is gone from the vocabulary since stays gone."""
        TagChange.apply_all([(image, self)], by)

    @classmethod
    def select_current(cls, details: Details) -> set[UUID]:
        """Return the ids of those of the images on which each tag still has the state that the change gave it."""
        states = {
            (tagging.image_id, str(tagging.tag_id)): tagging.state for tagging in _find_taggings(details, lock=True)
        }
        return {
            image.pk
            for image, change in details
            if isinstance(change, cls)
            and all(states.get((image.pk, tag)) == state for tag, state in change.after.items())
        }

    @classmethod
    def apply_all(cls, details: Details, by: User | None) -> Refusals:
        """Give the tags of several images their states, in a statement for each state."""
        targets = {
            (image.pk, tag): state
            for image, change in details
            if isinstance(change, cls)
            for tag, state in change.after.items()
        }
        by_state: dict[str | None, list[int]] = {}
        for tagging in _find_taggings(details):
            if (place := (tagging.image_id, str(tagging.tag_id))) in targets:
                by_state.setdefault(targets[place], []).append(tagging.pk)
        for state, ids in by_state.items():
            taggings = Tagging.objects.filter(pk__in=ids)
            if state is None:
                taggings.delete()
            else:
                taggings.update(state=state, **_decided(by, Tagging.State(state), reviewed=True))
        index.update_entries(image.pk for image, _change in details)
        return {}

    def describe(self, reader: Reader) -> list[Difference]:
        """Return each tag with its state before and after."""
        states: dict[str | None, str] = {value: str(label) for value, label in Tagging.State.choices}
        return [
            Difference(
                _("Tag “%(tag)s”") % {"tag": name}, states.get(self.before[tag], ""), states.get(self.after[tag], "")
            )
            for tag, name in self.names.items()
        ]


def _find_taggings(details: Details, *, lock: bool = False) -> QuerySet[Tagging]:
    """Return the taggings of these images with any of the tags that the changes are about."""
    changes = [change for _image, change in details if isinstance(change, TagChange)]
    tags = {int(tag) for change in changes for tag in change.after}
    taggings = Tagging.objects.filter(image__in=[image.pk for image, _change in details], tag__in=tags).order_by("pk")
    return taggings.select_for_update() if lock else taggings


def unreviewed() -> Q:
    """Return the condition that an image waits for a first decision: it is in review, and nobody reviewed a tag of it.

    A tag that was given to a whole batch, or that stands in the file, is accepted or suggested without a review.
    """
    reviewed = Tagging.objects.filter(image=OuterRef("pk"), reviewed_at__isnull=False).order_by()
    # Looked up for each image: of an “exists” PostgreSQL may read all taggings of the library.
    return Q(state=Image.State.IN_REVIEW) & Q(IsNull(Subquery(reviewed.values("pk")[:1]), True))


def is_unreviewed(image: Image) -> bool:
    """Return what `unreviewed` asks of an image whose taggings are at hand."""
    in_review = image.state == Image.State.IN_REVIEW
    return in_review and all(tagging.reviewed_at is None for tagging in image.taggings.all())


def _decide(change_set: ChangeSet, taggings: Iterable[Tagging], state: Tagging.State) -> int:
    by_image: dict[UUID, list[Tagging]] = {}
    for tagging in taggings:
        by_image.setdefault(tagging.image_id, []).append(tagging)
    with transaction.atomic():
        return sum(_decide_chunk(change_set, dict(chunk), state) for chunk in split(by_image.items()))


def _decide_chunk(change_set: ChangeSet, by_image: Mapping[UUID, Sequence[Tagging]], state: Tagging.State) -> int:
    """Decide on taggings of some images; those that somebody else has decided on since stay as they are."""
    images = lock_images(by_image, "title")
    seen = {tagging.pk: tagging for taggings in by_image.values() for tagging in taggings}
    locked = Tagging.objects.select_for_update().filter(pk__in=seen).order_by("pk")
    states = dict(locked.values_list("pk", "state"))
    changed = [tagging for pk, tagging in seen.items() if states.get(pk) == tagging.state != state]
    ids = [tagging.pk for tagging in changed]
    Tagging.objects.filter(pk__in=ids).update(state=state, **_decided(change_set.by, state, reviewed=True))
    decided: dict[UUID, TagChange] = {}
    for tagging in changed:
        decided.setdefault(tagging.image_id, TagChange()).add(tagging.tag, tagging.state, state)
    _record(change_set, images, decided)
    return len(changed)


def _record(change_set: ChangeSet, images: Mapping[UUID, Image], changes: Mapping[UUID, TagChange]) -> None:
    """Record what was decided on the tags of locked images, and tell the mirror and the search."""
    change_set.record_all([(images[pk], change) for pk, change in changes.items()], Action.TAGGED)
    revisions.record_changes(changes)
    index.update_entries(changes)


def _decided(by: User | None, state: Tagging.State, *, reviewed: bool) -> dict[str, object]:
    """Return who decided, and when somebody looked at the image for it; nobody for a tag that is left open."""
    if state == Tagging.State.SUGGESTED:
        return {"reviewed_by": None, "reviewed_at": None}
    return {"reviewed_by": by, **({"reviewed_at": timezone.now()} if reviewed else {})}


def accept(change_set: ChangeSet, taggings: Iterable[Tagging]) -> int:
    """Accept these tags; returns how many decisions changed."""
    return _decide(change_set, taggings, Tagging.State.ACCEPTED)


def reject(change_set: ChangeSet, taggings: Iterable[Tagging]) -> int:
    """Reject these tags; returns how many decisions changed."""
    return _decide(change_set, taggings, Tagging.State.REJECTED)


def leave_open(change_set: ChangeSet, taggings: Iterable[Tagging]) -> int:
    """Reopen the decision on these tags; returns how many decisions changed."""
    return _decide(change_set, taggings, Tagging.State.SUGGESTED)


def add_tag(change_set: ChangeSet, image: Image, name: str, *, reviewed: bool = True) -> Tagging:
    """Add an accepted tag to the image, as `add_tag_to_images` does."""
    tag = add_tag_to_images(change_set, [image], name, reviewed=reviewed)
    return Tagging.objects.select_related("tag").get(image=image, tag=tag)


def add_tag_to_images(change_set: ChangeSet, images: Iterable[Image], name: str, *, reviewed: bool = True) -> Tag:
    """Add an accepted tag to the images; raises ValidationError for an invalid name.

    `reviewed` says that the editor looked at these images for it.
    """
    name = vocabulary.clean_name(name)
    with transaction.atomic():
        tag = vocabulary.find_tag(name) or Tag.objects.get_or_create(name=name)[0]
        for chunk in split(images):
            _add_to_chunk(
                change_set, lock_images((image.pk for image in chunk), "title", "created_at"), tag, reviewed=reviewed
            )
    return tag


def _add_to_chunk(change_set: ChangeSet, images: Mapping[UUID, Image], tag: Tag, *, reviewed: bool) -> None:
    state = Tagging.State.ACCEPTED
    decision = {"state": state, **_decided(change_set.by, state, reviewed=reviewed)}
    existing = Tagging.objects.select_for_update().filter(image__in=images, tag=tag).order_by("pk")
    before: dict[UUID, str | None] = dict(existing.values_list("image", "state"))
    new = [image_id for image_id in images if image_id not in before]
    Tagging.objects.bulk_create(
        Tagging(image=images[image_id], tag=tag, source=Tagging.Source.EDITOR, **decision) for image_id in new
    )
    Tagging.objects.filter(image__in=images, tag=tag).exclude(state=state).update(**decision)
    changes = {image_id: TagChange() for image_id in images if before.get(image_id) != state}
    for image_id, change in changes.items():
        change.add(tag, before.get(image_id), state)
    _record(change_set, images, changes)
