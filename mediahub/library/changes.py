"""What all kinds of change of an image have in common, and changes of its fields."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import ChangeKind, Difference, NotReverted, Reader
from mediahub.history.models import Action, Change
from mediahub.library import access, revisions
from mediahub.library.memberships import CHUNK_SIZE, split
from mediahub.library.models import Image
from mediahub.library.search import index

Details = Sequence[tuple[Image, "ImageChange"]]
# By the id of an image, why its change was not made.
Refusals = dict[UUID, NotReverted | ValidationError]


def to_json(value: Any) -> Any:
    """Return a field's value as JSON keeps it."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def lock_images(image_ids: Iterable[UUID | None], *fields: str) -> dict[UUID, Image]:
    """Return these images by their ids, with all fields or only some, locked until the end of the transaction.

    Whoever changes several images locks them first, in this order: so no two wait for each other.
    """
    images = Image.objects.select_for_update().filter(pk__in=[pk for pk in image_ids if pk]).order_by("pk")
    return {image.pk: image for image in (images.only(*fields) if fields else images.defer("label_raw"))}


def describe_refusal(error: NotReverted | ValidationError) -> str:
    """Return why a change was not made, in sentences."""
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)


@dataclass(frozen=True)
class ImageChange(ChangeKind):
    """A change of one image."""

    @abstractmethod
    def is_current(self, image: Image) -> bool:
        """Return whether everything is still as this change left it."""

    @abstractmethod
    def reversed(self) -> "ImageChange":
        """Return the change that takes the image back."""

    @abstractmethod
    def apply(self, image: Image, by: User | None) -> None:
        """Write the change, within the caller's transaction; raises ValidationError or NotReverted where it may not."""

    @classmethod
    def after_apply(cls, images: "Sequence[Image]") -> None:
        """Do what follows from the changes of these images once they are recorded."""

    @classmethod
    def select_current(cls, details: "Details") -> set[UUID]:
        """Return the ids of those of the images on which everything is still as the change left it."""
        return {image.pk for image, change in details if change.is_current(image)}

    @classmethod
    def apply_all(cls, details: "Details", by: User | None) -> "Refusals":
        """Write a change of each of several images; return by the image's id why it may not be made."""
        return apply_each(details, by)

    @classmethod
    def select_visible(cls, user: User, changes: Sequence[Change]) -> set[int]:
        """Return the ids of those of the changes whose image the person may see."""
        visible = access.visible_changes(user).filter(pk__in=[change.pk for change in changes])
        return set(visible.values_list("pk", flat=True))

    @classmethod
    def revert_all(cls, change_set: ChangeSet, changes: Sequence[Change]) -> Iterator[tuple[Change, str]]:
        """Apply the reverse of each in a few statements; yields those that are not current, or may not go back."""
        for chunk in split(changes):
            images = lock_images(change.image_id for change in chunk)
            details = [
                (images[change.image_id], change.detail)
                for change in chunk
                if change.image_id in images and isinstance(change.detail, cls)
            ]
            current = cls.select_current(details)
            reverts = [(image, detail.reversed()) for image, detail in details if image.pk in current]
            refusals = perform_all(change_set, reverts, Action.UNDONE, chunk[0].change_set)
            for change in chunk:
                if change.image_id not in current:
                    yield change, _("It has been changed again since then.")
                elif change.image_id in refusals:
                    yield change, describe_refusal(refusals[change.image_id])

    def perform(self, change_set: ChangeSet, image: Image, action: Action, undoes: UUID | None = None) -> None:
        """Apply the change, record it and tell the mirror, within the caller's transaction; raises as `apply` does."""
        for refusal in perform_all(change_set, [(image, self)], action, undoes).values():
            raise refusal


def apply_each(details: Details, by: User | None) -> Refusals:
    """Write the changes one after the other: return by the image's id why it may not be made."""
    refusals: Refusals = {}
    for image, change in details:
        try:
            with transaction.atomic():
                change.apply(image, by)
        except (NotReverted, ValidationError) as error:
            refusals[image.pk] = error
    return refusals


def perform_all(change_set: ChangeSet, details: Details, action: Action, undoes: UUID | None = None) -> Refusals:
    """Apply changes of one kind, record them and tell the mirror, within a transaction that has locked the images.

    No image occurs twice. Return by the image's id why its change was not made.
    """
    if not details:
        return {}
    cls = type(details[0][1])
    refusals = cls.apply_all(details, change_set.by)
    applied = [(image, change) for image, change in details if image.pk not in refusals]
    change_set.record_all(applied, action, undoes)
    revisions.record_changes(image.pk for image, _change in applied)
    cls.after_apply([image for image, _change in applied])
    return refusals


def _write_fields(details: "Sequence[tuple[Image, FieldChange]]") -> None:
    if not details:
        return
    names = sorted({name for _image, change in details for name in change.after})
    now = timezone.now()
    first = details[0][1].after
    if all(change.after == first for _image, change in details):
        values = {name: getattr(details[0][0], name) for name in names}
        Image.objects.filter(pk__in=[image.pk for image, _change in details]).update(**values, updated_at=now)
        return
    images = [image for image, _change in details]
    for image in images:
        image.updated_at = now
    Image.objects.bulk_update(images, [*names, "updated_at"], batch_size=CHUNK_SIZE)


@dataclass(frozen=True)
class FieldChange(ImageChange):
    """A change of fields of an image: their values as JSON keeps them, by name."""

    before: dict[str, Any]
    after: dict[str, Any]

    @classmethod
    def between(cls, image: Image, values: Mapping[str, Any]) -> Self:
        """Return the change that gives the image these values."""
        before = {name: to_json(getattr(image, name)) for name in values}
        return cls(before, {name: to_json(value) for name, value in values.items()})

    def is_current(self, image: Image) -> bool:
        """Return whether the fields still have the values that this change gave them."""
        return all(to_json(getattr(image, name)) == value for name, value in self.after.items())

    def reversed(self) -> "FieldChange":
        """Return the change back."""
        return replace(self, before=self.after, after=self.before)

    def check(self, image: Image) -> None:
        """Raise ValidationError where the image may not have these values."""

    def apply(self, image: Image, by: User | None) -> None:
        """Write the values."""
        for refusal in FieldChange.apply_all([(image, self)], by).values():
            raise refusal

    @classmethod
    def apply_all(cls, details: "Details", by: User | None) -> "Refusals":
        """Write the values of several images, in one statement for all of them."""
        refusals: Refusals = {}
        accepted: list[tuple[Image, FieldChange]] = []
        for image, change in details:
            if not isinstance(change, FieldChange):
                continue
            change.set_values(image)
            try:
                change.check(image)
            except ValidationError as error:
                refusals[image.pk] = error
            else:
                accepted.append((image, change))
        _write_fields(accepted)
        index.update_entries(image.pk for image, change in accepted if index.FIELDS & change.after.keys())
        return refusals

    def set_values(self, image: Image) -> None:
        """Give the image the values, without writing them."""
        columns = {column.name: column for column in Image._meta.concrete_fields}
        for name, value in self.after.items():
            setattr(image, name, columns[name].to_python(value))

    def describe(self, reader: Reader) -> list[Difference]:
        """Return each field with its values as a person reads them."""
        return [self._describe_field(name) for name in self.after]

    def _describe_field(self, name: str) -> Difference:
        # A row may name a field that this release does not have any more.
        column = next((column for column in Image._meta.concrete_fields if column.name == name), None)
        title = str(getattr(column, "verbose_name", name)).capitalize()
        return Difference(title, self.format(column, self.before[name]), self.format(column, self.after[name]))

    @staticmethod
    def format(column: "models.Field[Any, Any] | None", value: Any) -> str:
        """Return a value for a person to read. Its column says of what type it is, never how it looks."""
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if column is not None and column.choices:
            return str(dict(column.flatchoices).get(value, value))
        if not isinstance(column, models.DateField):
            return str(value)
        try:
            moment = column.to_python(value)
            if isinstance(moment, datetime):
                return date_format(localtime(moment), "DATETIME_FORMAT")
            return date_format(moment, "DATE_FORMAT")
        except (ValidationError, ValueError, OverflowError):
            # One value that cannot be read is no reason to show no page.
            return str(value)
