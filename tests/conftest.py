"""What all tests share."""

import functools
import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck, settings

from tests import database_users, pristine
from tests.aws.recording import Recorder
from tests.proofs import WHAT, add_counts
from tests.settings import CALLS
from tests.slow import NOT_FAST, is_slow

pytest_plugins = ["tests.local_aws", "tests.editors"]
CALLS.unlink(missing_ok=True)
Recorder(CALLS).install()
# Reading the models of S3 takes a tenth of a second: all sessions of a process share what one has read.
vars(botocore.session)["create_loader"] = functools.cache(botocore.session.create_loader)
# Looking through all of Django and the tests every 700 objects took a sixth of the time of tests/desk.
gc.set_threshold(200_000, 20, 20)
# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("mediahub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mediahub")


# What starts an emulator, a browser or other processes.
LARGE_PARTS = {"local_aws", "local_aws_process", "running", "browser", "page", "signed_in"}
# The long files come first, so that no process has one left when the other is done.
FIRST_FOLDERS = ("simulation", "browser", "journeys", "local", "desk", "deploy", "jobs")
ROOT = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="Leave out what needs a browser or the local AWS.")
    parser.addoption("--proofs", metavar="FILE", help="Write what tests counted into this file; see tests/proofs.py.")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what the tests that passed have counted."""
    passed = terminalreporter.getreports("passed")
    sums = add_counts(pair for report in passed if report.when == "call" for pair in report.user_properties)
    for name, number in sums.items():
        terminalreporter.write_line(f"{number} {name}: {WHAT[name].outcome}")
    if file := config.getoption("--proofs"):
        Path(file).write_text(f"{json.dumps(dict(sorted(sums.items())), indent=2)}\n")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark the slow tests, put long files first, and leave out those that need much where `--fast` asks for it."""
    # Before `-m` chooses by the mark.
    for item in items:
        if is_slow(item.nodeid.removeprefix("tests/"), connection.vendor):
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
    path = item.path.relative_to(ROOT)
    return bool(parts) or "slow" in item.keywords or bool({path.parts[0], path.as_posix()} & set(NOT_FAST))


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
        if connection.vendor == "postgresql":
            database_users.create()
            database_users.install()
