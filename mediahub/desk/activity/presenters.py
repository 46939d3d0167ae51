"""Changes as pages and files show them: before and after of each, and change sets as one."""

import csv
import json
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import islice
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils.timezone import localtime

from mediahub.history.kinds import Reader
from mediahub.history.models import Change
from mediahub.library import access
from mediahub.library.memberships import MembershipChange
from mediahub.library.models import Collection, Image
from mediahub.library.spreadsheets import escape_formula

# The page of one image shows so many; the page of all activity shows the rest.
MAX_ACTIONS_OF_IMAGE = 8
# So many rows of a file are looked at together.
CHUNK_SIZE = 500
COLUMNS = ("when", "who", "what", "image", "title", "changes", "change_set")


def build_reader(
    user: User | AnonymousUser, changes: Sequence[Change], visible_collections: set[int] | None = None
) -> Reader:
    """Return what this person may read in these changes, with two queries however many they are."""
    if access.sees_everything(user):
        return Reader()
    others = {image_id for change in changes for image_id in change.detail.other_images()}
    visible = access.visible_images(user).filter(pk__in=others).values_list("pk", flat=True) if others else ()
    # Only what tells of a collection asks which of them the person may see.
    tells = any(isinstance(change.detail, MembershipChange) for change in changes)
    if visible_collections is None:
        places = access.visible_collections(user) if tells else Collection.objects.none()
        visible_collections = set(places.values_list("pk", flat=True))
    return Reader(visible_collections, {str(pk) for pk in visible})


def present_change_set(changes: list[Change], number: int, reader: Reader) -> dict[str, Any]:
    """Return a change set for a page: its newest change, how many it has, those shown, and how many are not."""
    lines = [{"change": change, "differences": change.detail.describe(reader)} for change in changes]
    return {"first": changes[0], "number": number, "lines": lines, "omitted": number - len(lines)}


def present_image_changes(
    image: Image, user: User | AnonymousUser, visible_collections: set[int] | None = None
) -> list[dict[str, Any]]:
    """Return the newest changes of one image, each as a change set of its own."""
    changes = list(image.changes.select_related("by")[:MAX_ACTIONS_OF_IMAGE])
    reader = build_reader(user, changes, visible_collections)
    return [present_change_set([change], 1, reader) for change in changes]


def build_rows(changes: Iterator[Change], user: User | AnonymousUser) -> Iterator[dict[str, str]]:
    """Yield each change as a row of a table, by COLUMNS."""
    while chunk := list(islice(changes, CHUNK_SIZE)):
        reader = build_reader(user, chunk)
        yield from (_build_row(change, reader) for change in chunk)


def _build_row(change: Change, reader: Reader) -> dict[str, str]:
    differences = change.detail.describe(reader)
    return {
        "when": localtime(change.at).isoformat(timespec="seconds"),
        "who": str(change.by or "MediaHub"),
        "what": change.get_action_display(),
        "image": str(change.image_id or ""),
        "title": change.subject,
        "changes": "; ".join(f"{line.what}: {line.before} → {line.after}" for line in differences),
        "change_set": str(change.change_set),
    }


def write_csv(changes: Iterator[Change], user: User | AnonymousUser) -> Iterator[str]:
    """Yield the lines of a CSV file that a spreadsheet opens without taking any cell for a formula."""
    yield _csv_line(COLUMNS)
    for row in build_rows(changes, user):
        yield _csv_line(tuple(escape_formula(row[name]) for name in COLUMNS))


def write_json_lines(changes: Iterator[Change], user: User | AnonymousUser) -> Iterator[str]:
    """Yield one JSON object a line."""
    for row in build_rows(changes, user):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _csv_line(cells: tuple[str, ...]) -> str:
    out = StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
