"""Two `migrate` at once: on PostgreSQL the second waits, and then finds nothing to do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate as django_migrate
from django.db import connection

from mediahub.library.management.commands.migrate import lock

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="the lock is PostgreSQL's")
pytestmark = pytest.mark.django_db


@contextmanager
def lock_held_elsewhere() -> Iterator[threading.Event]:
    """Another process migrates, until the event is set or the block ends."""
    is_held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with lock(connection):
            is_held.set()
            release.wait()
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    is_held.wait()
    try:
        yield release
    finally:
        release.set()
        other.join()


def test_the_projects_own_command_migrates(monkeypatch: pytest.MonkeyPatch) -> None:
    migrated: list[str] = []
    monkeypatch.setattr(django_migrate.Command, "handle", lambda self, **options: migrated.append(options["database"]))
    call_command("migrate", "--no-input", skip_checks=True)
    assert migrated == ["default"]


@on_postgresql
def test_a_second_one_is_refused_while_the_first_is_at_work() -> None:
    with lock_held_elsewhere(), pytest.raises(CommandError, match="Another `migrate` is running"), lock(connection, 0):
        pass


@on_postgresql
def test_a_second_one_waits_for_the_first() -> None:
    with lock_held_elsewhere() as release:
        release.set()
        with lock(connection):
            pass


@on_postgresql
def test_the_lock_is_given_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), lock(connection):
        raise ZeroDivisionError
    with lock_held_elsewhere():
        pass
