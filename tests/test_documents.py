"""The documents: links lead somewhere, commands can be typed, and every name in them exists."""

import argparse
import importlib.util
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from django.core.management import get_commands, load_command_class

from deploy import __main__ as deploy
from deploy import template

ROOT = Path(__file__).resolve().parent.parent
FIRST_PAGES = {"README.md": 150, "CONTRIBUTING.md": 120, "SECURITY.md": 30}
DOCUMENTS = sorted(
    [*(ROOT / name for name in (*FIRST_PAGES, "CHANGELOG.md")), *(ROOT / "docs").rglob("*.md")],
)
# What readers replace by values of their own, and values that the parsers accept.
PLACEHOLDERS = {"STAGE": "production", "TIME": "2026-11-26T09:30:00Z", "FOLDER": "photos"}
# Programs that others wrote. tests/deploy/test_operations.py runs those of docs/operations.md.
OTHER_PROGRAMS = ("aws", "docker", "git", "source", "zappa")
PYTHON = (".venv/bin/python", "python")
PROGRAMS = ("make", "manage.py", *PYTHON, ".venv/bin/celery", ".ci/run", *OTHER_PROGRAMS)
PROGRAM = rf"(?:[A-Z_]+=\S+ )*(?:{'|'.join(map(re.escape, PROGRAMS))})(?= |$)"
FOLDERS = ("mediahub", "processing", "deploy", "tests", "bench", "docs", "templates", "requirements")
# Named by a decision that chose something else.
REJECTED_NAMES = {"AWS_USE_DUALSTACK_ENDPOINT"}
ENDINGS = "py|md|yaml|json|toml|html|js|css|txt|in"


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def remove_code(text: str) -> str:
    """Return a document without code blocks and code spans, in which nothing is a link."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^(?: {4}|\t)(?! *- ).*$", "", text, flags=re.M))


def find_spans(path: Path) -> set[str]:
    """Return what a document has in backticks."""
    return set(re.findall(r"`([^`\n]+)`", read(path)))


def find_anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", read(path), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@cache
def list_files() -> frozenset[str]:
    """Return the files of the repository, by their paths."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return frozenset(line for line in listed.stdout.splitlines() if (ROOT / line).is_file())


def test_each_link_leads_to_a_file_and_a_heading() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)\s]+)\)", remove_code(read(path))):
            if re.match(r"https?://|mailto:", target):
                continue
            place, _, anchor = target.partition("#")
            file = (path.parent / place).resolve() if place else path
            assert file.exists(), f"{name(path)} links to {target}, which does not exist"
            assert file.is_relative_to(ROOT), f"{name(path)} links to {target}, which is not in the repository"
            assert not anchor or anchor in find_anchors(file), (
                f"{name(path)} links to {target}; no heading is called so"
            )


def test_each_document_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        reached.add(document)
        targets = {(document.parent / link).resolve() for link in re.findall(r"\]\(([^)#\s]+\.md)", read(document))}
        waiting += [target for target in targets - reached if target.is_file()]
    assert sorted(map(name, set(DOCUMENTS) - reached)) == []


@pytest.mark.parametrize(("document", "most"), FIRST_PAGES.items())
def test_a_first_page_is_short(document: str, most: int) -> None:
    assert len(read(ROOT / document).splitlines()) <= most


class Command(NamedTuple):
    """A command, and the document that shows it."""

    document: str
    line: str

    @property
    def words(self) -> list[str]:
        """Return its words as a shell would split them, without variables in front and with placeholders filled in."""
        words = shlex.split(re.sub(r"\$\([^)]*\)", "release", self.line))
        while re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        return [PLACEHOLDERS.get(word, word) for word in words]


def find_commands(path: Path) -> Iterator[Command]:
    """Yield each command of a code block, without its comment, and each in backticks."""
    text = re.sub(r"\\\n\s+", " ", read(path))
    for line in re.findall(rf"^ {{4,}}(?:\$ )?({PROGRAM}.*)$", text, re.M):
        for part in re.split(r" && | \| ", line.split("  #")[0]):
            yield Command(name(path), part.strip())
    for line in re.findall(rf"`({PROGRAM}[^`\n]*)`", text):
        # The name of an operation or of a program is no command.
        if " " in line and not line.startswith(OTHER_PROGRAMS):
            yield Command(name(path), line)


COMMANDS = sorted({command for path in DOCUMENTS for command in find_commands(path)})


def test_the_documents_show_commands() -> None:
    assert len(COMMANDS) > 100
    shown = {command.document for command in COMMANDS}
    assert {"README.md", "CONTRIBUTING.md", "docs/commands.md", "docs/deployment.md", "docs/operations.md"} <= shown


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.document}: {command.line}")
def test_each_command_can_be_typed(command: Command) -> None:
    match command.words:
        case ["make", *arguments]:
            check_make(arguments)
        case ["manage.py", verb, *arguments] | [_, "manage.py", verb, *arguments]:
            parse(find_management_parser(verb), arguments or ["--help"])
        case [program, "-m", "deploy", *arguments] if program in PYTHON:
            check_deploy(arguments)
        case [program, "-m", "pytest", *arguments] if program in PYTHON:
            assert all((ROOT / word).exists() for word in arguments if word.startswith("tests"))
        case [program, "-m", module, *arguments] if program in PYTHON:
            check_module(module, arguments)
        case [".venv/bin/celery", "-A", app, "worker"]:
            assert importlib.util.find_spec(f"{app}.celery")
        case [program, *arguments]:
            assert program in (*OTHER_PROGRAMS, ".ci/run"), f"nobody checks {command.line}"
            assert all((ROOT / file).is_file() for option, file in pairwise(arguments) if option == "--file")


def check_make(arguments: list[str]) -> None:
    makefile = read(ROOT / "Makefile")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.M))
    variables = set(re.findall(r"\$\((?:if \$\()?([A-Z_]+)\)", makefile))
    for word in arguments:
        variable, assigns, _ = word.partition("=")
        if assigns:
            assert variable in variables, f"the Makefile has no variable {variable}"
        elif not word.startswith("-"):
            assert word in targets, f"the Makefile has no target {word}"


def find_management_parser(verb: str) -> argparse.ArgumentParser:
    """Return the parser of one of manage.py's commands."""
    app = get_commands().get(verb)
    assert app, f"manage.py has no command {verb}"
    command = load_command_class(app, verb) if isinstance(app, str) else app
    parser: argparse.ArgumentParser = command.create_parser("manage.py", verb)
    return parser


@cache
def deploy_parser() -> argparse.ArgumentParser:
    return deploy._build_parser()


@cache
def stack_parameters() -> set[str]:
    return set(template.compose()["Parameters"])


def check_deploy(arguments: list[str]) -> None:
    if not arguments[1:]:
        # A sentence about a command names its verb, or nothing.
        parse(deploy_parser(), [*arguments, "--help"])
        return
    parse(deploy_parser(), arguments)
    parameters = {value.partition("=")[0] for option, value in pairwise(arguments) if option == "--set"}
    assert parameters <= stack_parameters()
    if arguments[0] == "manage" and len(arguments) > 2:
        verb, *given = shlex.split(" ".join(word for word in arguments[2:] if word != deploy.NO_WAIT))
        parse(find_management_parser(verb), given)


def parse(parser: argparse.ArgumentParser, arguments: list[str]) -> None:
    try:
        parser.parse_args(arguments)
    except SystemExit as end:
        if end.code == 0:
            return
        pytest.fail(f"{parser.prog} does not accept {' '.join(arguments)} ({end.code})")


def check_module(module: str, arguments: list[str]) -> None:
    spec = importlib.util.find_spec(module)
    if spec and spec.submodule_search_locations:
        spec = importlib.util.find_spec(f"{module}.__main__")
    assert spec, f"there is no module {module} to run"
    assert spec.origin
    source = read(Path(spec.origin))
    for option in (word for word in arguments if word.startswith("--")):
        assert f'"{option}"' in source, f"{module} has no option {option}"


def test_each_management_command_is_listed_with_its_options() -> None:
    rows = re.findall(r"^\| `manage\.py (\w+)[^`]*` \|(.*)\|$", read(ROOT / "docs" / "commands.md"), re.M)
    ours = {verb for verb, app in get_commands().items() if isinstance(app, str) and app.startswith("mediahub.")}
    assert {verb for verb, _ in rows} >= ours - {"migrate", "prepare_site"}
    for verb, row in rows:
        known = {option for action in find_management_parser(verb)._actions for option in action.option_strings}
        shown = set(re.findall(r"`(--[\w-]+)", row))
        assert shown <= known, f"manage.py {verb} has no option {', '.join(shown - known)}"


def test_each_file_that_is_named_exists() -> None:
    files = list_files()
    folders = {parent.as_posix() for file in files for parent in Path(file).parents}
    names = {Path(file).name for file in files}
    for path in DOCUMENTS:
        for span in find_spans(path):
            if re.fullmatch(rf"(?:{'|'.join(FOLDERS)})/[\w./-]*", span):
                assert span.rstrip("/") in files | folders, f"{name(path)} names {span}, which does not exist"
            elif re.fullmatch(rf"[\w.-]+/[\w./-]*\.(?:{ENDINGS})", span):
                assert any(file.endswith(f"/{span}") for file in files), (
                    f"{name(path)} names {span}, which does not exist"
                )
            elif re.fullmatch(r"\w+\.(?:py|js|css|yaml)", span):
                assert span in names, f"{name(path)} names {span}, which does not exist"


def test_each_module_that_is_named_exists() -> None:
    for path in DOCUMENTS:
        for span in find_spans(path):
            dotted = re.match(r"(?:mediahub|processing|deploy|tests|bench)(?:\.[a-z_]\w*)+", span)
            if dotted and not span.startswith(("deploy.example", dotted[0] + "/")):
                assert is_name(dotted[0]), f"{name(path)} names {dotted[0]}, which does not exist"


def is_name(dotted: str) -> bool:
    """Return whether a dotted name is a module, or something that a module defines."""
    path = ROOT / dotted.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").is_file():
        return True
    module, _, attribute = dotted.rpartition(".")
    file = ROOT / module.replace(".", "/")
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    return file.is_file() and bool(re.search(rf"\b{attribute}\b", read(file)))


def test_each_setting_and_constant_that_is_named_exists() -> None:
    for path in DOCUMENTS:
        for span in find_spans(path):
            if re.fullmatch(r"[A-Z]+(?:_[A-Z]+)+", span) and span not in REJECTED_NAMES:
                exists = re.search(rf"\b{span}\b", source_text()) is not None
                assert exists, f"{name(path)} names {span}, which nothing reads"


@cache
def source_text() -> str:
    """Return all source text in which a setting can be read or a constant defined."""
    endings = (".py", ".yaml", ".toml", "Makefile", "zappa_settings.json")
    return "\n".join(read(ROOT / file) for file in sorted(list_files()) if file.endswith(endings))


def test_each_test_that_is_named_exists() -> None:
    for path in DOCUMENTS:
        for file, test in re.findall(r"`((?:\w+/)*test_\w+\.py)::(\w+)", read(path)):
            place = next((ROOT / folder / file for folder in ("", "tests") if (ROOT / folder / file).is_file()), None)
            assert place, f"{name(path)} names {file}, which does not exist"
            assert f"def {test}(" in read(place), f"{name(path)} names {test}, which {file} does not have"


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_imports_run_as_the_documents_say(document: str) -> None:
    shown = re.findall(r"^ {4}((?:\w+ → )+\w+)$", read(ROOT / document), re.M)
    assert len(shown) == 1
    contracts = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract.get("containers") == ["mediahub"])
    places = {package: number for number, layer in enumerate(layers) for package in re.split(r" [|:] ", layer)}
    *packages, last = shown[0].split(" → ")
    assert [places[package] for package in packages] == sorted({places[package] for package in packages})
    assert last == "processing"


def test_each_invariant_names_its_test() -> None:
    text = read(ROOT / "docs" / "architecture.md").split("## Invariants\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (?!Invariant|---)(.+) \| (.+) \|$", text, re.M)
    assert len(rows) >= 15
    assert all(re.fullmatch(r"`tests/[\w/]+\.py::test_\w+`", test) for _, test in rows)
