"""Try what each process's user may do in PostgreSQL, and that each table has its place in a list."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub import database_rights
from mediahub.database_rights import BULK, WEB, WORKER
from mediahub.library.models import Image, Tag
from mediahub.messages import SendRetries
from mediahub.worker import handlers
from tests.database_users import act_as

pytestmark = pytest.mark.django_db
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no users")

# Statements that no worker needs, and that would give who takes one over the accounts of people.
FORBIDDEN_TO_WORKERS = [
    "SELECT password FROM public.auth_user",
    "SELECT email FROM public.auth_user",
    "UPDATE auth_user SET is_superuser = true",
    "UPDATE public.auth_user SET password = 'x'",
    "INSERT INTO auth_user_groups (user_id, group_id) VALUES (1, 1)",
    "DELETE FROM auth_group_permissions",
    "INSERT INTO library_labelrule DEFAULT VALUES",
    "DELETE FROM library_collection",
    "DELETE FROM library_collection_groups",
    "DELETE FROM library_audience_gates",
    "UPDATE recovery_decision SET note = 'x'",
    "DELETE FROM library_purge",
]
FORBIDDEN_TO_BULK = [
    "DELETE FROM library_image",
    "UPDATE history_change SET data = '{}'",
    "DELETE FROM uploads_upload",
    "DELETE FROM jobs_job",
    "SELECT count(*) FROM recovery_faileditem",
]
FORBIDDEN_TO_ALL = [
    "ALTER TABLE auth_user ADD COLUMN x integer",
    "DROP TABLE library_image",
    "TRUNCATE library_image CASCADE",
    "CREATE TABLE public.x (x integer)",
    "CREATE ROLE x",
    "SET ROLE postgres",
    "COPY library_image TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/hostname')",
    "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'x', now())",
]
FORBIDDEN = [
    *((user, sql) for user in (WORKER, BULK) for sql in FORBIDDEN_TO_WORKERS),
    *((BULK, sql) for sql in FORBIDDEN_TO_BULK),
    *((user, sql) for user in (WEB, WORKER, BULK) for sql in FORBIDDEN_TO_ALL),
    (WEB, "UPDATE recovery_duty SET failures = 0"),
    (WEB, "SELECT password FROM mediahub_worker.auth_user"),
]


def list_tables() -> Iterator[str]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed:
            yield model._meta.db_table


def test_each_table_of_ours_is_in_one_list() -> None:
    """A table of another package that is in none is the web's alone."""
    ours = {table for table in list_tables() if apps_of(table).startswith("mediahub.")}
    workers = set(database_rights.WORKER_RIGHTS)
    of_the_web = {table for table in ours if table.startswith(database_rights.OF_THE_WEB)}
    assert ours == of_the_web | (workers & ours)
    assert not workers & {*of_the_web, database_rights.PEOPLE}
    for table, rights in database_rights.BULK_RIGHTS.items():
        assert set(rights) <= set(database_rights.WORKER_RIGHTS[table])
    assert workers | set(database_rights.READ_BY_WEB) <= {*list_tables(), "django_migrations"}


def apps_of(table: str) -> str:
    [package] = {
        model.__module__ for model in apps.get_models(include_auto_created=True) if model._meta.db_table == table
    }
    return package


@pytest.fixture(scope="module")
def sign_in(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[str], psycopg.Connection]]:
    """Provide a connection of each user, signed in as on AWS: there is no other user that it could return to."""
    with django_db_blocker.unblock(), ExitStack() as stack:
        parameters = connection.get_connection_params()
        opened = {}

        def connect(user: str) -> psycopg.Connection:
            if user not in opened:
                signed_in = psycopg.connect(**{**parameters, "user": user, "cursor_factory": None, "context": None})
                opened[user] = stack.enter_context(signed_in)
            return opened[user]

        yield connect


@on_postgresql
@pytest.mark.parametrize(("user", "sql"), FORBIDDEN, ids=lambda part: str(part)[:60])
def test_a_user_may_not(sign_in: Callable[[str], psycopg.Connection], user: str, sql: str) -> None:
    signed_in = sign_in(user)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        signed_in.execute(sql)
    signed_in.rollback()


@on_postgresql
@pytest.mark.parametrize(
    ("user", "listed"), [(WORKER, database_rights.WORKER_RIGHTS), (BULK, database_rights.BULK_RIGHTS)]
)
def test_a_worker_reads_the_listed_tables_alone(user: str, listed: database_rights.Rights) -> None:
    """Sessions, second factors, preferences, and whatever another package keeps are not among them."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        privileges = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER"
        cursor.execute(
            "SELECT name FROM unnest(%s::text[]) AS name WHERE has_table_privilege(%s, 'public.' || name, %s)",
            [names, user, privileges],
        )
        assert {name for (name,) in cursor.fetchall()} == set(listed) & set(names)


@on_postgresql
@pytest.mark.parametrize("user", [WORKER, BULK])
def test_a_worker_loads_a_person_without_what_signs_them_in(user: str) -> None:
    person = User.objects.create_user("ada", "ada@example.org", "a-long-password", first_name="Ada")
    with act_as(user):
        seen = User.objects.get(pk=person.pk)
        assert (seen.username, seen.first_name, seen.is_active) == ("ada", "Ada", True)
        assert (seen.password, seen.email, seen.last_login) == ("", "", None)
        assert not seen.has_perm("library.publish_image")


@on_postgresql
def test_the_web_reads_the_passwords_that_it_checks() -> None:
    with act_as(WEB):
        person = User.objects.create_user("ada", "ada@example.org", "a-long-password")
        assert User.objects.get(pk=person.pk).check_password("a-long-password")


@on_postgresql
def test_a_table_that_nobody_lists_is_the_webs_alone() -> None:
    with connection.cursor() as cursor:
        database_rights.grant_rights(connection)
        for user, expected in ((WEB, True), (WORKER, False), (BULK, False)):
            cursor.execute("SELECT has_table_privilege(%s, 'mfa_authenticator', 'SELECT')", [user])
            assert cursor.fetchone() == (expected,), user


@on_postgresql
def test_a_right_that_is_taken_off_the_list_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    less = {**database_rights.WORKER_RIGHTS, "library_tag": (database_rights.READ,)}
    monkeypatch.setattr(database_rights, "WORKER_RIGHTS", less)
    database_rights.grant_rights(connection)
    with act_as(WORKER), pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Tag.objects.create(name="x")


@on_postgresql
def test_migrate_grants_the_rights() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {WEB}, {WORKER}, {BULK}")
    call_command("migrate", verbosity=0)
    for user in (WEB, WORKER, BULK):
        with act_as(user):
            assert not Image.objects.exists()


@on_postgresql
def test_workers_views_do_not_stop_a_migration_of_people() -> None:
    with connection.cursor() as cursor:
        database_rights.drop_views(connection)
        cursor.execute("ALTER TABLE auth_user ALTER COLUMN first_name TYPE varchar(200)")
        database_rights.grant_rights(connection)
        cursor.execute("SELECT has_table_privilege(%s, 'mediahub_worker.auth_user', 'SELECT')", [WORKER])
        assert cursor.fetchone() == (True,)


@on_postgresql
def test_each_test_runs_a_process_as_its_user(client: Client) -> None:
    users = []

    def note(execute: Callable[..., Any], *query: Any) -> Any:
        raw: Any = connection.connection
        users.append(raw.execute("SELECT current_user").fetchone()[0])
        return execute(*query)

    client.force_login(User.objects.create_superuser("chief"))
    for run, user in (
        (lambda: client.get(reverse("desk:session")), WEB),
        (lambda: handlers.handle(SendRetries(1), handlers.Invocation(timezone.now())), WORKER),
    ):
        with connection.execute_wrapper(note):
            run()
        assert set(users) == {user}
        users.clear()
