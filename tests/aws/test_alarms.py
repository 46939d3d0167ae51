"""The check of a stage's alarms: by name, stack by stack, on a double of CloudWatch."""

from typing import Any

import pytest

from deploy import template
from deploy.cloudformation import Stack
from deploy.commands import check, workers
from deploy.stage import Stage
from tests.aws.doubles import Double, make_clients
from tests.aws.rendered import ACCOUNT, GIVEN, REGION

NAME = "mediahub-production"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}-alarms"
POLICY = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:1"
PARAMETERS = {
    f"{NAME}-base": dict(GIVEN),
    f"{NAME}-workers": {"Image": "image"},
}


class CloudWatch(Double):
    """Alarms by name, each with those it tells."""

    service = "cloudwatch"

    def __init__(self, alarms: dict[str, list[str]]) -> None:
        super().__init__()
        self.alarms = alarms

    def describe_alarms(self, asked: Any) -> dict[str, Any]:
        # Without names it would answer with every alarm of the account.
        names = asked.get("AlarmNames") or list(self.alarms)
        return {
            "MetricAlarms": [
                {"AlarmName": name, "AlarmActions": self.alarms[name], "ActionsEnabled": True, "StateValue": "OK"}
                for name in names
                if name in self.alarms
            ]
        }


class Topics(Double):
    service = "sns"

    def list_subscriptions_by_topic(self, asked: Any) -> dict[str, Any]:
        return {"Subscriptions": [{"TopicArn": asked["TopicArn"], "Protocol": "email"}]}


@pytest.fixture
def alarms() -> dict[str, list[str]]:
    """All alarms of both stacks, each telling whom its template says."""
    alarms_by_name = {}
    for stack, whole in (
        (f"{NAME}-base", template.compose()),
        (f"{NAME}-workers", template.read_file(workers.TEMPLATE)),
    ):
        resources = template.select_resources(whole, PARAMETERS[stack])
        for alarm in template.list_properties(resources, "CloudWatch::Alarm").values():
            name = alarm["AlarmName"]["Fn::Sub"].replace("${Project}-${Stage}", NAME)
            alarms_by_name[name] = [TOPIC if "Topic" in str(alarm["AlarmActions"]) else POLICY]
    return alarms_by_name


def list_faults(alarms: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(Stack, "read_parameters", lambda stack: PARAMETERS[stack.name])
    monkeypatch.setattr(Stack, "describe", lambda stack: {"StackStatus": "CREATE_COMPLETE"})
    stage = Stage("mediahub", "production", REGION, make_clients(CloudWatch(alarms), Topics()))
    return [finding.seen for finding in check._inspect_alarms(stage, {"TopicArn": TOPIC}) if finding.advice]


def test_all_is_well_though_the_workers_alarms_start_and_stop_workers_and_tell_nobody(
    alarms: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [name for name, actions in alarms.items() if actions == [POLICY]] == [
        f"{NAME}-workers-chunks-wait",
        f"{NAME}-workers-nothing-to-do",
    ]
    assert list_faults(alarms, monkeypatch) == []


def test_alarms_of_another_stack_do_not_hide_one_that_is_missing(
    alarms: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for missing in (f"{NAME}-files-drift", f"{NAME}-workers-do-not-start"):
        left = {name: actions for name, actions in alarms.items() if name != missing}
        [fault] = list_faults(left, monkeypatch)
        assert fault.endswith(f"missing: {missing}, notify nobody: none")


@pytest.mark.parametrize("actions", [[], [POLICY]])
@pytest.mark.parametrize("name", [f"{NAME}-files-drift", f"{NAME}-workers-do-not-start"])
def test_an_alarm_that_should_tell_people_and_does_not_is_named(
    name: str, actions: list[str], alarms: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    [fault] = list_faults({**alarms, name: actions}, monkeypatch)
    assert fault.endswith(f"missing: none, notify nobody: {name}")
