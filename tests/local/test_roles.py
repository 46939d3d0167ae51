"""What the web and the worker may do, tried with their own credentials; everything that is not listed is refused."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from django.conf import settings

from mediahub.local import stack

UPLOADS, RENDITIONS = settings.UPLOAD_BUCKET, settings.RENDITION_BUCKET
QUEUE, DEAD, BULK = settings.UPLOAD_QUEUE_URL, settings.DEAD_LETTER_QUEUE_URL, settings.BULK_QUEUE_URL
TABLE = settings.MIRROR_TABLE
ORIGINAL = {"Bucket": UPLOADS, "Key": "uploads/1/original"}
COPIED = {"Bucket": UPLOADS, "Key": "by-hand.jpg"}
RENDITION = {"Bucket": RENDITIONS, "Key": "small/1/2.jpg"}
ZIP = {"Bucket": RENDITIONS, "Key": "downloads/1/part-1.zip"}
ITEM = {"pk": {"S": "image#1"}, "sk": {"S": "record"}}
ASKED = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": ITEM["pk"]}}
DENIED = {
    "UnauthorizedOperation",
    "AccessDenied",
    "AccessDeniedException",
    "403",
    "AWS.SimpleQueueService.AccessDenied",
}

Probe = tuple[str, str, dict[str, Any]]

WEB_MAY: list[Probe] = [
    ("s3", "put_object", ORIGINAL),
    ("s3", "create_multipart_upload", ORIGINAL),
    ("s3", "get_object", RENDITION),
    ("sqs", "send_message", {"QueueUrl": QUEUE, "MessageBody": "{}"}),
    ("sqs", "send_message", {"QueueUrl": BULK, "MessageBody": "{}"}),
]
WEB_MAY_NOT: list[Probe] = [
    ("s3", "get_object", ORIGINAL),
    ("s3", "head_object", ORIGINAL),
    ("s3", "delete_object", ORIGINAL),
    ("s3", "put_object", COPIED),
    ("s3", "list_objects_v2", {"Bucket": UPLOADS}),
    ("s3", "put_object", RENDITION),
    ("s3", "put_object", ZIP),
    ("s3", "delete_object", {**ORIGINAL, "VersionId": "null"}),
    ("s3", "delete_object", RENDITION),
    ("s3", "delete_object", {**RENDITION, "VersionId": "null"}),
    ("s3", "list_objects_v2", {"Bucket": RENDITIONS}),
    ("s3", "list_object_versions", {"Bucket": UPLOADS}),
    ("s3", "put_bucket_cors", {"Bucket": UPLOADS, "CORSConfiguration": {"CORSRules": []}}),
    ("s3", "delete_bucket_policy", {"Bucket": UPLOADS}),
    ("sqs", "receive_message", {"QueueUrl": QUEUE}),
    ("sqs", "receive_message", {"QueueUrl": DEAD}),
    ("sqs", "send_message", {"QueueUrl": DEAD, "MessageBody": "{}"}),
    ("sqs", "purge_queue", {"QueueUrl": QUEUE}),
    ("dynamodb", "get_item", {"TableName": TABLE, "Key": ITEM}),
    ("dynamodb", "put_item", {"TableName": TABLE, "Item": ITEM}),
    ("iam", "delete_role_policy", {"RoleName": "mediahub-local-web", "PolicyName": "web"}),
]
WORKER_MAY: list[Probe] = [
    ("s3", "get_object", ORIGINAL),
    ("s3", "get_object", COPIED),
    ("s3", "head_object", ORIGINAL),
    ("s3", "put_object", RENDITION),
    ("s3", "get_object", RENDITION),
    ("s3", "delete_object", RENDITION),
    ("s3", "put_object", ZIP),
    ("s3", "delete_object", ZIP),
    *[("sqs", "receive_message", {"QueueUrl": url}) for url in (QUEUE, DEAD, BULK)],
    *[("sqs", "send_message", {"QueueUrl": url, "MessageBody": "{}"}) for url in (QUEUE, DEAD, BULK)],
    ("sqs", "get_queue_attributes", {"QueueUrl": QUEUE, "AttributeNames": ["All"]}),
    # What a chief editor erases for good goes with all its versions.
    ("s3", "delete_object", {**ORIGINAL, "VersionId": "null"}),
    ("s3", "delete_object", {**RENDITION, "VersionId": "null"}),
    ("dynamodb", "put_item", {"TableName": TABLE, "Item": ITEM}),
    ("dynamodb", "delete_item", {"TableName": TABLE, "Key": ITEM}),
    ("dynamodb", "query", {"TableName": TABLE, **ASKED}),
    ("dynamodb", "scan", {"TableName": TABLE}),
    *[("s3", "list_object_versions", {"Bucket": bucket}) for bucket in (UPLOADS, RENDITIONS)],
]
WORKER_MAY_NOT: list[Probe] = [
    ("s3", "put_object", ORIGINAL),
    ("s3", "delete_object", ORIGINAL),
    ("s3", "create_multipart_upload", ORIGINAL),
    ("s3", "delete_bucket_policy", {"Bucket": UPLOADS}),
    ("s3", "put_bucket_versioning", {"Bucket": UPLOADS, "VersioningConfiguration": {"Status": "Suspended"}}),
    ("sqs", "purge_queue", {"QueueUrl": QUEUE}),
    ("sqs", "delete_queue", {"QueueUrl": QUEUE}),
    ("dynamodb", "update_item", {"TableName": TABLE, "Key": ITEM}),
    ("dynamodb", "delete_table", {"TableName": TABLE}),
    ("iam", "delete_role_policy", {"RoleName": "mediahub-local-worker", "PolicyName": "worker"}),
]


SECRET = {"SecretId": "mediahub-local/django"}
FUNCTION = {"FunctionName": "mediahub-local-worker"}
OTHER_FUNCTION = {"FunctionName": "somebody-elses"}
PACKAGE = {"Bucket": "mediahub-local-packages-000000000000", "Key": "release.zip"}
STACK = "mediahub-local-base"
BULK_MAY: list[Probe] = [
    ("s3", "put_object", RENDITION),
    ("sqs", "receive_message", {"QueueUrl": BULK}),
    ("sqs", "send_message", {"QueueUrl": QUEUE, "MessageBody": "{}"}),
    ("dynamodb", "put_item", {"TableName": TABLE, "Item": ITEM}),
]
BULK_MAY_NOT: list[Probe] = [
    ("secretsmanager", "get_secret_value", SECRET),
    ("s3", "get_object", ORIGINAL),
    ("s3", "list_object_versions", {"Bucket": UPLOADS}),
    ("dynamodb", "scan", {"TableName": TABLE}),
    ("s3", "put_object", ORIGINAL),
    ("s3", "delete_object", ORIGINAL),
    ("s3", "delete_object", {**ORIGINAL, "VersionId": "null"}),
    ("s3", "delete_object", {**RENDITION, "VersionId": "null"}),
    ("sqs", "receive_message", {"QueueUrl": QUEUE}),
    ("sqs", "receive_message", {"QueueUrl": DEAD}),
    ("sqs", "delete_queue", {"QueueUrl": BULK}),
    ("secretsmanager", "put_secret_value", {**SECRET, "SecretString": "{}"}),
    ("secretsmanager", "get_secret_value", {"SecretId": "mediahub-other/django"}),
    ("lambda", "invoke", FUNCTION),
]
CLOCK_MAY_NOT: list[Probe] = [
    ("lambda", "invoke", OTHER_FUNCTION),
    ("lambda", "update_function_configuration", {**FUNCTION, "Timeout": 1}),
    ("s3", "get_object", ORIGINAL),
    ("s3", "get_object", RENDITION),
    ("sqs", "send_message", {"QueueUrl": QUEUE, "MessageBody": "{}"}),
    ("secretsmanager", "get_secret_value", SECRET),
    ("dynamodb", "query", {"TableName": TABLE, **ASKED}),
]
DEPLOYER_MAY: list[Probe] = [
    ("s3", "put_object", PACKAGE),
    ("cloudformation", "describe_stacks", {"StackName": STACK}),
    ("iam", "get_role", {"RoleName": "mediahub-local-web"}),
]
DEPLOYER_MAY_NOT: list[Probe] = [
    ("s3", "get_object", ORIGINAL),
    ("s3", "get_object", RENDITION),
    ("s3", "delete_bucket_policy", {"Bucket": UPLOADS}),
    ("sqs", "receive_message", {"QueueUrl": DEAD}),
    ("dynamodb", "scan", {"TableName": TABLE}),
    ("secretsmanager", "get_secret_value", SECRET),
    ("iam", "put_role_policy", {"RoleName": "mediahub-local-web", "PolicyName": "x", "PolicyDocument": "{}"}),
    ("iam", "create_access_key", {"UserName": "anybody"}),
    ("lambda", "invoke", OTHER_FUNCTION),
    ("lambda", "update_function_code", {**OTHER_FUNCTION, "ZipFile": b"x"}),
    ("cloudformation", "delete_stack", {"StackName": STACK}),
    ("kms", "schedule_key_deletion", {"KeyId": "00000000-0000-0000-0000-000000000000"}),
]
OTHERS_MAY_NOT: list[tuple[str, Probe]] = [
    *(
        ("web", probe)
        for probe in [
            ("secretsmanager", "get_secret_value", {"SecretId": "mediahub-other/django"}),
            ("secretsmanager", "put_secret_value", {**SECRET, "SecretString": "{}"}),
            ("lambda", "invoke", FUNCTION),
            ("kms", "schedule_key_deletion", {"KeyId": "00000000-0000-0000-0000-000000000000"}),
            ("cloudformation", "describe_stacks", {"StackName": STACK}),
            ("ec2", "describe_subnets", {}),
        ]
    ),
    *(
        ("worker", probe)
        for probe in [
            # It holds the keys of sessions and of CloudFront's links.
            ("secretsmanager", "get_secret_value", SECRET),
            ("secretsmanager", "put_secret_value", {**SECRET, "SecretString": "{}"}),
            ("lambda", "invoke", FUNCTION),
            ("cloudformation", "describe_stacks", {"StackName": STACK}),
            ("ec2", "describe_subnets", {}),
        ]
    ),
    *(("bulk", probe) for probe in BULK_MAY_NOT),
    *(("clock", probe) for probe in CLOCK_MAY_NOT),
    *(("deployer", probe) for probe in DEPLOYER_MAY_NOT),
]
OTHERS_MAY: list[tuple[str, Probe]] = [
    ("web", ("secretsmanager", "get_secret_value", SECRET)),
    *(("bulk", probe) for probe in BULK_MAY),
    *(("deployer", probe) for probe in DEPLOYER_MAY),
]


def of_role(case: tuple[str, Probe]) -> str:
    return f"{case[0]}-{named(case[1])}"


def named(probe: Probe) -> str:
    _service, action, request = probe
    first = next((str(value) for value in request.values()), "").rsplit("/", 1)[-1]
    return f"{action}-{first}-{request.get('Key', '')}"


@pytest.fixture
def client(local_aws: stack.Stack, aws: Callable[[str, str], Any]) -> Iterator[Callable[[str, str], Any]]:
    operator = aws("operator", "s3")
    for place in (ORIGINAL, COPIED, RENDITION):
        operator.put_object(Body=b"bytes", **place)
    yield aws
    for left in operator.list_multipart_uploads(Bucket=UPLOADS).get("Uploads", []):
        operator.abort_multipart_upload(Bucket=UPLOADS, Key=left["Key"], UploadId=left["UploadId"])


def tried(client: Any, action: str, request: dict[str, Any]) -> str:
    """Empty when it worked, else the code of the refusal."""
    try:
        getattr(client, action)(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.parametrize("probe", WEB_MAY, ids=named)
def test_the_web_may(client: Callable[[str, str], Any], probe: Probe) -> None:
    assert tried(client("web", probe[0]), *probe[1:]) == ""


@pytest.mark.parametrize("probe", WEB_MAY_NOT, ids=named)
def test_the_web_may_not(client: Callable[[str, str], Any], probe: Probe) -> None:
    assert tried(client("web", probe[0]), *probe[1:]) in DENIED


@pytest.mark.parametrize("probe", WORKER_MAY, ids=named)
def test_the_worker_may(client: Callable[[str, str], Any], probe: Probe) -> None:
    assert tried(client("worker", probe[0]), *probe[1:]) == ""


@pytest.mark.parametrize("probe", WORKER_MAY_NOT, ids=named)
def test_the_worker_may_not(client: Callable[[str, str], Any], probe: Probe) -> None:
    assert tried(client("worker", probe[0]), *probe[1:]) in DENIED


@pytest.mark.parametrize("case", OTHERS_MAY, ids=of_role)
def test_e4_a_role_may(client: Callable[[str, str], Any], case: tuple[str, Probe]) -> None:
    role, (service, action, request) = case
    assert tried(client(role, service), action, request) == ""


@pytest.mark.parametrize("case", OTHERS_MAY_NOT, ids=of_role)
def test_s4_e4_a_role_may_not(client: Callable[[str, str], Any], case: tuple[str, Probe]) -> None:
    role, (service, action, request) = case
    assert tried(client(role, service), action, request) in DENIED


def test_e4_more_than_fifty_things_are_refused() -> None:
    assert len(WEB_MAY_NOT) + len(WORKER_MAY_NOT) + len(OTHERS_MAY_NOT) >= 50


def test_the_web_reads_an_original_by_its_version_alone(client: Callable[[str, str], Any]) -> None:
    written = client("operator", "s3").put_object(Body=b"first", **ORIGINAL)["VersionId"]
    answer = client("web", "s3").get_object(VersionId=written, **ORIGINAL)
    assert answer["Body"].read() == b"first"


def test_the_worker_reads_an_earlier_version(client: Callable[[str, str], Any]) -> None:
    operator = client("operator", "s3")
    first = operator.put_object(Body=b"first", **ORIGINAL)["VersionId"]
    operator.put_object(Body=b"second", **ORIGINAL)
    assert client("bulk", "s3").get_object(VersionId=first, **ORIGINAL)["VersionId"] == first
    answer = client("worker", "s3").get_object(VersionId=first, **ORIGINAL)
    assert answer["Body"].read() == b"first"


def test_the_worker_is_told_when_an_object_is_not_there(client: Callable[[str, str], Any]) -> None:
    missing = {"Bucket": UPLOADS, "Key": "uploads/none/original"}
    assert tried(client("worker", "s3"), "get_object", missing) == "NoSuchKey"


@pytest.mark.parametrize(("role", "other"), [("web", "worker"), ("worker", "web")])
def test_a_role_cannot_take_the_other(client: Callable[[str, str], Any], role: str, other: str) -> None:
    wanted = {"RoleArn": f"arn:aws:iam::000000000000:role/mediahub-local-{other}", "RoleSessionName": "other"}
    assert tried(client(role, "sts"), "assume_role", wanted) in DENIED


def test_a_stranger_without_credentials_sees_nothing(client: Callable[[str, str], Any]) -> None:
    nobody = boto3.client(
        "s3",
        region_name=settings.AWS_REGION,
        endpoint_url=settings.AWS_ENDPOINT_URL,
        config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}),
    )
    assert tried(nobody, "get_object", RENDITION) in DENIED
    assert tried(nobody, "put_object", ORIGINAL) in DENIED


def test_credentials_of_a_role_are_renewed(
    local_aws: stack.Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Path(os.environ["AWS_CONFIG_FILE"]).read_text()
    # With a quarter of an hour to live, botocore's margin, they are due at every request.
    (tmp_path / "config").write_text(config.replace("source_profile", "duration_seconds = 900\nsource_profile"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = boto3.Session(profile_name="worker", region_name=settings.AWS_REGION)
    sts = session.client("sts", endpoint_url=settings.AWS_ENDPOINT_URL)
    credentials: Any = session.get_credentials()
    seen = set()
    for _ in range(3):
        assert ":assumed-role/mediahub-local-worker/" in sts.get_caller_identity()["Arn"]
        seen.add(credentials.get_frozen_credentials().access_key)
    assert len(seen) > 1
