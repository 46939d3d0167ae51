"""Each alarm by its own numbers: what rings it, what does not, and that the code sends what it listens to."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mediahub.aws import metrics
from mediahub.local import stack
from mediahub.local.event_loop import Context
from mediahub.worker import handlers
from tests.deploy.stack import of_kind, properties, whole

WHOLE = whole()
ALARMS = {name: properties(WHOLE, name) for name in of_kind(WHOLE, "CloudWatch::Alarm")}
OPERATIONS = Path(__file__).resolve().parent.parent.parent / "docs" / "operations.md"
OWN = [alarm for alarm in ALARMS.values() if alarm.get("Namespace") == metrics.NAMESPACE]
Series = Sequence[float | None]


def rings(alarm: dict[str, Any], series: Series) -> bool:
    """Whether the newest state is ALARM; one value a period, None where nothing was sent.

    Source: "Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data", CloudWatch user guide.
    """
    above = alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert above or alarm["ComparisonOperator"] == "LessThanThreshold"
    state = False
    for end in range(1, len(series) + 1):
        window = list(series[max(0, end - alarm["EvaluationPeriods"]) : end])
        if alarm["TreatMissingData"] == "ignore" and window[-1] is None:
            continue
        missing = alarm["TreatMissingData"] == "breaching"
        breaches = [
            missing if value is None else (value >= alarm["Threshold"] if above else value < alarm["Threshold"])
            for value in window
        ]
        state = sum(breaches) >= alarm["DatapointsToAlarm"]
    return state


CASES: dict[str, tuple[list[Series], list[Series]]] = {
    # alarm: (what rings it, what does not)
    "DeadLettersWait": ([[0, 1]], [[0, 0], [None], [1, 0]]),
    "ItemsFailed": ([[0, 3], [3, None]], [[0], [3, 0], [None]]),
    "FilesWait": ([[900, 900, 900], [1000, 2000, 3000]], [[900, 900, 899], [5000, 0, 5000], [None, None, None]]),
    "CdnIsNotTold": ([[600, 600, 700]], [[600, 599, 600], [None, None, None]]),
    "WorkerFails": ([[1, 0, 1, 0, 1], [9, 9, 9, 0, 0]], [[1, 0, 1, 0, 0], [None, None, 5, None, 5]]),
    "WebFails": ([[1]], [[0], [None]]),
    "WebAnswersWithErrors": ([[5]], [[4], [None]]),
    "WorkerIsThrottled": ([[1, 1]], [[1, 0], [None, 1]]),
    "WorkerNearsItsTimeOut": (
        [[54_000, 54_000], [60_000, 0, 60_000]],
        [[53_999, 53_999, 53_999], [60_000, None, None]],
    ),
    "WebNearsItsTimeOut": ([[26_100, 28_000]], [[25_999, 25_999, 25_999], [29_000, 100, 100]]),
    "FilesDrift": ([[1, 1], [2, 2, None]], [[1, 0], [0, 1], [None, None]]),
    "MirrorLags": ([[1, 1, 1], [4, 4, 4, None]], [[1, 1, 0], [None, None, None]]),
    "LabelsFail": ([[1, 1, 1, 1]], [[1, 1, 1, 0], [0, 0, 0, 0]]),
    "ClockStandsStill": ([[5, 0, 0, 0], [5, None, None, None]], [[5, 0, 0, 5], [5, None, None, 1]]),
    "ClockFails": ([[0, 1], [2, None]], [[0, 0], [1, 0], [None]]),
    "DatabaseIsFull": ([[95] * 6], [[95] * 5 + [94], [None] * 6]),
}


def test_each_alarm_has_its_cases() -> None:
    assert set(CASES) == set(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_e10_it_rings_when_it_should_and_not_before(name: str) -> None:
    loud, quiet = CASES[name]
    assert [series for series in loud if not rings(ALARMS[name], series)] == []
    assert [series for series in quiet if rings(ALARMS[name], series)] == []


def test_time_outs_are_nine_tenths_of_what_zappa_gives() -> None:
    stages = json.loads((OPERATIONS.parent.parent / "zappa_settings.json").read_text())
    assert ALARMS["WorkerNearsItsTimeOut"]["Threshold"] == 900 * stages["worker"]["timeout_seconds"]
    assert ALARMS["WebNearsItsTimeOut"]["Threshold"] <= 900 * stages["web"]["timeout_seconds"]


@pytest.mark.django_db
def test_the_code_sends_what_the_alarms_listen_to(
    local_aws: stack.Stack, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.LOCAL, settings.STAGE = False, "production"
    settings.LABELER = "rekognition"
    handlers.on_minute({}, Context("test"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    sent = {
        metric["Name"]
        for line in lines
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }
    listened = {alarm["MetricName"] for alarm in OWN}
    # What no alarm listens to would be paid for all the same.
    assert listened == sent == set(metrics.METRICS)
    assert len(sent) <= 10
    assert {line["service"] for line in lines} == {"production"}
    [dimensions] = {json.dumps(alarm["Dimensions"]) for alarm in OWN}
    assert json.loads(dimensions) == [{"Name": "service", "Value": {"Ref": "Stage"}}]


@pytest.mark.django_db
def test_a_clock_that_rests_or_labels_that_are_off_send_nothing_that_is_paid_for(
    local_aws: stack.Stack, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.LOCAL, settings.LABELER, settings.CLOCK_REST_SECONDS = False, "off", 86400
    while handlers.on_minute({}, Context("test")) != {"ticks": 1}:
        said = capsys.readouterr().out
        assert "failed_items" in said
        assert "unlabelled" not in said
    assert "_aws" not in capsys.readouterr().out


def test_a_clock_whose_calls_are_refused_is_one_that_stands_still() -> None:
    metrics_of = {metric["Id"]: metric for metric in ALARMS["ClockStandsStill"]["Metrics"]}
    group = [{"Name": "ScheduleGroup", "Value": {"Ref": "ClockGroup"}}]
    names = {"attempts": "InvocationAttemptCount", "refused": "TargetErrorCount"}
    for part, name in names.items():
        watched = metrics_of[part]["MetricStat"]["Metric"]
        assert watched == {"Namespace": "AWS/Scheduler", "MetricName": name, "Dimensions": group}
    assert metrics_of["called"]["Expression"] == "attempts - FILL(refused, 0)"
    assert properties(WHOLE, "Clock")["GroupName"] == {"Ref": "ClockGroup"}


def test_operations_say_what_to_do_about_each() -> None:
    text = OPERATIONS.read_text()
    named = {re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower() for name in ALARMS}
    assert [name for name in named if f"`{name}`" not in text] == []
