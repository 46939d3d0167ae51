"""The stack as data: what must hold for every bucket, queue, table and role of it, whoever adds one."""

import json
from typing import Any

import pytest
from cfnlint.decode import decode

from mediahub.local.event_loop import FUNCTION_SECONDS
from mediahub.local.stack import TEMPLATE

template: dict[str, Any] = decode(str(TEMPLATE))[0]
RESOURCES: dict[str, dict[str, Any]] = template["Resources"]
HOLD_DATA = {"AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::DynamoDB::Table", "AWS::KMS::Key"}
# Requests of these know no resource that could be named.
UNNAMEABLE = {"rekognition:DetectLabels"}


def of_kind(kind: str) -> list[str]:
    return [name for name, resource in RESOURCES.items() if resource["Type"] == f"AWS::{kind}"]


def properties(name: str) -> dict[str, Any]:
    return dict(RESOURCES[name]["Properties"])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def written_out(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement, and of one that hangs on a condition the form it has when the condition holds."""
    return dict(statement["Fn::If"][1]) if "Fn::If" in statement else statement


def statements(resource: dict[str, Any]) -> list[dict[str, Any]]:
    document = resource["Properties"].get("PolicyDocument") or resource["Properties"].get("KeyPolicy")
    return [written_out(statement) for statement in document["Statement"]]


def granted(role: str) -> list[dict[str, Any]]:
    return [s for policy in properties(role)["Policies"] for s in policy["PolicyDocument"]["Statement"]]


def refused_without_tls(kind: str) -> str:
    """All that policies of this kind close to plain http, as text."""
    closed = [
        (statement["Action"], statement["Resource"])
        for name in of_kind(kind)
        for statement in statements(RESOURCES[name])
        if statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    assert all(action in ("s3:*", "sqs:*") for action, _ in closed)
    return json.dumps([resource for _, resource in closed])


@pytest.mark.parametrize("bucket", of_kind("S3::Bucket"))
def test_a_bucket_is_private_encrypted_and_its_owners(bucket: str) -> None:
    held = properties(bucket)
    assert set(held["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(held["PublicAccessBlockConfiguration"]) == 4
    assert held["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    [rule] = held["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == {"Fn::GetAtt": ["Key", "Arn"]}


@pytest.mark.parametrize("bucket", of_kind("S3::Bucket"))
def test_a_bucket_and_all_in_it_refuse_plain_http(bucket: str) -> None:
    closed = refused_without_tls("S3::BucketPolicy")
    assert json.dumps({"Fn::GetAtt": [bucket, "Arn"]}) in closed
    assert json.dumps({"Fn::Sub": f"${{{bucket}.Arn}}/*"}) in closed


@pytest.mark.parametrize("queue", of_kind("SQS::Queue"))
def test_a_queue_is_encrypted_and_refuses_plain_http(queue: str) -> None:
    assert properties(queue)["KmsMasterKeyId"] == {"Fn::GetAtt": ["Key", "Arn"]}
    assert json.dumps({"Fn::GetAtt": [queue, "Arn"]}) in refused_without_tls("SQS::QueuePolicy")


def test_tls_only_holds_unless_a_deployment_says_otherwise() -> None:
    assert template["Parameters"]["TlsOnly"]["Default"] == "true"
    assert template["Conditions"]["TlsOnly"] == {"Fn::Equals": [{"Ref": "TlsOnly"}, "true"]}


def test_the_table_is_encrypted_and_can_be_put_back() -> None:
    [table] = of_kind("DynamoDB::Table")
    assert properties(table)["SSESpecification"]["SSEEnabled"] is True
    assert properties(table)["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert properties(table)["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("name", [name for name, r in RESOURCES.items() if r["Type"] in HOLD_DATA])
def test_what_holds_data_outlives_the_stack(name: str) -> None:
    assert RESOURCES[name]["DeletionPolicy"] == "Retain"
    assert RESOURCES[name]["UpdateReplacePolicy"] == "Retain"


def test_a_message_stays_hidden_longer_than_its_worker_may_take() -> None:
    default = template["Parameters"]["VisibilityTimeout"]["Default"]
    assert default >= 6 * FUNCTION_SECONDS
    assert properties("UploadQueue")["VisibilityTimeout"] == {"Ref": "VisibilityTimeout"}


def test_dead_letters_are_kept_longer_than_messages() -> None:
    redrive = properties("UploadQueue")["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    assert template["Parameters"]["MaxReceiveCount"]["Default"] >= 5
    kept = properties("DeadLetterQueue")["MessageRetentionPeriod"]
    assert all(kept > properties(q)["MessageRetentionPeriod"] for q in of_kind("SQS::Queue") if q != "DeadLetterQueue")


def test_only_the_site_may_upload_and_it_may_read_the_etag() -> None:
    [rule] = properties("UploadBucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == [{"Ref": "SiteOrigin"}]
    assert set(rule["AllowedMethods"]) == {"GET", "POST", "PUT", "DELETE"}
    assert "ETag" in rule["ExposedHeaders"]
    assert "CorsConfiguration" not in properties("RenditionBucket")


def test_originals_are_versioned_and_unfinished_parts_go_away() -> None:
    held = properties("UploadBucket")
    assert held["VersioningConfiguration"] == {"Status": "Enabled"}
    assert any("AbortIncompleteMultipartUpload" in rule for rule in held["LifecycleConfiguration"]["Rules"])


def test_the_whole_upload_bucket_tells_the_queue() -> None:
    told = properties("UploadBucket")["NotificationConfiguration"]["QueueConfigurations"]
    queue = {"Fn::GetAtt": ["UploadQueue", "Arn"]}
    assert told == [{"Event": f"s3:{event}:*", "Queue": queue} for event in ("ObjectCreated", "ObjectRemoved")]
    # S3 checks at once whether it may send.
    assert RESOURCES["UploadBucket"]["DependsOn"] == "UploadQueuePolicy"


def test_a_link_to_an_original_dies_within_a_day_whatever_its_signer_asked() -> None:
    [ages] = [
        s["Condition"]["NumericGreaterThan"]
        for s in statements(RESOURCES["UploadBucketPolicy"])
        if "NumericGreaterThan" in s.get("Condition", {})
    ]
    assert int(ages["s3:signatureAge"]) <= 24 * 3600 * 1000


@pytest.mark.parametrize("role", of_kind("IAM::Role"))
def test_a_role_names_each_action_and_each_resource(role: str) -> None:
    for statement in granted(role):
        actions = set(listed(statement["Action"]))
        assert not any("*" in action for action in actions)
        assert "*" not in listed(statement["Resource"]) or actions <= UNNAMEABLE
    assert "ManagedPolicyArns" not in properties(role)


@pytest.mark.parametrize("role", of_kind("IAM::Role"))
def test_only_lambda_takes_a_role_unless_a_deployment_names_another(role: str) -> None:
    first, *others = properties(role)["AssumeRolePolicyDocument"]["Statement"]
    assert first["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert [other["Fn::If"][0] for other in others] == ["TrustsPrincipal"]
    assert template["Parameters"]["TrustedPrincipal"]["Default"] == ""


@pytest.mark.parametrize("name", [*of_kind("SQS::QueuePolicy"), *of_kind("S3::BucketPolicy"), *of_kind("KMS::Key")])
def test_a_service_is_let_in_for_this_account_only(name: str) -> None:
    for statement in statements(RESOURCES[name]):
        if statement["Effect"] == "Allow" and "Service" in statement["Principal"]:
            assert "aws:SourceAccount" in statement["Condition"]["StringEquals"]
        assert statement["Effect"] == "Deny" or statement["Principal"] != "*"
