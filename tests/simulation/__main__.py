"""python -m tests.simulation --runs N --seed S: prints what went wrong on purpose, and what of it was felt."""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

os.environ["DATABASE_URL"] = "sqlite://:memory:"
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"


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


def main() -> int:
    """Play the runs on all processors; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the others follow it")
    parser.add_argument("--plant", default="", help="a deliberate bug, from tests/simulation/plants.py")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--until-found", action="store_true", help="stop at the first run that breaks a promise")
    args = parser.parse_args()
    start = time.monotonic()
    faults: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    first = None
    played = 0
    with ProcessPoolExecutor(args.jobs, initializer=begin) as pool:
        seeds = range(args.seed, args.seed + args.runs)
        for outcome in pool.map(partial(play, args.plant), seeds, chunksize=max(1, min(50, args.runs // 40))):
            played += 1
            faults.update(outcome.faults)
            for name in ("lost", "duplicated", "orphaned", "drift"):
                sums[name] += len(getattr(outcome, name))
            if outcome.broken and first is None:
                first = outcome
                if args.until_found:
                    pool.shutdown(cancel_futures=True)
                    break
    print(f"runs {played}, {time.monotonic() - start:.0f} s")
    print(f"faults injected {faults.total()}")
    for fault, times in faults.most_common(12):
        print(f"  {times:8} {fault}")
    print(", ".join(f"{name} {sums[name]}" for name in ("lost", "duplicated", "orphaned", "drift")))
    if first is not None:
        print(f"first failure: --runs 1 --seed {first.seed}")
        for broken in first.broken[:10]:
            print(f"  {broken}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
