"""Django's `migrate`, by one process at a time on each database.

An operator whose connection breaks runs it again while the first is still at work, and a release may meet a restore.
The one that comes second waits and then finds nothing to do.
"""

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from mediahub import database_rights

# A function works for 60 seconds at most, and wants some for its own migrations.
WAIT_SECONDS = 40
LOCK = zlib.crc32(b"mediahub.migrate")


class Command(migrate.Command):
    """Migrates when no other process does."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate under the database's lock, and grant the rights of each kind of process.

        Raise CommandError when another process holds the lock for too long.
        """
        connection = connections[options["database"]]
        with lock(connection):
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            if any(migration.app_label == "auth" for migration, _ in plan):
                database_rights.drop_views(connection)
            super().handle(*args, **options)
            database_rights.grant_rights(connection)


@contextmanager
def lock(connection: BaseDatabaseWrapper, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold a lock that PostgreSQL gives back when the connection ends, however it ends; SQLite has its own."""
    if connection.vendor != "postgresql":
        yield
        return
    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while not _is_granted(cursor, "SELECT pg_try_advisory_lock(%s)"):
            if time.monotonic() >= until:
                raise CommandError(
                    "Another `migrate` is running on this database. Run this again when it has finished."
                )
            time.sleep(0.5)
        try:
            yield
        finally:
            _is_granted(cursor, "SELECT pg_advisory_unlock(%s)")


def _is_granted(cursor: Any, question: str) -> bool:
    cursor.execute(question, [LOCK])
    return bool(cursor.fetchone()[0])
