"""The stack on a local AWS of its own: deployed, changed, restarted, and closed to plain http when it says so."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError
from django.conf import settings

from mediahub.local import emulator, stack
from processing import Signer

PARAMETERS = {"SiteOrigin": "http://127.0.0.1:8000"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Emulator]:
    started = emulator.start_emulator(emulator.find_free_port(), tmp_path_factory.mktemp("aws"), keep=False)
    yield started
    started.stop()


def worker(running: emulator.Emulator, deployed: stack.Stack, service: str) -> Any:
    sts = stack.root_client("sts", running.endpoint)
    taken = sts.assume_role(RoleArn=deployed.outputs["WorkerRoleArn"], RoleSessionName="test")["Credentials"]
    session = boto3.Session(taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"])
    style = Config(s3={"addressing_style": "path"})
    place = {"region_name": settings.AWS_REGION, "endpoint_url": running.endpoint}
    return session.client(service, config=style, **place)  # type: ignore[call-overload]


def changed_at(running: emulator.Emulator, stage: str) -> str:
    client = stack.root_client("cloudformation", running.endpoint)
    events = client.describe_stack_events(StackName=f"mediahub-{stage}-base")["StackEvents"]
    return str(max(event["Timestamp"] for event in events))


def test_plain_http_is_refused_unless_the_deployment_is_local(running: emulator.Emulator) -> None:
    # Ministack's own S3 speaks http to the queue too, so that the bucket is announced before the door is closed.
    stack.deploy_stack(running, "strict", PARAMETERS)
    strict = stack.deploy_stack(running, "strict", {**PARAMETERS, "TlsOnly": "true"})
    loose = stack.deploy_stack(running, "loose", PARAMETERS)
    rendition = {"Key": "small/1/2.jpg", "Body": b"bytes"}
    worker(running, loose, "s3").put_object(Bucket=loose.outputs["RenditionBucket"], **rendition)
    with pytest.raises(ClientError, match="AccessDenied"):
        worker(running, strict, "s3").put_object(Bucket=strict.outputs["RenditionBucket"], **rendition)
    worker(running, loose, "sqs").receive_message(QueueUrl=loose.outputs["UploadQueueUrl"])
    for queue in ("UploadQueueUrl", "DeadLetterQueueUrl", "BulkQueueUrl"):
        with pytest.raises(ClientError, match="AccessDenied"):
            worker(running, strict, "sqs").receive_message(QueueUrl=strict.outputs[queue])


def test_nothing_is_changed_when_nothing_differs(running: emulator.Emulator) -> None:
    first = stack.deploy_stack(running, "same", PARAMETERS)
    before = changed_at(running, "same")
    assert stack.deploy_stack(running, "same", PARAMETERS) == first
    assert changed_at(running, "same") == before


def test_a_changed_parameter_reaches_the_queue(running: emulator.Emulator) -> None:
    first = stack.deploy_stack(running, "moved", {**PARAMETERS, "MaxReceiveCount": "3"})
    s3 = stack.root_client("s3", running.endpoint)
    s3.put_object(Bucket=first.outputs["UploadBucket"], Key="kept.jpg", Body=b"bytes")
    second = stack.deploy_stack(running, "moved", {**PARAMETERS, "MaxReceiveCount": "7"})
    sqs = stack.root_client("sqs", running.endpoint)
    asked = {"QueueUrl": second.outputs["UploadQueueUrl"], "AttributeNames": ["RedrivePolicy"]}
    assert '"7"' in sqs.get_queue_attributes(**asked)["Attributes"]["RedrivePolicy"].replace(": 7", ': "7"')
    assert s3.get_object(Bucket=first.outputs["UploadBucket"], Key="kept.jpg")["Body"].read() == b"bytes"


def test_a_parameter_that_is_refused_is_named(running: emulator.Emulator) -> None:
    with pytest.raises(emulator.EmulatorError, match=r"mediahub-broken.*VisibilityTimeout"):
        stack.deploy_stack(running, "broken", {**PARAMETERS, "VisibilityTimeout": "no number"})


def test_a_stack_that_cannot_be_made_says_which_part_and_what_to_do(running: emulator.Emulator) -> None:
    # There is no function that the queue could be mapped to.
    with pytest.raises(emulator.EmulatorError, match=r"ClockIsNotRepeated: Lambda function not found.* move .* away"):
        stack.deploy_stack(running, "taken", {**PARAMETERS, "WorkerIsDeployed": "true"})


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_second_start_finds_what_the_first_left(tmp_path: Path, end: signal.Signals) -> None:
    first = emulator.start_emulator(emulator.find_free_port(), tmp_path)
    left = stack.deploy_stack(first, "local", PARAMETERS)
    s3 = stack.root_client("s3", first.endpoint)
    s3.put_object(Bucket=left.outputs["UploadBucket"], Key="kept.jpg", Body=b"bytes")
    first.process.send_signal(end)
    first.process.wait()
    second = emulator.start_emulator(emulator.find_free_port(), tmp_path)
    try:
        deployed = stack.deploy_stack(second, "local", PARAMETERS)
        assert deployed.outputs["UploadQueueUrl"].startswith(second.endpoint)
        stored = stack.root_client("s3", second.endpoint).get_object(
            Bucket=deployed.outputs["UploadBucket"], Key="kept.jpg"
        )
        assert stored["Body"].read() == b"bytes"
    finally:
        second.stop()


def test_messages_and_items_outlive_a_restart(tmp_path: Path) -> None:
    first = emulator.start_emulator(emulator.find_free_port(), tmp_path)
    left = stack.deploy_stack(first, "local", PARAMETERS)
    stack.root_client("sqs", first.endpoint).send_message(QueueUrl=left.outputs["BulkQueueUrl"], MessageBody="kept")
    item = {"pk": {"S": "image#1"}, "sk": {"S": "record"}}
    stack.root_client("dynamodb", first.endpoint).put_item(TableName=left.outputs["MirrorTable"], Item=item)
    first.stop()
    second = emulator.start_emulator(emulator.find_free_port(), tmp_path)
    try:
        deployed = stack.deploy_stack(second, "local", PARAMETERS)
        sqs, dynamodb = (stack.root_client(service, second.endpoint) for service in ("sqs", "dynamodb"))
        [message] = sqs.receive_message(QueueUrl=deployed.outputs["BulkQueueUrl"])["Messages"]
        assert message["Body"] == "kept"
        assert dynamodb.get_item(TableName=deployed.outputs["MirrorTable"], Key=item)["Item"] == item
    finally:
        second.stop()


def test_a_taken_port_is_named_with_what_to_do(running: emulator.Emulator, tmp_path: Path) -> None:
    with pytest.raises(emulator.EmulatorError, match=f"Port {running.port} is in use.*--aws-port"):
        emulator.start_emulator(running.port, tmp_path)


def test_a_missing_local_aws_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "PROGRAM", tmp_path / "ministack")
    with pytest.raises(emulator.EmulatorError, match="make setup"):
        emulator.start_emulator(emulator.find_free_port(), tmp_path)


def test_a_local_aws_that_ends_at_once_shows_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ministack"
    program.write_text("#!/bin/sh\necho the disk is full\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(emulator, "PROGRAM", program)
    with pytest.raises(emulator.EmulatorError, match="the disk is full"):
        emulator.start_emulator(emulator.find_free_port(), tmp_path, guard=False)


def test_secrets_are_for_their_owner_alone(running: emulator.Emulator, tmp_path: Path) -> None:
    deployed = stack.deploy_stack(running, "same", PARAMETERS)
    values = stack.build_environment(tmp_path, running, deployed, "http://127.0.0.1:8000")
    stack.write_environment(tmp_path / "env", values)
    for name in ("env", "secret-key"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    assert stack.build_environment(tmp_path, running, deployed, "http://127.0.0.1:8000") == values


def posted(deployed: stack.Stack, running: emulator.Emulator) -> int:
    """Return the status with which S3 answers a browser that sends what the web signed."""
    sts = stack.root_client("sts", running.endpoint)
    taken = sts.assume_role(RoleArn=deployed.outputs["WebRoleArn"], RoleSessionName="test")["Credentials"]
    session = boto3.Session(taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"])
    style = Config(s3={"addressing_style": "path"}, signature_version="s3v4")
    s3 = session.client("s3", config=style, region_name=settings.AWS_REGION, endpoint_url=running.endpoint)
    signer = Signer(s3, deployed.outputs["UploadBucket"], deployed.outputs["KmsKeyArn"])
    form = signer.sign_post("uploads/1/original", "image/jpeg", 1000, 600)
    sent: dict[str, Any] = {**form.fields, "file": ("a.jpg", b"bytes", "image/jpeg")}
    return int(urllib3.request("POST", form.url, fields=sent).status)


@pytest.mark.parametrize(
    ("ranges", "status"),
    [("", 204), ("127.0.0.0/8,::1/128", 204), ("203.0.113.0/24", 403), ("2001:db8::/32", 403)],
)
def test_e5_only_listed_addresses_upload_and_reads_are_left_alone(
    running: emulator.Emulator, ranges: str, status: int
) -> None:
    deployed = stack.deploy_stack(running, "places", {**PARAMETERS, "UploadFrom": ranges})
    assert posted(deployed, running) == status
    original = {"Bucket": deployed.outputs["UploadBucket"], "Key": "uploads/1/original"}
    stack.root_client("s3", running.endpoint).put_object(Body=b"bytes", **original)
    assert worker(running, deployed, "s3").get_object(**original)["Body"].read() == b"bytes"


def test_e4_on_aws_the_worker_reads_what_was_uploaded_and_nothing_else(running: emulator.Emulator) -> None:
    deployed = stack.deploy_stack(running, "prefix", {**PARAMETERS, "UploadPrefix": "uploads/"})
    s3, place = worker(running, deployed, "s3"), {"Bucket": deployed.outputs["UploadBucket"]}
    for key in ("uploads/1/original", "elsewhere/1"):
        stack.root_client("s3", running.endpoint).put_object(Key=key, Body=b"bytes", **place)
    assert s3.get_object(Key="uploads/1/original", **place)["Body"].read() == b"bytes"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Key="elsewhere/1", **place)
    notification = stack.root_client("s3", running.endpoint).get_bucket_notification_configuration(**place)
    rules = [one["Filter"]["Key"]["FilterRules"] for one in notification["QueueConfigurations"]]
    assert [[rule["Value"] for rule in rules_of_prefix] for rules_of_prefix in rules] == [["uploads/"], ["uploads/"]]


def test_e3_another_encryption_is_refused(running: emulator.Emulator) -> None:
    deployed = stack.deploy_stack(running, "loose", PARAMETERS)
    place = {"Bucket": deployed.outputs["RenditionBucket"], "Key": "small/1/2.jpg", "Body": b"bytes"}
    ours = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": deployed.outputs["KmsKeyArn"]}
    worker(running, deployed, "s3").put_object(**ours, **place)
    with pytest.raises(ClientError, match="AccessDenied"):
        worker(running, deployed, "s3").put_object(ServerSideEncryption="AES256", **place)


def test_the_whole_stack_with_network_database_and_cdn_is_made_changed_and_removed(running: emulator.Emulator) -> None:
    whole = {
        "Database": "aurora",
        "Cdn": "true",
        "Labels": "true",
        "S3PrefixList": "pl-1",
        "DynamoDbPrefixList": "pl-2",
    }
    deployed = stack.deploy_stack(running, "whole", {**PARAMETERS, **whole})
    assert {"CdnHost", "FunctionSubnets", "DatabaseHost", "StaticBucket"} <= set(deployed.outputs)
    changed = stack.deploy_stack(running, "whole", {**PARAMETERS, **whole, "Zones": "2", "ArchiveOriginals": "true"})
    assert len(changed.outputs["FunctionSubnets"].split(",")) == 2
    here = stack.open_stage(running, "whole")
    here.base.delete()
    assert here.base.describe() is None
    buckets = {bucket["Name"] for bucket in stack.root_client("s3", running.endpoint).list_buckets()["Buckets"]}
    assert {
        deployed.outputs["UploadBucket"],
        deployed.outputs["RenditionBucket"],
        deployed.outputs["LogBucket"],
    } <= buckets
    assert deployed.outputs["StaticBucket"] not in buckets
