"""What cannot be changed in place can be made anew: nothing that a parameter replaces has a fixed name.

CloudFormation replaces a resource whose create-only property changes, makes the new one first, and fails when both
would bear one name ("Update behaviors of stack resources"). The create-only properties are those of cfn-lint's schemas.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from deploy import template
from tests.aws.rendered import NAMES, REGION
from tests.aws.schemas import read_schema

TEMPLATES = {
    "stack": template.compose(),
    "workers": template.read_file(template.FOLDER / "workers.yaml"),
    "packages": template.read_file(template.FOLDER / "packages.yaml"),
}
# Another project or stage is another stack.
OF_THE_STACK = {"Project", "Stage"}
# Parameters that a create-only property hangs on under a fixed name, each with why that is no trap.
WAIVED = {
    (
        "stack",
        "Proxy",
        "ZoneA",
    ): "deploy/stack/zones.py chooses them once; those of a network that stands never change",
    ("stack", "Proxy", "ZoneB"): "as ZoneA",
    ("workers", "Repository", "KmsKeyArn"): "the key is kept for good, and taken over by a stack that is made again",
}
# Create-only properties beside a fixed name: changed in the template, they would stop the next `up`. Each says what is
# done then, because it cannot be done in place.
FOR_GOOD = {
    "AWS::RDS::DBCluster": {"DBSubnetGroupName", "DatabaseName", "KmsKeyId", "StorageEncrypted"},
    "AWS::RDS::DBInstance": {"DBClusterIdentifier"},
    # The proxy holds nothing: switch it off, change it, and switch it on again.
    "AWS::RDS::DBProxy": {"EngineFamily", "VpcSubnetIds"},
    # Images are built again.
    "AWS::ECR::Repository": {"EncryptionConfiguration"},
    "AWS::ECS::Service": {"Cluster"},
    "AWS::ApplicationAutoScaling::ScalingPolicy": {"ScalingTargetId"},
}
# Each definition is a new revision of its family, an endpoint names the service that it leads to, and the targets of a
# proxy name the proxy: none of these is a name that only one can bear.
WITHOUT_A_NAME = {"AWS::ECS::TaskDefinition", "AWS::EC2::VPCEndpoint", "AWS::RDS::DBProxyTargetGroup"}


@cache
def create_only(kind: str) -> frozenset[str]:
    """Return the top properties of a type that can be given only when it is made, less those that identify it."""
    schema = read_schema(kind, REGION)
    identity = {path.split("/")[2] for path in schema["primaryIdentifier"]}
    return frozenset({path.split("/")[2] for path in schema.get("createOnlyProperties", [])} - identity)


def create_only_paths(kind: str) -> list[list[str]]:
    """Return the paths to the create-only values of a type, such as ["Budget", "BudgetName"]."""
    schema = read_schema(kind, REGION)
    return [path.split("/")[2:] for path in schema.get("createOnlyProperties", [])]


def values(properties: dict[str, Any], path: list[str]) -> Iterator[Any]:
    """Yield the value at a path, if the template gives one."""
    value: Any = properties
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return
        value = value[step]
    yield value


def fixed_names(kind: str, properties: dict[str, Any]) -> list[str]:
    """Return the create-only properties that name a resource, among those that the template gives."""
    if kind in WITHOUT_A_NAME:
        return []
    names = {*NAMES, "BudgetName", "PolicyName"}
    return [".".join(path) for path in create_only_paths(kind) if path[-1] in names for _ in values(properties, path)]


def references(node: Any) -> Iterator[str]:
    """Yield the names of the parameters, conditions and resources that a part of a template uses."""
    if isinstance(node, dict):
        for key, part in node.items():
            if key in ("Ref", "Condition") and isinstance(part, str):
                yield part
            elif key == "Fn::GetAtt":
                yield part[0] if isinstance(part, list) else part.split(".")[0]
            elif key == "Fn::If":
                yield part[0]
                yield from references(part[1:])
            elif key == "Fn::Sub":
                text, given = (part, {}) if isinstance(part, str) else part
                yield from (name for name in re.findall(r"\$\{([\w]+)[\w.]*\}", text) if name not in given)
                yield from references(given)
            else:
                yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)


def replaced_by(whole: dict[str, Any], name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """Return the parameters whose change makes a resource anew, also because what it refers to is made anew."""
    part = whole["Resources"][name]
    properties_given: set[str] = set()
    for path in create_only_paths(part["Type"]):
        for value in values(part.get("Properties", {}), path):
            properties_given |= _parameters(whole, value, seen | {name})
    return properties_given


def _parameters(whole: dict[str, Any], node: Any, seen: frozenset[str]) -> set[str]:
    properties_given: set[str] = set()
    for reference in references(node):
        if reference in whole.get("Parameters", {}):
            properties_given.add(reference)
        elif reference in whole.get("Conditions", {}):
            properties_given |= _parameters(whole, whole["Conditions"][reference], seen)
        elif reference in whole["Resources"] and reference not in seen:
            properties_given |= replaced_by(whole, reference, seen)
    return properties_given


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_parameter_makes_anew_what_has_a_fixed_name(name: str) -> None:
    whole = TEMPLATES[name]
    traps = [
        (name, logical, parameter)
        for logical, part in whole["Resources"].items()
        if fixed_names(part["Type"], part.get("Properties", {}))
        for parameter in sorted(replaced_by(whole, logical) - OF_THE_STACK)
    ]
    assert [trap for trap in traps if trap not in WAIVED] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_given_for_good_beside_a_fixed_name_is_listed(name: str) -> None:
    unlisted = []
    for logical, part in TEMPLATES[name]["Resources"].items():
        properties = part.get("Properties", {})
        names = {path.split(".")[0] for path in fixed_names(part["Type"], properties)}
        if names:
            rest = (create_only(part["Type"]) & set(properties)) - names - FOR_GOOD.get(part["Type"], set())
            unlisted += [f"{logical} {key}" for key in sorted(rest)]
    assert unlisted == []


def test_nothing_is_waived_that_is_no_trap() -> None:
    real = {
        (name, logical, parameter)
        for name, whole in TEMPLATES.items()
        for logical, part in whole["Resources"].items()
        if fixed_names(part["Type"], part.get("Properties", {}))
        for parameter in replaced_by(whole, logical)
    }
    assert set(WAIVED) - real == set()
