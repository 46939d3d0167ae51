"""Remove a stage, and keep what holds data."""

from typing import Any

from deploy import template
from deploy.cloudformation import DEAD_ENDS, Stack
from deploy.commands import dashboard, workers
from deploy.functions import binding, zappa_settings
from deploy.package import build
from deploy.stack import base, existing, removal
from deploy.stage import Place


def down(place: Place) -> list[dict[str, Any]]:
    """Remove functions, API and stacks; returns what was kept because it holds data, as the stack told of it."""
    status = place.base.settle()
    retained_resources = _kept(place)
    if status and status not in DEAD_ENDS:
        # The mapping goes first: nothing is to be delivered to a function that is going.
        base.bind(place, {"WorkerIsDeployed": "false"})
    held = zappa_settings.read()
    for kind, stage in zappa_settings.names(place).items():
        if stage in held and binding.exists(place, zappa_settings.functions(place)[kind]):
            build.zappa("undeploy", stage, "--yes")
    workers.stack(place).delete()
    dashboard.remove(place)
    for stack in (place.base, place.packages):
        _empty_buckets(place, stack)
        stack.delete()
    return retained_resources


def _kept(place: Place) -> list[dict[str, Any]]:
    """Return what the stack retains, or what an earlier one left where there is none."""
    if place.base.described():
        return [found for found in place.base.resources() if found["LogicalResourceId"] in retained()]
    whole = template.compose()
    parts = {name: whole["Resources"][name] for name in sorted(template.retained(whole))}
    return [
        {"LogicalResourceId": found.logical, "PhysicalResourceId": found.physical, "ResourceType": found.kind}
        for found in existing.look_up(place, parts)
        if not found.is_leaving
    ]


def _empty_buckets(place: Place, stack: Stack) -> None:
    """Empty the buckets that go with the stack: a bucket that holds anything cannot be deleted."""
    if stack.described() is None:
        return
    for found in stack.resources():
        is_there = found["ResourceStatus"] not in ("DELETE_COMPLETE", "DELETE_SKIPPED")
        if found["ResourceType"] == "AWS::S3::Bucket" and is_there and found["LogicalResourceId"] not in retained():
            place.say(f"  emptying {found['PhysicalResourceId']}")
            removal.empty_bucket(place, found["PhysicalResourceId"])


def retained() -> set[str]:
    """The logical names of all that outlives the stack."""
    return template.retained(template.compose())
