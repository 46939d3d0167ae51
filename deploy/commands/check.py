"""Compare what is deployed with the template: Zappa only logs some of what goes wrong, and then ends as a success."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deploy import template
from deploy.commands import workers
from deploy.functions import binding, zappa_settings
from deploy.stage import Stage

REDEPLOY = "Run `python -m deploy up STAGE` again."
# The part that a stage may do without for a while, such as a rehearsal.
SUBSCRIBERS = "subscribers"


@dataclass(frozen=True)
class Finding:
    """Describe the state of one part; `advice` is empty when the part is as it should be."""

    part: str
    seen: str
    advice: str = ""


def inspect_stage(stage: Stage) -> Iterator[Finding]:
    """Inspect each part in turn; a part that cannot be inspected is a finding, too."""
    outputs = stage.base.read_outputs()
    for part, inspect in INSPECTIONS.items():
        try:
            yield from inspect(stage, outputs)
        except (ClientError, BotoCoreError, KeyError) as error:
            yield Finding(part, f"could not be inspected: {error}", f"Check your permissions. {REDEPLOY}")


def _judge(part: str, seen: str, is_well: bool, advice: str = REDEPLOY) -> Finding:
    return Finding(part, seen, "" if is_well else advice)


def _inspect_stack(stage: Stage, outputs: Mapping[str, str]) -> Iterator[Finding]:
    status = str((stage.base.describe() or {}).get("StackStatus"))
    is_well = status.endswith("_COMPLETE") and "ROLLBACK" not in status
    yield _judge("stack", f"{stage.base.name} is {status}", is_well, "See its events in the CloudFormation console.")


def _inspect_functions(stage: Stage, outputs: Mapping[str, str]) -> Iterator[Finding]:
    client, stages = stage.client("lambda"), zappa_settings.read_stages()
    for kind, name in zappa_settings.name_functions(stage).items():
        zappa_stage = zappa_settings.name_stages(stage)[kind]
        if not binding.function_exists(stage, name):
            yield Finding("function", f"{name} does not exist", f"Run `zappa deploy {zappa_stage}`.")
            continue
        function = client.get_function_configuration(FunctionName=name)
        expected = {**stages["base"], **stages[kind], **stages[zappa_stage]}
        for attribute, value in (
            ("Role", expected["role_arn"]),
            ("Handler", expected["lambda_handler"]),
            ("MemorySize", expected["memory_size"]),
            ("Timeout", expected["timeout_seconds"]),
            ("Runtime", expected["runtime"]),
        ):
            seen = f"{name}: {attribute} {function.get(attribute)}"
            yield _judge("function", seen, function.get(attribute) == value)
        variables = function.get("Environment", {}).get("Variables", {})
        differing = [k for k, v in expected["aws_environment_variables"].items() if variables.get(k) != v]
        yield _judge("function", f"{name}: {len(variables)} settings, {len(differing)} differ", not differing)


def _inspect_mapping(stage: Stage, outputs: Mapping[str, str]) -> Iterator[Finding]:
    function = zappa_settings.name_functions(stage)["worker"]
    listed = stage.client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    mappings = [mapping for mapping in listed if mapping["EventSourceArn"] == outputs["UploadQueueArn"]]
    yield _judge("mapping", f"{len(mappings)} from the upload queue to {function}", len(mappings) == 1)
    for mapping in mappings:
        state, response_types = mapping["State"], mapping.get("FunctionResponseTypes", [])
        yield _judge("mapping", f"state {state}", state in ("Enabled", "Enabling", "Creating"))
        seen = f"response types: {_join_names(response_types)}"
        yield _judge("mapping", seen, "ReportBatchItemFailures" in response_types)
        most = mapping.get("ScalingConfig", {}).get("MaximumConcurrency")
        expected = int(stage.base.read_parameters().get("MaxConcurrency", 10))
        yield _judge("mapping", f"up to {most} workers at once", most == expected)


def _inspect_clock(stage: Stage, outputs: Mapping[str, str]) -> Iterator[Finding]:
    schedule = stage.client("scheduler").get_schedule(Name=f"{stage.full_name}-clock", GroupName=stage.full_name)
    yield _judge("clock", f"{schedule['ScheduleExpression']}, {schedule['State']}", schedule["State"] == "ENABLED")


def _inspect_notification(stage: Stage, outputs: Mapping[str, str]) -> Iterator[Finding]:
    notification = stage.client("s3").get_bucket_notification_configuration(Bucket=outputs["UploadBucket"])
    events = {
        event
        for queue in notification.get("QueueConfigurations", [])
        for event in queue["Events"]
        if queue["QueueArn"] == outputs["UploadQueueArn"]
    }
    is_well = {"s3:ObjectCreated:*", "s3:ObjectRemoved:*"} <= events
    yield _judge("notification", f"the queue receives {', '.join(sorted(events)) or 'no events'}", is_well)


def _inspect_roles(stage: Stage, outputs: Mapping[str, str]) -> Iterator[Finding]:
    iam, resources = stage.client("iam"), template.compose()["Resources"]
    for title, logical in {"web": "WebRole", "worker": "WorkerRole", "clock": "ClockRole"}.items():
        name = f"{stage.full_name}-{title}"
        document = iam.get_role_policy(RoleName=name, PolicyName=title)["PolicyDocument"]
        policy = json.loads(document) if isinstance(document, str) else document
        others = [other for other in iam.list_role_policies(RoleName=name)["PolicyNames"] if other != title]
        present = {statement.get("Sid") for statement in policy["Statement"]}
        statements = resources[logical]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        expected = {statement["Sid"] for statement in statements if "Sid" in statement}
        seen = f"{name}: {len(present)} statements, {len(others)} other policies"
        yield _judge("roles", seen, expected <= present and not others)


def _inspect_alarms(stage: Stage, outputs: Mapping[str, str]) -> Iterator[Finding]:
    client, topic, active = stage.client("cloudwatch"), outputs["TopicArn"], list[str]()
    for stack, expected in list_expected_alarms(stage).items():
        pages = client.get_paginator("describe_alarms").paginate(AlarmNames=list(expected), AlarmTypes=["MetricAlarm"])
        alarms = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
        missing = sorted(set(expected) - set(alarms))
        silent = [name for name, alarm in alarms.items() if not _notifies(alarm, topic if expected[name] else "")]
        seen = f"{stack}: {len(alarms)} exist, missing: {_join_names(missing)}, notify nobody: {_join_names(silent)}"
        yield _judge("alarms", seen, not missing and not silent)
        active += [name for name, alarm in alarms.items() if alarm.get("StateValue") == "ALARM"]
    yield _judge("alarms", f"in alarm: {_join_names(active)}", not active, "See docs/operations.md for each.")
    subscriptions = stage.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    advice = "Set AlarmEmail=…, or subscribe to the topic yourself."
    yield _judge(SUBSCRIBERS, f"{len(subscriptions)} subscribed to the alarms", bool(subscriptions), advice)


def list_expected_alarms(stage: Stage) -> dict[str, dict[str, bool]]:
    """Return, by stack, the alarms that its template has with its parameters, and whether each notifies the topic.

    The alarms of the workers' stack that start and stop workers notify the scaling policies and nobody else.
    """
    stacks = [
        (stage.base, template.compose()),
        (workers.find_stack(stage), template.read_file(workers.TEMPLATE)),
    ]
    expected = {}
    for stack, whole in stacks:
        resources = template.select_resources(whole, stack.read_parameters())
        alarms = template.list_properties(resources, "CloudWatch::Alarm").values()
        if alarms and stack.describe():
            names = {"Project": stage.project, "Stage": stage.name}
            expected[stack.name] = {
                template.fill_in(alarm["AlarmName"], names): alarm["AlarmActions"]
                in ([{"Ref": "Topic"}], [{"Ref": "TopicArn"}])
                for alarm in alarms
            }
    return expected


def _notifies(alarm: Mapping[str, Any], topic: str) -> bool:
    actions = alarm["AlarmActions"] if alarm.get("ActionsEnabled", True) else []
    return topic in actions if topic else bool(actions)


def _join_names(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _inspect_api(stage: Stage, outputs: Mapping[str, str]) -> Iterator[Finding]:
    api, web = binding.find_api_id(stage), zappa_settings.name_stages(stage)["web"]
    yield _judge("API", api or "none", bool(api), f"Run `zappa deploy {web}`.")
    bound: dict[str, Any] = stage.base.read_parameters()
    yield _judge("API", f"the stack knows {bound.get('ApiId') or 'none'}", bound.get("ApiId") == api)


INSPECTIONS: Mapping[str, Callable[[Stage, Mapping[str, str]], Iterator[Finding]]] = {
    "stack": _inspect_stack,
    "functions": _inspect_functions,
    "mapping": _inspect_mapping,
    "clock": _inspect_clock,
    "notification": _inspect_notification,
    "roles": _inspect_roles,
    "alarms": _inspect_alarms,
    "API": _inspect_api,
}
