"""The facts of a file in words: when and how the picture was made, and where versions of it differ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub.library.date_taken import read_date_taken
from mediahub.library.models import Image, Version

# Source: IPTC NewsCodes, "Digital Source Type"; the last part of each URI.
SOURCE_TYPES: Mapping[str, str | Promise] = {
    "digitalCapture": gettext_lazy("Taken with a digital camera"),
    "computationalCapture": gettext_lazy("Taken with a digital camera, combined from several exposures"),
    "negativeFilm": gettext_lazy("Digitized from a negative"),
    "positiveFilm": gettext_lazy("Digitized from a slide"),
    "print": gettext_lazy("Digitized from a print"),
    "humanEdits": gettext_lazy("Edited by a person"),
    "minorHumanEdits": gettext_lazy("Edited by a person"),
    "algorithmicallyEnhanced": gettext_lazy("Enhanced by a program"),
    "compositeWithTrainedAlgorithmicMedia": gettext_lazy("Edited with AI"),
    "trainedAlgorithmicMedia": gettext_lazy("Created by AI"),
    "algorithmicMedia": gettext_lazy("Created by a program without AI"),
    "dataDrivenMedia": gettext_lazy("Created from data"),
    "digitalCreation": gettext_lazy("Created by a person with a program"),
    "digitalArt": gettext_lazy("Created by a person with a program"),
    "softwareImage": gettext_lazy("Created by a person with a program"),
    "screenCapture": gettext_lazy("Screenshot"),
    "virtualRecording": gettext_lazy("Recorded in a virtual world"),
    "composite": gettext_lazy("Composed of several images"),
    "compositeCapture": gettext_lazy("Composed of several photographs"),
    "compositeSynthetic": gettext_lazy("Composed of several images, some of them created by a program"),
}
# Source: PLUS, "Data Mining", LDF vocabulary; the last part of each URI.
DATA_MINING: Mapping[str, str | Promise] = {
    "DMI-UNSPECIFIED": gettext_lazy("Not specified"),
    "DMI-ALLOWED": gettext_lazy("Allowed"),
    "DMI-PROHIBITED": gettext_lazy("Prohibited"),
    "DMI-PROHIBITED-AIMLTRAINING": gettext_lazy("Prohibited for training AI"),
    "DMI-PROHIBITED-GENAIMLTRAINING": gettext_lazy("Prohibited for training generative AI"),
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": gettext_lazy("Prohibited except for search engines"),
    "DMI-PROHIBITED-SEECONSTRAINT": gettext_lazy("Prohibited; the file names the constraints"),
    "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": gettext_lazy("Prohibited; see the rights in the file"),
    "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": gettext_lazy("Prohibited; see the linked rights"),
}


@dataclass(frozen=True)
class FileFact:
    """One fact of a file; `differs` says that the one in use has another."""

    title: str
    value: str
    differs: bool


def describe_date_taken(columns: Mapping[str, Any]) -> str:
    """Return when the picture was taken, by the clocks of that place, and what the file does not say about it."""
    taken = read_date_taken(columns)
    if taken is None:
        return ""
    if taken.day_only:
        return _("%(day)s (time not in the file)") % {"day": date_format(taken.local, "DATE_FORMAT")}
    moment = date_format(taken.local, "DATETIME_FORMAT")
    if taken.offset is None:
        return _("%(moment)s (time zone not in the file)") % {"moment": moment}
    hours, minutes = divmod(abs(taken.offset), 60)
    return f"{moment} (UTC{'-' if taken.offset < 0 else '+'}{hours:02}:{minutes:02})"


def describe_source_type(uri: str) -> str:
    """Return how the picture was made, in words; a type that is not in the vocabulary as it stands there."""
    name = uri.rstrip("/").rsplit("/", 1)[-1]
    return str(SOURCE_TYPES.get(name, name))


def describe_data_mining(uri: str) -> str:
    """Return whether the picture may be used to train models, in words."""
    name = uri.rstrip("/").rsplit("/", 1)[-1]
    return str(DATA_MINING.get(name, name))


def describe_content_credentials(facts: Mapping[str, Any]) -> str:
    """Return whether the file carries a signed record of its making, which no other file can carry on."""
    if not facts.get("content_credentials"):
        return ""
    return _("In the original (C2PA). Renditions do not carry them.")


def list_origin_facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (title, value) of what the columns of an image, or the facts of a version, say of its making."""
    values = (
        (_("Taken"), describe_date_taken(facts)),
        (_("Camera"), facts.get("camera") or ""),
        (_("Creators"), "; ".join(facts.get("creators") or [])),
        (_("Source"), describe_source_type(facts.get("digital_source_type") or "")),
        (_("Data mining"), describe_data_mining(facts.get("data_mining") or "")),
        (_("Content Credentials"), describe_content_credentials(facts)),
        (_("Extended description"), facts.get("extended_description") or ""),
    )
    return [(title, value) for title, value in values if value]


def list_image_facts(image: Image) -> list[tuple[str, str]]:
    """Return (title, value) of what the image's file says of its making."""
    return list_origin_facts(vars(image))


_FILE_FACTS: tuple[tuple[str | Promise, Callable[[dict[str, Any]], str]], ...] = (
    (gettext_lazy("Name"), lambda facts: facts["file_name"]),
    (gettext_lazy("Image"), lambda facts: f"{facts['format']}, {facts['width']} × {facts['height']}"),
    (gettext_lazy("Size"), lambda facts: filesizeformat(facts["bytes"])),
    (gettext_lazy("SHA-256"), lambda facts: f"{facts['sha256'][:12]}…"),
)


def compare_files(version: Version, current: Version | None) -> list[FileFact]:
    """Return the known facts of a version, compared with those of the file in use."""
    against = current.facts if current and current.pk != version.pk else version.facts
    values = [(str(title), say(version.facts), say(against)) for title, say in _FILE_FACTS]
    other_facts = dict(list_origin_facts(against))
    values += [(title, value, other_facts.get(title, "")) for title, value in list_origin_facts(version.facts)]
    return [FileFact(title, value, value != other) for title, value, other in values if value]
