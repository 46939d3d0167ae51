"""python -m tests.fuzz: alter valid files and messages at random, send them through the handler, and print the counts.

What made a finding is kept in var/fuzz, and made again by its seed and number.
"""

import argparse
import os
import random
import sys
import time
from pathlib import Path

os.environ["DATABASE_URL"] = "sqlite://:memory:"
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

FOLDER = Path(__file__).resolve().parents[2] / "var" / "fuzz"


def main() -> int:
    """Run, and return 1 when something ended in no foreseen way."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=10**9)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60, help="after so many no batch begins")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    args = parser.parse_args()
    import django
    from django.core.management import call_command

    django.setup()
    from tests.fuzz.run import run_batches

    call_command("migrate", verbosity=0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"python -m tests.fuzz --seed {args.seed} --seconds {args.seconds:.0f}", flush=True)
    start = time.monotonic()
    # Messages are quick, and come first where the time is for both.
    report = run_batches(args.seed, 0, args.messages, args.seconds / 2)
    files = run_batches(args.seed, args.files, 0, args.seconds - (time.monotonic() - start), FOLDER)
    files.messages, files.findings = report.messages, files.findings + report.findings
    files.outcomes.update(report.outcomes)
    print(files.describe())
    return int(bool(files.findings))


if __name__ == "__main__":
    sys.exit(main())
