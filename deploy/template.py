"""The stack as a single template: stack.yaml and its parts, put together as CloudFormation reads it."""

import copy
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

FOLDER = Path(__file__).resolve().parent / "templates"
SECTIONS = ("Parameters", "Conditions", "Resources", "Outputs")
# The deletion policies under which a resource outlives its stack.
RETAINING = ("Retain", "RetainExceptOnCreate")

Resources = dict[str, dict[str, Any]]


class TemplateError(Exception):
    """Say why the parts do not make a template."""


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short tags; libyaml reads ten times as fast as Python."""


def _construct_short_tag(loader: yaml.CSafeLoader, suffix: str, node: yaml.Node) -> Any:
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(cast(yaml.MappingNode, node), deep=True)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _construct_short_tag)


def read_file(path: Path) -> dict[str, Any]:
    """Return the content of one file, with short tags in their long form."""
    return copy.deepcopy(_parse(path.read_text()))


@functools.cache
def _parse(text: str) -> dict[str, Any]:
    """Return what YAML says; parsing takes several times as long as copying what was parsed."""
    return dict(yaml.load(text, _Loader))  # noqa: S506 - a SafeLoader with tags of CloudFormation


def compose(folder: Path = FOLDER) -> dict[str, Any]:
    """Return stack.yaml with all its parts; raise TemplateError when two of them define the same name."""
    whole = read_file(folder / "stack.yaml")
    parts = whole.pop("Metadata")["Parts"]
    for part in parts:
        sections = read_file(folder / part)
        if unknown := set(sections) - set(SECTIONS):
            raise TemplateError(f"{part} has {', '.join(sorted(unknown))}; a part has {', '.join(SECTIONS)} only.")
        for section, entries in sections.items():
            merged = whole.setdefault(section, {})
            if duplicates := set(merged) & set(entries):
                raise TemplateError(f"{part} has {', '.join(sorted(duplicates))} again. Give each its own name.")
            merged.update(entries)
    return whole


def list_retained(whole: Mapping[str, Any]) -> set[str]:
    """Return the logical names of the resources that outlive the stack: they hold data, or data depends on them."""
    return {name for name, part in whole["Resources"].items() if part.get("DeletionPolicy") in RETAINING}


def evaluate_conditions(whole: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, bool]:
    """Return the value of each condition; a parameter that is not given has its default."""
    values = {name: str(rule.get("Default", "")) for name, rule in whole["Parameters"].items()} | dict(parameters)
    rules = whole.get("Conditions", {})
    return {name: bool(_evaluate(rule, values, rules)) for name, rule in rules.items()}


def select_resources(whole: Mapping[str, Any], parameters: Mapping[str, str]) -> Resources:
    """Return the resources that a stack with these parameters has: those whose condition holds."""
    holds = evaluate_conditions(whole, parameters)
    return {name: part for name, part in whole["Resources"].items() if holds.get(part.get("Condition", ""), True)}


def list_properties(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of one type, such as `SQS::Queue`, by logical name."""
    return {name: part["Properties"] for name, part in resources.items() if part["Type"] == f"AWS::{kind}"}


def _evaluate(node: Any, values: Mapping[str, str], rules: Mapping[str, Any]) -> Any:
    """Return the value of a part of a condition.

    The functions are those of "Condition functions", CloudFormation template reference.
    """
    if not isinstance(node, dict):
        return node
    [(function, operand)] = node.items()
    match function:
        case "Ref":
            return values[operand]
        case "Condition":
            return _evaluate(rules[operand], values, rules)
    parts = [_evaluate(part, values, rules) for part in operand]
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
    raise TemplateError(f"A condition uses {function}, which the deploy command cannot evaluate.")


def fill_in(value: Any, values: Mapping[str, str]) -> Any:
    """Return a text with each `${name}` replaced; leave anything else, and a text with other names, as it is."""
    text = value.get("Fn::Sub") if isinstance(value, dict) else value
    if not isinstance(text, str):
        return value
    filled = re.sub(r"\$\{([\w:]+)\}", lambda name: values.get(name[1], name[0]), text)
    return value if "${" in filled else filled
