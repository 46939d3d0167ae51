"""Who must encrypt or decrypt with a key may do so, and conditions ask only for keys that a service documents.

Each type that names the key has a rule here; a new type without one fails.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.aws.compositions import COMPOSITIONS, EVERYTHING, compose, compose_workers
from tests.aws.iam import Context, Decision, Request, decide, identity_policy, may, resource_policy, service_may
from tests.aws.rendered import ACCOUNT, REGION, Rendered

ENCRYPT, DECRYPT = "kms:GenerateDataKey", "kms:Decrypt"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
DISTRIBUTION = f"arn:aws:cloudfront::{ACCOUNT}:distribution/id-of-Distribution"
BY_DISTRIBUTION: Context = {"aws:SourceArn": DISTRIBUTION}
IN_OUR_ACCOUNT: Context = {"aws:SourceAccount": ACCOUNT}
# What each service is documented to send, by the type whose policy lets it in. What is not here, no condition may ask.
DOCUMENTED: dict[tuple[str, str], set[str]] = {
    # "Configure KMS permissions for AWS services" (SQS) and "Granting permissions to publish event notification
    # messages to a destination" (S3) give the statement for the key without any condition.
    ("AWS::KMS::Key", "s3.amazonaws.com"): set(),
    # "Enable compatibility between event sources from AWS services and encrypted topics" (SNS).
    ("AWS::KMS::Key", "cloudwatch.amazonaws.com"): {"aws:SourceAccount", "aws:SourceArn"},
    # "Creating an Amazon SNS topic for budget notifications", with an encrypted topic.
    ("AWS::KMS::Key", "budgets.amazonaws.com"): {"aws:SourceAccount", "aws:SourceArn"},
    # "Restrict access to an Amazon S3 origin", SSE-KMS.
    ("AWS::KMS::Key", "cloudfront.amazonaws.com"): {"aws:SourceArn"},
    # "Encrypt log data in CloudWatch Logs using AWS KMS".
    ("AWS::KMS::Key", f"logs.{REGION}.amazonaws.com"): {"kms:EncryptionContext:aws:logs:arn"},
    ("AWS::S3::BucketPolicy", "cloudfront.amazonaws.com"): {"aws:SourceArn"},
    # "Enabling Amazon S3 server access logging".
    ("AWS::S3::BucketPolicy", "logging.s3.amazonaws.com"): {"aws:SourceAccount", "aws:SourceArn"},
    # "Granting permissions to publish event notification messages to a destination" (S3).
    ("AWS::SQS::QueuePolicy", "s3.amazonaws.com"): {"aws:SourceAccount", "aws:SourceArn"},
    # "Example cases for Amazon SNS access control".
    ("AWS::SNS::TopicPolicy", "cloudwatch.amazonaws.com"): {"aws:SourceAccount", "aws:SourceArn"},
    ("AWS::SNS::TopicPolicy", "budgets.amazonaws.com"): {"aws:SourceAccount", "aws:SourceArn"},
}
# Keys that IAM itself puts into every request.
ALWAYS = {"aws:SecureTransport"}
Rule = Callable[[Rendered, str], Iterator[str]]
USERS: dict[str, Rule] = {}


def uses_key(*kinds: str) -> Callable[[Rule], Rule]:
    """Register a rule for types: it yields who lacks a right to the key that a resource of the type names."""

    def register(rule: Rule) -> Rule:
        USERS.update(dict.fromkeys(kinds, rule))
        return rule

    return register


def roles_that_may(stack: Rendered, *actions: str) -> Callable[[str], list[str]]:
    """Return a function from a resource to the roles whose own policy allows one of the actions on it."""

    def roles(resource: str) -> list[str]:
        return [
            role
            for role in stack.of_type("AWS::IAM::Role")
            for action in actions
            if decide(identity_policy(stack, role), Request(action, resource, stack.arn(role))) is Decision.ALLOWED
        ]

    return roles


def lacking(stack: Rendered, service: str, roles: list[str], *rights: str) -> Iterator[str]:
    """Yield the roles in whose name this service may not use the key as it must."""
    key = stack.arn("Key")
    for role in sorted(set(roles)):
        for right in rights:
            verdict = may(stack, role, right, key, {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"})
            yield from (f"{role} {right}: {why}" for why in verdict.refusals)


def service_lacks(stack: Rendered, service: str, context: Context, *rights: str) -> Iterator[str]:
    """Yield the rights to the key that a service with this context has not."""
    for right in rights:
        verdict = service_may(stack, service, right, stack.arn("Key"), context)
        yield from (f"{service} {right}: {why}" for why in verdict.refusals)


@uses_key("AWS::S3::Bucket")
def bucket_users(stack: Rendered, bucket: str) -> Iterator[str]:
    """Source: "Using server-side encryption with AWS KMS keys"; parts of a file need kms:Decrypt as well."""
    objects = f"{stack.arn(bucket)}/{'uploads' if bucket == 'UploadBucket' else 'static'}/x"
    yield from lacking(stack, "s3", roles_that_may(stack, "s3:GetObject", "s3:GetObjectVersion")(objects), DECRYPT)
    yield from lacking(stack, "s3", roles_that_may(stack, "s3:PutObject")(objects), ENCRYPT, DECRYPT)
    domains = [
        origin["DomainName"]
        for name in stack.of_type("AWS::CloudFront::Distribution")
        for origin in stack.properties(name)["DistributionConfig"]["Origins"]
    ]
    if any(domain.startswith(f"{stack.physical_name(bucket)}.") for domain in domains):
        yield from service_lacks(stack, "cloudfront.amazonaws.com", BY_DISTRIBUTION, DECRYPT)
        verdict = service_may(stack, "cloudfront.amazonaws.com", "s3:GetObject", objects, BY_DISTRIBUTION)
        yield from verdict.refusals


@uses_key("AWS::SQS::Queue")
def queue_users(stack: Rendered, queue: str) -> Iterator[str]:
    """Source: "Amazon SQS key management": who sends needs both rights, who receives needs to decrypt."""
    arn = stack.arn(queue)
    yield from lacking(stack, "sqs", roles_that_may(stack, "sqs:SendMessage")(arn), ENCRYPT, DECRYPT)
    yield from lacking(stack, "sqs", roles_that_may(stack, "sqs:ReceiveMessage")(arn), DECRYPT)
    for bucket in stack.of_type("AWS::S3::Bucket"):
        events = stack.properties(bucket).get("NotificationConfiguration", {}).get("QueueConfigurations", [])
        if any(event["Queue"] == arn for event in events):
            yield from service_lacks(stack, "s3.amazonaws.com", {}, ENCRYPT, DECRYPT)
            context: Context = {**IN_OUR_ACCOUNT, "aws:SourceArn": stack.arn(bucket)}
            yield from service_may(stack, "s3.amazonaws.com", "sqs:SendMessage", arn, context).refusals


@uses_key("AWS::SNS::Topic")
def topic_users(stack: Rendered, topic: str) -> Iterator[str]:
    """Source: "Amazon SNS key management": who publishes needs both rights."""
    arn = stack.arn(topic)
    alarms = [
        stack.arn(name)
        for name in stack.of_type("AWS::CloudWatch::Alarm")
        if arn in stack.properties(name).get("AlarmActions", [])
    ]
    senders = [("cloudwatch.amazonaws.com", alarm) for alarm in alarms]
    senders += [
        ("budgets.amazonaws.com", f"arn:aws:budgets::{ACCOUNT}:x") for _ in stack.of_type("AWS::Budgets::Budget")
    ]
    for service, source in senders:
        context: Context = {**IN_OUR_ACCOUNT, "aws:SourceArn": source}
        yield from service_lacks(stack, service, context, ENCRYPT, DECRYPT)
        yield from service_may(stack, service, "sns:Publish", arn, context).refusals


@uses_key("AWS::Logs::LogGroup")
def log_users(stack: Rendered, group: str) -> Iterator[str]:
    """Source: "Encrypt log data in CloudWatch Logs using AWS KMS"."""
    yield from log_group_lacks(stack, stack.physical_name(group))


def log_group_lacks(stack: Rendered, name: str) -> Iterator[str]:
    """Yield the rights that CloudWatch Logs needs to the key for a log group, and has not."""
    rights = ("kms:Encrypt", DECRYPT, "kms:ReEncryptFrom", "kms:ReEncryptTo", ENCRYPT, "kms:DescribeKey")
    context: Context = {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"}
    yield from service_lacks(stack, f"logs.{REGION}.amazonaws.com", context, *rights)


@uses_key("AWS::DynamoDB::Table")
def table_users(stack: Rendered, table: str) -> Iterator[str]:
    """Source: "DynamoDB encryption at rest: usage notes": in the name of who reads or writes the key is decrypted."""
    actions = ("dynamodb:Query", "dynamodb:Scan", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem")
    yield from lacking(stack, "dynamodb", roles_that_may(stack, *actions)(stack.arn(table)), DECRYPT)
    yield from makers_lack(stack)


@uses_key("AWS::SecretsManager::Secret")
def secret_users(stack: Rendered, secret: str) -> Iterator[str]:
    """Source: "Secret encryption and decryption in AWS Secrets Manager": in the name of who reads."""
    yield from lacking(
        stack, "secretsmanager", roles_that_may(stack, "secretsmanager:GetSecretValue")(stack.arn(secret)), DECRYPT
    )


@uses_key("AWS::Lambda::Function")
def function_users(stack: Rendered, function: str) -> Iterator[str]:
    """Source: "Securing Lambda environment variables": the function's role decrypts them when it starts."""
    role = stack.properties(function)["Role"]
    yield from lacking(
        stack, "lambda", [name for name in stack.of_type("AWS::IAM::Role") if stack.arn(name) == role], DECRYPT
    )


@uses_key("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
def database_users(stack: Rendered, _: str) -> Iterator[str]:
    """Source: "Encrypting Amazon Aurora resources": RDS gets grants from who makes the cluster."""
    yield from makers_lack(stack)


def makers_lack(stack: Rendered) -> Iterator[str]:
    """Yield the rights that the account's own people cannot be given, though services take their grants from them."""
    name, statements = resource_policy(stack, stack.arn("Key"))
    for right in ("kms:CreateGrant", "kms:DescribeKey", ENCRYPT, DECRYPT):
        if decide(statements, Request(right, stack.arn("Key"), ROOT)) is not Decision.ALLOWED:
            yield f"{name}: {right} is not the account's to give"


def names_key(stack: Rendered, node: Any) -> bool:
    """Return whether a part of a resource names the stack's key."""
    if isinstance(node, dict):
        return any(names_key(stack, part) for key, part in node.items() if not key.startswith("Policy"))
    if isinstance(node, list):
        return any(names_key(stack, part) for part in node)
    return bool(node == stack.arn("Key"))


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_who_must_use_a_key_may(composition: str) -> None:
    stack = compose(composition)
    policies = ("AWS::S3::BucketPolicy", "AWS::IAM::Role")
    faults = []
    for name, part in stack.resources.items():
        if part["Type"] in policies or not names_key(stack, part["Properties"]):
            continue
        assert part["Type"] in USERS, f"{name} names the key; say in tests/aws/test_keys.py who must use it."
        faults += [f"{name}: {why}" for why in USERS[part["Type"]](stack, name)]
    assert faults == []


def test_the_workers_logs_and_images_are_encrypted_with_a_key_that_lets_them() -> None:
    workers = compose_workers()
    stack = compose(COMPOSITIONS[0])
    for name in workers.of_type("AWS::Logs::LogGroup"):
        assert list(log_group_lacks(stack, workers.physical_name(name))) == []
    # "Encryption at rest" (ECR): grants of who makes the repository.
    assert list(makers_lack(stack)) == []
    for name in workers.of_type("AWS::CloudWatch::Alarm"):
        context: Context = {**IN_OUR_ACCOUNT, "aws:SourceArn": workers.arn(name)}
        assert list(service_lacks(stack, "cloudwatch.amazonaws.com", context, ENCRYPT, DECRYPT)) == []


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_conditions_ask_a_service_only_for_keys_that_it_is_documented_to_send(composition: str) -> None:
    stack = compose(composition)
    undocumented = []
    for kind in ("AWS::KMS::Key", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        for name in stack.of_type(kind):
            properties = stack.properties(name)
            for statement in (properties.get("PolicyDocument") or properties["KeyPolicy"])["Statement"]:
                for service, key in demands(statement):
                    if key not in DOCUMENTED[kind, service] | ALWAYS:
                        undocumented.append(f"{name} {statement['Sid']}: {service} sends no {key}")
    assert undocumented == []


def demands(statement: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the services that a statement lets in with the condition keys that it asks them for."""
    principal = statement["Principal"]
    if statement["Effect"] != "Allow" or not isinstance(principal, dict) or "Service" not in principal:
        return
    services = principal["Service"] if isinstance(principal["Service"], list) else [principal["Service"]]
    for pairs in statement.get("Condition", {}).values():
        yield from ((service, key) for service in services for key in pairs)


@pytest.mark.parametrize("role", ["WebRole", "WorkerRole", "BulkRole", "CdnRole", "DeployerRole"])
def test_no_code_asks_kms_by_itself(role: str) -> None:
    """A role uses the key through the services that ask in its name, and no stolen file is decrypted elsewhere."""
    stack = compose(EVERYTHING)
    for right in (DECRYPT, ENCRYPT):
        assert not may(stack, role, right, stack.arn("Key"))
        assert not may(stack, role, right, stack.arn("Key"), {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"})
