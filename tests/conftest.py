"""What all tests share."""

import gc
from collections.abc import Iterator
from pathlib import Path

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


# What starts an emulator, a browser or other processes, and what plays many runs.
SLOW_PARTS = {"local_aws", "local_aws_process", "running", "browser", "page", "signed_in"}
SLOW_FOLDERS = ("browser", "deploy", "journeys", "local", "simulation")
ROOT = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="Leave out what needs a browser or the local AWS.")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the slow tests where `--fast` asks for that."""
    if not config.getoption("--fast"):
        return
    slow = [item for item in items if _is_slow(item)]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if not _is_slow(item)]


def _is_slow(item: pytest.Item) -> bool:
    fixtures = SLOW_PARTS & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.path.relative_to(ROOT).parts[0] in SLOW_FOLDERS


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
