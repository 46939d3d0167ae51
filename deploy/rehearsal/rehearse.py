"""`python -m deploy rehearse STAGE`: the whole way of a stage on a real account, which removes what it made."""

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
from deploy.cloudformation import Say
from deploy.commands import check, down, up
from deploy.commands.check import Finding
from deploy.database import restore
from deploy.errors import DeployError
from deploy.functions import job_progress, management
from deploy.rehearsal.editor import EditorError, Send, send
from deploy.rehearsal.steps import TAKEN_DOWN_AT_ONCE, Bounds, Rehearsal, RehearsalError, Step
from deploy.stack import existing, removal
from deploy.stage import Place
from mediahub.costs import HOURS, Plan, bill, price

# Most of it is waiting: for CloudFront, for Aurora's first instance, its pause and its restored copy.
LONGEST = 4
# The largest that the template allows, for two clusters at once, all the time.
UNITS = 2 * 2
IMAGES = TAKEN_DOWN_AT_ONCE + 3
FAULTS = (DeployError, RehearsalError, EditorError, ClientError, BotoCoreError, HTTPError, OSError, KeyError)
# How long Lambda may hold a network interface, and how long lies between two tries, in seconds.
NETWORK, NETWORK_REST = 3600, 300
RESTORABLE = 1800


@dataclass(frozen=True)
class Outcome:
    """What became of one step."""

    title: str
    seconds: float
    result: str
    is_well: bool


@dataclass
class AwsOperator:
    """The operator's commands as the rehearsal gives them, and what they left behind."""

    place: Place
    parameters: Mapping[str, str]
    kept: list[Mapping[str, Any]] = field(default_factory=list)

    def up(self) -> str:
        """Deploy; return the site's address."""
        return up.up(self.place, self.parameters, lambda changes: True)

    def check(self) -> list[str]:
        """Return what is not as the template says; nobody needs to subscribe to a rehearsal's alarms."""
        return [f"{fault.part}: {fault.seen}" for fault in check.check(self.place) if self._is_fault(fault)]

    def _is_fault(self, fault: Finding) -> bool:
        return bool(fault.advice) and not fault.seen.endswith("subscribed to the topic")

    def invite(self, person: str) -> str:
        """Return the path at which a chief editor chooses a password."""
        said = management.manage(self.place, f"invite {person} --role chief").strip()
        return urlsplit(said).path

    def capacity(self, since: datetime) -> float | None:
        """Return the database's latest capacity after this moment; None while CloudWatch knows none."""
        cluster = {"Name": "DBClusterIdentifier", "Value": self.cluster()["DBClusterIdentifier"]}
        points = self.place.clients("cloudwatch").get_metric_statistics(
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

    def cluster(self) -> dict[str, Any]:
        """Return the cluster that the stack names."""
        arn = self.place.base.outputs()["DatabaseClusterArn"]
        answer = self.place.clients("rds").describe_db_clusters(DBClusterIdentifier=arn.rsplit(":", 1)[1])
        return dict(answer["DBClusters"][0])

    def restore(self, moment: datetime) -> str:
        """Bring the database back to this moment; return what stands now, in words."""
        until = time.monotonic() + RESTORABLE
        # RDS can go back to a moment about five minutes after it.
        while self.cluster()["LatestRestorableTime"] <= moment:
            if time.monotonic() > until:
                raise DeployError(f"RDS cannot go back to {moment.isoformat()} after {RESTORABLE // 60} minutes.")
            time.sleep(self.place.pause)
        former = restore.restore(self.place, restore.choose_moment(self.place, moment.isoformat()))
        management.manage(self.place, "migrate --no-input")
        return f"the records of {moment:%H:%M:%S} UTC are in use; {former} is kept"

    def reconcile(self) -> None:
        """Compare files, records and mirror, and mend what does not fit, however new it is."""
        job = str(management.ask(self.place, "reconcile --repair --grace 0").get("job", ""))
        if job and not job_progress.follow(self.place, job):
            raise DeployError(f"The comparison failed. See {job_progress.command(self.place, f'jobs {job[:8]}')}.")

    def down(self) -> list[str]:
        """Remove functions and stacks; return the names of what is kept."""
        self.kept = self._take_down()
        return [str(part["PhysicalResourceId"]) for part in self.kept]

    def _take_down(self) -> list[Mapping[str, Any]]:
        """Do it again where Lambda has not let go of the network, which takes it up to forty minutes."""
        until = time.monotonic() + NETWORK
        while True:
            try:
                return list(down.down(self.place))
            except DeployError as error:
                if time.monotonic() > until:
                    raise
                self.place.say(f"  {error} It is tried again in {NETWORK_REST // 60} minutes.")
                time.sleep(NETWORK_REST)

    def remove_all(self) -> list[str]:
        """Remove everything that stands or was kept; return what is left, and why."""
        try:
            self.down()
            for cluster in restore.forget(self.place):
                self._forget_snapshots(cluster)
            left = removal.remove(self.place, self.kept)
            for part in self.kept:
                self._forget(str(part["ResourceType"]), str(part["PhysicalResourceId"]))
        except (DeployError, ClientError, BotoCoreError) as error:
            stage = self.place.stage
            return [f"{error} Look what it was, and run `python -m deploy down {stage} --delete-data {stage}`."]
        return left

    def _forget(self, kind: str, name: str) -> None:
        """Give up what a stage with pictures would have for another thirty days: a rehearsal's name is free at once."""
        if kind == "AWS::SecretsManager::Secret":
            self.place.clients("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
        if kind == "AWS::RDS::DBCluster":
            self._forget_snapshots(name)

    def _forget_snapshots(self, cluster: str) -> None:
        client = self.place.clients("rds")
        for snapshot in client.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]:
            name = {"DBClusterSnapshotIdentifier": snapshot["DBClusterSnapshotIdentifier"]}
            if str(snapshot["DBClusterSnapshotIdentifier"]).startswith(f"{cluster}-last-"):
                client.get_waiter("db_cluster_snapshot_available").wait(**name)
                client.delete_db_cluster_snapshot(**name)


def refuse_what_stands(place: Place) -> None:
    """Raise DeployError unless the stage is new: at its end a rehearsal deletes what bears its name."""
    for stack in (place.base, place.packages):
        if stack.described():
            raise DeployError(f"The stack {stack.name} stands. Rehearse on a stage that is new, such as `rehearsal`.")
    whole = template.compose()
    parts = {name: whole["Resources"][name] for name in sorted(template.retained(whole))}
    # A key that is leaving is what every stage leaves for thirty days; a secret that is leaving could still be needed.
    leftovers = [
        one.physical for one in existing.look_up(place, parts) if not (one.is_leaving and one.kind == "AWS::KMS::Key")
    ]
    if leftovers:
        raise DeployError(
            f"An earlier stage {place.stage} left {', '.join(leftovers)}, which a rehearsal would delete at its end. "
            "Rehearse on a stage that is new, such as `rehearsal`."
        )


def dearest() -> Decimal:
    """Return US dollars that a rehearsal costs at most: hours of what stands, two databases awake, and its images."""
    month = bill(Plan(images=IMAGES, pages=100, storage_days=1, active_hours=0, labels=True))
    hours = month.total(standing=True) / HOURS * LONGEST
    return hours + month.total(standing=False) + price("aurora_acu_hour") * UNITS * LONGEST


def announce(place: Place, steps: Sequence[Step]) -> str:
    """Return what will be done, and what it costs."""
    lines = [f"A rehearsal of {place.project} {place.stage} in {place.region}, with everything that the template has:"]
    lines += [f"  {number}. {step.title}" for number, step in enumerate(steps, 1)]
    lines += [
        f"  {len(steps) + 1}. remove everything, data as well, also when a step fails",
        f"It takes one to {LONGEST} hours and costs ${dearest():.2f} at most, at list prices.",
    ]
    return "\n".join(lines)


def run_steps(steps: Sequence[Step], remove_all: Callable[[], list[str]], say: Say) -> tuple[list[Outcome], list[str]]:
    """Take the steps until one fails, then remove everything; return the outcomes, and what is left."""
    outcomes: list[Outcome] = []
    try:
        for step in steps:
            outcomes.append(_take(step, say))
            if not outcomes[-1].is_well:
                break
    finally:
        # Also after Ctrl-C.
        left: list[str] = []

        def remove() -> str:
            left.extend(remove_all())
            return f"left: {'; '.join(left)}" if left else "nothing is left"

        removed = _take(Step("remove everything", remove), say)
        outcomes.append(Outcome(removed.title, removed.seconds, removed.result, removed.is_well and not left))
    return outcomes, left


def _take(step: Step, say: Say) -> Outcome:
    say(f"→ {step.title}")
    start = time.monotonic()
    try:
        result, is_well = step.run(), True
    except FAULTS as error:
        result, is_well = f"{type(error).__name__}: {error}", False
    except Exception as error:  # whatever nobody foresaw ends the step, and not the rehearsal: all is removed and told
        say(traceback.format_exc())
        result, is_well = f"{type(error).__name__}: {error}", False
    outcome = Outcome(step.title, time.monotonic() - start, result, is_well)
    say(f"{'✓' if is_well else '✗'} {outcome.title}, {outcome.seconds:.0f} s: {result}")
    return outcome


def summarize(outcomes: Sequence[Outcome]) -> str:
    """Return the outcomes as a table in Markdown."""
    rows = ["| Step | Seconds | Result |", "| --- | ---: | --- |"]
    for outcome in outcomes:
        result = outcome.result.replace("|", "\\|").replace("\n", " ")
        rows.append(f"| {outcome.title} | {outcome.seconds:.0f} | {'' if outcome.is_well else '✗ '}{result} |")
    return "\n".join(rows)


def rehearse(
    place: Place,
    parameters: Mapping[str, str],
    confirm: Callable[[str], bool],
    *,
    send: Send = send,
    bounds: Bounds | None = None,
) -> bool:
    """Rehearse a stage that is new; return whether all went well and nothing is left.

    Raises DeployError before it begins, when the stage is not new, or `confirm`, which sees the plan, says no.
    """
    refuse_what_stands(place)
    operator = AwsOperator(place, parameters)
    steps = Rehearsal(operator, send, bounds or Bounds()).steps()
    if not confirm(announce(place, steps)):
        raise DeployError("Nothing was done, because you said no.")
    outcomes, _left = run_steps(steps, operator.remove_all, place.say)
    place.say(f"\n{summarize(outcomes)}")
    return all(outcome.is_well for outcome in outcomes)
