"""What all tests share."""

import gc
from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck, settings
from pytest_django.plugin import blocking_manager_key

from tests.aws.recording import Recorder
from tests.settings import CALLS

pytest_plugins = ["tests.local_aws", "tests.editors"]
CALLS.unlink(missing_ok=True)
Recorder(CALLS).install()
# Looking through all of Django and the tests every 700 objects took a sixth of the time of tests/desk.
gc.set_threshold(200_000, 20, 20)
# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("mediahub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mediahub")


@pytest.fixture(autouse=True)
def in_the_sites_language() -> Iterator[None]:
    """A request that asked for another language leaves it to nobody."""
    yield
    translation.deactivate()


def _asks(item: pytest.Item, of_database: str) -> bool:
    mark = item.get_closest_marker("django_db")
    return bool(mark and mark.kwargs.get(of_database))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A test that commits empties the database; the next test finds what the migrations had put there."""
    yield
    # After the last test there is no database any more, and with serialized_rollback Django puts it there itself.
    if nextitem and _asks(item, "transaction") and not _asks(nextitem, "serialized_rollback"):
        with item.config.stash[blocking_manager_key].unblock():
            connection.creation.deserialize_db_from_string(connection._test_serialized_contents)  # type: ignore[attr-defined]
            # Where a browser's loop runs, this is another connection than the test's own.
            connection.close()
