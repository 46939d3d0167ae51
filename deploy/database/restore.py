"""Restore the database to a moment or a snapshot: as a new cluster, which then takes the name of the old one.

The stack, the addresses of the functions and a later `up` or `down` know the database by its name, so all of them use
the restored one from then on. Source: "Renaming to replace an existing DB cluster", Amazon RDS user guide; a restored
cluster has no instance, no managed password and no Data API (`RestoreDBClusterToPointInTime`, RDS API reference).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from deploy import template
from deploy.database import aurora
from deploy.errors import DeployError
from deploy.stack import base, removal
from deploy.stage import Stage

# Parts of the names of the restored cluster until it takes the name, and of the one that it replaced.
INCOMING, OUTGOING = "new", "old"
# Properties of the template's cluster that are arguments of the restore, under the same names.
RESTORED_WITH = (
    "DBSubnetGroupName",
    "DBClusterParameterGroupName",
    "VpcSecurityGroupIds",
    "KmsKeyId",
    "EnableIAMDatabaseAuthentication",
    "EnableCloudwatchLogsExports",
    "ServerlessV2ScalingConfiguration",
    "BackupRetentionPeriod",
    "CopyTagsToSnapshot",
    "DeletionProtection",
)
# Those that are set once the cluster exists.
SET_AFTERWARDS = ("ManageMasterUserPassword", "MasterUserSecret", "EnableHttpEndpoint")
# Those that come with the snapshot.
RESTORED_FROM = ("Engine", "EngineVersion", "DatabaseName", "MasterUsername", "StorageEncrypted")
# A tag on the cluster that is about to take the name, so that an interrupted swap can be resumed.
BECOMES = "mediahub:becomes"


@dataclass(frozen=True)
class Origin:
    """The source of a restore: its title for the operator, its mark in the cluster's name, and the request to RDS."""

    title: str
    mark: str
    request: dict[str, Any]

    @property
    def operation(self) -> str:
        """Return the operation of RDS that restores from this source."""
        is_snapshot = "SnapshotIdentifier" in self.request
        return "restore_db_cluster_from_snapshot" if is_snapshot else "restore_db_cluster_to_point_in_time"


def choose_moment(stage: Stage, text: str) -> Origin:
    """Return the origin for a moment in ISO 8601, or `latest`; raise DeployError when RDS cannot restore it."""
    cluster = aurora.find_cluster(stage, stage.full_name)
    if cluster is None:
        raise DeployError(f"There is no database {stage.full_name} to restore. Use --snapshot ID instead of --to.")
    source = {"SourceDBClusterIdentifier": stage.full_name}
    if text == "latest":
        return Origin("the latest moment", "latest", {**source, "UseLatestRestorableTime": True})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise DeployError(
            f"{text} is not a moment with a time zone. Write one such as 2026-11-26T09:30:00Z, or `latest`."
        )
    first, last = cluster["EarliestRestorableTime"], cluster["LatestRestorableTime"]
    if not first <= moment <= last:
        raise DeployError(
            f"RDS can restore any moment from {first.isoformat()} to {last.isoformat()}. Choose one of these."
        )
    moment = moment.astimezone(UTC)
    return Origin(moment.isoformat(), f"{moment:%y%m%d%H%M%S}", {**source, "RestoreToTime": moment})


def choose_snapshot(identifier: str) -> Origin:
    """Return the origin for a snapshot of a cluster, by its identifier or ARN."""
    mark = hashlib.sha256(identifier.encode()).hexdigest()[:12]
    request = {"SnapshotIdentifier": identifier, "Engine": "aurora-postgresql"}
    return Origin(f"the snapshot {identifier}", mark, request)


def restore_database(stage: Stage, origin: Origin) -> str:
    """Restore to a new cluster, swap it in, and return the new name of the former cluster, if any.

    The same command resumes an interrupted restore. Until the swap, the site uses the former cluster.
    """
    require_aurora(stage)
    incoming = f"{stage.full_name}-{INCOMING}-{origin.mark}"
    stage.report(f"→ restore {origin.title} to {incoming}")
    create_cluster(stage, origin, incoming)
    aurora.create_users(stage, incoming)
    return swap_clusters(stage, incoming)


def resume_swap(stage: Stage) -> bool:
    """Finish a swap that was interrupted; return whether there was one."""
    for name in [stage.full_name, *list_others(stage)]:
        tags = (aurora.find_cluster(stage, name) or {}).get("TagList", [])
        if BECOMES in {tag["Key"] for tag in tags}:
            stage.report(f"→ the swap was interrupted, and resumes with {name}")
            swap_clusters(stage, name)
            return True
    return False


def undo_restore(stage: Stage) -> str:
    """Swap in the cluster that the last restore replaced; return the new name of the restored one, if any."""
    require_aurora(stage)
    former = [name for name in list_others(stage) if name.startswith(f"{stage.full_name}-{OUTGOING}-")]
    if not former:
        raise DeployError("No restore has replaced a database that still exists. Use --to or --snapshot.")
    return swap_clusters(stage, former[-1])


def delete_others(stage: Stage) -> list[str]:
    """Delete the clusters that restores left, each with a final snapshot; return their names."""
    others = list_others(stage)
    for name in others:
        for member in (aurora.find_cluster(stage, name) or {}).get("DBClusterMembers", []):
            removal.delete_instance(stage, member["DBInstanceIdentifier"])
        removal.delete_cluster(stage, name)
    return others


def require_aurora(stage: Stage) -> None:
    """Raise DeployError when the stage has no Aurora."""
    if stage.base.describe() is None or stage.base.read_parameters().get("Database", "aurora") != "aurora":
        raise DeployError(
            "This stage has no Aurora. Restore the PostgreSQL that it uses with its own tools, then run "
            f"`python -m deploy manage {stage.name} reconcile --repair`."
        )


def list_others(stage: Stage) -> list[str]:
    """Return the clusters that restores created or replaced, the oldest first, without the one in use."""
    pages = stage.client("rds").get_paginator("describe_db_clusters").paginate()
    names = [str(cluster["DBClusterIdentifier"]) for page in pages for cluster in page["DBClusters"]]
    return sorted(
        name for name in names if name.startswith((f"{stage.full_name}-{INCOMING}-", f"{stage.full_name}-{OUTGOING}-"))
    )


def create_cluster(stage: Stage, origin: Origin, name: str) -> None:
    """Restore a cluster with the network, parameters, keys, sign-in and instance of the template."""
    rds, properties = stage.client("rds"), read_properties(stage, "DatabaseCluster")
    if aurora.find_cluster(stage, name) is None:
        settings = {key: properties[key] for key in RESTORED_WITH}
        getattr(rds, origin.operation)(DBClusterIdentifier=name, **origin.request, **settings)
    cluster = wait_for_cluster(stage, name)
    if "MasterUserSecret" not in cluster:
        rds.modify_db_cluster(
            DBClusterIdentifier=name,
            ManageMasterUserPassword=properties["ManageMasterUserPassword"],
            MasterUserSecretKmsKeyId=properties["MasterUserSecret"]["KmsKeyId"],
            ApplyImmediately=True,
        )
        aurora.wait_until(
            stage,
            f"{name} has the secret of its owner",
            lambda: wait_for_cluster(stage, name).get("MasterUserSecret", {}).get("SecretStatus") == "active",
        )
    if not cluster.get("HttpEndpointEnabled"):
        rds.enable_http_endpoint(ResourceArn=cluster["DBClusterArn"])
    if not cluster.get("DBClusterMembers"):
        instance = read_properties(stage, "DatabaseInstance")
        try:
            rds.create_db_instance(**{**instance, "DBInstanceIdentifier": f"{name}-1", "DBClusterIdentifier": name})
        except ClientError as error:
            # An interrupted command has requested it already.
            if error.response["Error"]["Code"] != "DBInstanceAlreadyExists":
                raise
    wait_for_instance(stage, f"{name}-1")


def swap_clusters(stage: Stage, incoming: str) -> str:
    """Give a cluster the stage's name; return the new name of the cluster that had it, if any."""
    rds, outgoing = stage.client("rds"), ""
    arn = wait_for_cluster(stage, incoming)["DBClusterArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": BECOMES, "Value": stage.full_name}])
    if incoming != stage.full_name and aurora.find_cluster(stage, stage.full_name) is not None:
        outgoing = f"{stage.full_name}-{OUTGOING}-{datetime.now(UTC):%y%m%d%H%M%S}"
        rename_cluster(stage, stage.full_name, outgoing)
    for other in list_others(stage):
        members = (aurora.find_cluster(stage, other) or {})["DBClusterMembers"]
        if f"{stage.full_name}-1" in {member["DBInstanceIdentifier"] for member in members}:
            # A swap that was interrupted here has renamed the cluster, and not its instance.
            rename_cluster(stage, other, other)
    rename_cluster(stage, incoming, stage.full_name)
    base.update_parameters(stage, {"DatabaseResourceId": aurora.read_resource_id(stage)})
    if stage.base.read_parameters().get("DatabaseProxy") == "true":
        retarget_proxy(stage)
    arn = wait_for_cluster(stage, stage.full_name)["DBClusterArn"]
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=[BECOMES])
    return outgoing


def rename_cluster(stage: Stage, old: str, new: str) -> None:
    """Rename a cluster and its instances, unless they have the name already, and wait until they are available."""
    rds = stage.client("rds")
    if old != new:
        stage.report(f"→ {old} becomes {new}")
        wait_for_cluster(stage, old)
        rds.modify_db_cluster(DBClusterIdentifier=old, NewDBClusterIdentifier=new, ApplyImmediately=True)
    cluster = wait_for_cluster(stage, new)
    for number, member in enumerate(cluster["DBClusterMembers"], start=1):
        former, name = member["DBInstanceIdentifier"], f"{new}-{number}"
        if former != name:
            wait_for_instance(stage, former)
            rds.modify_db_instance(DBInstanceIdentifier=former, NewDBInstanceIdentifier=name, ApplyImmediately=True)
        wait_for_instance(stage, name)


def retarget_proxy(stage: Stage) -> None:
    """Point the proxy to the cluster that has the stage's name now."""
    rds = stage.client("rds")
    proxy = {"DBProxyName": stage.full_name, "TargetGroupName": "default"}
    for target in rds.describe_db_proxy_targets(**proxy)["Targets"]:
        if target["Type"] == "TRACKED_CLUSTER":
            rds.deregister_db_proxy_targets(**proxy, DBClusterIdentifiers=[target["RdsResourceId"]])
    rds.register_db_proxy_targets(**proxy, DBClusterIdentifiers=[stage.full_name])


def wait_for_cluster(stage: Stage, name: str) -> dict[str, Any]:
    """Return the cluster once it is available; RDS takes a while to know it by a new name."""

    def is_available() -> bool:
        return (aurora.find_cluster(stage, name) or {}).get("Status") == "available"

    aurora.wait_until(stage, f"the cluster {name} is available", is_available)
    return aurora.find_cluster(stage, name) or {}


def wait_for_instance(stage: Stage, name: str) -> None:
    """Wait until the instance is available; RDS takes a while to know it by a new name."""

    def is_available() -> bool:
        try:
            [instance] = stage.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "DBInstanceNotFound":
                return False
            raise
        return bool(instance["DBInstanceStatus"] == "available")

    aurora.wait_until(stage, f"the instance {name} is available", is_available)


def read_properties(stage: Stage, logical: str) -> dict[str, Any]:
    """Return the properties that the template gives a part of the database, with references resolved."""
    whole, parameters = template.compose(), stage.base.read_parameters()
    parts = {part["LogicalResourceId"]: part["PhysicalResourceId"] for part in stage.base.list_resources()}
    known = {**parts, **parameters, "Key": stage.base.read_outputs()["KmsKeyArn"]}
    conditions = template.evaluate_conditions(whole, {**parameters, "AWS::Region": stage.region})
    return dict(_resolve_value(whole["Resources"][logical]["Properties"], known, conditions))


def _resolve_value(value: Any, known: Mapping[str, Any], conditions: Mapping[str, bool]) -> Any:
    match value:
        case {"Ref": name}:
            return float(known[name]) if str(known[name]).replace(".", "", 1).isdigit() else known[name]
        case {"Fn::GetAtt": [name, _]}:
            return known[name]
        case {"Fn::If": [name, yes, no]}:
            return _resolve_value(yes if conditions[name] else no, known, conditions)
        case {"Fn::Sub": str(text)}:
            return template.fill_in(text, known)
        case dict():
            return {key: _resolve_value(part, known, conditions) for key, part in value.items()}
        case list():
            return [_resolve_value(part, known, conditions) for part in value]
    return value
