"""Images that are there twice or look alike: found in groups, told apart by a person, or merged into one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.library import access, collections, revisions, similarity
from mediahub.library.activity import Act, as_text
from mediahub.library.models import Activity, Image, Likeness, Tagging

# What is moved to an image that has none of its own.
MOVED = ("alt_text", "caption", "credit", "licence", "rights_until")
MOST = 24
MOST_PAIRS = 20_000


def of_use(user: User | AnonymousUser) -> QuerySet[Image]:
    """The images among which duplicates matter to this person."""
    return similarity.in_use(access.visible(user))


def alike(user: User | AnonymousUser) -> QuerySet[Likeness]:
    """The pairs of images in use that look alike, and that nobody has said are different."""
    return similarity.pairs(of_use(user))


def number(user: User | AnonymousUser, image: Image) -> int:
    """How many images look like this one, or are the same file."""
    return alike(user).filter(Q(first=image) | Q(second=image)).count()


class Groups:
    """All groups of images that look alike for this person, the newest first, from one question to the database.

    Of more than MOST_PAIRS pairs the newest count; the others follow as these are decided on.
    """

    def __init__(self, user: User | AnonymousUser) -> None:
        pairs = alike(user).order_by("-first__created_at", "first").values_list("first", "second")
        self._of: dict[UUID, set[UUID]] = {}
        for first, second in pairs[:MOST_PAIRS]:
            one, other = self._of.get(first, {first}), self._of.get(second, {second})
            larger, smaller = (one, other) if len(one) >= len(other) else (other, one)
            larger |= smaller
            self._of |= dict.fromkeys([first, second, *smaller], larger)
        self._order = list({id(held): held for held in self._of.values()}.values())

    def __len__(self) -> int:
        return len(self._order)

    def of(self, image_id: UUID) -> set[UUID]:
        """The ids of the image's group, its own included; empty when it has none."""
        return self._of.get(image_id, set())

    def beside(self, image_id: UUID | None, step: int) -> UUID | None:
        """An image of the group that is so many after the image's own; None when there is none.

        Without an image, or with one that has no group, the list begins before its first group.
        """
        held = self.of(image_id) if image_id else set()
        place = self._order.index(held) if held else -1
        wanted = place + step
        return min(self._order[wanted]) if 0 <= wanted < len(self._order) else None


def group(user: User | AnonymousUser, image_id: UUID, groups: Groups | None = None) -> list[Image]:
    """This image and those that look like it, or like one of those; the one to be kept first. Empty without any."""
    ids = (groups or Groups(user)).of(image_id)
    images = of_use(user).filter(pk__in=ids).defer("label_raw").prefetch_related("renditions", "taggings__tag")
    images = images.prefetch_related(Prefetch("collections", access.collections(user)))
    return sorted(images, key=_worth, reverse=True)[:MOST]


def _worth(image: Image) -> tuple[Any, ...]:
    """What makes an image the one to keep: its address is out, it is the largest, it has words, it came first."""
    typed = sum(bool(getattr(image, name)) for name in MOVED)
    public = image.state == Image.State.PUBLISHED
    return public, image.width * image.height, typed, image.bytes, -image.created_at.timestamp()


def part(act: Act, images: Sequence[Image], one: Image | None = None) -> int:
    """Note that these are not the same picture, or with `one` that this is not the same as the others."""
    ids = [image.pk for image in images]
    with transaction.atomic():
        pairs = Likeness.objects.select_for_update().filter(first__in=ids, second__in=ids, parted_at=None)
        if one:
            pairs = pairs.filter(Q(first=one) | Q(second=one))
        titles = {image.pk: image.title for image in images}
        told: dict[UUID, list[list[Any]]] = {}
        for pair in pairs:
            told.setdefault(pair.first_id, []).append([str(pair.second_id), titles[pair.second_id], False, True])
        Likeness.objects.filter(pk__in=[pair.pk for pair in pairs]).update(parted_by=act.by, parted_at=timezone.now())
        for image in images:
            if image.pk in told:
                act.note(image, Activity.Verb.PARTED, {"parted": told[image.pk]})
    return act.changed


def public_beside(kept: Image, others: Sequence[Image]) -> list[Image]:
    """Those of the others whose public addresses will refuse when they are archived."""
    return [image for image in others if image.pk != kept.pk and image.state == Image.State.PUBLISHED]


@dataclass
class Kept:
    """What came of it: the image that stayed, with `fields` and `tags` as its Activity tells them, and the others."""

    image: Image
    others: list[Image]
    fields: dict[str, list[Any]] = field(default_factory=dict)
    tags: list[list[Any]] = field(default_factory=list)


def keep(act: Act, kept: Image, others: Sequence[Image], *, addresses_may_go: bool = False) -> Kept:
    """Move what belongs to the others to the one that is kept, and archive them; nothing of them is deleted.

    Raises ValidationError when there is no other, or one of them is public and nobody agreed that its addresses go.
    """
    ids = [kept.pk, *(image.pk for image in others)]
    with transaction.atomic():
        held = {image.pk: image for image in Image.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
        done = Kept(held[kept.pk], [held[image.pk] for image in others if image.pk != kept.pk])
        if not done.others:
            raise ValidationError(_("There is nothing to merge: the others are gone, or archived already."))
        if not addresses_may_go and (public := public_beside(done.image, done.others)):
            raise ValidationError(_refusing(public))
        _move_words(done)
        _move_tags(act, done)
        changes = {"fields": done.fields, "tags": done.tags}
        act.note(done.image, Activity.Verb.TOOK_OVER, changes)
        revisions.changed(done.image.pk)
        for image in done.others:
            collections.carry_over(act, image, done.image)
        _archive(act, done)
    return done


def _refusing(public: list[Image]) -> str:
    said = _("Published: %(titles)s. The public addresses will refuse. Agree to that, or keep a published one.")
    return said % {"titles": ", ".join(image.title for image in public)}


def _move_words(done: Kept) -> None:
    for name in MOVED:
        before = getattr(done.image, name)
        found = next((getattr(image, name) for image in done.others if getattr(image, name)), None)
        if not before and found:
            setattr(done.image, name, found)
            done.fields[name] = [as_text(before), as_text(found)]
    if done.fields:
        done.image.save(update_fields=[*done.fields, "updated_at"])


def _move_tags(act: Act, done: Kept) -> None:
    """Accept on the kept image what was accepted on another; what a person rejected on it stays rejected."""
    own = {tagging.tag_id: tagging for tagging in done.image.taggings.select_related("tag")}
    accepted = Tagging.objects.filter(image__in=done.others, state=Tagging.State.ACCEPTED).select_related("tag")
    for tagging in accepted:
        held = own.get(tagging.tag_id)
        if held and held.state != Tagging.State.SUGGESTED:
            continue
        before = held.state if held else None
        # What nobody reviewed there is not reviewed by being moved.
        reviewed_at = timezone.now() if tagging.reviewed_at else None
        decided = {"state": Tagging.State.ACCEPTED, "reviewed_by": act.by, "reviewed_at": reviewed_at}
        claim = {"source": tagging.source, "confidence": tagging.confidence}
        own[tagging.tag_id], _created = Tagging.objects.update_or_create(
            image=done.image, tag=tagging.tag, defaults=decided, create_defaults={**claim, **decided}
        )
        done.tags.append([tagging.tag_id, tagging.tag.name, before, str(Tagging.State.ACCEPTED)])


def _archive(act: Act, done: Kept) -> None:
    into = [str(done.image.pk), done.image.title]
    for image in done.others:
        before, image.state = image.state, Image.State.ARCHIVED
        image.save(update_fields=["state", "updated_at"])
        revisions.changed(image.pk)
        act.note(image, Activity.Verb.FOLDED, {"fields": {"state": [before, str(image.state)]}, "into": into})
