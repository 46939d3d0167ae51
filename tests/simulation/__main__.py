"""python -m tests.simulation --runs N --seed S: prints what went wrong on purpose, and what of it was felt."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

os.environ["DATABASE_URL"] = "sqlite://:memory:"
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

from tests.simulation.outcome import Outcome

PROMISES = ("lost", "duplicated", "orphaned", "drift")


def begin() -> None:
    """Make this process's own database, in memory."""
    import django
    from django.core.management import call_command

    django.setup()
    from tests.simulation import run

    run.quiet()
    call_command("migrate", verbosity=0)


def play(plant: str, seed: int) -> Any:
    """One run, in a process of the pool."""
    from tests.simulation.plants import planted
    from tests.simulation.run import play as play_one

    with planted(plant):
        return play_one(seed)


@dataclass
class Sum:
    """What many runs came to: how many were played, what was injected, what was felt, and the first that failed."""

    played: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    first: Outcome | None = None


def play_all(seeds: Sequence[int], plant: str, jobs: int | None, *, until_found: bool) -> Sum:
    """Play the runs on so many processors, in their order."""
    total = Sum()
    with ProcessPoolExecutor(jobs, initializer=begin) as pool:
        for outcome in pool.map(partial(play, plant), seeds, chunksize=max(1, min(50, len(seeds) // 40))):
            total.played += 1
            total.faults.update(outcome.faults)
            total.broken.update({name: len(getattr(outcome, name)) for name in PROMISES})
            if outcome.broken and total.first is None:
                total.first = outcome
                if until_found:
                    pool.shutdown(cancel_futures=True)
                    break
    return total


def table(jobs: int | None) -> str:
    """Return the table of planted bugs in docs/reliability.md, each with the first run from seed 1 that finds it."""
    lines = ["| Planted bug | Found by the run |", "| --- | ---: |"]
    begin()
    from tests.simulation.plants import PLANTS

    for name, plant in PLANTS.items():
        first = play_all(range(1, 3000), name, jobs, until_found=True).first
        description = (plant.__doc__ or "").split(": ", 1)[1].rstrip(".")
        lines.append(f"| `{name}`: {description} | {first.seed if first else 'none'} |")
    return "\n".join(lines)


def main() -> int:
    """Play the runs on all processors; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the others follow it")
    parser.add_argument("--plant", default="", help="a deliberate bug, from tests/simulation/plants.py")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--until-found", action="store_true", help="stop at the first run that breaks a promise")
    parser.add_argument("--plants", action="store_true", help="print the table of the planted bugs for the document")
    args = parser.parse_args()
    if args.plants:
        print(table(args.jobs))
        return 0
    start = time.monotonic()
    seeds = range(args.seed, args.seed + args.runs)
    total = play_all(seeds, args.plant, args.jobs, until_found=args.until_found)
    print(f"runs {total.played}, {time.monotonic() - start:.0f} s")
    print(f"faults injected {total.faults.total()}")
    for fault, times in total.faults.most_common(12):
        print(f"  {times:8} {fault}")
    print(", ".join(f"{name} {total.broken[name]}" for name in PROMISES))
    if total.first is not None:
        print(f"first failure: --runs 1 --seed {total.first.seed}")
        for broken in total.first.broken[:10]:
            print(f"  {broken}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
