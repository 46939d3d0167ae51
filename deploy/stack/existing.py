"""Find the resources of a template that the account already has; each type is looked up in its own way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from deploy import template
from deploy.cloudformation import Change
from deploy.errors import DeployError
from deploy.stage import Stage

# The codes with which the services report that something does not exist; S3 answers HEAD with a bare status.
NOT_FOUND = {
    "404",
    "NoSuchBucket",
    "DBClusterNotFoundFault",
    "DBInstanceNotFound",
    "DBInstanceNotFoundFault",
    "DBSubnetGroupNotFoundFault",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "NotFoundException",
}


@dataclass(frozen=True)
class ExistingResource:
    """A resource that exists: its logical name in the template, its type, and the identifier that AWS gave it.

    `is_leaving` says that its deletion is scheduled and can be canceled.
    """

    logical: str
    kind: str
    physical: str
    is_leaving: bool = False

    @property
    def change(self) -> Change:
        """Return the import of the resource, as it is shown to the operator for confirmation."""
        return Change("Import", self.logical, self.kind, False)


@dataclass
class Search:
    """The state of a search: where it looks, and what it has learned about the database and the keys in use."""

    stage: Stage
    values: Mapping[str, str]
    network: str = ""
    cluster: Mapping[str, Any] | None = None
    keys: list[str] = field(default_factory=list)

    def name(self, properties: Mapping[str, Any], key: str) -> str:
        """Return the name that the template gives."""
        return str(template.fill_in(properties[key], self.values))


def find_existing(stage: Stage, parts: Mapping[str, Mapping[str, Any]]) -> Iterator[ExistingResource]:
    """Yield the resources that exist among these parts of a template."""
    account = str(stage.client("sts").get_caller_identity()["Account"])
    search = Search(stage, {"Project": stage.project, "Stage": stage.name, "AWS::AccountId": account})
    for kind, find in FINDERS.items():
        for logical, part in parts.items():
            if part["Type"] != kind:
                continue
            physical, is_leaving = _call_finder(partial(find, search, part["Properties"]))
            if physical:
                yield ExistingResource(logical, kind, physical, is_leaving)


def cancel_deletion(stage: Stage, resource: ExistingResource) -> None:
    """Cancel the scheduled deletion of a secret or a key."""
    if not resource.is_leaving:
        return
    stage.report(f"  canceling the deletion of {resource.physical}")
    if resource.kind == "AWS::SecretsManager::Secret":
        stage.client("secretsmanager").restore_secret(SecretId=resource.physical)
    else:
        client = stage.client("kms")
        client.cancel_key_deletion(KeyId=resource.physical)
        # A key whose deletion was canceled stays disabled until it is enabled.
        client.enable_key(KeyId=resource.physical)


def _call_finder(find: Callable[[], tuple[str, bool] | str]) -> tuple[str, bool]:
    try:
        result = find()
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_FOUND:
            return "", False
        raise
    return result if isinstance(result, tuple) else (result, False)


def _find_bucket(search: Search, properties: Mapping[str, Any]) -> str:
    name, s3 = search.name(properties, "BucketName"), search.stage.client("s3")
    s3.head_bucket(Bucket=name, ExpectedBucketOwner=search.values["AWS::AccountId"])
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    _remember_keys(search, *(rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", "") for rule in rules))
    return name


def _find_table(search: Search, properties: Mapping[str, Any]) -> str:
    table = search.stage.client("dynamodb").describe_table(TableName=search.name(properties, "TableName"))["Table"]
    if table["TableStatus"] == "DELETING":
        raise DeployError(f"The table {table['TableName']} is being deleted. Wait a minute and run the command again.")
    _remember_keys(search, table.get("SSEDescription", {}).get("KMSMasterKeyArn", ""))
    return str(table["TableName"])


def _find_queue(search: Search, properties: Mapping[str, Any]) -> str:
    return str(search.stage.client("sqs").get_queue_url(QueueName=search.name(properties, "QueueName"))["QueueUrl"])


def _find_log_group(search: Search, properties: Mapping[str, Any]) -> str:
    name = search.name(properties, "LogGroupName")
    pages = search.stage.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    return name if name in {group["logGroupName"] for page in pages for group in page["logGroups"]} else ""


def _find_secret(search: Search, properties: Mapping[str, Any]) -> tuple[str, bool]:
    secret = search.stage.client("secretsmanager").describe_secret(SecretId=search.name(properties, "Name"))
    _remember_keys(search, secret.get("KmsKeyId", ""))
    return str(secret["ARN"]), "DeletedDate" in secret


def _find_cluster(search: Search, properties: Mapping[str, Any]) -> str:
    name = search.name(properties, "DBClusterIdentifier")
    [search.cluster] = search.stage.client("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
    _remember_keys(search, search.cluster.get("KmsKeyId", ""))
    return name


def _find_instance(search: Search, properties: Mapping[str, Any]) -> str:
    name = search.name(properties, "DBInstanceIdentifier")
    search.stage.client("rds").describe_db_instances(DBInstanceIdentifier=name)
    return name


def _find_cluster_parameters(search: Search, properties: Mapping[str, Any]) -> str:
    """Return the parameter group that the cluster uses: CloudFormation generated its name."""
    name = str((search.cluster or {}).get("DBClusterParameterGroup", ""))
    return "" if name.startswith("default.") else name


def _find_subnet_group(search: Search, properties: Mapping[str, Any]) -> str:
    name = search.name(properties, "DBSubnetGroupName")
    [group] = search.stage.client("rds").describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    search.network = str(group["VpcId"])
    return name


def _find_network(search: Search, properties: Mapping[str, Any]) -> str:
    """Return the network of the database's subnets, or else the one with the stage's name."""
    if search.network:
        return search.network
    name = next(tag["Value"] for tag in properties["Tags"] if tag["Key"] == "Name")
    by_name = {"Name": "tag:Name", "Values": [str(template.fill_in(name, search.values))]}
    networks = search.stage.client("ec2").describe_vpcs(Filters=[by_name])["Vpcs"]
    search.network = str(networks[0]["VpcId"]) if networks else ""
    return search.network


def _find_subnet(search: Search, properties: Mapping[str, Any]) -> str:
    return _find_in_network(search, "describe_subnets", "Subnets", "SubnetId", "cidr-block", properties["CidrBlock"])


def _find_security_group(search: Search, properties: Mapping[str, Any]) -> str:
    description = properties["GroupDescription"]
    return _find_in_network(search, "describe_security_groups", "SecurityGroups", "GroupId", "description", description)


def _find_in_network(search: Search, operation: str, key: str, identifier: str, attribute: str, value: str) -> str:
    if not search.network:
        return ""
    filters = [{"Name": "vpc-id", "Values": [search.network]}, {"Name": attribute, "Values": [value]}]
    parts = getattr(search.stage.client("ec2"), operation)(Filters=filters)[key]
    return str(parts[0][identifier]) if parts else ""


def _find_key(search: Search, properties: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the key that encrypts the other resources, because a key has no name."""
    for reference in search.keys:
        key = search.stage.client("kms").describe_key(KeyId=reference)["KeyMetadata"]
        if key["KeyManager"] == "CUSTOMER" and key["KeyState"] in ("Enabled", "Disabled", "PendingDeletion"):
            return str(key["KeyId"]), key["KeyState"] == "PendingDeletion"
    return "", False


def _remember_keys(search: Search, *references: str) -> None:
    search.keys += [reference for reference in references if reference]


# In this order, because the key and the network are found through the resources that use them.
FINDERS: dict[str, Callable[[Search, Mapping[str, Any]], tuple[str, bool] | str]] = {
    "AWS::S3::Bucket": _find_bucket,
    "AWS::DynamoDB::Table": _find_table,
    "AWS::SQS::Queue": _find_queue,
    "AWS::Logs::LogGroup": _find_log_group,
    "AWS::SecretsManager::Secret": _find_secret,
    "AWS::RDS::DBCluster": _find_cluster,
    "AWS::RDS::DBInstance": _find_instance,
    "AWS::RDS::DBClusterParameterGroup": _find_cluster_parameters,
    "AWS::RDS::DBSubnetGroup": _find_subnet_group,
    "AWS::EC2::VPC": _find_network,
    "AWS::EC2::Subnet": _find_subnet,
    "AWS::EC2::SecurityGroup": _find_security_group,
    "AWS::KMS::Key": _find_key,
}
