"""Noting what was done, so that it can be told and taken back."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from django.db.models import Exists, OuterRef

from mediahub.library.models import Activity, Image

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Changes = dict[str, Any]
# A program that opens a table takes what begins so for a formula. Source: OWASP, CSV Injection.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class Act:
    """One act of a person on any number of images: `changed` counts them, `batch` is what undoes it.

    A batch that the act's sender made lets the act be sent again: `is_done_to` tells what it did before.
    """

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

    def note_all(self, noted: Iterable[tuple[Image, Changes]], verb: Activity.Verb, undoes: UUID | None = None) -> None:
        """Write down one change of each of many images in a few statements, within the transaction that makes them."""
        lines = [
            Activity(
                image=image,
                subject=image.title,
                verb=verb,
                changes=changes,
                by=self.by,
                batch=self.batch,
                undoes=undoes,
            )
            for image, changes in noted
        ]
        Activity.objects.bulk_create(lines, batch_size=500)
        self.changed += len(lines)

    def note_collection(self, name: str, verb: Activity.Verb, change: list[Any], undoes: UUID | None = None) -> None:
        """Write down a change of a collection itself: [its id, what it was or None, what it is or None]."""
        Activity.objects.create(
            subject=name, verb=verb, changes={"collection": change}, by=self.by, batch=self.batch, undoes=undoes
        )

    def note_word(self, subject: str, verb: Activity.Verb) -> None:
        """Write down a change of the vocabulary, which is of no single image and is not taken back."""
        Activity.objects.create(subject=subject[:200], verb=verb, by=self.by, batch=self.batch)

    def is_done_to(self, image: Image) -> bool:
        """That this act has changed the image already, under the lock of the image's row."""
        return Activity.objects.filter(batch=self.batch, by=self.by, image=image).exists()


def last_of(user: "User", image_ids: Iterable[UUID]) -> UUID | None:
    """The batch of this person's newest act on these images that is not itself an undoing and was not undone."""
    passed_over = [Activity.Verb.UNDONE, *Activity.LASTING]
    own = Activity.objects.filter(by=user, image__in=image_ids).exclude(verb__in=passed_over)
    undone = Activity.objects.filter(undoes=OuterRef("batch"))
    return own.exclude(Exists(undone)).values_list("batch", flat=True).first()


def as_text(value: Any) -> Any:
    """A field's value as JSON keeps it."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def harmless(cell: str) -> str:
    """The cell of a table so that no program takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
