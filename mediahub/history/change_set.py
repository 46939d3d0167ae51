"""Recording what one action of a person changes, so that it can be shown and undone as one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from uuid import UUID, uuid4

from mediahub.history.kinds import ChangeKind, Event
from mediahub.history.models import Action, Change
from processing import MAX_LENGTHS

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Subject(Protocol):
    """The image that a change is about."""

    pk: UUID
    title: str


@dataclass
class ChangeSet:
    """Everything that one action of a person changes; `images` counts the changes of images recorded so far.

    An id that the action's sender made lets the action be sent again: `has_changed` tells what it did before.
    """

    by: "User | None"
    id: UUID = field(default_factory=uuid4)
    images: int = 0

    def record(
        self, image: Subject, action: Action, detail: ChangeKind | None = None, undoes: UUID | None = None
    ) -> None:
        """Record one change of an image, within the transaction that makes it."""
        self.record_all([(image, detail or Event())], action, undoes)

    def record_all(
        self, details: Iterable[tuple[Subject, ChangeKind]], action: Action, undoes: UUID | None = None
    ) -> None:
        """Record one change of each of many images in a few statements, within the transaction that makes them."""
        rows = [self._build(image.title, action, detail, undoes, image.pk) for image, detail in details]
        Change.objects.bulk_create(rows, batch_size=500)
        self.images += len(rows)

    def record_other(
        self, subject: str, action: Action, detail: ChangeKind | None = None, undoes: UUID | None = None
    ) -> None:
        """Record a change of something that is no image: a collection, or a word of the vocabulary."""
        self._build(subject[: MAX_LENGTHS["title"]], action, detail or Event(), undoes).save(force_insert=True)

    def has_changed(self, image_id: UUID) -> bool:
        """Return whether this change set has changed the image already; ask it under the lock of the image's row."""
        return Change.objects.filter(change_set=self.id, by=self.by, image=image_id).exists()

    def _build(
        self, subject: str, action: Action, detail: ChangeKind, undoes: UUID | None, image_id: UUID | None = None
    ) -> Change:
        return Change(
            change_set=self.id,
            undoes=undoes,
            by=self.by,
            action=action,
            kind=detail.kind,
            image_id=image_id,
            subject=subject,
            data=detail.encode(),
        )
