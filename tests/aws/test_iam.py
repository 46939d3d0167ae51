"""The evaluator answers as the IAM user guide says that IAM does; each case names the page that it is taken from."""

from typing import Any

import pytest

from tests.aws.iam import BROWSER, Context, Decision, Request, decide, holds, matches, may, may_assume, service_may
from tests.aws.rendered import ACCOUNT, render_stack

ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
BUCKET = "arn:aws:s3:::pictures"


def statement(effect: str = "Allow", action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


# "Policy evaluation logic": an explicit deny wins, and what no statement allows is not allowed.
@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([], Decision.NOT_ALLOWED),
        ([statement()], Decision.ALLOWED),
        ([statement(), statement("Deny")], Decision.DENIED),
        ([statement("Deny"), statement()], Decision.DENIED),
        ([statement("Deny")], Decision.DENIED),
        ([statement(action="s3:PutObject")], Decision.NOT_ALLOWED),
        ([statement(), statement("Deny", "s3:PutObject")], Decision.ALLOWED),
        # "Action": names are compared without regard to case, * stands for any characters.
        ([statement(action="S3:getobject")], Decision.ALLOWED),
        ([statement(action="s3:Get*")], Decision.ALLOWED),
        ([statement(action="s3:*Object")], Decision.ALLOWED),
        ([statement(action="*")], Decision.ALLOWED),
        ([statement(action="s3:GetObject?")], Decision.NOT_ALLOWED),
        ([statement(action=["s3:PutObject", "s3:GetObject"])], Decision.ALLOWED),
        # "NotAction" and "NotResource": everything but.
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], Decision.ALLOWED),
        ([{"Effect": "Allow", "NotAction": ["s3:*"], "Resource": "*"}], Decision.NOT_ALLOWED),
        ([{"Effect": "Allow", "Action": "*", "NotResource": f"{BUCKET}/*"}], Decision.NOT_ALLOWED),
        ([{"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::other/*"}], Decision.DENIED),
        # "Resource": ARNs are compared with regard to case, and a bucket is not its objects.
        ([statement(resource=f"{BUCKET}/*")], Decision.ALLOWED),
        ([statement(resource=BUCKET)], Decision.NOT_ALLOWED),
        ([statement(resource=f"{BUCKET}/UPLOADS/*")], Decision.NOT_ALLOWED),
        ([statement(resource=["arn:aws:s3:::other/*", f"{BUCKET}/uploads/?"])], Decision.ALLOWED),
        # "Principal": a role, its account or everybody; another service is nobody.
        ([statement(Principal="*")], Decision.ALLOWED),
        ([statement(Principal={"AWS": "*"})], Decision.ALLOWED),
        ([statement(Principal={"AWS": ROLE})], Decision.ALLOWED),
        ([statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"})], Decision.NOT_ALLOWED),
        ([statement(Principal={"Service": "s3.amazonaws.com"})], Decision.NOT_ALLOWED),
        # An account that is named delegates to its own policies and allows nothing yet, but what it is denied, its
        # roles are denied too.
        ([statement(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})], Decision.NOT_ALLOWED),
        ([statement("Deny", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})], Decision.DENIED),
        ([statement("Deny", Principal={"AWS": ACCOUNT})], Decision.DENIED),
        ([statement("Deny", NotPrincipal={"AWS": ROLE})], Decision.NOT_ALLOWED),
        # Several operators and keys must all hold; of several values one suffices.
        ([statement(Condition={"Bool": {"aws:SecureTransport": "true"}})], Decision.ALLOWED),
        ([statement(Condition={"StringEquals": {"aws:PrincipalAccount": ["1", ACCOUNT]}})], Decision.ALLOWED),
        (
            [
                statement(
                    Condition={"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:PrincipalAccount": "1"}}
                )
            ],
            Decision.NOT_ALLOWED,
        ),
        # "Condition keys' names are not case-sensitive."
        ([statement(Condition={"StringEquals": {"AWS:principalaccount": ACCOUNT}})], Decision.ALLOWED),
        ([statement(Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})], Decision.ALLOWED),
    ],
)
def test_one_policy_decides(statements: list[dict[str, Any]], decision: Decision) -> None:
    request = Request("s3:GetObject", f"{BUCKET}/uploads/1", ROLE, context={"aws:SecureTransport": "true"})
    assert decide(statements, request) is decision


# "IAM JSON policy elements: Condition operators"; None: the request has no such key.
@pytest.mark.parametrize(
    ("operator", "values", "given", "expected"),
    [
        ("StringEquals", ["a"], "a", True),
        ("StringEquals", ["a"], "A", False),
        ("StringEquals", ["a*"], "ab", False),
        ("StringEquals", ["a"], None, False),
        ("StringEqualsIgnoreCase", ["a"], "A", True),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a"], None, True),
        ("StringEqualsIfExists", ["a"], None, True),
        ("StringEqualsIfExists", ["a"], "b", False),
        ("StringNotEqualsIfExists", ["a"], None, True),
        ("StringNotEqualsIfExists", ["a"], "a", False),
        ("StringLike", ["a*c", "x"], "abc", True),
        ("StringLike", ["a?c"], "abbc", False),
        ("StringLike", ["*"], None, False),
        ("StringNotLike", ["a*"], "abc", False),
        ("StringNotLike", ["a*"], None, True),
        ("ArnLike", ["arn:aws:s3:::desk-*"], "arn:aws:s3:::desk-uploads", True),
        ("ArnEquals", ["arn:aws:s3:::desk-*"], "arn:aws:s3:::desk-uploads", True),
        # Each of the six parts is compared for itself: * reaches over no colon before the sixth.
        ("ArnLike", ["arn:aws:s*:uploads"], "arn:aws:sqs:eu-central-1:1:uploads", ValueError),
        ("ArnLike", ["arn:aws:sqs:*:*:uploads"], "arn:aws:sqs:eu-central-1:1:uploads", True),
        ("ArnLike", ["arn:aws:logs:*:*:log-group:*"], "arn:aws:logs:eu-central-1:1:log-group:/aws/x:*", True),
        ("ArnLike", ["arn:aws:s3:::a"], None, False),
        ("ArnNotLike", ["arn:aws:s3:::a"], None, True),
        ("ArnNotEquals", ["arn:aws:s3:::a"], "arn:aws:s3:::a", False),
        ("Bool", ["false"], "False", True),
        ("Bool", ["false"], None, False),
        ("BoolIfExists", ["false"], None, True),
        ("Null", ["true"], None, True),
        ("Null", ["true"], "x", False),
        ("Null", ["false"], "x", True),
        ("Null", ["false"], None, False),
        ("NumericGreaterThan", ["3600000"], "3600001", True),
        ("NumericGreaterThan", ["3600000"], "3600000", False),
        ("NumericGreaterThan", ["3600000"], None, False),
        ("NumericLessThanEquals", ["5"], "5.0", True),
        ("NumericNotEquals", ["5"], None, True),
        ("IpAddress", ["192.0.2.0/24"], "192.0.2.9", True),
        ("IpAddress", ["2001:db8::/32"], "192.0.2.9", False),
        ("IpAddress", ["192.0.2.0/24"], None, False),
        ("NotIpAddress", ["192.0.2.0/24"], "198.51.100.1", True),
        ("NotIpAddress", ["192.0.2.0/24", "198.51.100.0/24"], "198.51.100.1", False),
        # A call that comes through an endpoint of a network has no aws:SourceIp.
        ("NotIpAddress", ["192.0.2.0/24"], None, True),
        # "Set operators for multivalued context keys".
        ("ForAnyValue:StringEquals", ["a", "b"], ("x", "a"), True),
        ("ForAnyValue:StringEquals", ["a"], ("x",), False),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAllValues:StringEquals", ["a", "b"], ("a",), True),
        ("ForAllValues:StringEquals", ["a"], ("a", "x"), False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAllValues:StringLike", ["a*"], "ab", True),
        ("StringEquals", ["a"], ("a", "b"), ValueError),
        ("DateGreaterThan", ["2026-01-01"], "2026-01-02", ValueError),
    ],
)
def test_a_condition_holds(
    operator: str, values: list[str], given: str | tuple[str, ...] | None, expected: bool | type[Exception]
) -> None:
    keys = {} if given is None else {"aws:key": given}
    if isinstance(expected, bool):
        assert holds(operator, "aws:Key", values, keys) is expected
        return
    with pytest.raises(expected):
        holds(operator, "aws:Key", values, keys)


def test_patterns_reach_over_slashes_and_colons_and_take_nothing_else_for_a_sign() -> None:
    assert matches("arn:aws:s3:::a/*", "arn:aws:s3:::a/b/c:d")
    assert matches("secret:desk/django-??????", "secret:desk/django-AbCdEf")
    assert not matches("secret:desk/django-??????", "secret:desk/django-other-AbCdEf")
    assert not matches("a.c", "abc")
    assert not matches("[ab]", "a")


OWN_BUCKET = "arn:aws:s3:::mediahub-production-uploads-123456789012"


def test_the_role_the_bucket_and_the_endpoint_each_say_no_for_themselves() -> None:
    stack = render_stack({"Database": "aurora"})
    original = f"{OWN_BUCKET}/uploads/1/original"
    assert may(stack, "WorkerRole", "s3:GetObject", original)
    assert may(stack, "WorkerRole", "s3:DeleteObject", original).refusals == (
        "identity policy of WorkerRole: not allowed",
    )
    http = {"aws:SecureTransport": "false"}
    assert may(stack, "WorkerRole", "s3:GetObject", original, http).refusals == ("UploadBucketPolicy: denied",)
    assert may(stack, "WebRole", "s3:AbortMultipartUpload", original).refusals == ("S3Endpoint: not allowed",)
    assert may(stack, "WebRole", "s3:AbortMultipartUpload", original, by=BROWSER)


def test_outside_a_network_no_endpoint_is_asked() -> None:
    network, none = render_stack(), render_stack({"Database": "own"})
    network.resources.pop("RekognitionEndpoint")
    asked = ("WorkerRole", "rekognition:DetectLabels")
    assert may(network, *asked).refusals == ("no way: the network has no endpoint for rekognition",)
    assert may(none, *asked)
    # The token for the database is arithmetic, and the CDN's function stands outside.
    connect = stack_database_user()
    assert may(network, "WebRole", "rds-db:connect", connect)
    distribution = f"arn:aws:cloudfront::{ACCOUNT}:distribution/id-of-Distribution"
    assert may(network, "CdnRole", "cloudfront:CreateInvalidation", distribution)


def stack_database_user() -> str:
    return f"arn:aws:rds-db:eu-central-1:{ACCOUNT}:dbuser:DBClusterResourceId-of-DatabaseCluster/mediahub_web"


def test_what_lambda_may_do_with_a_role_its_code_may_not() -> None:
    stack = render_stack()
    assert may(stack, "WorkerRole", "ec2:CreateNetworkInterface", by="lambda.amazonaws.com")
    refusals = may(stack, "WorkerRole", "ec2:CreateNetworkInterface").refusals
    assert "identity policy of WorkerRole: denied" in refusals


def test_a_key_is_used_by_roles_and_services_that_its_policy_names() -> None:
    stack = render_stack()
    key = stack.arn("Key")
    via: Context = {"kms:ViaService": f"s3.{stack.region}.amazonaws.com"}
    assert may(stack, "WorkerRole", "kms:Decrypt", key, via)
    assert may(stack, "WorkerRole", "kms:ScheduleKeyDeletion", key).refusals == (
        "identity policy of WorkerRole: not allowed",
    )
    assert service_may(stack, "cloudwatch.amazonaws.com", "kms:GenerateDataKey", key, {"aws:SourceAccount": ACCOUNT})
    assert not service_may(stack, "cloudwatch.amazonaws.com", "kms:GenerateDataKey", key, {"aws:SourceAccount": "1"})
    assert not service_may(stack, "ec2.amazonaws.com", "kms:Decrypt", key, {"aws:SourceAccount": ACCOUNT})
    closed = render_stack()
    closed.resources["Key"]["Properties"]["KeyPolicy"]["Statement"].pop(0)
    assert may(closed, "WorkerRole", "kms:Decrypt", key, via).refusals == ("key policy of Key: not allowed",)


def test_queues_and_topics_say_who_may_send() -> None:
    stack = render_stack()
    queue, context = stack.arn("UploadQueue"), {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": OWN_BUCKET}
    assert service_may(stack, "s3.amazonaws.com", "sqs:SendMessage", queue, context)
    other = {**context, "aws:SourceArn": "arn:aws:s3:::other"}
    assert not service_may(stack, "s3.amazonaws.com", "sqs:SendMessage", queue, other)
    assert not service_may(stack, "s3.amazonaws.com", "sqs:SendMessage", stack.arn("BulkQueue"), context)
    alarm = {"aws:SourceAccount": ACCOUNT}
    assert service_may(stack, "cloudwatch.amazonaws.com", "sns:Publish", stack.arn("Topic"), alarm)


def test_a_role_is_taken_by_whom_it_trusts() -> None:
    stack = render_stack()
    assert may_assume(stack, "WorkerRole", "lambda.amazonaws.com")
    assert not may_assume(stack, "WorkerRole", "ec2.amazonaws.com")
    assert may_assume(stack, "ClockRole", "scheduler.amazonaws.com", {"aws:SourceAccount": ACCOUNT})
    assert not may_assume(stack, "ClockRole", "scheduler.amazonaws.com")
