"""Every address of the site, asked by every role with every method for every kind of record.

What must come is written in permissions.py, and compared with what the site answers and writes.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client

from mediahub.history.change_set import ChangeSet
from mediahub.library import collections
from mediahub.library.models import Tag
from tests.desk import permissions
from tests.desk.addresses import Records, Route, routes
from tests.desk.odd_requests import FORM, NOBODY, ask
from tests.desk.permissions import METHODS, NEVER, OBJECTS, VIEWS, Ask

ROLES = ("anonymous", "outsider", "inactive", "guest", "viewer", "editor", "deputy", "chief", "administrator")
# Records that are not about one image: nothing hides them from whoever may see their kind.
UNSCOPED = ("rule", "check", "group", "person", "")
# A page that is looked at issues a ticket for its plain form, notes its own first visit, or notes who took a file away.
WRITES_WHEN_READ = {"plain", "replace", "job_part", "preferences", "keys", "review"}
WRITE = re.compile(r'\s*(INSERT|UPDATE|DELETE)(?: INTO| FROM)? "(?!\w+_session")(\w+)"', re.IGNORECASE)
ABSENT_NUMBER = "999999999"


@dataclass
class Person:
    """Somebody in front of a browser, the permissions they have, and the records of each kind beside them."""

    client: Client
    is_in: bool
    rights: frozenset[str]
    records: dict[str, Records] = field(default_factory=dict)

    def has(self, needs: tuple[str, ...]) -> bool:
        """Return whether the person has one of the permissions."""
        return not needs or any(self.rights.issuperset(need.split("+")) for need in needs)

    def reaches(self, record: str, which: str) -> bool:
        """Return whether a record of this kind is there for the person."""
        if record == "factor":
            return False
        if which == "own" or (record in UNSCOPED and which != "absent") or record == "":
            return True
        if which == "absent":
            return record == "batch"
        sees = which == "another's" or "library.see_every_collection" in self.rights
        further = {
            "upload": "uploads.view_upload",
            "job": "jobs.change_job",
            "search": NEVER,
            "batch": NEVER,
            "passkey": NEVER,
            "act": "library.publish_image",
        }
        if record == "job":
            sees = True
        return sees and (record not in further or further[record] in self.rights)


def make_person(role: str) -> Person:
    """Return somebody of a role, with records of their own, of a colleague, and some that are closed to most."""
    client = Client(raise_request_exception=False)
    colleague = User.objects.create_user("colleague", is_staff=True)
    colleague.groups.add(Group.objects.get(name="Editor"))
    person = User.objects.create_user(role, is_staff=role != "outsider", is_superuser=role == "administrator")
    every = Permission.objects.exclude(codename="see_every_collection")
    if role in ("editor", "chief", "inactive", "outsider"):
        person.groups.add(Group.objects.get(name="Editor" if role == "editor" else "Chief editor"))
    elif role in ("viewer", "deputy"):
        person.user_permissions.set(every.filter(codename__startswith="view_") if role == "viewer" else every)
    rights = frozenset(person.get_all_permissions())
    if role != "anonymous":
        client.force_login(person)
    User.objects.filter(pk=person.pk, username="inactive").update(is_active=False)
    legal = Group.objects.create(name="Legal")
    collections.create(ChangeSet(None), "News")
    Tag.objects.create(name="Pier")
    records = {
        "own": Records(person),
        "another's": Records(colleague, " of a colleague"),
        "hidden": Records(colleague, " closed", [legal]),
    }
    return Person(client, role not in ("anonymous", "outsider", "inactive"), rights, records)


def expect(row: Ask | None, door: str, person: Person, which: str) -> str:
    """Return what must come: "sign in", "wrong method", "public", "refused", "absent" or "answered"."""
    if door == "desk" and not person.is_in:
        return "sign in"
    if row is None:
        return "wrong method"
    if door == "public":
        return "public"
    if not person.is_in or not person.has(row.needs):
        return "refused"
    return "answered" if person.reaches(row.record, which) else "absent"


def is_as_expected(expected: str, row: Ask | None, answer: Any) -> bool:
    """Return whether the status of an answer is one of those that are expected."""
    status, leads_to = answer.status_code, answer.get("Location", "")
    is_sign_in = status == 302 and ("/login/" in leads_to or leads_to == "/admin/")
    absent = row.absent if row else 404
    match expected:
        case "sign in":
            return is_sign_in or (status == 403 and b'name="password"' in answer.content)
        case "wrong method":
            return bool(status == 405)
        case "refused":
            return bool(status in (*(row.refused if row else ()), absent) and "/login/" not in leads_to)
        case "absent":
            return bool(status == absent or (row and status in row.refused and status != 403))
        case "public":
            # The file of another page, or a report that is none, may be missing or refused.
            return bool(status < 500 and status != 405)
        case _:
            return status not in (403, 404, 405) and status < 500 and "/login/" not in leads_to


@dataclass
class Question:
    """One request, and the row of the table that it is about; None where no row takes its method."""

    route: Route
    row: Ask | None
    door: str
    method: str
    which: str

    def send(self, person: Person) -> Any:
        """Return the answer to the request."""
        records = person.records["own" if self.which == "absent" else self.which]
        values = records.values(self.route)
        form = self.row.form(records) if self.row and self.row.form else {}
        if self.which == "absent":
            values = {name: hide(name, value) for name, value in values.items()}
            form = {name: hide(name, value) for name, value in form.items()}
        is_json = self.row is not None and self.row.json
        body = json.dumps(form) if is_json else urlencode(form)
        media = "application/json" if is_json else FORM
        address = self.route.fill(values)
        if self.method != "POST":
            return ask(person.client, self.method, f"{address}?{body}" if form else address)
        return ask(person.client, self.method, address, body, media)


def hide(name: str, value: Any) -> Any:
    """Return a value that names a record as one that names none."""
    if name in ("pk", "id", "object_id", "tagging_id", "collection", "out", "_selected_action") and (
        str(value).isdecimal()
    ):
        return ABSENT_NUMBER
    if name == "acts":
        return [{key: hide(key, each) for key, each in entry.items()} for entry in value]
    return NOBODY if re.fullmatch(r"[0-9a-f-]{36}", str(value)) and name != "id" else value


def questions(methods: tuple[str, ...], objects: tuple[str, ...]) -> Iterator[Question]:
    """Yield each request of the table with these methods, about these records."""
    for route in routes():
        key = route.name or route.pattern
        if not route.name and route.pattern:
            # Django's short addresses of records, and what stands for all others.
            rows = [Ask(METHODS)] if "<path:" in route.pattern else [Ask(METHODS, (NEVER,))]
        else:
            assert key in VIEWS, f"Say in {permissions.__file__} who may do what at {route.pattern}."
            rows = VIEWS[key]
        for method in methods:
            fitting = [row for row in rows if method in row.methods]
            for row in fitting or (None,):
                about = objects if route.parameters or (row and row.record) else objects[:1]
                for which in about:
                    yield Question(route, row, rows[0].door, method, which)


class Watch:
    """Counts the rows that statements write, by table; what is written and taken back again is nothing."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if write := WRITE.match(sql):
            verb, table = write[1].upper(), write[2]
            name = f"updated {table}" if verb == "UPDATE" else table
            # SQLite counts no rows that a statement returns.
            count = 1 if "RETURNING" in sql else max(0, context["cursor"].rowcount)
            self.rows[name] += count * (-1 if verb == "DELETE" else 1)
        return result

    @property
    def tables(self) -> list[str]:
        """Return the tables that are not as they were."""
        return [table for table, rows in self.rows.items() if rows]


def find_surprises(person: Person, asked: list[Question]) -> list[str]:
    """Return each request that is answered or writes otherwise than the table says."""
    surprises = []
    for question in asked:
        watch = Watch()
        with connection.execute_wrapper(watch):
            answer = question.send(person)
        row = question.row
        expected = expect(row, question.door, person, question.which)
        asked_for = (
            f"{question.method} {question.route.pattern} ({row.form and row.needs if row else ''}, {question.which})"
        )
        if not is_as_expected(expected, row, answer):
            surprises.append(f"{asked_for}: {expected}, but {answer.status_code}")
        is_write = expected == "answered" and (question.method == "POST" or question.route.name in WRITES_WHEN_READ)
        if watch.tables and not is_write:
            surprises.append(f"{asked_for}: {expected}, but wrote {watch.tables}")
        if row and row.changes and expected == "answered" and question.which == "own" and not watch.tables:
            surprises.append(f"{asked_for}: nothing was changed")
    return surprises


def check(role: str, asked: list[Question], record_property: Any) -> None:
    surprises = find_surprises(make_person(role), asked)
    assert surprises == [], "\n".join(surprises)
    record_property("requests of roles", len(asked))


OTHERS = tuple(method for method in METHODS if method not in ("GET", "POST"))


@pytest.mark.parametrize("role", ROLES)
def test_s6_d12_each_role_gets_what_the_table_says(role: str, db: None, record_property: Any) -> None:
    asked = [*questions(("GET",), ("own", "hidden", "absent")), *questions(("POST",), OBJECTS)]
    check(role, asked, record_property)


@pytest.mark.parametrize("role", ROLES)
def test_other_methods_and_records_are_answered_alike(role: str, db: None, record_property: Any) -> None:
    check(role, [*questions(("GET",), ("another's",)), *questions(OTHERS, OBJECTS)], record_property)
