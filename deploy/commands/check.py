"""Whether what stands is what the template says: Zappa logs some of what goes wrong, and ends as if all were well."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deploy import template
from deploy.commands import workers
from deploy.functions import binding, zappa_settings
from deploy.stage import Place

REDO = "Run `python -m deploy up STAGE` again."


@dataclass(frozen=True)
class Finding:
    """What was seen of one part; `advice` is empty when it is as it should be."""

    part: str
    seen: str
    advice: str = ""


Look = Callable[[Place, Mapping[str, str]], Iterator[Finding]]


def check(place: Place) -> Iterator[Finding]:
    """Look at each part in turn; a part that cannot be looked at is a finding too."""
    outputs = place.base.outputs()
    for look in (_stack, _functions, _mapping, _clock, _notification, _roles, _alarms, _api):
        try:
            yield from look(place, outputs)
        except (ClientError, BotoCoreError, KeyError) as error:
            yield Finding(look.__name__[1:], f"cannot be seen: {error}", f"Check your rights. {REDO}")


def _found(part: str, seen: str, well: bool, advice: str = REDO) -> Finding:
    return Finding(part, seen, "" if well else advice)


def _stack(place: Place, outputs: Mapping[str, str]) -> Iterator[Finding]:
    status = str((place.base.described() or {}).get("StackStatus"))
    well = status.endswith("_COMPLETE") and "ROLLBACK" not in status
    yield _found("stack", f"{place.base.name} is {status}", well, "See its events in the CloudFormation console.")


def _functions(place: Place, outputs: Mapping[str, str]) -> Iterator[Finding]:
    client, held = place.clients("lambda"), zappa_settings.read()
    for kind, name in zappa_settings.functions(place).items():
        if not binding.exists(place, name):
            yield Finding(
                "function", f"{name} is not there", f"Run `zappa deploy {zappa_settings.names(place)[kind]}`."
            )
            continue
        found = client.get_function_configuration(FunctionName=name)
        stage = {**held["base"], **held[kind], **held[zappa_settings.names(place)[kind]]}
        for seen, wanted in (
            ("Role", stage["role_arn"]),
            ("Handler", stage["lambda_handler"]),
            ("MemorySize", stage["memory_size"]),
            ("Timeout", stage["timeout_seconds"]),
            ("Runtime", stage["runtime"]),
        ):
            yield _found("function", f"{name}: {seen} {found.get(seen)}", found.get(seen) == wanted)
        variables = found.get("Environment", {}).get("Variables", {})
        differing = [k for k, v in stage["aws_environment_variables"].items() if variables.get(k) != v]
        yield _found("function", f"{name}: {len(variables)} settings, {len(differing)} differ", not differing)


def _mapping(place: Place, outputs: Mapping[str, str]) -> Iterator[Finding]:
    function = zappa_settings.functions(place)["worker"]
    client = place.clients("lambda")
    held = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    ours = [found for found in held if found["EventSourceArn"] == outputs["UploadQueueArn"]]
    yield _found("mapping", f"{len(ours)} from the upload queue to {function}", len(ours) == 1)
    for found in ours:
        yield _found("mapping", f"it is {found['State']}", found["State"] in ("Enabled", "Enabling", "Creating"))
        answers = found.get("FunctionResponseTypes", [])
        yield _found(
            "mapping", f"it answers with {', '.join(answers) or 'all or nothing'}", "ReportBatchItemFailures" in answers
        )
        most = found.get("ScalingConfig", {}).get("MaximumConcurrency")
        yield _found(
            "mapping", f"at most {most} workers at once", most == int(place.base.parameters().get("MaxConcurrency", 10))
        )


def _clock(place: Place, outputs: Mapping[str, str]) -> Iterator[Finding]:
    name = f"{place.project}-{place.stage}-clock"
    group = f"{place.project}-{place.stage}"
    schedule = place.clients("scheduler").get_schedule(Name=name, GroupName=group)
    yield _found("clock", f"{schedule['ScheduleExpression']}, {schedule['State']}", schedule["State"] == "ENABLED")


def _notification(place: Place, outputs: Mapping[str, str]) -> Iterator[Finding]:
    found = place.clients("s3").get_bucket_notification_configuration(Bucket=outputs["UploadBucket"])
    told = {
        event
        for one in found.get("QueueConfigurations", [])
        for event in one["Events"]
        if one["QueueArn"] == outputs["UploadQueueArn"]
    }
    well = {"s3:ObjectCreated:*", "s3:ObjectRemoved:*"} <= told
    yield _found("notification", f"the queue is told of {', '.join(sorted(told)) or 'nothing'}", well)


def _roles(place: Place, outputs: Mapping[str, str]) -> Iterator[Finding]:
    iam = place.clients("iam")
    wanted = {"web": "WebRole", "worker": "WorkerRole", "clock": "ClockRole"}
    whole = template.compose()["Resources"]
    for title, logical in wanted.items():
        name = f"{place.project}-{place.stage}-{title}"
        policy = iam.get_role_policy(RoleName=name, PolicyName=title)["PolicyDocument"]
        held = json.loads(policy) if isinstance(policy, str) else policy
        others = [other for other in iam.list_role_policies(RoleName=name)["PolicyNames"] if other != title]
        seen = {statement.get("Sid") for statement in held["Statement"]}
        said = whole[logical]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        must = {statement["Sid"] for statement in said if "Sid" in statement}
        yield _found(
            "roles", f"{name}: {len(seen)} statements, {len(others)} other policies", must <= seen and not others
        )


def _alarms(place: Place, outputs: Mapping[str, str]) -> Iterator[Finding]:
    client, ringing = place.clients("cloudwatch"), list[str]()
    for stack, expected in expected_alarms(place).items():
        pages = client.get_paginator("describe_alarms").paginate(AlarmNames=list(expected), AlarmTypes=["MetricAlarm"])
        alarms = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
        missing = sorted(set(expected) - set(alarms))
        topic = outputs["TopicArn"]
        silent = [name for name, alarm in alarms.items() if not _reaches(alarm, topic if expected[name] else "")]
        seen = f"{stack}: {len(alarms)} there, missing: {_listed(missing)}, tell nobody: {_listed(silent)}"
        yield _found("alarms", seen, not missing and not silent)
        ringing += [name for name, alarm in alarms.items() if alarm.get("StateValue") == "ALARM"]
    yield _found("alarms", f"ringing: {_listed(ringing)}", not ringing, "See docs/operations.md for each.")
    subscribed = place.clients("sns").list_subscriptions_by_topic(TopicArn=outputs["TopicArn"])["Subscriptions"]
    advice = "Give AlarmEmail=…, or subscribe to the topic yourself."
    yield _found("alarms", f"{len(subscribed)} subscribed to the topic", bool(subscribed), advice)


def expected_alarms(place: Place) -> dict[str, dict[str, bool]]:
    """Return, by stack, the alarms that its template has with its parameters, and whether each tells the topic.

    Those of the workers' stack that start and stop workers tell these, and nobody else.
    """
    expected = {}
    for stack, whole in ((place.base, template.compose()), (workers.stack(place), template.read(workers.TEMPLATE))):
        alarms = template.of_type(template.select_resources(whole, stack.parameters()), "CloudWatch::Alarm").values()
        if alarms and stack.described():
            expected[stack.name] = {
                _name(place, alarm["AlarmName"]): alarm["AlarmActions"] in ([{"Ref": "Topic"}], [{"Ref": "TopicArn"}])
                for alarm in alarms
            }
    return expected


def _name(place: Place, form: Mapping[str, str]) -> str:
    return form["Fn::Sub"].replace("${Project}", place.project).replace("${Stage}", place.stage)


def _reaches(alarm: Mapping[str, Any], topic: str) -> bool:
    actions = alarm["AlarmActions"] if alarm.get("ActionsEnabled", True) else []
    return topic in actions if topic else bool(actions)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _api(place: Place, outputs: Mapping[str, str]) -> Iterator[Finding]:
    api = binding.api_id(place)
    yield _found("API", f"{api or 'none'}", bool(api), f"Run `zappa deploy {zappa_settings.names(place)['web']}`.")
    held: dict[str, Any] = place.base.parameters()
    yield _found("API", f"the stack knows {held.get('ApiId') or 'none'}", held.get("ApiId") == api)
