"""Celery workers on Fargate: a stack beside the base, with the settings of the worker function."""

import json
from collections.abc import Mapping
from typing import Any

from deploy import template
from deploy.cloudformation import Stack, Template
from deploy.errors import DeployError
from deploy.functions import zappa_settings
from deploy.stage import Confirm, Stage

TEMPLATE = template.FOLDER / "workers.yaml"
# Outputs of the base that are parameters of the workers' stack under the same name.
SHARED = ("KmsKeyArn", "TopicArn")


def find_stack(stage: Stage) -> Stack:
    """Return the stack of the workers, whether it exists or not."""
    return Stack(f"{stage.full_name}-workers", stage.client, stage.poll_seconds, stage.report)


def build_environment(stage: Stage, outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the containers: all settings of the worker function, and the region.

    Lambda sets the region itself. Raise DeployError while the site has no address, because workers write the address
    into the mirror.
    """
    parameters = stage.base.read_parameters()
    if zappa_settings.find_address(stage, parameters) == zappa_settings.NOWHERE:
        raise DeployError(f"The site has no address yet. Run `python -m deploy up {stage.name}` first.")
    return {
        **zappa_settings.collect_settings(stage, outputs, parameters, "bulk", zappa_settings.read_stages()),
        "AWS_REGION": stage.region,
    }


def compose_template(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the template of the workers' stack, with these settings as the environment of its containers."""
    whole = template.read_file(TEMPLATE)
    [container] = whole["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    container["Environment"] = [{"Name": name, "Value": value} for name, value in sorted(environment.items())]
    return whole


def build_parameters(stage: Stage, outputs: Mapping[str, str], explicit: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of the workers' stack: the base's outputs, overridden by the operator.

    Raise DeployError where the base has no network and the operator names none.
    """
    if "FunctionSubnets" not in outputs and "Subnets" not in explicit:
        raise DeployError(
            "The base stack has no network. Set Subnets=… and SecurityGroups=… to a network of yours that reaches ECR."
        )
    network = {
        "Subnets": outputs.get("FunctionSubnets", ""),
        "SecurityGroups": outputs.get("FunctionSecurityGroup", ""),
    }
    return {
        "Project": stage.project,
        "Stage": stage.name,
        "TaskRoleArn": outputs["BulkRoleArn"],
        "BulkQueueName": f"{stage.full_name}-bulk",
        **network,
        **{name: outputs[name] for name in SHARED},
        **explicit,
    }


def update_workers(stage: Stage, image: str, explicit: Mapping[str, str], confirm: Confirm) -> dict[str, str]:
    """Create or update the workers' stack and return its outputs; without an image, create only the repository."""
    outputs = stage.base.read_outputs()
    if stage.base.read_parameters().get("Workers") != "true" and "Subnets" not in explicit:
        raise DeployError(
            f"The network does not reach ECR. Run `python -m deploy stack {stage.name} --set Workers=true` first."
        )
    parameters = build_parameters(stage, outputs, {**explicit, **({"Image": image} if image else {})})
    whole = compose_template(build_environment(stage, outputs))
    stack, source = find_stack(stage), Template({"TemplateBody": json.dumps(whole)})
    changes = stack.prepare(source, parameters, set(whole["Parameters"]))
    if changes is None:
        return stack.read_outputs()
    if not confirm(changes):
        stack.discard()
        raise DeployError("Nothing was changed, because you declined.")
    return stack.execute()


def refresh_settings(stage: Stage) -> None:
    """Give the workers the current settings of the functions; do nothing if the stage has no workers."""
    stack = find_stack(stage)
    if stack.describe() is None:
        return
    whole = compose_template(build_environment(stage, stage.base.read_outputs()))
    source = Template({"TemplateBody": json.dumps(whole)})
    if stack.prepare(source, {}, set(whole["Parameters"])) is not None:
        stack.execute()
