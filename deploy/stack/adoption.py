"""Take over what an earlier stack of this stage left because it holds data, by CloudFormation's import of resources.

Importing by itself (`ImportExistingResources`) leaves out every type whose identifier only AWS knows: queues, secrets,
keys, networks. So each is named, and found by what the stage's names lead to. A change set that imports may do nothing
else and adds no outputs; the change set after it brings the rest.

Source: "Import AWS resources into a CloudFormation stack automatically" and "Bringing existing resources into
CloudFormation management", CloudFormation user guide; identifiers are the primary identifiers of each type's schema.
"""

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy import template
from deploy.cloudformation import Template
from deploy.errors import DeployError
from deploy.stack import existing
from deploy.stack.existing import Existing
from deploy.stage import Place

IDENTIFIERS = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::EC2::SecurityGroup": "Id",
    "AWS::EC2::Subnet": "SubnetId",
    "AWS::EC2::VPC": "VpcId",
    "AWS::KMS::Key": "KeyId",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBClusterParameterGroup": "DBClusterParameterGroupName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueUrl",
    "AWS::SecretsManager::Secret": "Id",
}
# An import believes what the template says and changes nothing. What it is not told, the change set after it puts in
# force, whatever the template said when the resource was made. Only these are left out: setting them twice does no
# harm. A secret is told whole, because its value would be generated anew; a table's key cannot be set twice.
NAME_ALONE = ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Logs::LogGroup")
LEFT_TO_THE_UPDATE = {
    "AWS::DynamoDB::Table": {"DeletionProtectionEnabled", "PointInTimeRecoverySpecification"},
    "AWS::RDS::DBCluster": {"DeletionProtection"},
}
NAMED_BY = {"AWS::S3::Bucket": "BucketName", "AWS::SQS::Queue": "QueueName", "AWS::Logs::LogGroup": "LogGroupName"}
# Where these refer to something, a resource cannot be taken over without it: they never change.
FIXED_REFERENCES = {
    "AWS::EC2::SecurityGroup": {"VpcId"},
    "AWS::EC2::Subnet": {"VpcId"},
    "AWS::RDS::DBCluster": {"DBSubnetGroupName", "KmsKeyId"},
    "AWS::RDS::DBInstance": {"DBClusterIdentifier"},
}


@dataclass(frozen=True)
class Import:
    """Return a change set's imports, and the template that holds them and nothing else that is new."""

    template: dict[str, Any]
    resources: list[dict[str, Any]]


def find(place: Place, whole: Mapping[str, Any], parameters: Mapping[str, str]) -> list[Existing]:
    """Return what the template retains, the stack has not, and the account has; nothing is changed."""
    holds = template.conditions(whole, {**parameters, "AWS::Region": place.region})
    resources = whole["Resources"]
    known = {found["LogicalResourceId"] for found in place.base.resources()} if place.base.described() else set()
    wanted = {
        name: resources[name]
        for name in sorted(template.retained(whole) - known)
        if holds.get(resources[name].get("Condition", ""), True)
    }
    return list(existing.look_up(place, wanted)) if wanted else []


def adopt(
    place: Place,
    whole: Mapping[str, Any],
    parameters: Mapping[str, str],
    resources: Sequence[Existing],
    bring: Callable[[Mapping[str, Any]], Template],
) -> None:
    """Import what was found into the stack, which is made for it where there is none; raises DeployError."""
    for found in resources:
        existing.revive(place, found)
    current = place.base.template() if place.base.described() else {}
    imported = build_import(whole, current, resources)
    place.base.prepare(bring(imported.template), parameters, set(whole["Parameters"]), imported.resources)
    place.base.execute()


def build_import(whole: Mapping[str, Any], current: Mapping[str, Any], resources: Sequence[Existing]) -> Import:
    """Return the template and the list for a change set that imports; `current` is the template in force, if any."""
    imported = {found.logical: _stated(whole["Resources"][found.logical]) for found in resources}
    present = {*current.get("Resources", {}), *imported, *whole["Parameters"]}
    for name, part in imported.items():
        part["Properties"] = dict(_resolvable(name, part, present))
    merged = {
        **{key: value for key, value in whole.items() if key != "Outputs"},
        **({"Outputs": current["Outputs"]} if "Outputs" in current else {}),
        **{key: {**whole.get(key, {}), **current.get(key, {})} for key in ("Parameters", "Conditions", "Mappings")},
        "Resources": {**current.get("Resources", {}), **imported},
    }
    listed = [
        {
            "ResourceType": found.kind,
            "LogicalResourceId": found.logical,
            "ResourceIdentifier": {IDENTIFIERS[found.kind]: found.physical},
        }
        for found in resources
    ]
    return Import(merged, listed)


def _stated(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resource with the properties that an import is told; it waits for nothing, for all of it exists."""
    stated = copy.deepcopy({key: value for key, value in part.items() if key not in ("DependsOn", "Metadata")})
    properties, kind = stated["Properties"], stated["Type"]
    left = LEFT_TO_THE_UPDATE.get(kind, set())
    if kind in NAME_ALONE:
        left = set(properties) - {NAMED_BY[kind]}
    stated["Properties"] = {name: value for name, value in properties.items() if name not in left}
    return stated


def _resolvable(name: str, part: Mapping[str, Any], present: set[str]) -> Iterator[tuple[str, Any]]:
    """Return the properties that refer to nothing outside of the import; the update after it sets the others."""
    for key, value in part["Properties"].items():
        if _references(value) <= present:
            yield key, value
        elif key in FIXED_REFERENCES.get(part["Type"], set()):
            missing = ", ".join(sorted(_references(value) - present))
            raise DeployError(
                f"{name} was kept by an earlier stack, but {missing}, which it stands on, is not found. Give your "
                "credentials the right to see it, or bring it back, and run the command again."
            )


def _references(value: Any) -> set[str]:
    """Return the logical names of resources that a value refers to."""
    if isinstance(value, list):
        return {name for part in value for name in _references(part)}
    if not isinstance(value, dict):
        return set()
    if set(value) == {"Fn::GetAtt"}:
        return {value["Fn::GetAtt"][0]}
    if set(value) == {"Ref"}:
        return set() if value["Ref"].startswith("AWS::") else {value["Ref"]}
    if isinstance(text := value.get("Fn::Sub"), str):
        return {name for name in re.findall(r"\$\{(\w+)(?:\.\w+)*\}", text) if name != "AWS"}
    return {name for part in value.values() for name in _references(part)}
