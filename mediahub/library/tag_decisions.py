"""What editors decide on tags: suggestions accepted and rejected, and tags added."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import Difference, Reader, register
from mediahub.history.models import Action
from mediahub.library import revisions, vocabulary
from mediahub.library.changes import ImageChange
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
        index.update_entries([image.pk])

    def describe(self, reader: Reader) -> list[Difference]:
        """Return each tag with its state before and after."""
        states: dict[str | None, str] = {value: str(label) for value, label in Tagging.State.choices}
        return [
            Difference(
                _("Tag “%(tag)s”") % {"tag": name}, states.get(self.before[tag], ""), states.get(self.after[tag], "")
            )
            for tag, name in self.names.items()
        ]


def unreviewed() -> Q:
    """Return the condition that an image waits for a first decision: it is in review, and nobody reviewed a tag of it.

    A tag that was given to a whole batch, or that stands in the file, is accepted or suggested without a review.
    """
    reviewed = Tagging.objects.filter(image=OuterRef("pk"), reviewed_at__isnull=False)
    return Q(state=Image.State.IN_REVIEW) & ~Q(Exists(reviewed))


def is_unreviewed(image: Image) -> bool:
    """Return what `unreviewed` asks of an image whose taggings are at hand."""
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
            revisions.record_change(image.pk)
            change_set.record(image, Action.TAGGED, change)
        index.update_entries(image.pk for image in decided)
    return sum(len(change.names) for change in decided.values())


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
    """Add an accepted tag to the image; raises ValidationError for an invalid name.

    `reviewed` says that the editor looked at this image for it.
    """
    name = vocabulary.clean_name(name)
    with transaction.atomic():
        tag = vocabulary.find_tag(name) or Tag.objects.get_or_create(name=name)[0]
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
            revisions.record_change(image.pk)
            change = TagChange()
            change.add(tag, None, tagging.state)
            change_set.record(image, Action.TAGGED, change)
            index.update_entries([image.pk])
        else:
            _decide(change_set, [tagging], Tagging.State.ACCEPTED, reviewed=reviewed)
    tagging.refresh_from_db()
    return tagging
