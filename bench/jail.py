"""`python -m bench.jail FOLDER`: what the jail costs a photograph, as a share of the worker's time for it.

Each photograph goes through `process` in the jail and without it, in turns, with a store that keeps nothing. Compared
is the processor's time of both processes, which other work on the machine changes little; medians of ROUNDS rounds.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import cast
from unittest.mock import patch
from uuid import uuid4

from bench.pipeline import ALL, SinkStore
from bench.usage import read_peak_megabytes, read_processor_seconds
from processing import Store, decoding, pipeline, process
from processing.jail import pool

ROUNDS = 7
# Of the whole time of a photograph.
MOST_PERCENT = 5


def main(arguments: list[str]) -> int:
    """Print the table; return 1 when the jail costs more than MOST_PERCENT."""
    photos = sorted(Path(arguments[0]).glob("*.jpg")) if arguments else []
    if not photos:
        print("Name a folder of JPEG photographs: python -m bench.jail FOLDER", file=sys.stderr)
        return 2
    print("| photograph | CPU ms without | CPU ms in the jail | more | wall ms without | wall ms in the jail |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    rows = [measure_photo(photo.read_bytes()) for photo in photos]
    for photo, row in zip(photos, rows, strict=True):
        print_row(photo.stem[:30], row)
    means = tuple(statistics.mean(column) for column in zip(*rows, strict=True))
    print_row("**all**", means)
    print(f"\nPeak of the worker and its decoder: {read_peak_megabytes()} MB")
    starts = statistics.median(measure_start() for _round in range(ROUNDS))
    share = 100 * (means[1] + starts / pool.MAX_FILES - means[0]) / means[0]
    print(f"\nA child starts in {starts:.0f} CPU ms, once in {pool.MAX_FILES} files. In all: {share:+.1f} %.")
    return int(share > MOST_PERCENT)


def measure_photo(data: bytes) -> tuple[float, float, float, float]:
    """Return CPU milliseconds without and in the jail, and those of the clock."""
    work = partial(process_photo, data)
    process_photo(data)
    free, jailed = [], []
    for _round in range(ROUNDS):
        with patch.object(pipeline, "run_decoder", decoding.decode_file):
            free.append(measure(work))
        jailed.append(measure(work))
    medians = [statistics.median(column) for rows in (free, jailed) for column in zip(*rows, strict=True)]
    return medians[0], medians[2], medians[1], medians[3]


def process_photo(data: bytes) -> None:
    """Make all renditions of a photograph."""
    process(BytesIO(data), uuid4(), store=cast("Store", SinkStore()), labeler=None, specs=ALL)


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds of the processor that this process and the child take, and those by the clock."""
    wall, cpu = time.perf_counter(), read_processor_seconds()
    work()
    return 1000 * (read_processor_seconds() - cpu), 1000 * (time.perf_counter() - wall)


def measure_start() -> float:
    """Return the CPU milliseconds that a child takes to start and to end."""
    pool.children.close()
    before = os.times()
    child = pool.Child(10**9)
    child.wait_until_ready()
    child.end()
    after = os.times()
    return 1000 * (sum(after[:4]) - sum(before[:4]))


def print_row(name: str, row: tuple[float, ...]) -> None:
    """Print a row of the table."""
    free, jailed, free_wall, jailed_wall = row
    more = f"{100 * (jailed - free) / free:+.1f} %"
    print(f"| {name} | {free:.0f} | {jailed:.0f} | {more} | {free_wall:.0f} | {jailed_wall:.0f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
