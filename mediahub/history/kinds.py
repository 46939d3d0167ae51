"""The base class for kinds of change, their registry, and the one place that reads and writes a change's JSON."""

from abc import ABC
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from mediahub.history.change_set import ChangeSet
    from mediahub.history.models import Change

_kinds: dict[str, "type[ChangeKind]"] = {}
K = TypeVar("K", bound="type[ChangeKind]")


class NotReverted(Exception):
    """Raised where a change cannot be reverted; says why in a sentence."""


@dataclass(frozen=True)
class Difference:
    """One line about a change for a page or a table; a side is empty where there was nothing."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Reader:
    """What one person may read in changes besides what is about each change's own image.

    `collections` are the ids of collections whose names may be shown, `images` the ids of other images whose titles
    may be; None stands for all.
    """

    collections: set[int] | None = None
    images: set[str] | None = None

    def title(self, image_id: str, title: str) -> str:
        """Return the title of another image, or what stands in its place for a person it is closed to."""
        return title if self.images is None or image_id in self.images else _("an image you don't have access to")


@dataclass(frozen=True)
class ChangeKind(ABC):
    """What one change did. A subclass's fields are the schema of its JSON: give each new field a default.

    A kind that can be reverted has a `permission`, or overrides `permissions`, and overrides `select_visible` and
    `revert`.
    """

    kind: ClassVar[str]
    # The right that making, and so reverting, such a change needs.
    permission: ClassVar[str]
    is_revertible: ClassVar[bool] = True
    is_about_image: ClassVar[bool] = True

    def encode(self) -> dict[str, Any]:
        """Return the change as JSON keeps it."""
        return asdict(self)

    @classmethod
    def decode(cls, data: dict[str, Any]) -> Self:
        """Return the change that JSON keeps."""
        return cls(**{field.name: data[field.name] for field in fields(cls) if field.name in data})

    def describe(self, reader: Reader) -> list[Difference]:
        """Return what changed, as far as the reader may know it."""
        return []

    def other_images(self) -> list[str]:
        """Return the ids of the images that the change names besides its own."""
        return []

    def forget_image(self, image_id: str) -> "ChangeKind":
        """Return the change without the words of another image that it names, because that image was erased."""
        return self

    def permissions(self, change: "Change") -> set[str]:
        """Return the rights that a person needs to revert the change: those that making such a change needs."""
        return {self.permission}

    @classmethod
    def select_visible(cls, user: User, changes: "Sequence[Change]") -> set[int]:
        """Return the ids of those changes that the person may see; all are of one change set and of this kind."""
        return set()

    def revert(self, change_set: "ChangeSet", change: "Change") -> None:
        """Put back what was before, as part of a change set; raises NotReverted where it is not current any more."""
        raise NotImplementedError

    @classmethod
    def revert_all(cls, change_set: "ChangeSet", changes: "Sequence[Change]") -> "Iterable[tuple[Change, str]]":
        """Revert changes of this kind, no two of one image; yields those that stay, and why, in a sentence."""
        for change in changes:
            try:
                with transaction.atomic():
                    change.detail.revert(change_set, change)
            except (NotReverted, ValidationError) as error:
                yield change, " ".join(error.messages) if isinstance(error, ValidationError) else str(error)


def register(cls: K) -> K:
    """Let changes of this kind be read."""
    _kinds[cls.kind] = cls
    return cls


def decode(kind: str, data: dict[str, Any]) -> ChangeKind:
    """Return the change of a row; one of a kind that this release does not know is an event."""
    return _kinds.get(kind, Event).decode(data)


def names_of(base: "type[ChangeKind]") -> list[str]:
    """Return the names of a kind and of all kinds that are made from it, to filter rows by."""
    return sorted(name for name, cls in _kinds.items() if issubclass(cls, base))


@register
@dataclass(frozen=True)
class Event(ChangeKind):
    """Something that is only logged: its action tells all, and there is nothing to revert."""

    kind = "event"
    is_revertible = False
