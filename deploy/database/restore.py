"""Put the records back to a moment or a snapshot: Aurora as a new cluster, which then takes the name of the old one.

By its name the stack, the functions' addresses and a later `up` or `down` know the database, so all of them mean the
restored one from then on. Source: "Renaming to replace an existing DB cluster", Amazon RDS user guide; a restored
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
from deploy.stage import Place

# What the restored cluster is called until it takes the name, and the one that it replaced afterwards.
INCOMING, OUTGOING = "new", "old"
# Properties of the template's cluster that the restore itself is told, under the same names.
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
# Those that are set once it stands.
SET_AFTERWARDS = ("ManageMasterUserPassword", "MasterUserSecret", "EnableHttpEndpoint")
# Those that come with the records.
RESTORED_FROM = ("Engine", "EngineVersion", "DatabaseName", "MasterUsername", "StorageEncrypted")
# On the cluster that is about to take the name, so that a change of names that was broken off can go on.
BECOMES = "mediahub:becomes"


@dataclass(frozen=True)
class Origin:
    """What the records are restored from: in the operator's words, in the restored cluster's name, and for RDS."""

    title: str
    mark: str
    request: dict[str, Any]

    @property
    def operation(self) -> str:
        """Return the call of RDS that restores."""
        is_snapshot = "SnapshotIdentifier" in self.request
        return "restore_db_cluster_from_snapshot" if is_snapshot else "restore_db_cluster_to_point_in_time"


def choose_moment(place: Place, text: str) -> Origin:
    """Return the origin for a moment in ISO 8601, or `latest`; raises DeployError when RDS cannot go back to it."""
    cluster = aurora.find_cluster(place, place.name)
    if cluster is None:
        raise DeployError(f"There is no database {place.name} to go back from. Give --snapshot ID in place of --to.")
    source = {"SourceDBClusterIdentifier": place.name}
    if text == "latest":
        return Origin("the latest moment", "latest", {**source, "UseLatestRestorableTime": True})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise DeployError(f"{text} is no moment. Write one such as 2026-11-26T09:30:00Z, or `latest`.")
    first, last = cluster["EarliestRestorableTime"], cluster["LatestRestorableTime"]
    if not first <= moment <= last:
        raise DeployError(f"RDS can go back to any moment from {first.isoformat()} to {last.isoformat()}.")
    moment = moment.astimezone(UTC)
    return Origin(moment.isoformat(), f"{moment:%y%m%d%H%M%S}", {**source, "RestoreToTime": moment})


def choose_snapshot(identifier: str) -> Origin:
    """Return the origin for a snapshot of a cluster, by its identifier or ARN."""
    mark = hashlib.sha256(identifier.encode()).hexdigest()[:12]
    request = {"SnapshotIdentifier": identifier, "Engine": "aurora-postgresql"}
    return Origin(f"the snapshot {identifier}", mark, request)


def restore(place: Place, origin: Origin) -> str:
    """Restore to a new cluster and let it take the stage's name; returns what the former one is called now, if any.

    The same command goes on where it was broken off. Until the names change, the site uses the database it had.
    """
    require_aurora(place)
    incoming = f"{place.name}-{INCOMING}-{origin.mark}"
    place.say(f"→ restore {origin.title} to {incoming}")
    make_cluster(place, origin, incoming)
    aurora.make_user(place, incoming)
    return swap(place, incoming)


def resume(place: Place) -> bool:
    """Finish a change of names that was broken off; returns whether there was one."""
    for name in [place.name, *list_others(place)]:
        tags = (aurora.find_cluster(place, name) or {}).get("TagList", [])
        if BECOMES in {tag["Key"] for tag in tags}:
            place.say(f"→ the change of names was broken off, and goes on with {name}")
            swap(place, name)
            return True
    return False


def undo(place: Place) -> str:
    """Put back the database that the last restore replaced; returns what the restored one is called now, if any."""
    require_aurora(place)
    former = [name for name in list_others(place) if name.startswith(f"{place.name}-{OUTGOING}-")]
    if not former:
        raise DeployError("No restore has replaced a database that still stands. Give --to or --snapshot.")
    return swap(place, former[-1])


def forget(place: Place) -> list[str]:
    """Delete the databases that restores left, each with a last snapshot; returns their names."""
    others = list_others(place)
    for name in others:
        for member in (aurora.find_cluster(place, name) or {}).get("DBClusterMembers", []):
            removal.remove_instance(place, member["DBInstanceIdentifier"])
        removal.remove_cluster(place, name)
    return others


def require_aurora(place: Place) -> None:
    """Raise DeployError when the stage has no Aurora of its own."""
    if place.base.described() is None or place.base.parameters().get("Database", "aurora") != "aurora":
        raise DeployError(
            "This stage has no Aurora of its own. Restore the PostgreSQL that it uses with that one's tools, then run "
            f"`python -m deploy manage {place.stage} reconcile --repair`."
        )


def list_others(place: Place) -> list[str]:
    """Return the clusters that restores of this stage made or replaced, without the one in use, the oldest first."""
    pages = place.clients("rds").get_paginator("describe_db_clusters").paginate()
    names = [str(cluster["DBClusterIdentifier"]) for page in pages for cluster in page["DBClusters"]]
    return sorted(name for name in names if name.startswith((f"{place.name}-{INCOMING}-", f"{place.name}-{OUTGOING}-")))


def make_cluster(place: Place, origin: Origin, name: str) -> None:
    """Restore a cluster with the network, parameters, keys, sign-in and instance that the template gives Aurora."""
    rds, properties = place.clients("rds"), read_properties(place, "DatabaseCluster")
    if aurora.find_cluster(place, name) is None:
        settings = {key: properties[key] for key in RESTORED_WITH}
        getattr(rds, origin.operation)(DBClusterIdentifier=name, **origin.request, **settings)
    cluster = wait_for_cluster(place, name)
    if "MasterUserSecret" not in cluster:
        rds.modify_db_cluster(
            DBClusterIdentifier=name,
            ManageMasterUserPassword=properties["ManageMasterUserPassword"],
            MasterUserSecretKmsKeyId=properties["MasterUserSecret"]["KmsKeyId"],
            ApplyImmediately=True,
        )
        aurora.wait_until(
            place,
            f"{name} has a secret of its owner",
            lambda: wait_for_cluster(place, name).get("MasterUserSecret", {}).get("SecretStatus") == "active",
        )
    if not cluster.get("HttpEndpointEnabled"):
        rds.enable_http_endpoint(ResourceArn=cluster["DBClusterArn"])
    if not cluster.get("DBClusterMembers"):
        instance = read_properties(place, "DatabaseInstance")
        try:
            rds.create_db_instance(**{**instance, "DBInstanceIdentifier": f"{name}-1", "DBClusterIdentifier": name})
        except ClientError as error:
            # It was asked for before the command was broken off, and is on its way.
            if error.response["Error"]["Code"] != "DBInstanceAlreadyExists":
                raise
    wait_for_instance(place, f"{name}-1")


def swap(place: Place, incoming: str) -> str:
    """Let a cluster take the stage's name; returns what the one that had it is called now, if there was one."""
    rds, outgoing = place.clients("rds"), ""
    arn = wait_for_cluster(place, incoming)["DBClusterArn"]
    rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": BECOMES, "Value": place.name}])
    if incoming != place.name and aurora.find_cluster(place, place.name) is not None:
        outgoing = f"{place.name}-{OUTGOING}-{datetime.now(UTC):%y%m%d%H%M%S}"
        rename(place, place.name, outgoing)
    for other in list_others(place):
        members = (aurora.find_cluster(place, other) or {})["DBClusterMembers"]
        if f"{place.name}-1" in {member["DBInstanceIdentifier"] for member in members}:
            # Its cluster has its new name already, when the change of names was broken off there.
            rename(place, other, other)
    rename(place, incoming, place.name)
    base.bind(place, {"DatabaseResourceId": aurora.read_resource_id(place)})
    if place.base.parameters().get("DatabaseProxy") == "true":
        turn_proxy(place)
    arn = wait_for_cluster(place, place.name)["DBClusterArn"]
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=[BECOMES])
    return outgoing


def rename(place: Place, old: str, new: str) -> None:
    """Give a cluster and its instance another name, as far as they have not got it; wait until both are available."""
    rds = place.clients("rds")
    if old != new:
        place.say(f"→ {old} becomes {new}")
        wait_for_cluster(place, old)
        rds.modify_db_cluster(DBClusterIdentifier=old, NewDBClusterIdentifier=new, ApplyImmediately=True)
    cluster = wait_for_cluster(place, new)
    for number, member in enumerate(cluster["DBClusterMembers"], start=1):
        former, name = member["DBInstanceIdentifier"], f"{new}-{number}"
        if former != name:
            wait_for_instance(place, former)
            rds.modify_db_instance(DBInstanceIdentifier=former, NewDBInstanceIdentifier=name, ApplyImmediately=True)
        wait_for_instance(place, name)


def turn_proxy(place: Place) -> None:
    """Point the proxy to the cluster that bears the stage's name now."""
    rds = place.clients("rds")
    proxy = {"DBProxyName": place.name, "TargetGroupName": "default"}
    for target in rds.describe_db_proxy_targets(**proxy)["Targets"]:
        if target["Type"] == "TRACKED_CLUSTER":
            rds.deregister_db_proxy_targets(**proxy, DBClusterIdentifiers=[target["RdsResourceId"]])
    rds.register_db_proxy_targets(**proxy, DBClusterIdentifiers=[place.name])


def wait_for_cluster(place: Place, name: str) -> dict[str, Any]:
    """Return the cluster once it is available; under a new name it is not known at once."""

    def is_available() -> bool:
        return (aurora.find_cluster(place, name) or {}).get("Status") == "available"

    aurora.wait_until(place, f"The cluster {name} is available", is_available)
    return aurora.find_cluster(place, name) or {}


def wait_for_instance(place: Place, name: str) -> None:
    """Wait until the instance is available; under a new name it is not known at once."""

    def is_available() -> bool:
        try:
            [instance] = place.clients("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "DBInstanceNotFound":
                return False
            raise
        return bool(instance["DBInstanceStatus"] == "available")

    aurora.wait_until(place, f"The instance {name} is available", is_available)


def read_properties(place: Place, logical: str) -> dict[str, Any]:
    """Return the properties that the template gives a part of the database, with the stack's own parts filled in."""
    whole, parameters = template.compose(), place.base.parameters()
    parts = {found["LogicalResourceId"]: found["PhysicalResourceId"] for found in place.base.resources()}
    known = {**parts, **parameters, "Key": place.base.outputs()["KmsKeyArn"]}
    conditions = template.conditions(whole, {**parameters, "AWS::Region": place.region})
    return dict(_fill(whole["Resources"][logical]["Properties"], known, conditions))


def _fill(value: Any, known: Mapping[str, Any], conditions: Mapping[str, bool]) -> Any:
    match value:
        case {"Ref": name}:
            return float(known[name]) if str(known[name]).replace(".", "", 1).isdigit() else known[name]
        case {"Fn::GetAtt": [name, _]}:
            return known[name]
        case {"Fn::If": [name, yes, no]}:
            return _fill(yes if conditions[name] else no, known, conditions)
        case {"Fn::Sub": str(text)}:
            return template.fill_in(text, known)
        case dict():
            return {key: _fill(part, known, conditions) for key, part in value.items()}
        case list():
            return [_fill(part, known, conditions) for part in value]
    return value
