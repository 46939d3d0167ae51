"""The test database as the migrations left it: kept once for each process, put back after each test that commits.

Django flushes every table and loads a fixture, which takes a tenth of a second on SQLite and three on PostgreSQL, where
TRUNCATE makes new files for each table and each index. Here the tables are emptied and the few rows of the migrations
are copied back, in one statement to the server and in a hundredth of the time.
"""

import sqlite3
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import TransactionTestCase

from tests.settings import STATE, WORKER

SCHEMA = "pristine"


def keep() -> None:
    """Copy what the migrations have put into the database, and let each test that commits end with `restore`."""
    if connection.vendor == "sqlite":
        _file().unlink(missing_ok=True)
        with sqlite3.connect(_file()) as copy:
            connection.ensure_connection()
            connection.connection.backup(copy)
        copy.close()
    else:
        _run(
            f"CREATE SCHEMA {SCHEMA};" + "".join(f"CREATE TABLE {SCHEMA}.{name} AS TABLE {name};" for name in _filled())
        )
    script = _script()
    case: Any = TransactionTestCase
    case._fixture_setup = classmethod(lambda cls: None)
    case._fixture_teardown = lambda self: _run(script)


def _script() -> str:
    """Return the statements that bring every table back; keys lead anywhere until all of them have run."""
    empty = "".join(f"DELETE FROM {name};" for name in _tables())
    fill = "".join(f"INSERT INTO {name} SELECT * FROM {SCHEMA}.{name};" for name in _filled())
    if connection.vendor == "sqlite":
        attach, detach = f"ATTACH '{_file()}' AS {SCHEMA};", f"DETACH {SCHEMA};"
        return f"PRAGMA foreign_keys = OFF; {attach} BEGIN IMMEDIATE; {empty} {fill} COMMIT; {detach}"
    return f"BEGIN; SET LOCAL session_replication_role = replica; {empty} {fill} COMMIT;"


def _run(script: str) -> None:
    connection.close()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            raw: Any = connection.connection
            raw.executescript(script)
        else:
            cursor.execute(script)
    # The next test begins with a connection that has the settings of the site.
    connection.close()


def _tables() -> list[str]:
    names = connection.introspection.table_names()
    # The rows of SQLite's index of words go with those that it is made of; its tables are its own.
    left_alone = ("django_migrations", "library_searchindex")
    return [connection.ops.quote_name(name) for name in names if not name.startswith(left_alone)]


def _filled() -> list[str]:
    with connection.cursor() as cursor:
        return [name for name in _tables() if _has_rows(cursor, name)]


def _has_rows(cursor: Any, name: str) -> bool:
    cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {name})")
    return bool(cursor.fetchone()[0])


def _file() -> Path:
    return STATE / f"pristine-{WORKER}.sqlite3"
