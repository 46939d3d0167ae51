"""How templates show pictures, states and filters."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mediahub import reasons
from mediahub.delivery.addresses import build_address as address_of
from mediahub.desk import presenters as desk_presenters
from mediahub.desk.jobs import presenters as jobs_presenters
from mediahub.desk.library import file_facts
from mediahub.desk.upload import presenters as upload_presenters
from mediahub.library import etags, rendition_choice, versions
from mediahub.library.models import Image, Rendition, Tagging, Version
from processing.formats import get_output

# What stands beside another picture is at most so many pixels wide and high.
MEDIUM_EDGE = 512

register = template.Library()
register.filter("upload_status", upload_presenters.describe_status)
register.filter("explain", reasons.explain)
register.filter("job_title", jobs_presenters.describe_job)
register.filter("mark", etags.image_etag)
register.filter("image_facts", file_facts.list_image_facts)


@register.filter
def tone(state: str) -> str:
    """Return the color that goes with a state."""
    return desk_presenters.TONES.get(state, "quiet")


@register.filter
def tag_state(state: str) -> str:
    """Return the state of a tagging in words; empty for none."""
    return str(Tagging.State(state).label) if state in Tagging.State.values else ""


@register.filter
def address(key: str) -> str:
    """Return where the browser fetches the rendition with this key."""
    return address_of(key)


@register.filter
def selected_choice(choices: list[dict[str, Any]]) -> str:
    """Return the choice of a filter; empty when none is set."""
    return next((str(choice["display"]) for choice in choices[1:] if choice["selected"]), "")


@register.filter
def step(name: str) -> str:
    """Return a processing step in plain words."""
    return str(upload_presenters.STEPS.get(name, name))


@register.filter
def ago(when: datetime) -> str:
    """Return how long ago a moment was, in the largest unit of which one has passed."""
    minutes = (timezone.now() - when) // timedelta(minutes=1)
    hours, days = minutes // 60, minutes // (60 * 24)
    years = days // 365
    if years >= 1:
        return ngettext("%(n)d year ago", "%(n)d years ago", years) % {"n": years}
    if days >= 1:
        return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}
    if hours >= 1:
        return ngettext("%(n)d hour ago", "%(n)d hours ago", hours) % {"n": hours}
    if minutes >= 1:
        return ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    return _("just now")


@register.filter
def undo_id(extra_tags: str) -> str:
    """Return the id of the action that a message offers to undo; empty when it offers none."""
    name, _sep, batch = (extra_tags or "").partition("undo-")
    return batch if not name else ""


@register.filter
def main_file(version: Version) -> Rendition | None:
    """Return the rendition that represents a version."""
    return rendition_choice.choose_version_fit(version.files, MEDIUM_EDGE)


@register.filter
def format_label(name: str) -> str:
    """Return what people call the format of a rendition."""
    return get_output(name).label


@register.filter
def fit(image: Image, edge: int) -> Rendition | None:
    """Return the rendition that shows the whole image within so many pixels a side."""
    return rendition_choice.choose_fit(image, edge)


@register.filter
def needs_look(version: Version) -> bool:
    """Return whether a person has to look at the version's file before a published image may show it."""
    return versions.needs_review(version)


@register.filter
def differences(version: Version, current: Version | None) -> list[file_facts.FileFact]:
    """Return the facts of the version's file, marked where the file in use differs."""
    return file_facts.compare_files(version, current)


@register.inclusion_tag("desk/picture.html")
def picture(image: Image | None, edge: int = 256, alt: str = "", *, eager: bool = False) -> dict[str, Any]:
    """Show the whole image within so many pixels a side, in front of its placeholder; an empty frame without a file.

    The browser fetches the modern format if it shows it, and else the other one.
    """
    rendition = rendition_choice.choose_fit(image, edge) if image else None
    modern = rendition_choice.find_modern(image, rendition) if image and rendition else None
    return {"image": image, "rendition": rendition, "modern": modern, "alt": alt, "eager": eager}
