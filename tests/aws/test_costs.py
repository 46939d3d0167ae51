"""What is priced is what the template makes: each part that is paid for by the month, counted in the rendered stack."""

from collections.abc import Mapping
from typing import Any

import pytest

from deploy import presets, template
from deploy.commands import cost
from mediahub.costs import Plan
from tests.aws.rendered import Rendered, render_stack

COMPOSITIONS: list[Mapping[str, str]] = [
    {},
    {"Labels": "false"},
    *({**parameters, "Labels": "false"} for parameters in presets.PRESETS.values()),
    {"Network": "ipv6"},
    {"Workers": "true", "Zones": "2", "DatabaseProxy": "true"},
    {"Database": "own"},
    {"Cdn": "false"},
]


def count_rendered(stack: Rendered) -> dict[str, Any]:
    """Count what is paid for by the month in the stack as CloudFormation would make it."""
    alarms = [stack.properties(name) for name in stack.of_type("AWS::CloudWatch::Alarm")]
    endpoints = [stack.properties(name) for name in stack.of_type("AWS::EC2::VPCEndpoint")]
    clusters = [stack.properties(name) for name in stack.of_type("AWS::RDS::DBCluster")]
    pauses = [cluster["ServerlessV2ScalingConfiguration"]["SecondsUntilAutoPause"] for cluster in clusters]
    interfaces = [endpoint for endpoint in endpoints if endpoint["VpcEndpointType"] == "Interface"]
    assert {len(endpoint["SubnetIds"]) for endpoint in interfaces} <= {int(stack.parameters.get("Zones", 1))}
    return {
        "alarms": sum(len([m for m in alarm.get("Metrics", [alarm]) if "Expression" not in m]) for alarm in alarms),
        "metrics": len({alarm["MetricName"] for alarm in alarms if alarm.get("Namespace") == "MediaHub"}),
        "endpoints": len(interfaces),
        "secrets": len(stack.of_type("AWS::SecretsManager::Secret"))
        + sum(cluster["ManageMasterUserPassword"] for cluster in clusters),
        "mappings": len(stack.of_type("AWS::Lambda::EventSourceMapping")),
        "proxy": bool(stack.of_type("AWS::RDS::DBProxy")),
    } | ({"pause_seconds": pauses[0]} if pauses else {})


@pytest.mark.parametrize("parameters", COMPOSITIONS, ids=str)
def test_what_is_paid_for_is_what_is_made(parameters: Mapping[str, str]) -> None:
    stack = render_stack(parameters)
    defaults = {name: str(rule.get("Default", "")) for name, rule in stack.source["Parameters"].items()}
    counted = cost.count_parts({**defaults, **cost.DEPLOYED, **parameters})
    seen = count_rendered(stack)
    assert {name: counted[name] for name in seen} == seen
    assert len(stack.of_type("AWS::KMS::Key")) == 1
    # The command makes it, and the stack none.
    assert stack.of_type("AWS::CloudWatch::Dashboard") == []


def test_a_plan_by_default_is_the_stack_by_default_without_labels() -> None:
    seen, plan = count_rendered(render_stack({"Labels": "false"})), Plan(0)
    assert {name: getattr(plan, name) for name in seen} == seen


@pytest.mark.parametrize("parameters", COMPOSITIONS, ids=str)
def test_the_resources_that_the_deploy_command_expects_are_those_that_are_made(parameters: Mapping[str, str]) -> None:
    stack = render_stack(parameters)
    given = {name: str(value) for name, value in stack.parameters.items()}
    assert set(template.select_resources(template.compose(), given)) == set(stack.resources)


def test_a_preset_names_parameters_of_the_stack_with_values_that_they_take() -> None:
    known = template.compose()["Parameters"]
    for parameters in presets.PRESETS.values():
        for name, value in parameters.items():
            assert value in [str(allowed) for allowed in known[name]["AllowedValues"]]
