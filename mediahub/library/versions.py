"""The files an image was made of: each is kept, and an earlier one can be made the image's file again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from mediahub.library import focus, likeness, revisions
from mediahub.library.activity import Act, as_text
from mediahub.library.models import Activity, Image, Rendition, Version
from processing import Missing, check_moment

# The fields of an image that its file decides.
FACTS = (
    "file_name",
    "format",
    "width",
    "height",
    "bytes",
    "sha256",
    "taken_at",
    "camera",
    "latitude",
    "longitude",
    "placeholder",
    "notes",
    "moderation",
    "moderation_checked",
    "embedded",
    "fingerprint",
    "colours",
    "proposed_x",
    "proposed_y",
    "cut_x",
    "cut_y",
)
# Those of another file would be wrong; a file that was not looked at has none.
LOOKS = ("fingerprint", "colours")
FILE = ("key", "width", "height", "bytes", "content_type", "sha256")


@dataclass(frozen=True)
class Original:
    """Where a file lies in the upload bucket, and who sent it."""

    key: str
    version_id: str
    by: User | None = None


def record(image: Image, original: Original) -> Version:
    """Make the file that the image was just made of its current version, within the caller's transaction."""
    held = image.versions.filter(key=original.key, version_id=original.version_id).first()
    before = image.versions.filter(current=True).first()
    if before == held:
        before = None
    if before:
        Version.objects.filter(pk=before.pk).update(current=False)
    if held is None:
        newest = image.versions.aggregate(newest=Max("number"))["newest"] or 0
        held = Version(image=image, number=newest + 1, key=original.key, version_id=original.version_id, by=original.by)
    held.current = True
    _note(held, image)
    held.save()
    if before:
        Act(original.by).note(image, Activity.Verb.REPLACED, {"version": [before.number, held.number]})
    return held


def refresh(image: Image) -> None:
    """Note the renditions that the image's current version has now, within the caller's transaction."""
    held = image.versions.filter(current=True).first()
    if held:
        _note(held, image)
        held.save(update_fields=["facts", "files"])


def _note(held: Version, image: Image) -> None:
    held.facts = {name: as_text(getattr(image, name)) for name in FACTS}
    held.files = {
        row["name"]: {name: row[name] for name in FILE} for row in image.renditions.order_by().values("name", *FILE)
    }


def is_current(image: Image, key: str, version_id: str) -> bool:
    """That the image is made of this very file; also of one whose versions nobody has counted yet."""
    current = image.versions.filter(current=True).first()
    return current is None or (current.key, current.version_id) == (key, version_id)


def restore(act: Act, image: Image, number: int) -> bool:
    """Make an earlier version the image's file again, with the renditions it had; False when it is so already."""
    with transaction.atomic():
        image = Image.objects.select_for_update().get(pk=image.pk)
        before = image.versions.filter(current=True).first()
        wanted = image.versions.get(number=number)
        if before is None or before.pk == wanted.pk:
            return False
        put_in_place(image, before, wanted)
        act.note(image, Activity.Verb.RESTORED, {"version": [before.number, wanted.number]})
        revisions.changed(image.pk)
        focus.follow(image)
    return True


def put_in_place(image: Image, before: Version, wanted: Version) -> None:
    """Make `wanted` the version the image is made of, within the caller's transaction."""
    Version.objects.filter(pk=before.pk).update(current=False)
    Version.objects.filter(pk=wanted.pk).update(current=True)
    columns = {column.name: column for column in Image._meta.concrete_fields}
    if wanted.facts.get("sha256") != image.sha256:
        # A look at one file is no look at another.
        image.moderation_seen_at = None
    for name in FACTS:
        # A version that was counted by an earlier release does not know of what came later.
        if name == "taken_at":
            image.taken_at = taken_at(wanted.facts)
        elif name in wanted.facts:
            setattr(image, name, columns[name].to_python(wanted.facts[name]))
        elif name in LOOKS:
            setattr(image, name, "")
        elif name in ("cut_x", "cut_y"):
            # It has no filled renditions, or they were cut who knows where.
            setattr(image, name, None)
    image.deleted_at = None
    image.save(update_fields=[*FACTS, "moderation_seen_at", "deleted_at", "updated_at"])
    image.renditions.all().delete()
    Rendition.objects.bulk_create(
        [Rendition(image=image, name=name, **fields) for name, fields in wanted.files.items()]
    )
    likeness.note(image)


def taken_at(facts: dict[str, Any]) -> datetime | None:
    """Return when the picture of a version was taken; None where the facts name no moment that every zone has."""
    try:
        return check_moment(datetime.fromisoformat(facts["taken_at"])) if facts.get("taken_at") else None
    except ValueError:
        return None


def current_file(image: Image) -> Original:
    """Where the file lies that the image is made of; raises Missing where nobody knows."""
    current = image.versions.filter(current=True).first()
    if current is None:
        raise Missing("unknown", "Nobody knows where its original is.")
    return Original(current.key, current.version_id, current.by)


def keys(image_id: Any) -> set[str]:
    """The keys of all renditions that some version of the image needs."""
    files = Version.objects.filter(image=image_id).values_list("files", flat=True)
    return {fields["key"] for version in files for fields in version.values()}


def came(image: Image) -> datetime:
    """When the file that the image is made of came."""
    current = image.versions.filter(current=True).first()
    return current.at if current else timezone.localtime(image.created_at)
