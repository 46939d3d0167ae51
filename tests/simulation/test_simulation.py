"""The simulation keeps every promise, finds bugs that are planted, and plays the same run from the same seed."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.simulation.plants import PLANTS

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "reliability.md"
# By name of the planted bug: the run that finds it, as the document says.
FOUND_BY = dict(re.findall(r"^\| `([a-z-]+)`: [^|]* \| (\d+) \|$", DOCUMENT.read_text(), re.M))


def simulate(*arguments: str) -> str:
    """Return what the command prints, in a process with a database of its own."""
    if connection.vendor != "sqlite":
        pytest.skip("it has a database of its own in memory, whichever the suite runs on")
    process = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *arguments], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert process.returncode in (0, 1), process.stderr[-2000:]
    return process.stdout


def storm(runs: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Play other runs each day, and the same ones all day long."""
    command = f"python -m tests.simulation --runs {runs} --seed {datetime.now(UTC):%Y%m%d}000"
    with capsys.disabled():
        print(f"\n{command}")
    printed = simulate(*command.split()[3:])
    assert "lost 0, duplicated 0, orphaned 0, drift 0" in printed, f"{command}\n{printed}"


def test_r1_ten_storms_of_this_day_break_no_promise(capsys: pytest.CaptureFixture[str]) -> None:
    storm(10, capsys)


def test_r1_a_thousand_storms_of_this_day_break_no_promise(capsys: pytest.CaptureFixture[str]) -> None:
    storm(1000, capsys)


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_found_by_the_run_that_the_document_names(plant: str) -> None:
    run = FOUND_BY[plant]
    printed = simulate("--runs", "1", "--seed", run, "--plant", plant)
    stale = "docs/reliability.md is stale: put in what `python -m tests.simulation --plants` prints"
    assert f"first failure: --runs 1 --seed {run}\n" in printed, f"{stale}\n{printed}"


def test_the_document_names_each_planted_bug() -> None:
    assert list(FOUND_BY) == list(PLANTS)


def test_a_seed_plays_the_same_run_again() -> None:
    runs = [simulate("--runs", "2", "--seed", "7", "--jobs", "1").split(" s\n", 1)[1] for _ in range(2)]
    assert runs[0] == runs[1]
