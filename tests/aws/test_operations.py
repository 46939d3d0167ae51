"""What operators are told to type can be typed, and ends within the minute that a function has."""

import ast
import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandError

from mediahub.jobs.job_command import JobCommand

ROOT = Path(settings.BASE_DIR)
ENTRY = ast.parse((ROOT / "mediahub" / "worker/lambda_entry.py").read_text())
# Why each is through in time whatever the library holds.
SHORT = {
    "migrate": "Migrations fill in rows a slice at a time, or need none: the deploy command waits for them.",
    "check": "It reads settings.",
    "doctor": "It tries each part once, with a client's own time-outs.",
    "invite": "It writes one person.",
    "remove_factors": "It deletes the factors and sessions of one person.",
    "jobs": "It reads the newest jobs, or one.",
}
NAMES = "|".join(["reconcile", "rebuild_mirror", "reprocess_images", "doctor", "invite", "remove_factors"])


def constant(name: str) -> tuple[str, ...]:
    """Return a tuple of `mediahub.worker.lambda_entry`, which starts only as a deployed function."""
    [value] = [
        node.value
        for node in ENTRY.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name
    ]
    return tuple(ast.literal_eval(value))


def command_class(name: str) -> BaseCommand:
    app = get_commands()[name]
    return load_command_class(app, name) if isinstance(app, str) else app


def documented() -> list[str]:
    """Return each command line that documents or advice give: after `deploy manage STAGE`, or alone in backticks."""
    texts = [path.read_text() for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]
    texts += [path.read_text() for folder in ("mediahub", "deploy") for path in sorted((ROOT / folder).rglob("*.py"))]
    lines = set()
    for text in texts:
        lines |= set(re.findall(r"deploy manage (?:STAGE|production) \"([^\"{]+)\"", text))
        lines |= set(re.findall(r"deploy manage (?:STAGE|production) ((?:\w+)(?: --?[\w-]+| [\w.@]+)*)", text))
    operations = (ROOT / "docs" / "operations.md").read_text()
    return sorted(lines | set(re.findall(rf"`((?:{NAMES})(?: [^`|]+)?)`", operations)))


def test_each_command_is_short_or_leaves_its_work_to_the_queue() -> None:
    commands, queued = set(constant("COMMANDS")), set(constant("QUEUED"))
    assert {name for name in commands if isinstance(command_class(name), JobCommand)} == queued
    assert set(SHORT) == commands - queued
    # Nobody else's command is one of all images.
    ours = [name for name, app in get_commands().items() if isinstance(app, str) and app.startswith("mediahub.jobs")]
    assert set(ours) == queued | {"jobs"}


def test_documents_name_commands() -> None:
    assert len(documented()) > 6


@pytest.mark.parametrize("line", documented())
def test_what_the_documents_say_can_be_typed(line: str) -> None:
    name, *arguments = shlex.split(line)
    assert name in constant("COMMANDS")
    parser = command_class(name).create_parser("manage.py", name)
    extra = ["--queue"] if name in constant("QUEUED") else []
    try:
        parser.parse_args([word for word in arguments if word != "--no-wait"] + extra)
    except CommandError as error:
        pytest.fail(f"{line}: {error}")
