"""The stack as data, and what must hold of it: each property is a function that answers with what breaks it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from deploy.template import FOLDER, compose, read_file

Template = dict[str, Any]
PROPERTIES: dict[str, Callable[[Template], Iterator[str]]] = {}

HOLD_DATA = {
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Logs::LogGroup",
}
# The database stands on these.
UNDER_DATA = {"Vpc", "SubnetA", "SubnetB", "DatabaseSecurityGroup", "DatabaseSubnets", "DatabaseParameters"}
# Each release writes them anew.
REBUILT = {"StaticBucket"}
# Requests of these know no resource that could be named; docs/operations.md says so too.
UNNAMEABLE = {
    "rekognition:DetectLabels",
    "rekognition:DetectModerationLabels",
    "cloudwatch:DescribeAlarms",
    "lambda:ListEventSourceMappings",
    "lambda:GetEventSourceMapping",
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}
KEY = {"Fn::GetAtt": ["Key", "Arn"]}
FUNCTION_SECONDS = 60


def whole() -> Template:
    """Return the composed template."""
    return compose()


def packages() -> Template:
    """Return the template of the packages' bucket."""
    return read_file(FOLDER / "packages.yaml")


def holds(template: Template) -> list[str]:
    """All that is broken, as `property: what`."""
    return [f"{name}: {broken}" for name, look in PROPERTIES.items() for broken in look(template)]


def property_of(look: Callable[[Template], Iterator[str]]) -> Callable[[Template], Iterator[str]]:
    """Mark a function as a property of the stack."""
    PROPERTIES[look.__name__] = look
    return look


def of_kind(template: Template, *kinds: str) -> list[str]:
    return [name for name, part in template["Resources"].items() if part["Type"].removeprefix("AWS::") in kinds]


def properties(template: Template, name: str) -> dict[str, Any]:
    return dict(template["Resources"][name].get("Properties", {}))


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def given(template: Template, name: str, *path: str | int, of: Any = None) -> Any:
    """Return a value deep in a resource; None where anything on the way is missing."""
    value: Any = properties(template, name) if of is None else of
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Statements of a policy, those that hang on a condition in the form they have when it holds."""
    inner_statements = [one["Fn::If"][1] if "Fn::If" in one else one for one in document["Statement"]]
    return [{**one, "Condition": strict(one.get("Condition", {}))} for one in inner_statements]


def strict(condition: dict[str, Any]) -> dict[str, Any]:
    """Return a condition as it is on AWS, where only the local AWS has another."""
    return dict(condition["Fn::If"][1]) if "Fn::If" in condition else condition


def policy_of(template: Template, kind: str, bucket_or_queue: str) -> list[dict[str, Any]]:
    policy_statements: list[dict[str, Any]] = []
    for name in of_kind(template, kind):
        values = properties(template, name)
        if {"Ref": bucket_or_queue} in [values.get("Bucket"), *values.get("Queues", []), *values.get("Topics", [])]:
            policy_statements += statements(values["PolicyDocument"])
    return policy_statements


def granted(template: Template, role: str) -> list[dict[str, Any]]:
    return [s for policy in properties(template, role)["Policies"] for s in statements(policy["PolicyDocument"])]


def text(value: Any) -> str:
    return json.dumps(value)


def must(*checks: tuple[bool, str]) -> Iterator[str]:
    """Yield the words of the checks that do not hold."""
    for well, words in checks:
        if not well:
            yield words
