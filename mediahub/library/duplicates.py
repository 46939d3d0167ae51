"""Images that are there twice or look alike: found in groups, told apart by a person, or merged into one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import Difference, Reader, register
from mediahub.history.models import Action, Change
from mediahub.library import access, memberships, metadata, revisions, similarity, tag_decisions
from mediahub.library.changes import Details, FieldChange, ImageChange, Refusals, apply_each
from mediahub.library.models import Image, SimilarPair, Tagging
from mediahub.library.publishing import StateChange
from mediahub.library.search import index

# What is moved to an image that has none of its own.
MOVED = ("alt_text", "caption", "credit", "copyright", "license", "license_url", "rights_until")
MOST = 24
MOST_PAIRS = 20_000


@register
@dataclass(frozen=True)
class SimilarityDecision(ImageChange):
    """Images that a person said are not the same as this one: their titles, by id."""

    kind = "similarity"
    permission = "library.review_tagging"

    titles: dict[str, str]
    before: bool = False
    after: bool = True

    def is_current(self, image: Image) -> bool:
        """Return whether each pair is still decided on as this change left it."""
        pairs = SimilarPair.objects.filter(first=image, second__in=[UUID(pk) for pk in self.titles])
        states = {str(second): at is not None for second, at in pairs.values_list("second", "different_at")}
        return all(states.get(other, False) == self.after for other in self.titles)

    def reversed(self) -> "SimilarityDecision":
        """Return the change back."""
        return replace(self, before=self.after, after=self.before)

    def apply(self, image: Image, by: User | None) -> None:
        """Write the decision into the pairs."""
        decision = (
            {"different_by": by, "different_at": timezone.now()}
            if self.after
            else {"different_by": None, "different_at": None}
        )
        SimilarPair.objects.filter(first=image, second__in=[UUID(pk) for pk in self.titles]).update(**decision)

    def describe(self, reader: Reader) -> list[Difference]:
        """Return the titles of the other images."""
        what = _("Not a duplicate of") if self.after else _("Possible duplicate of")
        return [Difference(what, "", reader.title(pk, title)) for pk, title in self.titles.items()]

    def other_images(self) -> list[str]:
        """Return the ids of the other images."""
        return list(self.titles)

    def forget_image(self, image_id: str) -> "SimilarityDecision":
        """Return the change without the title of an image that was erased."""
        return replace(self, titles={pk: title for pk, title in self.titles.items() if pk != image_id})


@register
@dataclass(frozen=True)
class DuplicateMerge(metadata.MetadataChange):
    """What an image took over from its duplicates: metadata and tags."""

    kind = "merge"

    tag_names: dict[str, str] = field(default_factory=dict)
    tags_before: dict[str, str | None] = field(default_factory=dict)
    tags_after: dict[str, str | None] = field(default_factory=dict)

    @property
    def tags(self) -> tag_decisions.TagChange:
        """The tags alone."""
        return tag_decisions.TagChange(self.tag_names, self.tags_before, self.tags_after)

    def permissions(self, change: Change) -> set[str]:
        """Return the rights that changing its parts needs."""
        needed = super().permissions(change) if self.after else set()
        return needed | (self.tags.permissions(change) if self.tag_names else set())

    def is_current(self, image: Image) -> bool:
        """Return whether metadata and tags are as this change left them."""
        return super().is_current(image) and self.tags.is_current(image)

    def reversed(self) -> "DuplicateMerge":
        """Return the change back."""
        return DuplicateMerge(self.after, self.before, self.tag_names, self.tags_after, self.tags_before)

    def apply(self, image: Image, by: User | None) -> None:
        """Write metadata and tags."""
        super().apply(image, by)
        self.tags.apply(image, by)

    @classmethod
    def apply_all(cls, details: Details, by: User | None) -> Refusals:
        """Write metadata and tags of one image after the other: a merge is of one image."""
        return apply_each(details, by)

    def describe(self, reader: Reader) -> list[Difference]:
        """Return each field and each tag."""
        return [*super().describe(reader), *self.tags.describe(reader)]


@register
@dataclass(frozen=True)
class DuplicateArchival(StateChange):
    """A duplicate that was archived, and the image that took its place."""

    kind = "duplicate"

    kept_id: str = ""
    kept_title: str = ""

    def reversed(self) -> FieldChange:
        """Return the change back, which is one of the state alone."""
        return StateChange(self.after, self.before)

    def describe(self, reader: Reader) -> list[Difference]:
        """Return the state, and the image that was kept."""
        return [
            *super().describe(reader),
            Difference(_("Merged into"), "", reader.title(self.kept_id, self.kept_title)),
        ]

    def other_images(self) -> list[str]:
        """Return the id of the image that was kept."""
        return [self.kept_id]

    def forget_image(self, image_id: str) -> "DuplicateArchival":
        """Return the change without the title of an image that was erased."""
        return replace(self, kept_title="") if self.kept_id == image_id else self


def images_in_use(user: User | AnonymousUser) -> QuerySet[Image]:
    """Return the images among which duplicates matter to this person."""
    return similarity.in_use(access.visible_images(user))


def visible_pairs(user: User | AnonymousUser) -> QuerySet[SimilarPair]:
    """Return the pairs of images in use that look alike and that nobody has marked as different."""
    return similarity.undecided_pairs(images_in_use(user))


def count_similar(user: User | AnonymousUser, image: Image) -> int:
    """Return how many images look like this one, or are the same file."""
    return visible_pairs(user).filter(Q(first=image) | Q(second=image)).count()


class Groups:
    """All groups of images that look alike for this person, the newest first, from one question to the database.

    Of more than MOST_PAIRS pairs the newest count; the others follow as these are decided on.
    """

    def __init__(self, user: User | AnonymousUser) -> None:
        # Looked up for each pair: for a join PostgreSQL may read all images.
        moment = Image.objects.filter(pk=OuterRef("first")).order_by().values("created_at")
        ordered = visible_pairs(user).order_by(Subquery(moment[:1]).desc(), "first")
        pairs = ordered.values_list("first", "second")
        self._of: dict[UUID, set[UUID]] = {}
        for first, second in pairs[:MOST_PAIRS]:
            group, other = self._of.get(first, {first}), self._of.get(second, {second})
            larger, smaller = (group, other) if len(group) >= len(other) else (other, group)
            larger |= smaller
            self._of |= dict.fromkeys([first, second, *smaller], larger)
        self._order = list({id(group): group for group in self._of.values()}.values())

    def __len__(self) -> int:
        return len(self._order)

    def find_group(self, image_id: UUID) -> set[UUID]:
        """Return the ids of the image's group, including its own; empty when it has none."""
        return self._of.get(image_id, set())

    def beside(self, image_id: UUID | None, step: int) -> UUID | None:
        """Return an image of the group that is so many after the image's own; None when there is none.

        Without an image, or with one that has no group, the list begins before its first group.
        """
        group = self.find_group(image_id) if image_id else set()
        place = self._order.index(group) if group else -1
        position = place + step
        return min(self._order[position]) if 0 <= position < len(self._order) else None


def list_group(user: User | AnonymousUser, image_id: UUID, groups: Groups | None = None) -> list[Image]:
    """Return this image and those that look like it, or like one of those; the one to keep comes first."""
    ids = (groups or Groups(user)).find_group(image_id)
    images = images_in_use(user).filter(pk__in=ids).defer("label_raw").prefetch_related("renditions", "taggings__tag")
    images = images.prefetch_related(Prefetch("collections", access.visible_collections(user)))
    return sorted(images, key=_worth, reverse=True)[:MOST]


def _worth(image: Image) -> tuple[Any, ...]:
    """Return a sort key for the image to keep: it is public, the largest, has metadata, came first."""
    typed = sum(bool(getattr(image, name)) for name in MOVED)
    public = image.state == Image.State.PUBLISHED
    return public, image.width * image.height, typed, image.bytes, -image.created_at.timestamp()


def mark_different(change_set: ChangeSet, images: Sequence[Image], odd_one: Image | None = None) -> int:
    """Record that these are not the same picture, or that `odd_one` is not the same as the others."""
    ids = [image.pk for image in images]
    with transaction.atomic():
        pairs = SimilarPair.objects.select_for_update().filter(first__in=ids, second__in=ids, different_at=None)
        if odd_one:
            pairs = pairs.filter(Q(first=odd_one) | Q(second=odd_one))
        titles = {image.pk: image.title for image in images}
        decisions: dict[UUID, SimilarityDecision] = {}
        for pair in pairs:
            decision = decisions.setdefault(pair.first_id, SimilarityDecision({}))
            decision.titles[str(pair.second_id)] = titles[pair.second_id]
        SimilarPair.objects.filter(pk__in=[pair.pk for pair in pairs]).update(
            different_by=change_set.by, different_at=timezone.now()
        )
        for image in images:
            if image.pk in decisions:
                change_set.record(image, Action.MARKED_DIFFERENT, decisions[image.pk])
    return change_set.images


def select_published(kept_image: Image, others: Sequence[Image]) -> list[Image]:
    """Return those of the others whose public addresses will refuse when they are archived."""
    return [image for image in others if image.pk != kept_image.pk and image.state == Image.State.PUBLISHED]


def merge(
    change_set: ChangeSet, kept_image: Image, others: Sequence[Image], *, addresses_may_go: bool = False
) -> list[Image]:
    """Move what belongs to the others to the one that is kept, and archive them; nothing of them is deleted.

    Returns the others. Raises ValidationError when there is no other, or one of them is public and nobody agreed that
    its addresses go.
    """
    ids = [kept_image.pk, *(image.pk for image in others)]
    with transaction.atomic():
        locked = {image.pk: image for image in Image.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
        image, others = locked[kept_image.pk], [locked[other.pk] for other in others if other.pk != kept_image.pk]
        if not others:
            raise ValidationError(
                _("There is nothing to merge: the other images no longer exist or are already archived.")
            )
        if not addresses_may_go and (public := select_published(image, others)):
            sentence = _(
                "These images are published: %(titles)s. Their public addresses will stop working. "
                "Confirm this, or keep a published image."
            )
            raise ValidationError(sentence % {"titles": ", ".join(other.title for other in public)})
        metadata = _take_metadata(image, others)
        tags = _take_tags(change_set, image, others)
        index.update_entries([image.pk])
        merge = DuplicateMerge(metadata.before, metadata.after, tags.names, tags.before, tags.after)
        change_set.record(image, Action.DUPLICATES_MERGED, merge)
        revisions.record_change(image.pk)
        for other in others:
            for collection in other.collections.all():
                memberships.add_images(change_set, [image], collection)
        for other in others:
            state = StateChange.between(other, {"state": str(Image.State.ARCHIVED)})
            archival = DuplicateArchival(state.before, state.after, str(image.pk), image.title)
            archival.perform(change_set, other, Action.DUPLICATE_ARCHIVED)
    return others


def _take_metadata(image: Image, others: Sequence[Image]) -> FieldChange:
    """Give the image what it has none of, from the first of the others that has it."""
    candidates = {name: next((value for other in others if (value := getattr(other, name))), None) for name in MOVED}
    values = {name: value for name, value in candidates.items() if value and not getattr(image, name)}
    change = FieldChange.between(image, values)
    if values:
        change.apply(image, None)
    return change


def _take_tags(change_set: ChangeSet, image: Image, others: Sequence[Image]) -> tag_decisions.TagChange:
    """Accept on the kept image what was accepted on another; what a person rejected on it stays rejected."""
    change = tag_decisions.TagChange()
    taggings = {tagging.tag_id: tagging for tagging in image.taggings.select_related("tag")}
    accepted = Tagging.objects.filter(image__in=others, state=Tagging.State.ACCEPTED).select_related("tag")
    for tagging in accepted:
        existing = taggings.get(tagging.tag_id)
        if existing and existing.state != Tagging.State.SUGGESTED:
            continue
        # What nobody reviewed there is not reviewed by being moved.
        reviewed_at = timezone.now() if tagging.reviewed_at else None
        decision = {"state": Tagging.State.ACCEPTED, "reviewed_by": change_set.by, "reviewed_at": reviewed_at}
        claim = {"source": tagging.source, "confidence": tagging.confidence}
        taggings[tagging.tag_id], _created = Tagging.objects.update_or_create(
            image=image, tag=tagging.tag, defaults=decision, create_defaults={**claim, **decision}
        )
        change.add(tagging.tag, existing.state if existing else None, Tagging.State.ACCEPTED)
    return change
