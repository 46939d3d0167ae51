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
from mediahub.desk.library import file_presenters
from mediahub.library import etags, versions
from mediahub.library.models import Image, Tagging, Version

register = template.Library()
register.filter("standing", desk_presenters.standing)
register.filter("explain", reasons.explain)
register.filter("job_title", jobs_presenters.title)
register.filter("mark", etags.image_etag)


@register.filter
def tone(state: str) -> str:
    """The colour that goes with a state."""
    return desk_presenters.TONES.get(state, "quiet")


@register.filter
def tag_state(state: str) -> str:
    """The state of a tagging in words; empty for none."""
    return str(Tagging.State(state).label) if state in Tagging.State.values else ""


@register.filter
def address(key: str) -> str:
    """Where the browser fetches the rendition with this key."""
    return address_of(key)


@register.filter
def chosen(choices: list[dict[str, Any]]) -> str:
    """What a filter is set to; empty when it is not set."""
    return next((str(choice["display"]) for choice in choices[1:] if choice["selected"]), "")


@register.filter
def step(name: str) -> str:
    """A step of the processing in plain words."""
    return str(desk_presenters.STEPS.get(name, name))


@register.filter
def ago(when: datetime) -> str:
    """How long ago something was, in the largest unit of which one has passed."""
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
def undoes(extra_tags: str) -> str:
    """The batch that a message offers to take back; empty when it offers none."""
    name, _sep, batch = (extra_tags or "").partition("undo-")
    return batch if not name else ""


@register.filter
def shown(version: Version) -> dict[str, Any] | None:
    """The rendition that stands for a version, as fields of Rendition."""
    return version.files.get("medium") or next(iter(version.files.values()), None)


@register.filter
def needs_look(version: Version) -> bool:
    """Return whether a person has to look at the version's file before a published image may show it."""
    return versions.needs_review(version)


@register.filter
def differences(version: Version, current: Version | None) -> list[file_presenters.Fact]:
    """What the version's file says of itself, and where the one in use says something else."""
    return file_presenters.facts(version, current)


@register.inclusion_tag("desk/picture.html")
def picture(image: Image | None, size: str = "small", alt: str = "", *, eager: bool = False) -> dict[str, Any]:
    """The rendition of this name, its placeholder behind it; an empty frame while there is none."""
    made = {rendition.name: rendition for rendition in image.renditions.all() if rendition.whole} if image else {}
    rendition = made.get(size) or next(iter(made.values()), None)
    return {"image": image, "rendition": rendition, "alt": alt, "eager": eager}
