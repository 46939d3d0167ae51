"""CloudWatch's dashboard of a stage: paid for by the month, so it is made when somebody wants to look, and removed."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from deploy.functions import zappa_settings
from deploy.stage import Place

HALF, WHOLE = 12, 24


def make(place: Place, alarms: Iterable[str]) -> str:
    """Make the dashboard, with these alarms; returns its address in the console. Raises DeployError without a stack."""
    place.base.outputs()
    body = json.dumps({"widgets": _widgets(place, sorted(alarms))})
    place.clients("cloudwatch").put_dashboard(DashboardName=_name(place), DashboardBody=body)
    console = f"https://{place.region}.console.aws.amazon.com/cloudwatch/home?region={place.region}"
    return f"{console}#dashboards/dashboard/{_name(place)}"


def remove(place: Place) -> None:
    """Remove the dashboard, if it is there."""
    client = place.clients("cloudwatch")
    pages = client.get_paginator("list_dashboards").paginate(DashboardNamePrefix=_name(place))
    names = [entry["DashboardName"] for page in pages for entry in page["DashboardEntries"]]
    if _name(place) in names:
        client.delete_dashboards(DashboardNames=[_name(place)])


def _name(place: Place) -> str:
    return f"{place.project}-{place.stage}"


def _widgets(place: Place, alarms: Sequence[str]) -> list[dict[str, Any]]:
    """Return the widgets: "Dashboard body structure and syntax", Amazon CloudWatch API reference."""
    web, worker = (zappa_settings.functions(place)[kind] for kind in ("web", "worker"))
    queue = ["QueueName", f"{_name(place)}-uploads"]
    account = place.clients("sts").get_caller_identity()["Account"]
    arns = [f"arn:aws:cloudwatch:{place.region}:{account}:alarm:{name}" for name in alarms]
    outcomes = f"SOURCE '/aws/lambda/{worker}' | filter message = 'done' | stats count(*) by outcome, bin(5m)"
    stands = [
        ["MediaHub", name, "service", place.stage] for name in ("failed_items", "unmirrored", "drift", "unlabelled")
    ]
    errors = [["AWS/Lambda", name, "FunctionName", worker] for name in ("Invocations", "Errors", "Throttles")]
    pages = [["AWS/Lambda", "Duration", "FunctionName", web, {"stat": stat}] for stat in ("p50", "p95")]
    files = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", *queue],
        ["AWS/SQS", "ApproximateAgeOfOldestMessage", *queue, {"yAxis": "right"}],
    ]
    region = {"region": place.region}
    return [
        {
            "type": "alarm",
            "x": 0,
            "y": 0,
            "width": WHOLE,
            "height": 3,
            "properties": {"title": "Alarms", "alarms": arns},
        },
        _graph("Files waiting, and the age of the oldest", (0, 3), HALF, {**region, "period": 60, "metrics": files}),
        {
            **{"type": "log", "x": HALF, "y": 3, "width": HALF, "height": 6},
            "properties": {"title": "What became of files", **region, "view": "timeSeries", "query": outcomes},
        },
        _graph(
            "Worker: invocations, errors, throttles",
            (0, 9),
            HALF,
            {**region, "stat": "Sum", "period": 300, "metrics": errors},
        ),
        _graph("Web: milliseconds a page", (HALF, 9), HALF, {**region, "period": 300, "metrics": pages}),
        _graph(
            "What stands at this moment",
            (0, 15),
            WHOLE,
            {**region, "stat": "Maximum", "period": 60, "metrics": stands},
        ),
    ]


def _graph(title: str, place: tuple[int, int], width: int, properties: dict[str, Any]) -> dict[str, Any]:
    x, y = place
    position = {"x": x, "y": y, "width": width, "height": 6}
    return {"type": "metric", **position, "properties": {"title": title, **properties}}
