"""The files an image was made of: each is kept, and an earlier one can be made the image's file again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import Difference, Reader, register
from mediahub.history.models import Action, Change
from mediahub.library import focal_point, publishing, revisions, similarity
from mediahub.library.changes import ImageChange, to_json
from mediahub.library.date_taken import parse_moment
from mediahub.library.models import Image, Rendition, Version
from mediahub.library.rendition_recipes import build_fields
from mediahub.library.search import index
from mediahub.reasons import build_error
from processing import Missing, StoredRendition

# The fields of an image that its file decides.
FACTS = (
    "file_name",
    "format",
    "width",
    "height",
    "bytes",
    "sha256",
    "taken_at",
    "taken_offset",
    "taken_guessed",
    "taken_day_only",
    "taken_day",
    "camera",
    "latitude",
    "longitude",
    "creators",
    "extended_description",
    "digital_source_type",
    "data_mining",
    "content_credentials",
    "placeholder",
    "notes",
    "moderation",
    "moderation_checked",
    "embedded",
    "fingerprint",
    "colors",
    "proposed_x",
    "proposed_y",
    "cut_x",
    "cut_y",
)
PLACE = ("latitude", "longitude")
FILE = (
    "name",
    "mode",
    "format",
    "key",
    "width",
    "height",
    "bytes",
    "content_type",
    "sha256",
    "recipe",
    "original_hash",
)


@dataclass(frozen=True)
class Original:
    """Where a file lies in the upload bucket, and who sent it.

    `may_go_out` says whether it may take the place of a file that the public sees: its sender may publish.
    """

    key: str
    version_id: str
    by: User | None = None
    may_go_out: bool = False


@register
@dataclass(frozen=True)
class VersionChange(ImageChange):
    """A file of an image that another one took the place of: the numbers of both versions."""

    kind = "version"

    before: int
    after: int

    def permissions(self, change: Change) -> set[str]:
        """Return the right to replace files, and that to publish where the public would see the other file."""
        is_published = change.image is not None and change.image.state == Image.State.PUBLISHED
        return {"library.replace_image"} | ({"library.publish_image"} if is_published else set())

    def is_current(self, image: Image) -> bool:
        """Return whether the image is still made of the version that this change put in place."""
        return image.versions.filter(current=True, number=self.after).exists()

    def reversed(self) -> "VersionChange":
        """Return the change back."""
        return replace(self, before=self.after, after=self.before)

    def apply(self, image: Image, by: User | None) -> None:
        """Put the other version in place; raises ValidationError where a published image may not show it."""
        put_in_place(image, image.versions.get(current=True), image.versions.get(number=self.after))
        publishing.check_file(image)

    @classmethod
    def after_apply(cls, images: Sequence[Image]) -> None:
        """Have the crops follow."""
        focal_point.request_crops_after_commit(images)

    def describe(self, reader: Reader) -> list[Difference]:
        """Return the numbers of both versions."""
        return [Difference(_("Version"), str(self.before), str(self.after))]


def make_current(image: Image, original: Original) -> Version:
    """Make the file that the image was just made of its current version, within the caller's transaction."""
    version = _find_or_number(image, original)
    before = image.versions.filter(current=True).first()
    if before == version:
        before = None
    if before:
        Version.objects.filter(pk=before.pk).update(current=False)
    version.current, version.waiting = True, False
    _set_files(version, image)
    version.save()
    if before:
        ChangeSet(original.by).record(image, Action.REPLACED, VersionChange(before.number, version.number))
    return version


def must_wait(image: Image, original: Original) -> bool:
    """Return whether a file may not take the place of the one that the public sees.

    `image` is as the file would make it. Its sender has to be allowed to publish, and what was flagged in it be seen.
    """
    if image.state != Image.State.PUBLISHED or is_current(image, original.key, original.version_id):
        return False
    return not original.may_go_out or bool(publishing.list_missing(image, ("moderation",)))


def add_waiting(image: Image, original: Original, files: Iterable[StoredRendition]) -> Version:
    """Keep a file beside the one that the public sees, until somebody who may publish decides; changes no image.

    `image` is as the file would make it. Call it within a transaction that holds the image's row.
    """
    version = _find_or_number(image, original)
    if version.pk is None:
        ChangeSet(original.by).record(image, Action.FILE_OFFERED)
    version.current, version.waiting = False, True
    version.facts = _facts(image)
    _set_renditions(version, [build_fields(rendition, image.sha256) for rendition in files])
    version.save()
    return version


def needs_review(version: Version) -> bool:
    """Return whether a person has to look at what is in the file before a published image may show it."""
    flagged, checked = version.facts.get("moderation"), version.facts.get("moderation_checked")
    unchecked = settings.MODERATION and checked != version.facts.get("sha256")
    return "moderation" in settings.PUBLISH_RULES and bool(flagged or unchecked)


def decline_waiting(change_set: ChangeSet, image: Image, number: int) -> bool:
    """Leave a waiting file out; it stays among the versions. Return False when it does not wait."""
    with transaction.atomic():
        declined = image.versions.filter(number=number, waiting=True).update(waiting=False)
        if declined:
            change_set.record(image, Action.FILE_DECLINED)
    return declined == 1


def _find_or_number(image: Image, original: Original) -> Version:
    known = Version.objects.filter(image=image.pk, key=original.key, version_id=original.version_id).first()
    if known:
        return known
    newest = Version.objects.filter(image=image.pk).aggregate(newest=Max("number"))["newest"] or 0
    return Version(image=image, number=newest + 1, key=original.key, version_id=original.version_id, by=original.by)


def update_current_files(image: Image) -> None:
    """Note the renditions that the image's current version has now, within the caller's transaction."""
    version = image.versions.filter(current=True).first()
    if version:
        _set_files(version, image)
        version.save(update_fields=["facts", "files", "rendition_bytes"])


def _set_files(version: Version, image: Image) -> None:
    version.facts = _facts(image)
    _set_renditions(version, list(image.renditions.values(*FILE)))


def _set_renditions(version: Version, files: list[dict[str, Any]]) -> None:
    version.files, version.rendition_bytes = files, sum(file["bytes"] for file in files)


def _facts(image: Image) -> dict[str, Any]:
    return {name: to_json(getattr(image, name)) for name in FACTS}


def is_current(image: Image, key: str, version_id: str) -> bool:
    """Return whether the image is made of this very file; true as well while it has no version."""
    current = image.versions.filter(current=True).first()
    return current is None or (current.key, current.version_id) == (key, version_id)


def is_made_of_key(image: Image, key: str) -> bool:
    """Return whether the image is made of a file under this key, whichever version of it."""
    current = image.versions.filter(current=True).first()
    return current is None or current.key == key


def restore(change_set: ChangeSet, image: Image, number: int, *, flags_seen: bool = False) -> bool:
    """Make another version the image's file, with the renditions it had; return False when it is so already.

    `flags_seen` says that the person has looked at what was flagged in it. Raises ValidationError for a published
    image where the person may not publish, or has not looked.
    """
    with transaction.atomic():
        image = Image.objects.select_for_update().get(pk=image.pk)
        before = image.versions.filter(current=True).first()
        target = image.versions.get(number=number)
        if before is None or before.pk == target.pk:
            return False
        if image.state == Image.State.PUBLISHED and not (
            change_set.by and change_set.by.has_perm("library.publish_image")
        ):
            raise ValidationError(
                _("The image is published, and the new file would go public. Ask a chief editor to do it.")
            )
        put_in_place(image, before, target)
        if flags_seen:
            image.moderation_seen_at = timezone.now()
            image.save(update_fields=["moderation_seen_at", "updated_at"])
        publishing.check_file(image)
        change_set.record(image, Action.RESTORED, VersionChange(before.number, target.number))
        revisions.record_change(image.pk)
        focal_point.request_crops_after_commit([image])
    return True


def put_in_place(image: Image, before: Version, target: Version) -> None:
    """Make `target` the version that the image is made of, within the caller's transaction."""
    Version.objects.filter(pk=before.pk).update(current=False)
    Version.objects.filter(pk=target.pk).update(current=True, waiting=False)
    columns = {column.name: column for column in Image._meta.concrete_fields}
    if target.facts.get("sha256") != image.sha256:
        # A look at one file is no look at another.
        image.moderation_seen_at = None
    for name in FACTS:
        if name == "taken_at":
            image.taken_at = parse_moment(target.facts.get("taken_at"))
        elif name in PLACE and not settings.STORE_LOCATION:
            # The version may be from when places were stored.
            setattr(image, name, None)
        elif name in target.facts:
            setattr(image, name, columns[name].to_python(target.facts[name]))
    image.deleted_at = None
    image.save(update_fields=[*FACTS, "moderation_seen_at", "deleted_at", "updated_at"])
    image.renditions.all().delete()
    Rendition.objects.bulk_create([Rendition(image=image, **fields) for fields in target.files])
    similarity.update_bands(image)
    index.update_entries([image.pk])


def get_current_file(image: Image) -> Original:
    """Return where the image's file lies; raises Missing where nobody knows."""
    current = image.versions.filter(current=True).first()
    if current is None:
        raise build_error(Missing, "original_unknown")
    return Original(current.key, current.version_id, current.by)


def list_rendition_keys(image_id: Any) -> set[str]:
    """Return the keys of all renditions that some version of the image needs."""
    files = Version.objects.filter(image=image_id).values_list("files", flat=True)
    return {fields["key"] for version in files for fields in version}
