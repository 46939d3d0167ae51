"""What editors type about images: title, alt text, caption, credit, copyright notice, license and rights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import register
from mediahub.history.models import Action
from mediahub.library import field_edits, publishing
from mediahub.library.changes import FieldChange
from mediahub.library.field_edits import UNSEEN, Conflicted, Edit
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


def copy_from_file(change_set: ChangeSet, image: Image, name: str, seen: Any = UNSEEN) -> bool:
    """Copy a field from the file; `seen` is what it said before. Returns False when the file has none for it.

    Raises what `edit` raises.
    """
    if name not in FIELDS or not image.embedded.get(name):
        return False
    column = {column.name: column for column in Image._meta.concrete_fields}[name]
    edit(change_set, image, {name: Edit(column.to_python(image.embedded[name]), seen)})
    return True
