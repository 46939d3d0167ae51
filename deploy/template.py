"""The stack as one template: stack.yaml with its parts, as CloudFormation takes it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

FOLDER = Path(__file__).resolve().parent
SECTIONS = ("Parameters", "Conditions", "Resources", "Outputs")


class TemplateError(Exception):
    """Why the parts do not make a template."""


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short tags; libyaml reads ten times as fast as Python."""


def _short_tag(loader: yaml.CSafeLoader, suffix: str, node: yaml.Node) -> Any:
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


_Loader.add_multi_constructor("!", _short_tag)


def read(path: Path) -> dict[str, Any]:
    """One file, with short tags in their long form."""
    return dict(yaml.load(path.read_text(), _Loader))  # noqa: S506 - a SafeLoader with tags of CloudFormation


def compose(folder: Path = FOLDER) -> dict[str, Any]:
    """stack.yaml with all its parts; raises TemplateError when two of them hold the same name."""
    whole = read(folder / "stack.yaml")
    parts = whole.pop("Metadata")["Parts"]
    for part in parts:
        found = read(folder / part)
        if strange := set(found) - set(SECTIONS):
            raise TemplateError(f"{part} has {', '.join(sorted(strange))}; a part has {', '.join(SECTIONS)} only.")
        for section, entries in found.items():
            held = whole.setdefault(section, {})
            if twice := set(held) & set(entries):
                raise TemplateError(f"{part} has {', '.join(sorted(twice))} again. Give each its own name.")
            held.update(entries)
    return whole


def literal(whole: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The same with the names of what is retained written out: only by these CloudFormation takes over what exists.

    `values` are those of Project, Stage and AWS::AccountId.
    """
    for part in whole["Resources"].values():
        if part.get("DeletionPolicy") != "Retain":
            continue
        for key, value in part["Properties"].items():
            if isinstance(value, dict) and isinstance(text := value.get("Fn::Sub"), str):
                written = re.sub(r"\$\{([\w:]+)\}", lambda found: values.get(found[1], found[0]), text)
                part["Properties"][key] = written if "${" not in written else value
    return whole


def body(folder: Path = FOLDER) -> str:
    """The template as JSON, for CloudFormation and for tools that look at templates."""
    return json.dumps(compose(folder), indent=1)
