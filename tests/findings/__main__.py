"""`python -m tests.findings`: bring each finding back in a copy of the project, and see that its test fails.

`--only 6` brings back those of one number; `--table` prints the table of docs/security.md instead.
"""

import argparse
import sys
from collections.abc import Sequence

from tests.aws.__main__ import copied_project, is_caught, passes
from tests.aws.plants import Plant
from tests.findings.listed import FINDINGS
from tests.findings.plants import PLANTS


def main(arguments: Sequence[str] | None = None) -> int:
    """Plant the findings one by one; return 0 when each was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.findings", description=__doc__)
    parser.add_argument("--only", type=int, action="append", help="the number of a finding; may be given again")
    parser.add_argument("--table", action="store_true", help="print the table of docs/security.md")
    options = parser.parse_args(arguments)
    if options.table:
        print(format_findings())
        return 0
    plants = [Plant(*plant[:2], "", *plant[2:]) for plant in PLANTS if not options.only or plant.number in options.only]
    if not plants:
        parser.error("No finding of that number can be planted.")
    with copied_project() as project:
        if not passes(project, sorted({plant.test for plant in plants})):
            print("✗ The tests fail before anything is planted.")
            return 1
        caught = [is_caught(project, plant) for plant in plants]
    print(f"{sum(caught)} of {len(caught)} caught")
    return int(not all(caught))


def format_findings() -> str:
    """Return the findings as a table in Markdown, each with its tests and whether it can be planted."""
    planted = {plant.number for plant in PLANTS}
    rows = [
        "| # | Weight | What was wrong, or was added | The tests that fail without the mend |",
        "| ---: | --- | --- | --- |",
    ]
    for number, finding in enumerate(FINDINGS, 1):
        links = [f"[{name.removeprefix('test_')}](../tests/{file})" for file, name in map(_split, finding.tests)]
        mark = " (planted)" if number in planted else ""
        rows.append(f"| {number} | {finding.weight}{mark} | {finding.what} | {'<br>'.join(links)} |")
    return "\n".join(rows)


def _split(test: str) -> tuple[str, str]:
    file, _, name = test.partition("::")
    return file, name


if __name__ == "__main__":
    sys.exit(main())
