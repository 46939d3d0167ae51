"""Fixtures: a local AWS of this test process, its roles, and the event loop on demand."""

import math
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from django.conf import settings as django_settings

from mediahub.local import emulator, stack
from mediahub.local.event_loop import EventLoop, load_zappa_handler
from tests.children import environment
from tests.event_loops import Nursery, PatientLoop
from tests.settings import AWS_PORT, STATE, WORKER

# Hours: what comes back is brought back by the test, so that a slow machine meets nothing twice.
VISIBILITY = 6 * 3600
# Celery's workers are killed, and nobody brings back what they had.
BULK_VISIBILITY = 2
RECEIVES = 2


@pytest.fixture(scope="session")
def local_aws_process() -> Iterator[stack.Stack]:
    """One emulator and stack for the test process."""
    folder = STATE / WORKER
    shutil.rmtree(folder, ignore_errors=True)
    running = emulator.start_emulator(AWS_PORT, folder, keep=False)
    try:
        parameters = {
            "VisibilityTimeout": str(VISIBILITY),
            "MaxReceiveCount": str(RECEIVES),
            "DeployerPrincipal": f"arn:aws:iam::{emulator.ACCOUNT}:root",
        }
        deployed = stack.deploy_stack(running, "local", {"SiteOrigin": "http://127.0.0.1:8000", **parameters})
        stack.write_profiles(folder / "aws-config", deployed, running.root_key)
        stack.root_client("sqs", running.endpoint).set_queue_attributes(
            QueueUrl=django_settings.BULK_QUEUE_URL, Attributes={"VisibilityTimeout": str(BULK_VISIBILITY)}
        )
        yield deployed
    finally:
        running.stop()


@pytest.fixture
def used_aws(local_aws_process: stack.Stack, settings: Any) -> stack.Stack:
    """Provide the local AWS with what other tests left there, for those that never look: to empty it takes 35 ms."""
    settings.KMS_KEY_ARN = local_aws_process.outputs["KmsKeyArn"]
    return local_aws_process


@pytest.fixture
def local_aws(used_aws: stack.Stack) -> stack.Stack:
    """Provide the local AWS with empty stores and queues."""
    _empty()
    return used_aws


@pytest.fixture
def aws(local_aws: stack.Stack) -> Callable[[str, str], Any]:
    """aws(role, service): a client with the credentials of web, worker or operator."""
    return client


@cache
def client(role: str, service: str) -> Any:
    """Return the client of a role; made once, which is a hundred times dearer than using it."""
    session = boto3.Session(profile_name=role, region_name=django_settings.AWS_REGION)
    style = Config(s3={"addressing_style": "path"}, signature_version="s3v4" if service == "s3" else None)
    return session.client(service, endpoint_url=django_settings.AWS_ENDPOINT_URL, config=style)  # type: ignore[call-overload]


@pytest.fixture
def as_role(settings: Any) -> Callable[[str], None]:
    """as_role("web"): from here on the process has this role."""

    def become(role: str) -> None:
        settings.AWS_PROFILE = role

    return become


@pytest.fixture(scope="session")
def handler() -> Any:
    """Zappa's handler with the settings of the local stage."""
    return load_zappa_handler("local", STATE / WORKER / "zappa")


@pytest.fixture
def event_loop(local_aws: stack.Stack, handler: Any) -> PatientLoop:
    """Provide the event loop with this test's database, whose clock ticks when the test or drain() says so."""
    return PatientLoop(handler, clock_seconds=math.inf)


@pytest.fixture(scope="session")
def event_loops(local_aws_process: stack.Stack, django_db_setup: None) -> Iterator[Nursery]:
    """Provide what starts event loops with the worker's role and the database of this test process."""
    own = {name: value for name, value in environment("worker").items() if not name.startswith("COV")}
    nursery = Nursery({**own, "KMS_KEY_ARN": local_aws_process.outputs["KmsKeyArn"]})
    yield nursery
    nursery.end()


@pytest.fixture
def worker(local_aws: stack.Stack, transactional_db: None, event_loops: Nursery) -> Iterator[None]:
    """Provide the event loop in a process of its own, with the worker's role and this test's database."""
    event_loops.say("start")
    yield
    event_loops.say("stop")


def drain(loop: EventLoop, turns: int = 50) -> int:
    """Turn the loop until neither the queue nor the clock brings more; return how many messages came.

    The clock ticks where the queue is empty and not before each batch, for a tick costs as much as a few files.
    """
    worked = 0
    for _ in range(turns):
        came = loop.poll_once(wait=0)
        if not came:
            loop.tick()
            came = loop.poll_once(wait=0)
        if not came:
            break
        worked += came
    return worked


def fail_for_good(loop: PatientLoop) -> None:
    """Deliver what fails until the queue gives it up, and collect the dead letters."""
    for _ in range(RECEIVES):
        drain(loop)
        loop.bring_back()
    drain(loop)
    loop.tick()


def _empty() -> None:
    sqs, s3, dynamodb = (client("operator", service) for service in ("sqs", "s3", "dynamodb"))
    for bucket in (django_settings.UPLOAD_BUCKET, django_settings.RENDITION_BUCKET):
        listed = s3.list_object_versions(Bucket=bucket)
        versions = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
        if versions:
            objects = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            assert not answer.get("Errors")
    for item in dynamodb.scan(TableName=django_settings.MIRROR_TABLE)["Items"]:
        key = {name: item[name] for name in ("pk", "sk")}
        dynamodb.delete_item(TableName=django_settings.MIRROR_TABLE, Key=key)
    # Last, because what was deleted above was told to the queue.
    for url in (
        django_settings.UPLOAD_QUEUE_URL,
        django_settings.DEAD_LETTER_QUEUE_URL,
        django_settings.BULK_QUEUE_URL,
    ):
        sqs.purge_queue(QueueUrl=url)
