"""The CloudWatch dashboard of a stage: AWS bills it by the month, so operators create it when they need it."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from deploy.functions import zappa_settings
from deploy.stage import Stage

HALF, WHOLE = 12, 24


def create_dashboard(stage: Stage, alarms: Iterable[str]) -> str:
    """Create the dashboard with these alarms; return its address in the console. Raise DeployError without a stack."""
    stage.base.read_outputs()
    body = json.dumps({"widgets": _build_widgets(stage, sorted(alarms))})
    stage.client("cloudwatch").put_dashboard(DashboardName=stage.full_name, DashboardBody=body)
    console = f"https://{stage.region}.console.aws.amazon.com/cloudwatch/home?region={stage.region}"
    return f"{console}#dashboards/dashboard/{stage.full_name}"


def delete_dashboard(stage: Stage) -> None:
    """Delete the dashboard, if there is one."""
    client = stage.client("cloudwatch")
    pages = client.get_paginator("list_dashboards").paginate(DashboardNamePrefix=stage.full_name)
    names = [entry["DashboardName"] for page in pages for entry in page["DashboardEntries"]]
    if stage.full_name in names:
        client.delete_dashboards(DashboardNames=[stage.full_name])


def _build_widgets(stage: Stage, alarms: Sequence[str]) -> list[dict[str, Any]]:
    """Return the widgets.

    Source: "Dashboard body structure and syntax", Amazon CloudWatch API reference.
    """
    web, worker = (zappa_settings.name_functions(stage)[kind] for kind in ("web", "worker"))
    queue = ["QueueName", f"{stage.full_name}-uploads"]
    account = stage.client("sts").get_caller_identity()["Account"]
    arns = [f"arn:aws:cloudwatch:{stage.region}:{account}:alarm:{name}" for name in alarms]
    outcomes = f"SOURCE '/aws/lambda/{worker}' | filter message = 'done' | stats count(*) by outcome, bin(5m)"
    backlog = [
        ["MediaHub", name, "service", stage.name] for name in ("failed_items", "unmirrored", "drift", "unlabelled")
    ]
    errors = [["AWS/Lambda", name, "FunctionName", worker] for name in ("Invocations", "Errors", "Throttles")]
    pages = [["AWS/Lambda", "Duration", "FunctionName", web, {"stat": stat}] for stat in ("p50", "p95")]
    files = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", *queue],
        ["AWS/SQS", "ApproximateAgeOfOldestMessage", *queue, {"yAxis": "right"}],
    ]
    region = {"region": stage.region}
    return [
        {
            "type": "alarm",
            "x": 0,
            "y": 0,
            "width": WHOLE,
            "height": 3,
            "properties": {"title": "Alarms", "alarms": arns},
        },
        _build_graph("Files waiting and age of the oldest", (0, 3), HALF, {**region, "period": 60, "metrics": files}),
        {
            **{"type": "log", "x": HALF, "y": 3, "width": HALF, "height": 6},
            "properties": {"title": "Outcomes of files", **region, "view": "timeSeries", "query": outcomes},
        },
        _build_graph(
            "Worker: invocations, errors, throttles",
            (0, 9),
            HALF,
            {**region, "stat": "Sum", "period": 300, "metrics": errors},
        ),
        _build_graph("Web: milliseconds per page", (HALF, 9), HALF, {**region, "period": 300, "metrics": pages}),
        _build_graph(
            "Current backlog",
            (0, 15),
            WHOLE,
            {**region, "stat": "Maximum", "period": 60, "metrics": backlog},
        ),
    ]


def _build_graph(title: str, position: tuple[int, int], width: int, properties: dict[str, Any]) -> dict[str, Any]:
    x, y = position
    box = {"x": x, "y": y, "width": width, "height": 6}
    return {"type": "metric", **box, "properties": {"title": title, **properties}}
