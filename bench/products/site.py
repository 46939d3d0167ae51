"""The product's side: a process that takes in photographs when it is told to, and answers with what it measured.

One command and one answer is a line of JSON each. This module runs in the environment of every product, so it needs
nothing but Python.
"""

import gzip
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.products.photographs import read_photograph
from bench.products.stopwatch import Stopwatch

VISITS = 5
# What browsers and proxies compress with by default.
GZIP_LEVEL = 6


@dataclass(frozen=True)
class LibraryPage:
    """A page that shows the newest images: its bytes, and how many images it shows."""

    html: bytes
    shown: int


class Site(Protocol):
    """What each product has to do."""

    versions: dict[str, str]

    def add_photograph(self, stopwatch: Stopwatch, name: str, data: bytes) -> list[int]:
        """Upload a file the way an editor does and return when all renditions exist, with their bytes."""

    def open_library(self) -> LibraryPage:
        """Request the page of the library."""

    def copy_renditions(self, folder: Path) -> str:
        """Write the renditions of the latest photograph into a folder; return all text of its record."""

    def read_processor_seconds(self) -> float:
        """Return the seconds of the processor that the product has had, without what it waits for."""

    def read_peak_megabytes(self) -> float:
        """Return the largest resident size of the product, in MB."""


class OneProcess:
    """A product that is this process alone."""

    def read_processor_seconds(self) -> float:
        """Return the seconds of the processor that this process has had."""
        return time.process_time()

    def read_peak_megabytes(self) -> float:
        """Return the largest resident size of this process, in MB."""
        return read_megabytes("VmHWM")


def serve_commands(open_site: Callable[[Path], AbstractContextManager[Site]]) -> int:
    """Open the site in the folder that the command line names, and do what stdin asks for until it ends."""
    # What a product prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with open_site(Path(sys.argv[1])) as site:
        # A local AWS, which began before, may use the other cores.
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        print(json.dumps({"versions": site.versions, "resident": read_megabytes("VmRSS")}), file=answers, flush=True)
        for line in sys.stdin:
            print(json.dumps(answer_command(site, json.loads(line))), file=answers, flush=True)
    return 0


def answer_command(site: Site, command: dict[str, Any]) -> dict[str, Any]:
    """Return what one command asks for."""
    match command:
        case {"add": numbers, "photos": photos}:
            paths = [Path(photo) for photo in photos]
            return {"added": [add_photograph(site, *read_photograph(paths, number)) for number in numbers]}
        case {"inspect": photo, "folder": folder}:
            add_photograph(site, Path(photo).name, Path(photo).read_bytes())
            return {"record": site.copy_renditions(Path(folder))}
        case {"library": True}:
            return measure_library(site)
        case {"memory": True}:
            return {"peak": site.read_peak_megabytes(), "local_aws": read_local_aws_seconds()}
    raise ValueError(f"There is no command {command}.")


def add_photograph(site: Site, name: str, data: bytes) -> dict[str, Any]:
    """Return the seconds and the bytes of one photograph."""
    stopwatch = Stopwatch(read_processor_seconds=site.read_processor_seconds)
    sizes = site.add_photograph(stopwatch, name, data)
    return {"cpu": stopwatch.cpu, "wall": stopwatch.wall, "files": len(sizes), "bytes": sum(sizes)}


def measure_library(site: Site) -> dict[str, Any]:
    """Return the weight of the library's page, and the milliseconds of its first visit and of later ones."""
    times = []
    for _ in range(VISITS + 1):
        start = time.process_time()
        page = site.open_library()
        times.append(1000 * (time.process_time() - start))
    return {
        "shown": page.shown,
        "html": len(page.html),
        "compressed": len(gzip.compress(page.html, GZIP_LEVEL)),
        "first": times[0],
        "later": statistics.median(times[1:]),
    }


def read_megabytes(name: str) -> float:
    """Return a size of this process from the kernel's status of it, such as VmHWM, the largest resident size, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{name}:")[1].split()[0]) / 1024


def read_local_aws_seconds() -> float:
    """Return the seconds of the processor that the local AWS beside this process has spent; 0 where none runs."""
    ticks = 0
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            if "guarded_emulator" not in Path(f"/proc/{child}/cmdline").read_text():
                continue
            # Behind the name, which may hold spaces: the 12th and 13th field are user and system time.
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
