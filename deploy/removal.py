"""The end of what holds data, for who says so twice: everything that the stack kept, each in the way of its kind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from deploy.base import Place

# What stands on another goes before it.
ORDER = (
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::DynamoDB::Table",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBSubnetGroup",
    "AWS::RDS::DBClusterParameterGroup",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::SecretsManager::Secret",
    "AWS::Logs::LogGroup",
    "AWS::KMS::Key",
)
# Days in which a deletion of secrets and key can still be taken back; the most that AWS offers.
DAYS = 30


def remove(place: Place, kept: Sequence[Mapping[str, Any]]) -> list[str]:
    """Delete what was kept, as `stack.resources()` told it; returns what could not be deleted, and why."""
    left = []
    for found in sorted(kept, key=lambda one: ORDER.index(one["ResourceType"])):
        name = found["PhysicalResourceId"]
        place.say(f"  deleting {name}")
        try:
            _REMOVERS[found["ResourceType"]](place, name)
        except ClientError as error:
            left.append(f"{name}: {error}")
    return left


def _bucket(place: Place, name: str) -> None:
    s3 = place.clients("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            named = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            s3.delete_objects(Bucket=name, Delete={"Objects": named, "Quiet": True})
    s3.delete_bucket(Bucket=name)


def _table(place: Place, name: str) -> None:
    client = place.clients("dynamodb")
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.delete_table(TableName=name)


def _instance(place: Place, name: str) -> None:
    client = place.clients("rds")
    client.delete_db_instance(DBInstanceIdentifier=name)
    client.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier=name)


def _cluster(place: Place, name: str) -> None:
    """A last snapshot stays: it costs cents, and who was wrong twice is grateful."""
    client = place.clients("rds")
    client.modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=False, ApplyImmediately=True)
    client.delete_db_cluster(DBClusterIdentifier=name, FinalDBSnapshotIdentifier=f"{name}-last")
    client.get_waiter("db_cluster_deleted").wait(DBClusterIdentifier=name)


_REMOVERS: dict[str, Callable[[Place, str], Any]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::SQS::Queue": lambda place, url: place.clients("sqs").delete_queue(QueueUrl=url),
    "AWS::DynamoDB::Table": _table,
    "AWS::RDS::DBInstance": _instance,
    "AWS::RDS::DBCluster": _cluster,
    "AWS::RDS::DBSubnetGroup": lambda p, name: p.clients("rds").delete_db_subnet_group(DBSubnetGroupName=name),
    "AWS::RDS::DBClusterParameterGroup": lambda p, name: p.clients("rds").delete_db_cluster_parameter_group(
        DBClusterParameterGroupName=name
    ),
    "AWS::EC2::SecurityGroup": lambda place, name: place.clients("ec2").delete_security_group(GroupId=name),
    "AWS::EC2::Subnet": lambda place, name: place.clients("ec2").delete_subnet(SubnetId=name),
    "AWS::EC2::VPC": lambda place, name: place.clients("ec2").delete_vpc(VpcId=name),
    "AWS::SecretsManager::Secret": lambda place, name: place.clients("secretsmanager").delete_secret(
        SecretId=name, RecoveryWindowInDays=DAYS
    ),
    "AWS::Logs::LogGroup": lambda place, name: place.clients("logs").delete_log_group(logGroupName=name),
    "AWS::KMS::Key": lambda place, name: place.clients("kms").schedule_key_deletion(
        KeyId=name, PendingWindowInDays=DAYS
    ),
}
