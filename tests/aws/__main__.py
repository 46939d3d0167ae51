"""`python -m tests.aws`: plant each fault in a copy of the project, and see that a test fails.

The last line says how many of the faults were caught. `--only 6` plants one; `--table` prints the table of
docs/reliability.md instead.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from tests.aws.plants import Edit, Plant, read_plants

ROOT = Path(__file__).resolve().parents[2]
# What pytest ends with when tests ran and some of them failed; every other code says that nothing was proved.
FAILED = 1
# Made by `make setup`, named by no commit.
BUILT = (".venv", ".venv-local-aws", "mediahub/desk/static/desk/upload", "mediahub/desk/frontend/node_modules")


def main(arguments: Sequence[str] | None = None) -> int:
    """Plant the faults one by one; return 0 when each was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.aws", description=__doc__)
    parser.add_argument("--only", type=int, action="append", help="the number of a fault; may be given again")
    parser.add_argument("--table", action="store_true", help="print the table of the documents")
    options = parser.parse_args(arguments)
    plants = [plant for plant in read_plants() if not options.only or plant.number in options.only]
    if not plants:
        parser.error("There is no fault of that number.")
    if options.table:
        print(format_table(plants))
        return 0
    with copied_project() as project:
        if not passes(project, sorted({plant.test for plant in plants})):
            print("✗ The tests fail before anything is planted.")
            return 1
        caught = {plant: is_caught(project, plant) for plant in plants}
    numbers = {plant.number for plant in plants}
    missed = {plant.number for plant, well in caught.items() if not well}
    print(f"{len(numbers - missed)} of {len(numbers)} caught")
    return int(bool(missed))


def is_caught(project: Path, plant: Plant) -> bool:
    """Plant one fault, run its test, take the fault out again; print and return whether the test failed."""
    originals = {edit.path: (project / edit.path).read_text() for edit in plant.edits}
    try:
        for edit in plant.edits:
            apply(project, edit)
        caught = fails(project, plant.test)
    finally:
        for path, text in originals.items():
            (project / path).write_text(text)
    print(f"{'✓' if caught else '✗'} {plant.number:2}. {plant.name}: {plant.test}", flush=True)
    return caught


def apply(project: Path, edit: Edit) -> None:
    """Make one edit; raise ValueError when its text does not stand exactly once in the file."""
    path = project / edit.path
    text = path.read_text()
    if text.count(edit.old) != 1:
        raise ValueError(f"{edit.path} has {text.count(edit.old)} times {edit.old!r}; a plant replaces one.")
    path.write_text(text.replace(edit.old, edit.new))


def passes(project: Path, tests: Sequence[str]) -> bool:
    """Return whether all of these tests pass; what they printed is shown otherwise."""
    run = _pytest(project, *tests)
    if run.returncode:
        print(run.stdout)
    return run.returncode == 0


def fails(project: Path, test: str) -> bool:
    """Return whether the test ran and failed; a test that cannot be collected proves nothing."""
    run = _pytest(project, test)
    if run.returncode not in (0, FAILED):
        print(run.stdout)
    return run.returncode == FAILED


@contextmanager
def copied_project() -> Iterator[Path]:
    """Give a copy of the working tree that ends with the block."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    with tempfile.TemporaryDirectory(prefix="mediahub-plants-") as folder:
        project = Path(folder)
        for name in listed:
            if (ROOT / name).is_file() and not name.startswith("docs/screenshots"):
                (project / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, project / name)
        for name in BUILT:
            if (ROOT / name).exists():
                (project / name).symlink_to(ROOT / name)
        yield project


def format_table(plants: Sequence[Plant]) -> str:
    """Return the faults as a table in Markdown: each with how it is mended and the tests that fail without that."""
    rows = [
        "| # | Fault | How it is mended | The test that fails when it is planted again |",
        "| ---: | --- | --- | --- |",
    ]
    for number, same in groupby(plants, key=lambda plant: plant.number):
        parts = list(same)
        names = "; ".join(dict.fromkeys(part.name for part in parts))
        mended = " ".join(dict.fromkeys(part.mended for part in parts))
        tests = ", ".join(dict.fromkeys(f"`{part.test.removeprefix('tests/')}`" for part in parts))
        rows.append(f"| {number} | {names} | {mended} | {tests} |")
    return "\n".join(rows)


def _pytest(project: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    # A module that was edited and put back within a second would be taken for the one that was compiled.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TEST_STATE": f"plants-{os.getpid()}"}
    return subprocess.run(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
