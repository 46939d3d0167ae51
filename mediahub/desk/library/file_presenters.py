"""What a version's file says of itself, in words, beside the one in use."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import date, filesizeformat
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mediahub.library.models import Version
from mediahub.library.versions import parse_taken_at


@dataclass(frozen=True)
class Fact:
    """One fact of a file; `differs` says that the one in use has another."""

    title: str
    value: str
    differs: bool


def _taken(facts: dict[str, Any]) -> str:
    taken = parse_taken_at(facts)
    return date(timezone.localtime(taken), "DATETIME_FORMAT") if taken else ""


FACTS: tuple[tuple[str | Promise, Callable[[dict[str, Any]], str]], ...] = (
    (_("Name"), lambda facts: facts["file_name"]),
    (_("Picture"), lambda facts: f"{facts['format']}, {facts['width']} × {facts['height']}"),
    (_("Size"), lambda facts: filesizeformat(facts["bytes"])),
    (_("Taken"), _taken),
    (_("Camera"), lambda facts: facts["camera"]),
    (_("SHA-256"), lambda facts: f"{facts['sha256'][:12]}…"),
)


def facts(version: Version, current: Version | None) -> list[Fact]:
    """The facts of a version that are known, compared with the one in use."""
    against = current.facts if current and current.pk != version.pk else version.facts
    told = [(title, say(version.facts), say(against)) for title, say in FACTS]
    return [Fact(str(title), value, value != other) for title, value, other in told if value]
