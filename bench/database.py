"""A test database of its own beside the one that DATABASE_URL names, for what is measured in it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django


@contextmanager
def database() -> Iterator[str]:
    """Django set up, with an empty database that ends with the block; gives the database's vendor."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    django.setup()
    from django.db import connection

    connection.creation.create_test_db(verbosity=0, serialize=False, autoclobber=True)
    try:
        yield connection.vendor
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def analyze() -> None:
    """Let the database count its rows anew, as it does by itself in time."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
