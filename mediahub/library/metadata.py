"""What editors type about images: title, alt text, caption, credit, copyright notice, license and rights."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import register
from mediahub.history.models import Action
from mediahub.library import field_edits, publishing
from mediahub.library.changes import FieldChange, Refusals, lock_images, perform_all
from mediahub.library.field_edits import UNSEEN, Conflict, Conflicted, Edit
from mediahub.library.memberships import split
from mediahub.library.models import Image
from processing import is_storable

FIELDS = ("title", "alt_text", "caption", "credit", "copyright", "license", "license_url", "rights_until")


@register
@dataclass(frozen=True)
class MetadataChange(FieldChange):
    """A change of what an editor types about an image."""

    kind = "metadata"
    permission = "library.change_image"

    def check(self, image: Image) -> None:
        """Raise ValidationError where a published image would be left without what it must have."""
        publishing.check_metadata(image)


def edit(change_set: ChangeSet, image: Image, edits: Mapping[str, Edit]) -> None:
    """Write the fields that an editor changed, and no others.

    Raises Conflicted, having written nothing, where somebody else has changed one of them since it was seen, and
    ValidationError when the image may not go without what it had.
    """
    with transaction.atomic():
        current = Image.objects.select_for_update().get(pk=image.pk)
        values, conflicting = field_edits.merge_edits({name: getattr(current, name) for name in edits}, edits)
        if conflicting:
            raise Conflicted([field_edits.build_conflict(current, name, edits[name].value) for name in conflicting])
        if not values:
            return
        MetadataChange.between(current, values).perform(change_set, current, Action.EDITED)


@dataclass
class Edited:
    """What came of edits of several images: the conflicts of each, and why its change was not made."""

    conflicts: dict[UUID, list[Conflict]] = dataclass_field(default_factory=dict)
    refusals: Refusals = dataclass_field(default_factory=dict)


def edit_all(change_set: ChangeSet, edits: Mapping[UUID, Mapping[str, Edit]]) -> Edited:
    """Write the fields of each image that an editor changed, as `edit` does, in a few statements."""
    result = Edited()
    with transaction.atomic():
        for chunk in split(edits):
            _edit_chunk(change_set, {image_id: edits[image_id] for image_id in chunk}, result)
    return result


def _edit_chunk(change_set: ChangeSet, edits: Mapping[UUID, Mapping[str, Edit]], result: Edited) -> None:
    details = []
    for image in lock_images(edits).values():
        fields = edits[image.pk]
        values, conflicting = field_edits.merge_edits({name: getattr(image, name) for name in fields}, fields)
        if conflicting:
            conflicts = [field_edits.build_conflict(image, name, fields[name].value) for name in conflicting]
            result.conflicts[image.pk] = conflicts
        elif values:
            details.append((image, MetadataChange.between(image, values)))
    result.refusals |= perform_all(change_set, details, Action.EDITED)


def set_field(change_set: ChangeSet, images: Mapping[UUID, Image], name: str, value: str, since: datetime) -> Edited:
    """Put one text into a field of all these images, but where somebody else has changed it since a moment."""
    theirs = field_edits.find_changes_by_others(change_set.by, name, images, since)
    conflicts = {
        pk: [Conflict(name, getattr(images[pk], name), value, change.by, change.at)]
        for pk, change in theirs.items()
        if not field_edits.is_same(getattr(images[pk], name), value)
    }
    edits = {pk: {name: Edit(value, getattr(image, name))} for pk, image in images.items() if pk not in conflicts}
    result = edit_all(change_set, edits)
    result.conflicts |= conflicts
    return result


def find_problems(name: str, text: str) -> list[str]:
    """Return a sentence for each reason why an image's field of this name cannot hold the text."""
    field: Any = Image._meta.get_field(name)
    label = str(field.verbose_name).capitalize()
    if len(text) > field.max_length:
        sentence = _("%(field)s: at most %(limit)d characters; this one has %(n)d.")
        return [sentence % {"field": label, "limit": field.max_length, "n": len(text)}]
    if not is_storable(text):
        return [_("%(field)s: contains invalid characters. Enter it again.") % {"field": label}]
    try:
        if text:
            field.run_validators(text)
    except ValidationError as error:
        return [f"{label}: {sentence}" for sentence in error.messages]
    return []


def clean_line(name: str, text: str) -> str:
    """Return a text for a field on one line; raise ValidationError for none, or for one that the field cannot hold."""
    value = " ".join(field_edits.normalize(text).split())
    title = field_edits.get_label(name).capitalize()
    if problems := find_problems(name, value) if value else [_("%(field)s: enter a text.") % {"field": title}]:
        raise ValidationError(problems)
    return value


def copy_from_file(change_set: ChangeSet, image: Image, name: str, seen: Any = UNSEEN) -> bool:
    """Copy a field from the file; `seen` is what it said before. Returns False when the file has none for it.

    Raises what `edit` raises.
    """
    if name not in FIELDS or not image.embedded.get(name):
        return False
    column = {column.name: column for column in Image._meta.concrete_fields}[name]
    edit(change_set, image, {name: Edit(column.to_python(image.embedded[name]), seen)})
    return True
