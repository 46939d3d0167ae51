"""Edits by several people at once: each writes only what its person changed, and nothing that nobody saw."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from mediahub.history.kinds import names_of
from mediahub.history.models import Action, Change
from mediahub.library.changes import FieldChange, to_json
from mediahub.library.models import Image
from processing import compose

if TYPE_CHECKING:
    from django.contrib.auth.models import User


# However many a browser or a file made of one.
LINE_END = re.compile(r"\r*\n|[\r\x0b\x0c\x85\u2028\u2029]")
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# All others are on one line: names of files and headers are made of them.
FIELDS_OF_LINES = ("alt_text", "caption", "description")


class Unseen(Enum):
    """Stands for what nobody looked at before it was changed."""

    UNSEEN = "unseen"


UNSEEN = Unseen.UNSEEN


@dataclass(frozen=True)
class Edit:
    """What a field should say, and what it said when the person looked at it."""

    value: Any
    seen: Any = UNSEEN


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else changed after it was seen: what it says now, what was wanted, by whom and when."""

    field: str
    theirs: Any
    mine: Any
    by: "User | None" = None
    at: datetime | None = None


class Conflicted(Exception):
    """Nothing was written, because somebody else has changed the same fields since they were seen."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__(", ".join(conflict.field for conflict in conflicts))
        self.conflicts = conflicts


def normalize(value: Any) -> Any:
    """Return a text as it is stored: see `compose`, with one kind of line end, no controls, and no space around."""
    return compose(CONTROLS.sub("", LINE_END.sub("\n", value)).strip()) if isinstance(value, str) else value


def is_same(value: Any, other: Any) -> bool:
    """Return whether two values of a field are the same; an empty text counts as None."""
    return (normalize(to_json(value)) or None) == (normalize(to_json(other)) or None)


def merge_edits(now: Mapping[str, Any], edits: Mapping[str, Edit]) -> tuple[dict[str, Any], list[str]]:
    """Return the values to write, by field, and the fields that somebody else has changed since they were seen."""
    values: dict[str, Any] = {}
    conflicting = []
    for name, edit in edits.items():
        if is_same(now[name], edit.value):
            continue
        if edit.seen is UNSEEN or is_same(now[name], edit.seen):
            value = normalize(edit.value)
            is_on_one_line = isinstance(value, str) and name not in FIELDS_OF_LINES
            values[name] = re.sub(r"[\t\n]+", " ", value) if is_on_one_line else value
        elif not is_same(edit.seen, edit.value):
            conflicting.append(name)
    return values, conflicting


def find_last_change(image: Image, name: str) -> Change | None:
    """Return the newest change of this field of the image."""
    return _changes(name).filter(image=image).select_related("by").first()


def build_conflict(image: Image, name: str, mine: Any) -> Conflict:
    """Return the conflict about a field of the image, with who changed it last, and when."""
    last = find_last_change(image, name)
    return Conflict(name, getattr(image, name), mine, last.by if last else None, last.at if last else None)


def find_changes_by_others(user: "User | None", name: str, ids: Iterable[UUID], since: datetime) -> dict[UUID, Change]:
    """Return, by image, the newest change of this field that somebody else made after a moment."""
    changes = _changes(name).filter(image__in=list(ids), at__gt=since).exclude(by=user)
    newest_last = changes.select_related("by").order_by("at", "pk")
    return {change.image_id: change for change in newest_last if change.image_id}


def was_taken_off(change: Change | None, name: str, text: str) -> bool:
    """Return whether the newest change of a field replaced this very text by another one, and undid nothing."""
    if change is None or change.action == Action.UNDONE or not isinstance(change.detail, FieldChange):
        return False
    return is_same(change.detail.before[name], text)


def _changes(name: str) -> QuerySet[Change]:
    return Change.objects.filter(kind__in=names_of(FieldChange), data__after__has_key=name)


def get_label(name: str) -> str:
    """Return the label of a field of an image."""
    return str(getattr(Image._meta.get_field(name), "verbose_name", name))


def describe_conflict(title: str, conflict: Conflict) -> str:
    """Return the sentence that shows both values where somebody else's stayed."""
    sentence = _("%(title)s: %(field)s stays “%(theirs)s”, as %(who)s changed it on %(when)s; you entered “%(mine)s”.")
    return sentence % {
        "title": title,
        "field": get_label(conflict.field),
        "theirs": to_json(conflict.theirs) or "",
        "who": conflict.by or "MediaHub",
        "when": date_format(localtime(conflict.at), "DATETIME_FORMAT") if conflict.at else "–",
        "mine": to_json(conflict.mine) or "",
    }
