"""What all kinds of change of an image have in common, and changes of its fields."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import ChangeKind, Difference, NotReverted, Reader
from mediahub.history.models import Action, Change
from mediahub.library import access, revisions
from mediahub.library.models import Image
from mediahub.library.search import index


def to_json(value: Any) -> Any:
    """Return a field's value as JSON keeps it."""
    return value.isoformat() if hasattr(value, "isoformat") else value


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

    def after_apply(self, image: Image) -> None:
        """Do what follows from the change once it is recorded."""

    @classmethod
    def select_visible(cls, user: User, changes: Sequence[Change]) -> set[int]:
        """Return the ids of those of the changes whose image the person may see."""
        visible = access.visible_changes(user).filter(change_set=changes[0].change_set).values_list("pk", flat=True)
        return set(visible) & {change.pk for change in changes}

    def revert(self, change_set: ChangeSet, change: Change) -> None:
        """Apply the reverse; raises NotReverted or ValidationError where the image has changed or may not go back."""
        image = Image.objects.select_for_update().filter(pk=change.image_id).first() if change.image_id else None
        if image is None or not self.is_current(image):
            raise NotReverted(_("It has been changed again since then."))
        self.reversed().perform(change_set, image, Action.UNDONE, change.change_set)

    def perform(self, change_set: ChangeSet, image: Image, action: Action, undoes: UUID | None = None) -> None:
        """Apply the change, record it and tell the mirror, within the caller's transaction."""
        self.apply(image, change_set.by)
        change_set.record(image, action, self, undoes)
        revisions.record_change(image.pk)
        self.after_apply(image)


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
        columns = {column.name: column for column in Image._meta.concrete_fields}
        for name, value in self.after.items():
            setattr(image, name, columns[name].to_python(value))
        self.check(image)
        image.save(update_fields=[*self.after, "updated_at"])
        if index.FIELDS & self.after.keys():
            index.update_entries([image.pk])

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
