"""`python -m tests.proofs [FILE …]`: run the tests that count what they try; write the numbers into docs/security.md.

With files below tests/, run those alone and keep the other numbers.
A test counts by pytest's `record_property`, with a name of WHAT. Every run of pytest prints the sums of its own tests.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "tests" / "proofs.json"


class Proof(NamedTuple):
    """Hold what a count is of, what the tests found among so many, and the file of the tests."""

    what: str
    outcome: str
    file: str


WHAT = {
    "requests of roles": Proof(
        "Requests: each address by each role with each method, for one's own records, others', hidden, and absent ones",
        "0 answered or written otherwise than the table of permissions says",
        "desk/test_permissions.py",
    ),
    "requests about a closed image": Proof(
        "Requests of six roles about a hidden image and all that belongs to it",
        "0 words of it told",
        "desk/test_closed.py",
    ),
    "places with a hostile word": Proof(
        "Texts of records that pages show, each a tag", "0 tags on a page", "desk/test_closed.py"
    ),
    "changed tickets": Proof(
        "Tickets with one field, condition, size, or moment changed, by S3's rules and at the local AWS",
        "0 accepted",
        "uploads/test_ticket_changes.py",
    ),
    "changed steps of uploads in parts": Proof(
        "Steps of uploads in parts with one parameter, header, method, or size changed",
        "0 accepted",
        "uploads/test_ticket_changes.py",
    ),
    "replays": Proof(
        "Steps sent again after the upload was put together", "0 changed the file", "uploads/test_ticket_changes.py"
    ),
    "naughty strings": Proof(
        "Naughty strings, each in every text of records", "0 more than text", "desk/test_naughty_strings.py"
    ),
    "answers with naughty strings": Proof(
        "Pages, tables, JSON, and messages with naughty strings",
        "0 with a tag, attribute, script, formula, or header of them; 0 errors of the server",
        "desk/test_naughty_strings.py",
    ),
}


def add_counts(properties: Iterable[tuple[str, object]]) -> Counter[str]:
    """Return the sums of what tests recorded."""
    sums: Counter[str] = Counter()
    for name, number in properties:
        if name in WHAT and isinstance(number, int):
            sums[name] += number
    return sums


def format_proofs() -> str:
    """Return the numbers of the last run of the command as a table in Markdown."""
    numbers = json.loads(FILE.read_text())
    rows = ["| Tried | Number | Found | Tests |", "| --- | ---: | --- | --- |"]
    for name, proof in WHAT.items():
        rows.append(f"| {proof.what} | {numbers[name]:,} | {proof.outcome} | [{proof.file}](../tests/{proof.file}) |")
    return "\n".join(rows)


def main(arguments: list[str]) -> int:
    """Run the tests, keep their numbers, and rewrite the documents; return pytest's code."""
    files = arguments or sorted({proof.file for proof in WHAT.values()})
    before = json.loads(FILE.read_text())
    tests = [f"tests/{file}" for file in files]
    run = subprocess.run([sys.executable, "-m", "pytest", "-q", f"--proofs={FILE}", *tests], cwd=ROOT, check=False)
    counted = json.loads(FILE.read_text())
    numbers = {name: counted.get(name, 0) if proof.file in files else before[name] for name, proof in WHAT.items()}
    FILE.write_text(f"{json.dumps(before if run.returncode else numbers, indent=2)}\n")
    subprocess.run([sys.executable, "-m", "tests.documents"], cwd=ROOT, check=True)
    return run.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
