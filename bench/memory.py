"""`python -m bench.memory 100000 1000000 --folder FOLDER`: measure the peak memory of the clock and of the check.

Each figure is the peak of a process of its own (VmHWM) that ticks as the clock does, or compares pages of each step of
a full consistency check. Both work on filled databases that are kept in the folder; buckets, queues and the mirror's
table stand for themselves, and list what the database names.
"""

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.database import Library, open_library
from bench.filling import fill

MINUTE = timedelta(seconds=50)
# Of each step: all pages of a million images would take an hour, and each page is as large as the one before.
PAGES = 30
LISTED = 1000
TICKS = 20
WORKS = ("clock", "check")


def main() -> None:
    """Print the peaks for each number of images, and how much more the last is than the first."""
    parser = argparse.ArgumentParser(description="Measure the peak memory of the clock and of the consistency check.")
    parser.add_argument("images", type=int, nargs="+", help="how many images; several numbers are compared")
    parser.add_argument("--folder", type=Path, required=True, help="where the filled databases are kept")
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL")
    asked = parser.parse_args()
    print(f"| Peak MB | {' | '.join(f'{number:,} images' for number in asked.images)} | growth |")
    print(f"| --- |{' ---: |' * (len(asked.images) + 1)}")
    peaks = [_measure_all(Library(number, asked.folder, asked.sqlite)) for number in asked.images]
    for work in WORKS:
        row = [each[work] for each in peaks]
        figures = " | ".join(f"{peak:.1f}" for peak in row)
        print(f"| {work} | {figures} | {100 * (row[-1] / row[0] - 1):+.1f} % |")


def _measure_all(library: Library) -> dict[str, float]:
    with open_library(library, fill):
        from django.db import connection

        settings = connection.settings_dict
        url = f"sqlite:///{settings['NAME']}"
        if connection.vendor == "postgresql":
            place = f"{settings['HOST'] or ''}:{settings['PORT']}" if settings["PORT"] else settings["HOST"]
            url = f"postgresql://{settings['USER']}:{settings['PASSWORD']}@{place}/{settings['NAME']}"
            if (host := str(settings["HOST"] or settings["OPTIONS"].get("host", ""))).startswith("/"):
                url = f"postgresql://{settings['USER']}@/{settings['NAME']}?host={host}"
        connection.close()
        environment = {**os.environ, "DATABASE_URL": url}
        return {work: _measure(work, environment) for work in WORKS}


def _measure(work: str, environment: Mapping[str, str]) -> float:
    """Return the peak of a process that does this work, in MB."""
    command = [sys.executable, "-c", f"from bench import memory; memory.do_work({work!r})"]
    printed = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(printed.split()[-1]) / 1024


class Bucket:
    """A bucket that has the files which a table names, listed a page at a time."""

    def __init__(self, model: Any, *fields: str) -> None:
        self._model = model
        self._fields = fields

    def list_page(self, start: Mapping[str, str] | None = None, prefix: str = "") -> Any:
        """Return the files behind the start whose keys begin so, in the order of their keys."""
        from processing import ObjectVersion, VersionPage

        rows = self._model.objects.order_by("key").filter(key__gt=(start or {}).get("key", ""), key__startswith=prefix)
        listed = list(rows.values("key", *self._fields)[:LISTED])
        old = datetime.now(UTC) - timedelta(days=1)
        versions = tuple(
            ObjectVersion(row["key"], row.get("version_id", ""), row.get("bytes", 1), old, latest=True, removed=False)
            for row in listed
        )
        return VersionPage(versions, {"key": listed[-1]["key"]} if len(listed) == LISTED else None)


class Silence:
    """A queue and a table that take everything and have nothing."""

    def send(self, *_anything: Any) -> None:
        """Take a message."""

    put = delete = replace = hide_message = send

    def receive(self, *_anything: Any) -> list[Any]:
        """Return no messages."""
        return []

    def count_waiting(self) -> int:
        """Return that no message waits."""
        return 0

    def query_items(self, _pk: str) -> dict[str, Any]:
        """Return no items."""
        return {}

    def scan_keys(self, *_anything: Any) -> tuple[list[Any], None]:
        """Return no keys."""
        return [], None


def do_work(work: str) -> None:
    """Do the clock's or the check's work in this process, and print its peak in kilobytes."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    _replace_aws()
    _tick() if work == "clock" else _check()
    # Unlike what getrusage tells, this begins anew with the program.
    status = Path("/proc/self/status").read_text()
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def _replace_aws() -> None:
    from mediahub.aws import clients
    from mediahub.library.models import Rendition
    from mediahub.uploads.models import Upload

    parts = {
        "get_upload_store": Bucket(Upload, "version_id"),
        "get_rendition_store": Bucket(Rendition, "bytes"),
        **dict.fromkeys(("get_upload_queue", "get_dead_letter_queue", "get_mirror_table"), Silence()),
    }
    for name, part in parts.items():
        setattr(clients, name, lambda part=part: part)


def _tick() -> None:
    """Tick as the clock does, until its figures are counted to the end."""
    from django.utils import timezone

    from mediahub.library.models import FigureRound
    from mediahub.worker import clock

    FigureRound.objects.all().delete()
    for _ in range(TICKS):
        clock.tick(timezone.now() + MINUTE)
        if FigureRound.objects.filter(ended_at__isnull=False).count() == FigureRound.objects.count():
            break


def _check() -> None:
    """Compare the first pages of each step of a full check, and mend nothing."""
    from mediahub.recovery import consistency_checks
    from mediahub.recovery.comparisons import STEPS

    for step in STEPS:
        check = consistency_checks.begin_check(full=True, grace_seconds=0)
        check.step = step
        for _ in range(PAGES):
            if check.step == step:
                consistency_checks.advance_check(check)
        check.delete()


if __name__ == "__main__":
    main()
