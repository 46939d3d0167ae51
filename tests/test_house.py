"""The rules of the house, kept by a test and not by memory."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.once import NOT_OF_THE_DATABASE, NOT_ON_SQLITE, ON_EACH, ONCE, leave_out_on_postgresql, leave_out_on_sqlite
from tests.slow import NOT_FAST, SLOW, SLOW_ON_SQLITE

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [
    path
    for folder in ("processing", "mediahub")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts and "node_modules" not in path.parts
]
FORBIDDEN_NAMES = {"utils", "helpers", "services", "common", "signals"}
# These start children or are started before the settings exist; they hand the environment on and decide nothing by it.
READS_ENVIRONMENT = {"mediahub/settings.py", "mediahub/wsgi.py", "mediahub/celery.py", "processing/jail/pool.py"}
NESTING = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def depth(node: ast.AST, now: int = 0) -> int:
    here = now + isinstance(node, NESTING)
    # An elif is written inside the else of its if, but nobody reads it as deeper.
    children = [
        (child, now if isinstance(node, ast.If) and node.orelse == [child] and isinstance(child, ast.If) else here)
        for child in ast.iter_child_nodes(node)
    ]
    return max([here, *(depth(child, level) for child, level in children)])


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_a_file_is_short_and_its_functions_are_shallow() -> None:
    assert [name(path) for path in SOURCES if len(path.read_text().splitlines()) >= 400] == []
    named = [(f"{name(path)}: {function.name}", function) for path in SOURCES for function in functions(path)]
    assert [place for place, function in named if (function.end_lineno or 0) - function.lineno >= 50] == []
    assert [place for place, function in named if depth(function) >= 4] == []


def test_a_module_is_named_by_what_it_holds() -> None:
    assert [name(path) for path in SOURCES if path.stem in FORBIDDEN_NAMES] == []


def test_only_settings_reads_the_environment() -> None:
    reads = [path for path in SOURCES if re.search(r"os\.environ|os\.getenv", path.read_text())]
    assert [name(path) for path in reads if name(path) not in READS_ENVIRONMENT and "local" not in path.parts] == []


def test_no_signal_receiver_and_no_pillow_outside_processing() -> None:
    signals = re.compile(r"@receiver|django\.(core|db\.models|dispatch)\.?signals|\.connect\(")
    assert [name(path) for path in SOURCES if signals.search(path.read_text())] == []
    pillow = re.compile(r"^\s*(from|import) PIL\b", re.M)
    outside = [path for path in SOURCES if name(path).startswith("mediahub/")]
    assert [name(path) for path in outside if pillow.search(path.read_text())] == []


def test_no_update_of_images_passes_by_the_revision() -> None:
    # What collections say of an image is no part of the mirror.
    rooms = ("revisions", "changes", "publishing", "cataloging", "audiences")
    allowed = {*(f"mediahub/library/{name}.py" for name in rooms), "mediahub/delivery/mirror.py"}
    modules = {name(path) for path in SOURCES if re.search(r"Image\.objects\.[^\n]*\.update\(", path.read_text())}
    assert modules <= allowed


def test_each_setting_is_documented() -> None:
    settings = (ROOT / "mediahub" / "settings.py").read_text()
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", settings))
    table = set(re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.M))
    assert read == table


def test_lock_files_hold_hashes_and_no_addresses() -> None:
    locks = [*tracked("requirements/*.txt"), *tracked("*package-lock.json"), *tracked("*.npmrc")]
    for lock in locks:
        assert "://" not in re.sub(r"\"(url|funding)\": .*", "", lock.read_text()), name(lock)
    assert all("--hash=sha256:" in path.read_text() for path in tracked("requirements/*.txt"))


def test_nothing_unfinished_and_no_path_of_a_machine() -> None:
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    paths = re.compile(r"(^|[^A-Za-z0-9_])/(work|root|home)/")
    for path in tracked("*"):
        if path.suffix in {".png", ".jpg", ".webp"} or path.name == "package-lock.json":
            continue
        text = path.read_text(errors="replace")
        assert not marks.search(text), name(path)
        assert not paths.search(text), name(path)


def test_each_decision_has_a_short_page_that_is_listed() -> None:
    pages = tracked("docs/decisions/0*.md")
    assert [int(path.name[:4]) for path in pages] == list(range(1, len(pages) + 1))
    rows = re.findall(r"^\| \[(\d+)\]\((\S+)\) \|", (ROOT / "docs" / "decisions" / "README.md").read_text(), re.M)
    assert rows == [(str(number), path.name) for number, path in enumerate(pages, 1)]
    for path in pages:
        lines = path.read_text().splitlines()
        assert len(lines) <= 30, name(path)
        assert {"## Context", "## Decision", "## Consequences"} <= set(lines), name(path)


def test_the_newest_version_of_the_changelog_is_the_projects() -> None:
    newest = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert newest
    assert f'"{newest[1]}"' in (ROOT / "mediahub" / "__init__.py").read_text()


@pytest.mark.parametrize("name", ONCE)
def test_what_runs_on_one_database_only_asks_none(name: str) -> None:
    place = ROOT / "tests" / name
    for file in place.glob("test_*.py") if place.is_dir() else [place]:
        assert not re.search(r"mark\.django_db|transactional[_]db|\bdb: |(editor|chief): User", file.read_text()), file


def is_there(test: str) -> bool:
    """Return whether a folder, a file or a test, named as tests/slow.py does, is there."""
    file, _, function = test.partition("::")
    path = ROOT / "tests" / file
    return path.exists() and (
        not function or f"def {function.partition('[')[0].rpartition('::')[2]}(" in path.read_text()
    )


def test_what_is_slow_is_named_as_it_is() -> None:
    assert [name for name in (*SLOW, *SLOW_ON_SQLITE, *NOT_FAST) if not is_there(name)] == []


@pytest.mark.parametrize("name", [*NOT_OF_THE_DATABASE, *NOT_ON_SQLITE, *ON_EACH])
def test_what_is_left_out_on_one_database_is_there(name: str) -> None:
    assert (ROOT / "tests" / name).exists()


def test_no_test_is_left_out_on_both_databases() -> None:
    assert set(leave_out_on_sqlite()).isdisjoint(leave_out_on_postgresql())


def test_what_is_slow_is_left_out_where_that_is_asked() -> None:
    """The marks are there before pytest chooses by them."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "not slow", "tests/test_soak.py"]
    collected = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "1 deselected" in collected.stdout
