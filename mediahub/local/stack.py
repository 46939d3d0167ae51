"""The stack on the local AWS: deployed through CloudFormation, and handed to the processes as profiles and settings."""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from django.conf import settings

from mediahub.local.emulator import ACCOUNT, REGION, Emulator, EmulatorError

TEMPLATE = settings.BASE_DIR / "deploy" / "stack.yaml"
# Ministack's root key: authorization is not checked for it, so only the operator's profile uses it.
ROOT_KEY = "test"


@dataclass(frozen=True)
class Stack:
    """A deployed stack: its stage and what CloudFormation says it made."""

    stage: str
    outputs: dict[str, str]

    def settings(self) -> dict[str, str]:
        """The settings that name the parts of the stack."""
        names = {
            "UPLOAD_BUCKET": "UploadBucket",
            "RENDITION_BUCKET": "RenditionBucket",
            "UPLOAD_QUEUE_URL": "UploadQueueUrl",
            "DEAD_LETTER_QUEUE_URL": "DeadLetterQueueUrl",
            "BULK_QUEUE_URL": "BulkQueueUrl",
            "MIRROR_TABLE": "MirrorTable",
            "KMS_KEY_ARN": "KmsKeyArn",
        }
        return {setting: self.outputs[output] for setting, output in names.items()}

    def moved_to(self, endpoint: str) -> "Stack":
        """The same stack with its queues at this endpoint: a kept state remembers the port of its first start."""
        here = {
            name: endpoint + urlsplit(value).path if value.startswith("http://") else value
            for name, value in self.outputs.items()
        }
        return Stack(self.stage, here)


def root_client(service: str, endpoint: str) -> Any:
    """A client with the emulator's root key, for deploying and inspecting."""
    # A profile that the shell names for other work need not be there.
    core = botocore.session.Session({"profile": (None, None, None, None)})
    session = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=REGION, botocore_session=core)
    style = Config(s3={"addressing_style": "path"}) if service == "s3" else None
    return session.client(service, endpoint_url=endpoint, config=style)  # type: ignore[call-overload]


def deploy(emulator: Emulator, stage: str, parameters: dict[str, str]) -> Stack:
    """Create the stack, or change what differs; returns when it is complete. Raises EmulatorError with the cause."""
    client = root_client("cloudformation", emulator.endpoint)
    name = f"mediahub-{stage}"
    values = {
        "Stage": stage,
        "TlsOnly": "false",
        "TrustedPrincipal": f"arn:aws:iam::{ACCOUNT}:root",
        **parameters,
    }
    wanted = {
        "StackName": name,
        "TemplateBody": TEMPLATE.read_text(),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    known = _describe(client, name) is not None
    try:
        _update(client, wanted) if known else client.create_stack(**wanted)
    except ClientError as error:
        raise EmulatorError(f"The stack {name} cannot be deployed: {error}") from error
    outputs = _settled(client, name, emulator)
    if not known:
        # After a power cut the buckets would be there and the stack not, and nobody could make it again.
        emulator.save()
    return Stack(stage, outputs).moved_to(emulator.endpoint)


def _describe(client: Any, name: str) -> dict[str, Any] | None:
    try:
        return dict(client.describe_stacks(StackName=name)["Stacks"][0])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _update(client: Any, wanted: dict[str, Any]) -> None:
    held = client.get_template(StackName=wanted["StackName"])["TemplateBody"]
    described = _describe(client, wanted["StackName"]) or {}
    same = {p["ParameterKey"]: p["ParameterValue"] for p in described.get("Parameters", [])}
    if held == wanted["TemplateBody"] and all(
        same.get(p["ParameterKey"]) == p["ParameterValue"] for p in wanted["Parameters"]
    ):
        return
    client.update_stack(**wanted)


def _settled(client: Any, name: str, emulator: Emulator) -> dict[str, str]:
    for _ in range(300):
        stack = _describe(client, name) or {}
        status = stack.get("StackStatus", "")
        if status.endswith("_IN_PROGRESS"):
            time.sleep(0.1)
            continue
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        break
    reasons = [
        f"{event['LogicalResourceId']}: {event.get('ValidationStatusReason') or event.get('ResourceStatusReason')}"
        for event in client.describe_events(StackName=name)["OperationEvents"]
        if "FAILED" in (event.get("ValidationStatus"), event.get("ResourceStatus", "")[-6:])
    ]
    raise EmulatorError(
        f"The stack {name} is {status}. {' '.join(reasons)} To begin anew, move {emulator.state} away and start again."
    )


def write_profiles(path: Path, stack: Stack) -> None:
    """Write the AWS config file with a profile for each role, which boto3 takes and renews by itself."""
    lines = ["[profile operator]", f"aws_access_key_id = {ROOT_KEY}", f"aws_secret_access_key = {ROOT_KEY}"]
    lines.append(f"region = {REGION}")
    for role in ("web", "worker"):
        arn = stack.outputs[f"{role.capitalize()}RoleArn"]
        lines += ["", f"[profile {role}]", f"role_arn = {arn}", "source_profile = operator"]
        lines.append(f"region = {REGION}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def environment(state: Path, emulator: Emulator, stack: Stack, site: str) -> dict[str, str]:
    """The environment in which MediaHub's processes use this local AWS."""
    return {
        "LOCAL": "true",
        "STAGE": stack.stage,
        "HTTPS": "false",
        "SECRET_KEY": _kept_secret(state / "secret-key"),
        "SITE_URL": site,
        "CSRF_TRUSTED_ORIGINS": site,
        "LABELER": "measured",
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": emulator.endpoint,
        "AWS_CONFIG_FILE": str(state / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(state / "no-credentials"),
        "AWS_PROFILE": "operator",
        **stack.settings(),
    }


def write_environment(path: Path, values: dict[str, str]) -> None:
    """Keep the environment in a file only its owner reads, so that other commands find this local AWS."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def read_environment(path: Path) -> dict[str, str]:
    """What was kept by `write_environment`; nothing when there is no such file."""
    lines = path.read_text().splitlines() if path.is_file() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _kept_secret(path: Path) -> str:
    """A secret of this machine alone, made once."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()
