"""The operations guide: each command in it was run by a step or a test that is named; test_documents parses them."""

import re
import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from deploy.rehearsal.editor import send
from deploy.rehearsal.steps import Operator, Rehearsal
from mediahub.local import emulator, stack
from tests.e2e.stubs import as_markdown

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDE = (ROOT / "docs" / "operations.md").read_text()
BODY, REST = GUIDE.split("## What ran each command")
TABLE = REST.split("\n## ")[0]
# A continued line is one command; a comment is none.
TEXT = re.sub(r"\\\n\s+", " ", BODY)
PROGRAMS = ("python -m deploy", "python -m tests.e2e", "zappa", "aws")
COMMAND = re.compile(rf"(?:^ {{4,}}|`)((?:{'|'.join(map(re.escape, PROGRAMS))}) [^`\n]+)", re.M)
LINES = {" ".join(shown_command.split("  #")[0].split()) for shown_command in COMMAND.findall(TEXT)}
# Without an option it is the name of an operation, and no command.
COMMANDS = sorted(line for line in LINES if not line.startswith("aws") or " --" in line)
RUNNERS = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|$", TABLE, re.M))
PLACES = {"STAGE": "production", "NEW": "new", "OLD": "old", "KEY_ARN": "arn", "TIME": "2026-11-26T09:30:00Z"}


def words(command: str) -> list[str]:
    for name, value in PLACES.items():
        command = re.sub(rf"\b{name}\b", value, command)
    return shlex.split(command)


def kind(command: str) -> str:
    """Return the command without what differs from one use to the next: its program, its verb, and its options."""
    if command.startswith("aws"):
        return " ".join(command.split()[:3])
    if command.startswith("zappa"):
        return " ".join(command.split()[:2])
    given = words(command)[3:]
    if given[0] == "manage":
        given = ["manage", *shlex.split(" ".join(given[2:]))]
    options = sorted({word for word in given if word.startswith("--")} - {"--yes", "--role", "--set"})
    return " ".join(["deploy", *given[: 1 + (given[0] == "manage")], *options])


def test_the_guide_has_commands() -> None:
    assert len(COMMANDS) > 20


def test_each_command_was_run() -> None:
    assert sorted({kind(command) for command in COMMANDS}) == sorted(RUNNERS)


@cache
def releases() -> set[str]:
    text = (ROOT / "tests" / "e2e" / "__main__.py").read_text()
    return {title.strip() for title in re.findall(r'timed\(\s*f?"([^"]+)"', text)}


@pytest.mark.parametrize(("command", "runner"), list(RUNNERS.items()))
def test_what_ran_it_is_there(command: str, runner: str) -> None:
    steps = {step.title for step in Rehearsal(cast(Operator, None), send).list_steps()} | {"remove everything"}
    for part in runner.split("; "):
        match re.fullmatch(r"(rehearsal|releases): (.+)|`(tests/\S+\.py)::(\w+)`", part.strip()):
            case re.Match() as reference if reference[1] == "rehearsal":
                assert reference[2] in steps
            case re.Match() as reference if reference[1] == "releases":
                assert reference[2] in releases()
            case re.Match() as reference:
                assert f"def {reference[4]}(" in (ROOT / reference[3]).read_text()
            case None:
                pytest.fail(f"{command}: {part} is no step and no test.")


def test_the_list_of_stubs_is_the_one_that_the_rehearsal_has() -> None:
    assert as_markdown() in GUIDE


def test_the_commands_of_aws_do_what_the_guide_says(local_aws: stack.Stack, tmp_path: Path, settings: Any) -> None:
    """Run the guide's own lines with the AWS CLI against the local AWS."""
    endpoint, bucket = str(settings.AWS_ENDPOINT_URL), local_aws.outputs["UploadBucket"]
    s3 = stack.root_client("s3", endpoint)
    s3.create_bucket(Bucket="old-bucket")
    s3.put_object(Bucket="old-bucket", Key="photos/harbor.jpg", Body=b"harbor")
    key = "uploads/UPLOAD/original"
    version = s3.put_object(Bucket=bucket, Key=key, Body=b"as it was")["VersionId"]
    s3.delete_object(Bucket=bucket, Key=key)
    environment = {
        "PATH": str(ROOT),
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": emulator.REGION,
        "AWS_ACCESS_KEY_ID": emulator.find_root_key(endpoint),
        "AWS_SECRET_ACCESS_KEY": emulator.find_root_key(endpoint),
    }
    program = ROOT / ".venv-local-aws" / "bin"
    for command in (one for one in COMMANDS if one.startswith("aws")):
        line = command.replace("KEY_ARN", local_aws.outputs["KmsKeyArn"]).replace("ACCOUNT", emulator.ACCOUNT)
        line = line.replace("STAGE", local_aws.stage).replace("VERSION", version)
        run = [str(program / "python"), str(program / "aws"), *shlex.split(line)[1:]]
        process = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
        assert process.returncode == 0, f"{command}: {process.stderr}"
    assert s3.head_object(Bucket=bucket, Key="uploads/old/harbor.jpg")["ServerSideEncryption"] == "aws:kms"
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"as it was"
    secrets = stack.root_client("secretsmanager", endpoint)
    assert "NEW" in secrets.get_secret_value(SecretId=f"mediahub-{local_aws.stage}/database")["SecretString"]
