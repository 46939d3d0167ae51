"""The stack on the local AWS: deployed through CloudFormation, and handed to the processes as profiles and settings."""

import json
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config

from deploy.errors import DeployError
from deploy.stack import base
from deploy.stage import Stage
from mediahub.local.emulator import (
    ACCOUNT,
    REGION,
    Emulator,
    EmulatorError,
    find_root_key,
    make_private_folder,
    read_or_make_secret,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stack:
    """A deployed stack: its stage and what CloudFormation says it made."""

    stage: str
    outputs: dict[str, str]

    def settings(self) -> dict[str, str]:
        """Return the settings that name the parts of the stack."""
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
        """Return the same stack with its queues at this endpoint: a kept state has the port of its first start."""
        here = {
            name: endpoint + urlsplit(value).path if value.startswith("http://") else value
            for name, value in self.outputs.items()
        }
        return Stack(self.stage, here)


@cache
def root_client(service: str, endpoint: str, config: Config | None = None) -> Any:
    """Return a client with the emulator's root key, for deploying and inspecting; making one is expensive."""
    # A profile that the shell names for other work need not be there.
    core = botocore.session.Session({"profile": (None, None, None, None)})
    key = find_root_key(endpoint)
    session = boto3.Session(key, key, region_name=REGION, botocore_session=core)
    style = Config(s3={"addressing_style": "path"}) if service == "s3" else config
    return session.client(service, endpoint_url=endpoint, config=style)  # type: ignore[call-overload]


# To these many messages are sent at once.
QUEUES = ("UploadQueueUrl", "BulkQueueUrl")
# The parts that a laptop does without: no network, no CDN, no budget, and a database outside of the stack.
PARAMETERS = {
    "TlsOnly": "false",
    "TrustedPrincipal": f"arn:aws:iam::{ACCOUNT}:root",
    # Whoever tries it copies a file anywhere into the bucket.
    "UploadPrefix": "",
    "Database": "own",
    "Labels": "false",
    "Cdn": "false",
    "MonthlyBudget": "0",
}


def open_stage(emulator: Emulator, name: str) -> Stage:
    """Return the stage by which the deploy command's own code finds the local AWS."""

    def client(service: str, config: Config | None = None, /) -> Any:
        return root_client(service, emulator.endpoint, config)

    return Stage("mediahub", name, REGION, client, poll_seconds=0.1, report=log.debug)


def deploy_stack(emulator: Emulator, stage: str, parameters: dict[str, str]) -> Stack:
    """Create the stack, or change what differs; return when it is complete. Raise EmulatorError with the cause."""
    here = open_stage(emulator, stage)
    try:
        known = here.base.describe() is not None
        outputs = base.create_or_update(here, {**PARAMETERS, **parameters}, lambda changes: True)
    except DeployError as error:
        raise EmulatorError(f"{error} To start over, move {emulator.state} away and run this again.") from error
    _allow_batches(here, outputs)
    if not known:
        # After a power cut the buckets would be there and the stack not, and nobody could make it again.
        emulator.save()
    return Stack(stage, outputs).moved_to(emulator.endpoint)


def _allow_batches(here: Stage, outputs: dict[str, str]) -> None:
    """Let who may send a message send several in one request.

    On AWS one right covers both ("Actions, resources, and condition keys for Amazon SQS", Service Authorization
    Reference); ministack asks for another one, which IAM does not know.
    """
    queues = [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{outputs[name].rsplit('/', 1)[1]}" for name in QUEUES if name in outputs]
    statement = {"Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": queues}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for role in ("Web", "Worker", "Bulk"):
        name = outputs[f"{role}RoleArn"].rsplit("/", 1)[1]
        here.client("iam").put_role_policy(RoleName=name, PolicyName="batches", PolicyDocument=document)


def write_profiles(path: Path, stack: Stack, root_key: str) -> None:
    """Write the AWS config file, for its owner alone, with a profile for each role, which boto3 takes and renews.

    Authorization is not checked for the root's key, so only the operator's profile uses it itself.
    """
    lines = ["[profile operator]", f"aws_access_key_id = {root_key}", f"aws_secret_access_key = {root_key}"]
    lines.append(f"region = {REGION}")
    for role in ("web", "worker", "bulk", "clock", *(["deployer"] if "DeployerRoleArn" in stack.outputs else [])):
        arn = stack.outputs[f"{role.capitalize()}RoleArn"]
        lines += ["", f"[profile {role}]", f"role_arn = {arn}", "source_profile = operator"]
        lines.append(f"region = {REGION}")
    make_private_folder(path.parent)
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n")


def build_environment(state: Path, emulator: Emulator, stack: Stack, site: str) -> dict[str, str]:
    """Return the environment in which MediaHub's processes use this local AWS."""
    return {
        "LOCAL": "true",
        "STAGE": stack.stage,
        "HTTPS": "false",
        "SECRET_KEY": read_or_make_secret(state / "secret-key"),
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
    """Return what `write_environment` wrote; nothing when there is no such file."""
    lines = path.read_text().splitlines() if path.is_file() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)
