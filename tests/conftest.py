"""What all tests share."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings

from tests import pristine
from tests.aws.recording import Recorder
from tests.settings import CALLS
from tests.slow import is_slow

pytest_plugins = ["tests.local_aws", "tests.editors"]
CALLS.unlink(missing_ok=True)
Recorder(CALLS).install()
# Looking through all of Django and the tests every 700 objects took a sixth of the time of tests/desk.
gc.set_threshold(200_000, 20, 20)
# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("mediahub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mediahub")


# What starts an emulator, a browser or other processes.
LARGE_PARTS = {"local_aws", "local_aws_process", "running", "browser", "page", "signed_in"}
# The long files come first, so that no process has one left when the other is done.
FIRST_FOLDERS = ("browser", "journeys", "local", "desk", "simulation", "jobs", "deploy")
LARGE_FOLDERS = ("browser", "deploy", "journeys", "local", "simulation")
ROOT = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="Leave out what needs a browser or the local AWS.")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark the slow tests, put long files first, and leave out those that need much where `--fast` asks for it."""
    # Before `-m` chooses by the mark.
    for item in items:
        if is_slow(item.nodeid.removeprefix("tests/")):
            item.add_marker("slow")
    yield
    items.sort(key=_rank)
    if config.getoption("--fast"):
        config.hook.pytest_deselected(items=[item for item in items if _needs_much(item)])
        items[:] = [item for item in items if not _needs_much(item)]


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(ROOT).parts[0]
    return FIRST_FOLDERS.index(folder) if folder in FIRST_FOLDERS else len(FIRST_FOLDERS)


def _needs_much(item: pytest.Item) -> bool:
    parts = LARGE_PARTS & set(getattr(item, "fixturenames", ()))
    return bool(parts) or item.path.relative_to(ROOT).parts[0] in LARGE_FOLDERS or "slow" in item.keywords


@pytest.fixture(autouse=True)
def in_the_sites_language() -> Iterator[None]:
    """Provide a request that asked for another language leaves it to nobody."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Set up the database of this process, and keep what the migrations made of it."""
    with django_db_blocker.unblock():
        pristine.keep()
