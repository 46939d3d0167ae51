"""Undoing a change set, as far as it is still current, and as far as the person may make such changes now."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import ChangeKind, Event
from mediahub.history.models import Action, Change


@dataclass
class UndoResult:
    """What came of it: `change_set` counts the images, `reverted` all changes.

    `staying` are the changes that stay, and why; `hidden` counts those that the person may not see.
    """

    change_set: ChangeSet
    staying: list[tuple[Change, str]] = field(default_factory=list)
    reverted: int = 0
    hidden: int = 0

    @property
    def refused(self) -> list[str]:
        """Return what stays, and why, in sentences."""
        sentence = _("%(title)s was not changed. %(why)s")
        sentences = [sentence % {"title": change.subject, "why": why} for change, why in self.staying]
        if not self.hidden:
            return sentences
        text = ngettext(
            "%(n)d change was not undone, because you don't have access to what it changed.",
            "%(n)d changes were not undone, because you don't have access to what they changed.",
            self.hidden,
        )
        return [*sentences, text % {"n": self.hidden}]


def undo(
    user: User, change_set_id: UUID, change_set: ChangeSet | None = None, only: Collection[int] | None = None
) -> UndoResult:
    """Undo a change set, as part of another one: everything goes back, unless it was changed again since.

    With `only`, the ids of its newest changes, undo no more than these.

    Each change needs the right to make such a change, now; a change of an image or a collection that the person may
    not see stays, and nothing is said of it but that it is there.
    """
    result = UndoResult(change_set or ChangeSet(user))
    with transaction.atomic():
        changes = Change.objects.filter(change_set=change_set_id).exclude(kind=Event.kind)
        changes = changes.select_related("image").defer("image__label_raw")
        changes = changes if only is None else changes.filter(pk__in=only)
        visible_ids: set[int] = set()
        for cls in {type(change.detail) for change in changes}:
            visible_ids |= cls.select_visible(user, [change for change in changes if type(change.detail) is cls])
        visible = [change for change in changes if change.pk in visible_ids]
        for layer in _sort_into_layers(visible):
            for cls, group in layer.items():
                _revert_group(result, user, cls, group)
        result.hidden = len(changes) - len(visible)
    return result


def _sort_into_layers(changes: Iterable[Change]) -> list[dict[type[ChangeKind], list[Change]]]:
    """Return the changes by their kind, in layers to be reverted one after the other.

    Of the changes of one image each is in a layer of its own, in their order; what is about no image alone, such as
    the deletion of a collection, is behind all that came before it and before all that came after.
    """
    layers: list[dict[type[ChangeKind], list[Change]]] = []
    depths: dict[UUID, int] = {}
    floor = 0
    for change in changes:
        is_alone = change.image_id is not None and change.detail.is_about_image and not change.detail.other_images()
        depth = depths.get(change.image_id, floor) if is_alone and change.image_id else len(layers)
        while len(layers) <= depth:
            layers.append({})
        layers[depth].setdefault(type(change.detail), []).append(change)
        if is_alone and change.image_id:
            depths[change.image_id] = depth + 1
        else:
            floor, depths = depth + 1, {}
    return layers


def _revert_group(result: UndoResult, user: User, cls: type[ChangeKind], changes: Iterable[Change]) -> None:
    """Revert changes of one kind, as far as the person has the right to each of them."""
    by_right: dict[bool, list[Change]] = {True: [], False: []}
    for change in changes:
        by_right[user.has_perms(change.detail.permissions(change))].append(change)
    forbidden = _("You don't have permission to make this change. Ask a chief editor.")
    result.staying += [(change, forbidden) for change in by_right[False]]
    staying = list(cls.revert_all(result.change_set, by_right[True]))
    result.staying += staying
    result.reverted += len(by_right[True]) - len(staying)


def find_last_change_set(user: User, image_ids: Iterable[UUID]) -> UUID | None:
    """Return the person's newest change set on these images that undoes nothing and was not undone."""
    changes = Change.objects.filter(by=user, image__in=image_ids).exclude(kind=Event.kind)
    undone = Change.objects.filter(undoes=OuterRef("change_set"))
    candidates = changes.exclude(action=Action.UNDONE).exclude(Exists(undone))
    return candidates.values_list("change_set", flat=True).first()


def was_undone(change_set_id: UUID) -> bool:
    """Return whether somebody has undone some of a change set."""
    return Change.objects.filter(undoes=change_set_id).exists()
