"""Images side by side: what each says of itself, and where they say different things."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.template.defaultfilters import date, filesizeformat
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mediahub.desk.library.file_facts import describe_date_taken
from mediahub.library.models import Image, Tagging


@dataclass(frozen=True)
class ComparisonRow:
    """One fact: a value for each image, in their order; `differs` says that they are not all the same."""

    title: str
    values: list[str]
    differs: bool


def _list_tags(image: Image) -> str:
    names = [tagging.tag.name for tagging in image.taggings.all() if tagging.state == Tagging.State.ACCEPTED]
    return ", ".join(sorted(names, key=str.casefold))


def _list_collections(image: Image) -> str:
    return ", ".join(sorted((collection.name for collection in image.collections.all()), key=str.casefold))


FACTS: tuple[tuple[str | Promise, Callable[[Image], str]], ...] = (
    (_("State"), lambda image: image.get_state_display()),
    (_("Pixels"), lambda image: f"{image.width} × {image.height}"),
    (_("Size"), lambda image: filesizeformat(image.bytes)),
    (_("Format"), lambda image: image.format),
    (_("Taken"), lambda image: describe_date_taken(vars(image))),
    (_("Camera"), lambda image: image.camera),
    (_("Uploaded"), lambda image: date(timezone.localtime(image.created_at), "DATETIME_FORMAT")),
    (_("File name"), lambda image: image.file_name),
    (_("SHA-256"), lambda image: f"{image.sha256[:12]}…"),
    (_("Alt text"), lambda image: image.alt_text),
    (_("Caption"), lambda image: image.caption),
    (_("Credit"), lambda image: image.credit),
    (_("Copyright notice"), lambda image: image.copyright),
    (_("License"), lambda image: image.license),
    (_("Address of the license"), lambda image: image.license_url),
    (_("Rights valid until"), lambda image: date(image.rights_until, "DATE_FORMAT") if image.rights_until else ""),
    (_("Accepted tags"), _list_tags),
    (_("Collections"), _list_collections),
)


def compare_images(images: Sequence[Image]) -> list[ComparisonRow]:
    """Return the facts that at least one image has; no query on images from `duplicates.group`."""
    facts = [(str(title), [say(image) for image in images]) for title, say in FACTS]
    return [ComparisonRow(title, values, len(set(values)) > 1) for title, values in facts if any(values)]
