"""Which resources of a template are made with given parameters, so that nothing has to count them a second time.

Functions are those that may stand in a condition: "Condition functions", CloudFormation template reference.
"""

from collections.abc import Mapping
from typing import Any

Resources = dict[str, dict[str, Any]]


def select_resources(template: Mapping[str, Any], parameters: Mapping[str, str]) -> Resources:
    """Return the resources whose condition holds; a parameter that is not given has its default."""
    values = {name: str(rule.get("Default", "")) for name, rule in template["Parameters"].items()} | {**parameters}
    conditions = template.get("Conditions", {})
    return {
        name: part
        for name, part in template["Resources"].items()
        if "Condition" not in part or evaluate({"Condition": part["Condition"]}, values, conditions)
    }


def of_type(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of one type, such as `SQS::Queue`, by logical name."""
    return {name: part["Properties"] for name, part in resources.items() if part["Type"] == f"AWS::{kind}"}


def evaluate(node: Any, values: Mapping[str, str], conditions: Mapping[str, Any]) -> Any:
    """Return what a part of a condition comes to; raises ValueError for a function that no condition has."""
    if not isinstance(node, dict):
        return node
    [(function, of)] = node.items()
    match function:
        case "Ref":
            return values[of]
        case "Condition":
            return evaluate(conditions[of], values, conditions)
    parts = [evaluate(part, values, conditions) for part in of]
    match function:
        case "Fn::Equals":
            return str(parts[0]) == str(parts[1])
        case "Fn::Not":
            return not parts[0]
        case "Fn::And":
            return all(parts)
        case "Fn::Or":
            return any(parts)
        case "Fn::Select":
            return str(parts[1]).split(",")[int(parts[0])]
    raise ValueError(f"{function} stands in a condition, and is not known here.")
