"""Remove a stage, except for the resources that hold data."""

from typing import Any

from deploy import template
from deploy.cloudformation import DEAD_ENDS, Stack
from deploy.commands import dashboard, workers
from deploy.functions import binding, zappa_settings
from deploy.package import build
from deploy.stack import base, existing, removal
from deploy.stage import Stage


def remove_stage(stage: Stage) -> list[dict[str, Any]]:
    """Remove functions, API and stacks; return the resources that were kept because they hold data.

    Each is described as `Stack.list_resources` does.
    """
    status = stage.base.settle()
    retained = _list_retained(stage)
    if status and status not in DEAD_ENDS:
        # The mapping goes first, so that nothing is delivered to a function that is being deleted.
        base.update_parameters(stage, {"WorkerIsDeployed": "false"})
    zappa_stages = zappa_settings.read_stages()
    for kind, zappa_stage in zappa_settings.name_stages(stage).items():
        if zappa_stage in zappa_stages and binding.function_exists(stage, zappa_settings.name_functions(stage)[kind]):
            build.run_zappa("undeploy", zappa_stage, "--yes")
    workers.find_stack(stage).delete()
    dashboard.delete_dashboard(stage)
    for stack in (stage.base, stage.packages):
        _empty_buckets(stage, stack)
        stack.delete()
    return retained


def _list_retained(stage: Stage) -> list[dict[str, Any]]:
    """Return the resources that the stack retains; without a stack, those that an earlier one left."""
    if stage.base.describe():
        retained = list_retained_names()
        return [resource for resource in stage.base.list_resources() if resource["LogicalResourceId"] in retained]
    whole = template.compose()
    parts = {name: whole["Resources"][name] for name in sorted(template.list_retained(whole))}
    return [
        {"LogicalResourceId": resource.logical, "PhysicalResourceId": resource.physical, "ResourceType": resource.kind}
        for resource in existing.find_existing(stage, parts)
        if not resource.is_leaving
    ]


def _empty_buckets(stage: Stage, stack: Stack) -> None:
    """Empty the buckets that are deleted with the stack: AWS deletes only empty buckets."""
    if stack.describe() is None:
        return
    retained = list_retained_names()
    for resource in stack.list_resources():
        is_deleted = resource["ResourceStatus"] in ("DELETE_COMPLETE", "DELETE_SKIPPED")
        is_retained = resource["LogicalResourceId"] in retained
        if resource["ResourceType"] == "AWS::S3::Bucket" and not is_deleted and not is_retained:
            stage.report(f"  emptying {resource['PhysicalResourceId']}")
            removal.empty_bucket(stage, resource["PhysicalResourceId"])


def list_retained_names() -> set[str]:
    """Return the logical names of all resources that outlive the stack."""
    return template.list_retained(template.compose())
