"""Take over resources that an earlier stack of this stage left because they hold data, by CloudFormation's import.

CloudFormation's automatic import (`ImportExistingResources`) leaves out every type whose identifier only AWS knows:
queues, secrets, keys, networks. So each resource is looked up by the stage's names and imported by its identifier. A
change set that imports may do nothing else and adds no outputs; the change set after it does the rest.

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
from deploy.stack.existing import ExistingResource
from deploy.stage import Stage

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
# An import takes the template's word for the properties and changes nothing. The change set after it sets the
# properties that the import left out, whatever the resource has. Only these are left out, because setting them again
# does no harm. A secret is imported with all of them, or its value would be generated again; a table's key cannot be
# set again.
NAME_ALONE = ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Logs::LogGroup")
LEFT_TO_THE_UPDATE = {
    "AWS::DynamoDB::Table": {"DeletionProtectionEnabled", "PointInTimeRecoverySpecification"},
    "AWS::RDS::DBCluster": {"DeletionProtection"},
}
NAMED_BY = {"AWS::S3::Bucket": "BucketName", "AWS::SQS::Queue": "QueueName", "AWS::Logs::LogGroup": "LogGroupName"}
# These properties never change, so a resource cannot be imported without what they refer to.
FIXED_REFERENCES = {
    "AWS::EC2::SecurityGroup": {"VpcId"},
    "AWS::EC2::Subnet": {"VpcId"},
    "AWS::RDS::DBCluster": {"DBSubnetGroupName", "KmsKeyId"},
    "AWS::RDS::DBInstance": {"DBClusterIdentifier"},
}


@dataclass(frozen=True)
class Import:
    """The resources that a change set imports, and a template that adds these and nothing else."""

    template: dict[str, Any]
    resources: list[dict[str, Any]]


def find_adoptable(stage: Stage, whole: Mapping[str, Any], parameters: Mapping[str, str]) -> list[ExistingResource]:
    """Return the resources that the template retains, the stack lacks and the account has."""
    holds = template.evaluate_conditions(whole, {**parameters, "AWS::Region": stage.region})
    resources = whole["Resources"]
    present = stage.base.list_resources() if stage.base.describe() else []
    lacking = template.list_retained(whole) - {resource["LogicalResourceId"] for resource in present}
    parts = {name: resources[name] for name in sorted(lacking) if holds.get(resources[name].get("Condition", ""), True)}
    return list(existing.find_existing(stage, parts)) if parts else []


def adopt_resources(
    stage: Stage,
    whole: Mapping[str, Any],
    parameters: Mapping[str, str],
    resources: Sequence[ExistingResource],
    upload: Callable[[Mapping[str, Any]], Template],
) -> None:
    """Import existing resources into the stack, which is created if need be; raise DeployError when that fails."""
    for resource in resources:
        existing.cancel_deletion(stage, resource)
    current = stage.base.read_template() if stage.base.describe() else {}
    imported = build_import(whole, current, resources)
    stage.base.prepare(upload(imported.template), parameters, set(whole["Parameters"]), imported.resources)
    stage.base.execute()


def build_import(whole: Mapping[str, Any], current: Mapping[str, Any], resources: Sequence[ExistingResource]) -> Import:
    """Return the template and the list for a change set that imports; `current` is the stack's template, if any."""
    imported = {part.logical: _select_properties(whole["Resources"][part.logical]) for part in resources}
    present = {*current.get("Resources", {}), *imported, *whole["Parameters"]}
    for name, part in imported.items():
        part["Properties"] = dict(_resolve_properties(name, part, present))
    merged = {
        **{key: value for key, value in whole.items() if key != "Outputs"},
        **({"Outputs": current["Outputs"]} if "Outputs" in current else {}),
        **{key: {**whole.get(key, {}), **current.get(key, {})} for key in ("Parameters", "Conditions", "Mappings")},
        "Resources": {**current.get("Resources", {}), **imported},
    }
    identifiers = [
        {
            "ResourceType": resource.kind,
            "LogicalResourceId": resource.logical,
            "ResourceIdentifier": {IDENTIFIERS[resource.kind]: resource.physical},
        }
        for resource in resources
    ]
    return Import(merged, identifiers)


def _select_properties(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource with the properties that its import needs, and without dependencies: all of them exist."""
    selected = copy.deepcopy({key: value for key, value in part.items() if key not in ("DependsOn", "Metadata")})
    properties, kind = selected["Properties"], selected["Type"]
    omitted = LEFT_TO_THE_UPDATE.get(kind, set())
    if kind in NAME_ALONE:
        omitted = set(properties) - {NAMED_BY[kind]}
    selected["Properties"] = {name: value for name, value in properties.items() if name not in omitted}
    return selected


def _resolve_properties(name: str, part: Mapping[str, Any], present: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield the properties that refer only to resources of the import; the update after it sets the others."""
    for key, value in part["Properties"].items():
        if _find_references(value) <= present:
            yield key, value
        elif key in FIXED_REFERENCES.get(part["Type"], set()):
            missing = ", ".join(sorted(_find_references(value) - present))
            raise DeployError(
                f"{name} was kept by an earlier stack, but {missing}, which it depends on, was not found. Give your "
                "credentials permission to read it, or restore it, and run the command again."
            )


def _find_references(value: Any) -> set[str]:
    """Return the logical names of resources that a value refers to."""
    if isinstance(value, list):
        return {name for part in value for name in _find_references(part)}
    if not isinstance(value, dict):
        return set()
    if set(value) == {"Fn::GetAtt"}:
        return {value["Fn::GetAtt"][0]}
    if set(value) == {"Ref"}:
        return set() if value["Ref"].startswith("AWS::") else {value["Ref"]}
    if isinstance(text := value.get("Fn::Sub"), str):
        return {name for name in re.findall(r"\$\{(\w+)(?:\.\w+)*\}", text) if name != "AWS"}
    return {name for part in value.values() for name in _find_references(part)}
