"""Celery workers on Fargate: a stack of its own beside the base, with the settings of the worker's function."""

import json
from collections.abc import Mapping
from typing import Any

from deploy import template
from deploy.cloudformation import Stack, Template
from deploy.errors import DeployError
from deploy.functions import zappa_settings
from deploy.stage import Confirm, Place

TEMPLATE = template.FOLDER / "workers.yaml"
# What both stacks call by one name.
SHARED = ("KmsKeyArn", "TopicArn")


def stack(place: Place) -> Stack:
    """The stack of the workers."""
    return Stack(f"{place.project}-{place.stage}-workers", place.clients, place.pause, place.say)


def settings(place: Place, outputs: Mapping[str, str]) -> dict[str, str]:
    """Return what the containers find in their environment: all that the worker's function has, and the region.

    Lambda names the region itself. Raises DeployError before the site has an address, which would be written into the
    mirror.
    """
    base = place.base.parameters()
    if zappa_settings.address(place, base) == zappa_settings.NOWHERE:
        raise DeployError(f"The site has no address yet. Run `python -m deploy up {place.stage}` first.")
    return {
        **zappa_settings.settings_of(place, outputs, base, "worker", zappa_settings.read()),
        "AWS_REGION": place.region,
    }


def compose(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the template of the workers' stack with these settings in the environment of its containers."""
    whole = template.read(TEMPLATE)
    [container] = whole["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    container["Environment"] = [{"Name": name, "Value": value} for name, value in sorted(environment.items())]
    return whole


def parameters(place: Place, outputs: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """What the base's outputs say, and what the operator gives; raises DeployError where there is no network."""
    if "FunctionSubnets" not in outputs and "Subnets" not in wanted:
        raise DeployError("The base has no network. Give Subnets=… and SecurityGroups=… of yours with a way to ECR.")
    network = {
        "Subnets": outputs.get("FunctionSubnets", ""),
        "SecurityGroups": outputs.get("FunctionSecurityGroup", ""),
    }
    return {
        "Project": place.project,
        "Stage": place.stage,
        "TaskRoleArn": outputs["BulkRoleArn"],
        "BulkQueueName": f"{place.project}-{place.stage}-bulk",
        **network,
        **{name: outputs[name] for name in SHARED},
        **wanted,
    }


def make(place: Place, image: str, wanted: Mapping[str, str], confirm: Confirm) -> dict[str, str]:
    """Make or change the workers' stack; without an image only the repository that it is pushed to. Returns outputs."""
    outputs = place.base.outputs()
    if place.base.parameters().get("Workers") != "true" and "Subnets" not in wanted:
        raise DeployError("The network has no way to ECR. Run `python -m deploy stack STAGE --set Workers=true` first.")
    given = parameters(place, outputs, {**wanted, **({"Image": image} if image else {})})
    whole = compose(settings(place, outputs))
    changes = stack(place).prepare(Template({"TemplateBody": json.dumps(whole)}), given, set(whole["Parameters"]))
    if changes is None:
        return stack(place).outputs()
    if not confirm(changes):
        stack(place).discard()
        raise DeployError("Nothing was changed, because you said no.")
    return stack(place).execute()


def refresh(place: Place) -> None:
    """Give the workers the settings that the functions have now; do nothing where a stage has no workers."""
    if stack(place).described() is None:
        return
    whole = compose(settings(place, place.base.outputs()))
    changes = stack(place).prepare(Template({"TemplateBody": json.dumps(whole)}), {}, set(whole["Parameters"]))
    if changes is not None:
        stack(place).execute()
