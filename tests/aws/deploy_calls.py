"""Each call of AWS that deploy/ makes, read out of its source, with the errors that the model lists for it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.model import OperationModel

from deploy.database.restore import Origin
from tests.aws.rendered import REGION

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
# Names under which a client is held outside of the function that makes it.
KNOWN = {"_cloudformation": "cloudformation"}
# Called by a name that is put together; `deploy.database.restore` says which.
BY_NAME = {
    ("deploy/database/restore.py", "rds", Origin("", "", request).operation)
    for request in ({}, {"SnapshotIdentifier": "one"})
} | {
    ("deploy/stack/existing.py", "ec2", "describe_subnets"),
    ("deploy/stack/existing.py", "ec2", "describe_security_groups"),
}


class Call(NamedTuple):
    """One operation that a module of deploy/ asks a service for."""

    module: str
    service: str
    operation: str

    def errors(self) -> list[str]:
        """Return the names of the errors that the service's model lists."""
        client = _client(self.service)
        model: OperationModel = client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[self.operation]
        )
        return sorted(shape.name for shape in model.error_shapes)


def find_calls(folder: Path = DEPLOY) -> set[Call]:
    """Return the calls of all modules; raises AssertionError for one whose service cannot be told."""
    calls = {Call(*named) for named in BY_NAME}
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text())
        services = {service for node in ast.walk(tree) if (service := _service(node))}
        for part in ast.walk(tree):
            # Lambdas stand in tables too.
            if isinstance(part, ast.FunctionDef | ast.Lambda):
                named = _calls_in(part, services)
                calls |= {
                    Call(path.relative_to(folder.parent).as_posix(), service, operation) for service, operation in named
                }
    return calls


def _calls_in(function: ast.AST, services: set[str]) -> Iterator[tuple[str, str]]:
    variables = dict(KNOWN)
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            variables |= _assigned(node)
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        operation, source = node.func.attr, node.func.value
        if operation == "get_paginator":
            operation = str(getattr(node.args[0], "value", ""))
        service = _service(source) or variables.get(_name(source), "")
        if service and operation in _operations(service):
            yield service, operation
        elif not service and _name(source) in ("client", "rds", "s3"):
            [service] = [one for one in services if operation in _operations(one)] or [""]
            if service:
                yield service, operation


def _assigned(node: ast.Assign) -> dict[str, str]:
    """Return the names that hold clients after an assignment, alone or in a tuple."""
    targets, values = node.targets, [node.value]
    if len(targets) == 1 and isinstance(targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
        targets, values = targets[0].elts, node.value.elts
    pairs = zip(targets, values, strict=False)
    return {_name(target): service for target, value in pairs if (service := _service(value))}


def _service(node: Any) -> str:
    """Return the service of `….client("service")`; empty for anything else."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="client") | ast.Name(id="client"), args=[ast.Constant(value=str(name)), *_]
        ):
            return name
    return ""


def _name(node: Any) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return str(name)
    return ""


@cache
def _client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


@cache
def _operations(service: str) -> set[str]:
    return set(_client(service).meta.method_to_api_mapping)
