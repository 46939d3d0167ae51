"""Delete the resources that hold data, after the operator asked for it twice; each type in its own way."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from deploy.errors import DeployError
from deploy.stack.existing import NOT_FOUND
from deploy.stage import Stage

# A resource is deleted before those that it depends on.
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
# How long the deletion of secrets and the key can be canceled; the most that AWS offers.
RECOVERY_DAYS = 30


def delete_resources(stage: Stage, resources: Sequence[Mapping[str, Any]]) -> list[str]:
    """Delete resources as `Stack.list_resources` describes them; return those that could not be deleted, and why."""
    failures = []
    for resource in sorted(resources, key=_rank_deletion):
        name = resource["PhysicalResourceId"]
        stage.report(f"  deleting {name}")
        try:
            _DELETERS[resource["ResourceType"]](stage, name)
        except (ClientError, WaiterError, DeployError) as error:
            failures.append(f"{name}: {error}")
    return failures


def _rank_deletion(resource: Mapping[str, Any]) -> tuple[int, bool]:
    # The bucket of logs is the last of the buckets: the others write to it until they are deleted.
    return ORDER.index(resource["ResourceType"]), resource["LogicalResourceId"] == "LogBucket"


def empty_bucket(stage: Stage, name: str) -> None:
    """Delete every version of every object: CloudFormation and S3 delete only empty buckets.

    Raise DeployError with the first object that S3 did not delete.
    """
    s3 = stage.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not versions:
            continue
        identifiers = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
        response = s3.delete_objects(Bucket=name, Delete={"Objects": identifiers, "Quiet": True})
        if errors := response.get("Errors"):
            first = errors[0]
            raise DeployError(
                f"{len(errors)} objects of {name} could not be deleted, such as {first.get('Key')}: "
                f"{first.get('Message')}. Check that you may s3:DeleteObjectVersion, and run the command again."
            )


def lift_protection(stage: Stage, resource: Mapping[str, Any]) -> None:
    """Lift the deletion protection of a resource, if its type can have one."""
    name = resource.get("PhysicalResourceId")
    if name and (lift := _UNPROTECTORS.get(resource["ResourceType"])):
        stage.report(f"  lifting the deletion protection of {name}")
        try:
            lift(stage, name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_FOUND:
                raise


def _delete_bucket(stage: Stage, name: str) -> None:
    empty_bucket(stage, name)
    stage.client("s3").delete_bucket(Bucket=name)


def _unprotect_table(stage: Stage, name: str) -> None:
    client = stage.client("dynamodb")
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    client.get_waiter("table_exists").wait(TableName=name)


def _unprotect_cluster(stage: Stage, name: str) -> None:
    stage.client("rds").modify_db_cluster(DBClusterIdentifier=name, DeletionProtection=False, ApplyImmediately=True)


def _delete_table(stage: Stage, name: str) -> None:
    _unprotect_table(stage, name)
    stage.client("dynamodb").delete_table(TableName=name)


def delete_instance(stage: Stage, name: str) -> None:
    """Delete an instance of Aurora; the records belong to its cluster."""
    client = stage.client("rds")
    client.delete_db_instance(DBInstanceIdentifier=name)
    client.get_waiter("db_instance_deleted").wait(DBInstanceIdentifier=name)


def delete_cluster(stage: Stage, name: str) -> None:
    """Delete a cluster, and keep a final snapshot, which costs cents, in case the deletion was a mistake."""
    client = stage.client("rds")
    _unprotect_cluster(stage, name)
    # The time makes the name unique: a stage that was removed before has left a snapshot.
    snapshot = f"{name}-last-{datetime.now(UTC):%Y%m%d%H%M%S}"
    client.delete_db_cluster(DBClusterIdentifier=name, FinalDBSnapshotIdentifier=snapshot)
    client.get_waiter("db_cluster_deleted").wait(DBClusterIdentifier=name)


_UNPROTECTORS: dict[str, Callable[[Stage, str], Any]] = {
    "AWS::DynamoDB::Table": _unprotect_table,
    "AWS::RDS::DBCluster": _unprotect_cluster,
}
_DELETERS: dict[str, Callable[[Stage, str], Any]] = {
    "AWS::S3::Bucket": _delete_bucket,
    "AWS::SQS::Queue": lambda stage, url: stage.client("sqs").delete_queue(QueueUrl=url),
    "AWS::DynamoDB::Table": _delete_table,
    "AWS::RDS::DBInstance": delete_instance,
    "AWS::RDS::DBCluster": delete_cluster,
    "AWS::RDS::DBSubnetGroup": lambda stage, name: stage.client("rds").delete_db_subnet_group(DBSubnetGroupName=name),
    "AWS::RDS::DBClusterParameterGroup": lambda stage, name: stage.client("rds").delete_db_cluster_parameter_group(
        DBClusterParameterGroupName=name
    ),
    "AWS::EC2::SecurityGroup": lambda stage, name: stage.client("ec2").delete_security_group(GroupId=name),
    "AWS::EC2::Subnet": lambda stage, name: stage.client("ec2").delete_subnet(SubnetId=name),
    "AWS::EC2::VPC": lambda stage, name: stage.client("ec2").delete_vpc(VpcId=name),
    "AWS::SecretsManager::Secret": lambda stage, name: stage.client("secretsmanager").delete_secret(
        SecretId=name, RecoveryWindowInDays=RECOVERY_DAYS
    ),
    "AWS::Logs::LogGroup": lambda stage, name: stage.client("logs").delete_log_group(logGroupName=name),
    "AWS::KMS::Key": lambda stage, name: stage.client("kms").schedule_key_deletion(
        KeyId=name, PendingWindowInDays=RECOVERY_DAYS
    ),
}
