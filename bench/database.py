"""A test database beside the one that DATABASE_URL names, for measurements."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django


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


def analyze() -> None:
    """Let the database collect statistics on its tables, as it does by itself after a while."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
