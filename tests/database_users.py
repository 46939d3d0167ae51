"""The database's user of each kind of process, in whose name every test on PostgreSQL runs what that process runs.

A page is the web's, a message or a tick of the clock the worker's, a chunk on Fargate the bulk workers'. A statement
that the process's user may not run fails in the test as it would on AWS.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any
from unittest.mock import patch

from django.core.handlers.base import BaseHandler
from django.db import OperationalError, connection
from psycopg import Error

from mediahub import database_rights
from mediahub.jobs import runner
from mediahub.worker import handlers

ENTRIES: tuple[tuple[Any, str, str], ...] = (
    (BaseHandler, "get_response", database_rights.WEB),
    (handlers, "on_object_created", database_rights.WORKER),
    (handlers, "on_minute", database_rights.WORKER),
    (handlers, "handle", database_rights.WORKER),
    (runner, "take_turn", database_rights.WORKER),
    (runner, "run_chunk", database_rights.BULK),
)
# Processes of the suite do this at the same time, and the users belong to all databases of the server.
CREATE = "DO $$ BEGIN CREATE ROLE {} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
USERS = (database_rights.WEB, database_rights.WORKER, database_rights.BULK)


def create() -> None:
    """Create the users, and grant them their rights in the database of this process."""
    with connection.cursor() as cursor:
        for user in USERS:
            cursor.execute(CREATE.format(user))
    database_rights.grant_rights(connection)


def install() -> None:
    """Run every entry of a process as its user from now on."""
    for owner, name, user in ENTRIES:
        patch.object(owner, name, _run_as(user, getattr(owner, name))).start()


@contextmanager
def act_as(user: str) -> Iterator[None]:
    """Run statements on this thread's connection as a user; a process inside another one remains the outer one."""
    try:
        current = _run("SELECT current_user")
    except (RuntimeError, Error, OperationalError):
        # The test has no database, or has closed it: no statement can run.
        yield
        return
    if current in USERS:
        yield
        return
    _run(f"SET ROLE {user}")
    try:
        yield
    finally:
        # A transaction that failed takes the user back itself.
        with suppress(Error, OperationalError):
            _run("RESET ROLE")


def _run_as(user: str, entry: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(entry)
    def run(*args: Any, **kwargs: Any) -> Any:
        with act_as(user):
            return entry(*args, **kwargs)

    return run


def _run(sql: str) -> str:
    """Run a statement past Django, whose count of queries belongs to the test."""
    connection.ensure_connection()
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        cursor.execute(sql)
        return str(cursor.fetchone()[0]) if cursor.description else ""
