"""The end of what holds data, for who says so twice: everything that the stack kept, each in the way of its kind."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from deploy.errors import DeployError
from deploy.stack.existing import NOT_FOUND
from deploy.stage import Place

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
    for found in sorted(kept, key=_turn):
        name = found["PhysicalResourceId"]
        place.say(f"  deleting {name}")
        try:
            _REMOVERS[found["ResourceType"]](place, name)
        except (ClientError, WaiterError, DeployError) as error:
            left.append(f"{name}: {error}")
    return left


def _turn(found: Mapping[str, Any]) -> tuple[int, bool]:
    # The bucket of logs is the last of the buckets: the others write into it to their end.
    return ORDER.index(found["ResourceType"]), found["LogicalResourceId"] == "LogBucket"


def empty_bucket(place: Place, name: str) -> None:
    """Delete every version of every object: CloudFormation and S3 delete no bucket that holds anything.

    Raises DeployError with the first object that S3 did not delete.
    """
    s3 = place.clients("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not versions:
            continue
        named = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
        answer = s3.delete_objects(Bucket=name, Delete={"Objects": named, "Quiet": True})
        if refused := answer.get("Errors"):
            first = refused[0]
            raise DeployError(
                f"{len(refused)} objects of {name} could not be deleted, such as {first.get('Key')}: "
                f"{first.get('Message')}. Check your rights to s3:DeleteObjectVersion, and run the command again."
            )


def lift_protection(place: Place, found: Mapping[str, Any]) -> None:
    """Let a resource of `stack.resources()` be deleted, where its type can be protected against that."""
    name = found.get("PhysicalResourceId")
    if name and (lift := _PROTECTED.get(found["ResourceType"])):
        place.say(f"  lifting the deletion protection of {name}")
        try:
            lift(place, name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_FOUND:
                raise


def _bucket(place: Place, name: str) -> None:
    empty_bucket(place, name)
    place.clients("s3").delete_bucket(Bucket=name)


def _unprotect_table(place: Place, name: str) -> None:
    client = place.clients("dynamodb")
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.get_waiter("table_exists").wait(TableName=name)


def _unprotect_cluster(place: Place, name: str) -> None:
    place.clients("rds").modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=False, ApplyImmediately=True)


def _table(place: Place, name: str) -> None:
    _unprotect_table(place, name)
    place.clients("dynamodb").delete_table(TableName=name)


def remove_instance(place: Place, name: str) -> None:
    """Delete an instance of Aurora; its records are its cluster's."""
    client = place.clients("rds")
    client.delete_db_instance(DBInstanceIdentifier=name)
    client.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier=name)


def remove_cluster(place: Place, name: str) -> None:
    """Delete a cluster; a last snapshot stays, which costs cents, and serves who was wrong twice."""
    client = place.clients("rds")
    _unprotect_cluster(place, name)
    # A stage that was removed before has left a snapshot already.
    snapshot = f"{name}-last-{datetime.now(UTC):%Y%m%d%H%M%S}"
    client.delete_db_cluster(DBClusterIdentifier=name, FinalDBSnapshotIdentifier=snapshot)
    client.get_waiter("db_cluster_deleted").wait(DBClusterIdentifier=name)


_PROTECTED: dict[str, Callable[[Place, str], Any]] = {
    "AWS::DynamoDB::Table": _unprotect_table,
    "AWS::RDS::DBCluster": _unprotect_cluster,
}
_REMOVERS: dict[str, Callable[[Place, str], Any]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::SQS::Queue": lambda place, url: place.clients("sqs").delete_queue(QueueUrl=url),
    "AWS::DynamoDB::Table": _table,
    "AWS::RDS::DBInstance": remove_instance,
    "AWS::RDS::DBCluster": remove_cluster,
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
