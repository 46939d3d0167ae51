"""What was done, in words: before and after of each change, and a line for each act."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import date_format, localize
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from mediahub.library import access
from mediahub.library.activity import harmless
from mediahub.library.models import Activity, Image, Tagging

# The page of one image tells so many; the page of all activity tells the rest.
LATEST = 8
# So many lines of a file are looked at together.
PART = 500
COLUMNS = ("when", "who", "what", "image", "title", "changes", "act")


@dataclass(frozen=True)
class Change:
    """One thing that changed; either side is empty where there was nothing."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Known:
    """What one person may read in some lines besides what is said of each line's own image.

    `collections` are the ids of collections whose names may be told, `images` the ids of other images whose titles
    may be; None stands for all.
    """

    collections: set[int] | None
    images: set[str] | None

    def title(self, image_id: str, title: str) -> str:
        """Return the title of another image, or what stands in its place for a person it is closed to."""
        return title if self.images is None or image_id in self.images else _("an image that is closed to you")


def known_to(user: User | AnonymousUser, lines: Iterable[Activity]) -> Known:
    """Return what this person may read in these lines, with two questions to the database however many they are."""
    if access.sees_everything(user):
        return Known(None, None)
    others = {image_id for line in lines for image_id in _other_images(line)}
    visible = access.visible(user).filter(pk__in=others).values_list("pk", flat=True) if others else ()
    return Known(set(access.collections(user).values_list("pk", flat=True)), {str(pk) for pk in visible})


def _other_images(line: Activity) -> list[str]:
    """Return the ids of the images a line names besides the one it is about."""
    parted = [row[0] for row in line.changes.get("parted", [])]
    return [*parted, line.changes["into"][0]] if "into" in line.changes else parted


def changes(done: Activity, known: Known) -> list[Change]:
    """All that one activity changed, as far as a person may read it."""
    found = [_field(name, *pair) for name, pair in done.changes.get("fields", {}).items()]
    states = dict(Tagging.State.choices)
    for _pk, name, before, after in done.changes.get("tags", []):
        found.append(Change(_("Tag “%(tag)s”") % {"tag": name}, _named(states, before), _named(states, after)))
    for pk, name, _before, after in done.changes.get("collections", []):
        if known.collections is None or pk in known.collections:
            found.append(Change(_("Collection"), "" if after else name, name if after else ""))
    if "collection" in done.changes:
        found += _arranged(*done.changes["collection"][1:])
    for pk, title, _before, after in done.changes.get("parted", []):
        what = _("Not the same as") if after else _("Perhaps the same as")
        found.append(Change(what, "", known.title(pk, title)))
    if "into" in done.changes:
        found.append(Change(_("Merged into"), "", known.title(*done.changes["into"])))
    if "version" in done.changes:
        before, after = done.changes["version"]
        found.append(Change(_("Version"), str(before), str(after)))
    return found


def _arranged(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[Change]:
    """What became of a collection; a new one and one that is gone are told by the verb alone."""
    if before is None or after is None:
        return []
    titles = {"name": _("Name"), "description": _("Description")}
    found = [Change(title, before[key], after[key]) for key, title in titles.items() if before[key] != after[key]]
    if before["parent"] != after["parent"]:
        found.append(Change(_("Place"), "", _("moved")))
    if before["groups"] != after["groups"]:
        found.append(Change(_("Groups"), str(len(before["groups"])), str(len(after["groups"]))))
    return found


def _field(name: str, before: Any, after: Any) -> Change:
    column = _column(name)
    title = str(getattr(column, "verbose_name", name)).capitalize()
    if name == "state":
        states = dict(Image.State.choices)
        return Change(title, _named(states, before), _named(states, after))
    if name in ("focal_x", "focal_y"):
        return Change(title, _part(before), _part(after))
    return Change(title, _text(column, before), _text(column, after))


def _column(name: str) -> "models.Field[Any, Any] | None":
    """Return the image's column of this name; None for one that this version does not have any more."""
    return next((column for column in Image._meta.concrete_fields if column.name == name), None)


def _part(part: float | None) -> str:
    return _("as proposed") if part is None else f"{localize(round(100 * part, 1))} %"


def _named(names: dict[str, Any], value: str | None) -> str:
    return str(names.get(value, value)) if value else ""


def _text(column: "models.Field[Any, Any] | None", value: Any) -> str:
    """Return a value for a person to read. Its column says of what type it is, never how it looks."""
    if value is None or not isinstance(column, models.DateField):
        return "" if value is None else str(value)
    try:
        moment = column.to_python(value)
        if isinstance(moment, datetime):
            return date_format(localtime(moment), "DATETIME_FORMAT")
        return date_format(moment, "DATE_FORMAT")
    except (ValidationError, ValueError, OverflowError):
        # A line of the history is never a reason to show no page.
        return str(value)


def act(activities: list[Activity], number: int, known: Known) -> dict[str, Any]:
    """One act for a page: its newest line, how many it has, those that are told, and how many are not."""
    lines = [{"done": done, "changes": changes(done, known)} for done in activities]
    return {"first": activities[0], "number": number, "lines": lines, "untold": number - len(lines)}


def of_image(image: Image, user: User | AnonymousUser) -> list[dict[str, Any]]:
    """The newest acts on one image, each told as what it did to this one."""
    lines = list(image.activities.select_related("by")[:LATEST])
    known = known_to(user, lines)
    return [act([done], 1, known) for done in lines]


def rows(activities: Iterator[Activity], user: User | AnonymousUser) -> Iterator[dict[str, str]]:
    """Each activity as a row of a table, by COLUMNS."""
    while part := list(islice(activities, PART)):
        known = known_to(user, part)
        yield from (_row(done, known) for done in part)


def _row(done: Activity, known: Known) -> dict[str, str]:
    told = "; ".join(f"{one.what}: {one.before} → {one.after}" for one in changes(done, known))
    return {
        "when": localtime(done.at).isoformat(timespec="seconds"),
        "who": str(done.by or "MediaHub"),
        "what": done.get_verb_display(),
        "image": str(done.image_id or ""),
        "title": done.subject,
        "changes": told,
        "act": str(done.batch),
    }


def as_csv(activities: Iterator[Activity], user: User | AnonymousUser) -> Iterator[str]:
    """Lines of a table that a spreadsheet opens, none of which it takes for a formula."""
    yield _line(COLUMNS)
    for row in rows(activities, user):
        yield _line(tuple(harmless(row[name]) for name in COLUMNS))


def as_json_lines(activities: Iterator[Activity], user: User | AnonymousUser) -> Iterator[str]:
    """One JSON object a line."""
    for row in rows(activities, user):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    out = StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
