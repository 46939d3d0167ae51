"""List what a review of the running product found, and the tests that fail when it is so again."""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.aws.plants import Edit

ROOT = Path(__file__).resolve().parents[2]


class Finding(NamedTuple):
    """One finding: what was wrong, in plain words, and the tests that hold the mend."""

    weight: str
    what: str
    tests: tuple[str, ...]


class PlantedFinding(NamedTuple):
    """One way to bring a finding back: its number in the table, the edits, and the test that must fail then."""

    number: int
    name: str
    edits: tuple[Edit, ...]
    test: str


@cache
def find_tests(file: str) -> frozenset[str]:
    """Return the names of the tests in a file below tests/; none where there is no such file."""
    path = ROOT / "tests" / file
    tree = ast.parse(path.read_text() if path.is_file() else "")
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
