"""`python -m deploy rehearse STAGE`: take a new stage through all steps on a real account, and remove it again."""

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from deploy import template
from deploy.cloudformation import Report
from deploy.commands import check, down, up
from deploy.database import restore
from deploy.errors import DeployError
from deploy.functions import job_progress, management
from deploy.rehearsal.editor import EditorError, Send, send
from deploy.rehearsal.steps import TAKEN_DOWN_AT_ONCE, Bounds, Rehearsal, RehearsalError, Step
from deploy.stack import existing, removal
from deploy.stage import Stage
from mediahub.costs import HOURS, Plan, bill, price

# Most of it is waiting: for CloudFront, for Aurora's first instance, its pause and its restored copy.
MOST_HOURS = 4
# The largest capacity that the template allows, for two clusters at once, all the time.
CAPACITY_UNITS = 2 * 2
IMAGES = TAKEN_DOWN_AT_ONCE + 3
FAULTS = (DeployError, RehearsalError, EditorError, ClientError, BotoCoreError, HTTPError, OSError, KeyError)
# How long Lambda may hold a network interface, and the time between two attempts, in seconds.
NETWORK_SECONDS, NETWORK_PAUSE = 3600, 300
RESTORABLE_SECONDS = 1800


@dataclass(frozen=True)
class Outcome:
    """The outcome of one step."""

    title: str
    seconds: float
    result: str
    succeeded: bool


@dataclass
class AwsOperator:
    """The operator's commands on AWS, and the resources that the last `down` kept."""

    stage: Stage
    parameters: Mapping[str, str]
    retained: list[Mapping[str, Any]] = field(default_factory=list)

    def up(self) -> str:
        """Deploy the stage and return the address of the site."""
        return up.deploy_stage(self.stage, self.parameters, lambda changes: True)

    def check(self) -> list[str]:
        """Return what does not match the template; a rehearsal's alarms need no subscriber."""
        findings = [finding for finding in check.inspect_stage(self.stage) if finding.part != check.SUBSCRIBERS]
        return [f"{finding.part}: {finding.seen}" for finding in findings if finding.advice]

    def invite(self, person: str) -> str:
        """Invite a chief editor and return the path at which they choose a password."""
        result = management.run_command(self.stage, f"invite {person} --role chief")
        return urlsplit(result.output.strip()).path

    def read_capacity(self, since: datetime) -> float | None:
        """Return the database's latest capacity after this moment; None while CloudWatch has none."""
        cluster = {"Name": "DBClusterIdentifier", "Value": self.describe_cluster()["DBClusterIdentifier"]}
        points = self.stage.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/RDS",
            MetricName="ServerlessDatabaseCapacity",
            Dimensions=[cluster],
            StartTime=since,
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=60,
            Statistics=["Minimum"],
        )["Datapoints"]
        latest = max(points, key=lambda point: point["Timestamp"], default=None)
        return None if latest is None else float(latest["Minimum"])

    def describe_cluster(self) -> dict[str, Any]:
        """Return the description of the stack's cluster."""
        arn = self.stage.base.read_outputs()["DatabaseClusterArn"]
        response = self.stage.client("rds").describe_db_clusters(DBClusterIdentifier=arn.rsplit(":", 1)[1])
        return dict(response["DBClusters"][0])

    def restore(self, moment: datetime) -> str:
        """Restore the database to this moment; return the result as a sentence."""
        until = time.monotonic() + RESTORABLE_SECONDS
        # RDS can restore a moment about five minutes after it.
        while self.describe_cluster()["LatestRestorableTime"] <= moment:
            if time.monotonic() > until:
                raise DeployError(f"RDS cannot restore {moment.isoformat()} after {RESTORABLE_SECONDS // 60} minutes.")
            time.sleep(self.stage.poll_seconds)
        former = restore.restore_database(self.stage, restore.choose_moment(self.stage, moment.isoformat()))
        management.run_command(self.stage, "migrate --no-input")
        return f"the records of {moment:%H:%M:%S} UTC are in use; {former} was kept"

    def reconcile(self) -> None:
        """Compare files, records and mirror, and repair the differences, however new they are."""
        job = management.run_command(self.stage, "reconcile --repair --grace 0").job
        if job and not job_progress.follow_job(self.stage, job):
            raise DeployError(
                f"The comparison failed. See {job_progress.build_command(self.stage, f'jobs {job[:8]}')}."
            )

    def down(self) -> list[str]:
        """Remove functions and stacks; return the names of the resources that were kept."""
        self.retained = self._take_down()
        return [str(part["PhysicalResourceId"]) for part in self.retained]

    def _take_down(self) -> list[Mapping[str, Any]]:
        """Remove the stage, and retry while Lambda holds the network, which can take forty minutes."""
        until = time.monotonic() + NETWORK_SECONDS
        while True:
            try:
                return list(down.remove_stage(self.stage))
            except DeployError as error:
                if time.monotonic() > until:
                    raise
                self.stage.report(f"  {error} Retrying in {NETWORK_PAUSE // 60} minutes.")
                time.sleep(NETWORK_PAUSE)

    def remove_all(self) -> list[str]:
        """Remove everything that exists or was kept; return what is left, and why."""
        try:
            self.down()
            for cluster in restore.delete_others(self.stage):
                self._delete_final_snapshots(cluster)
            left = removal.delete_resources(self.stage, self.retained)
            for part in self.retained:
                self._delete_remains(str(part["ResourceType"]), str(part["PhysicalResourceId"]))
        except (DeployError, ClientError, BotoCoreError) as error:
            name = self.stage.name
            return [f"{error} Find the cause, then run `python -m deploy down {name} --delete-data {name}`."]
        return left

    def _delete_remains(self, kind: str, name: str) -> None:
        """Delete what a real stage would keep for another thirty days, so that the name can be used again."""
        if kind == "AWS::SecretsManager::Secret":
            self.stage.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        if kind == "AWS::RDS::DBCluster":
            self._delete_final_snapshots(name)

    def _delete_final_snapshots(self, cluster: str) -> None:
        client = self.stage.client("rds")
        for snapshot in client.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]:
            name = {"DBClusterSnapshotIdentifier": snapshot["DBClusterSnapshotIdentifier"]}
            if str(snapshot["DBClusterSnapshotIdentifier"]).startswith(f"{cluster}-last-"):
                client.get_waiter("db_cluster_snapshot_available").wait(**name)
                client.delete_db_cluster_snapshot(**name)


def require_new_stage(stage: Stage) -> None:
    """Raise DeployError unless the stage is new, because a rehearsal ends by deleting everything of its name."""
    for stack in (stage.base, stage.packages):
        if stack.describe():
            raise DeployError(f"The stack {stack.name} exists. Rehearse with a new stage, such as `rehearsal`.")
    whole = template.compose()
    parts = {name: whole["Resources"][name] for name in sorted(template.list_retained(whole))}
    # Every stage leaves a key that is scheduled for deletion; a secret in that state might still be needed.
    leftovers = [
        resource.physical
        for resource in existing.find_existing(stage, parts)
        if not (resource.is_leaving and resource.kind == "AWS::KMS::Key")
    ]
    if leftovers:
        raise DeployError(
            f"An earlier stage {stage.name} left {', '.join(leftovers)}, which a rehearsal would delete. "
            "Rehearse with a new stage, such as `rehearsal`."
        )


def compute_highest_cost() -> Decimal:
    """Return the most that a rehearsal costs, in US dollars: a stage for some hours, two databases, and images."""
    month = bill(Plan(images=IMAGES, pages=100, storage_days=1, active_hours=0, labels=True))
    hours = month.total(standing=True) / HOURS * MOST_HOURS
    return hours + month.total(standing=False) + price("aurora_acu_hour") * CAPACITY_UNITS * MOST_HOURS


def describe_plan(stage: Stage, steps: Sequence[Step]) -> str:
    """Return the steps and the cost, for the operator to confirm."""
    lines = [f"Rehearsal of {stage.project} {stage.name} in {stage.region}, with everything in the template:"]
    lines += [f"  {number}. {step.title}" for number, step in enumerate(steps, 1)]
    lines += [
        f"  {len(steps) + 1}. remove everything, including data, even if a step fails",
        f"It takes one to {MOST_HOURS} hours and costs at most ${compute_highest_cost():.2f} at list prices.",
    ]
    return "\n".join(lines)


def run_steps(
    steps: Sequence[Step], remove_all: Callable[[], list[str]], report: Report
) -> tuple[list[Outcome], list[str]]:
    """Run the steps until one fails, then remove everything; return the outcomes, and what is left."""
    outcomes: list[Outcome] = []
    try:
        for step in steps:
            outcomes.append(_run_step(step, report))
            if not outcomes[-1].succeeded:
                break
    finally:
        # Also after Ctrl-C.
        left: list[str] = []

        def remove() -> str:
            left.extend(remove_all())
            return f"left: {'; '.join(left)}" if left else "nothing is left"

        removed = _run_step(Step("remove everything", remove), report)
        outcomes.append(Outcome(removed.title, removed.seconds, removed.result, removed.succeeded and not left))
    return outcomes, left


def _run_step(step: Step, report: Report) -> Outcome:
    report(f"→ {step.title}")
    start = time.monotonic()
    try:
        result, succeeded = step.run(), True
    except FAULTS as error:
        result, succeeded = f"{type(error).__name__}: {error}", False
    except Exception as error:  # an unforeseen error ends the step, and not the rehearsal
        report(traceback.format_exc())
        result, succeeded = f"{type(error).__name__}: {error}", False
    outcome = Outcome(step.title, time.monotonic() - start, result, succeeded)
    report(f"{'✓' if succeeded else '✗'} {outcome.title}, {outcome.seconds:.0f} s: {result}")
    return outcome


def format_outcomes(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a table in Markdown."""
    rows = ["| Step | Seconds | Result |", "| --- | ---: | --- |"]
    for outcome in outcomes:
        result = outcome.result.replace("|", "\\|").replace("\n", " ")
        rows.append(f"| {outcome.title} | {outcome.seconds:.0f} | {'' if outcome.succeeded else '✗ '}{result} |")
    return "\n".join(rows)


def rehearse_stage(
    stage: Stage,
    parameters: Mapping[str, str],
    confirm: Callable[[str], bool],
    *,
    send: Send = send,
    bounds: Bounds | None = None,
) -> bool:
    """Rehearse a new stage; return whether every step succeeded and nothing is left.

    Raise DeployError before it begins if the stage is not new, or if `confirm`, which sees the plan, declines.
    """
    require_new_stage(stage)
    operator = AwsOperator(stage, parameters)
    steps = Rehearsal(operator, send, bounds or Bounds()).list_steps()
    if not confirm(describe_plan(stage, steps)):
        raise DeployError("Nothing was done, because you declined.")
    outcomes, _left = run_steps(steps, operator.remove_all, stage.report)
    stage.report(f"\n{format_outcomes(outcomes)}")
    return all(outcome.succeeded for outcome in outcomes)
