"""Find what the account still has of all that the template retains, each kind in its own way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from deploy import template
from deploy.cloudformation import Change
from deploy.errors import DeployError
from deploy.stage import Place

# What each service answers with when there is no such thing; S3 answers HEAD with a bare status.
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
class Existing:
    """A resource that stands: its logical name in the template, type, and the identifier that AWS knows it by.

    `is_leaving` says that its deletion is scheduled and can be called off.
    """

    logical: str
    kind: str
    physical: str
    is_leaving: bool = False

    @property
    def change(self) -> Change:
        """Return how taking it over is shown to the operator, who is asked first."""
        return Change("Import", self.logical, self.kind, False)


@dataclass
class Look:
    """What the lookups share: where they look, and what has been seen of the database and of the keys in use."""

    place: Place
    values: Mapping[str, str]
    network: str = ""
    cluster: Mapping[str, Any] | None = None
    keys: list[str] = field(default_factory=list)

    def name(self, properties: Mapping[str, Any], key: str) -> str:
        """Return the name that the template gives."""
        return str(template.fill_in(properties[key], self.values))


def look_up(place: Place, wanted: Mapping[str, Mapping[str, Any]]) -> Iterator[Existing]:
    """Give what exists of these resources of the template; what the later ones are found by is looked up first."""
    account = str(place.clients("sts").get_caller_identity()["Account"])
    look = Look(place, {"Project": place.project, "Stage": place.stage, "AWS::AccountId": account})
    for kind, find in FINDERS.items():
        for logical, part in wanted.items():
            if part["Type"] != kind:
                continue
            physical, is_leaving = _ask(partial(find, look, part["Properties"]))
            if physical:
                yield Existing(logical, kind, physical, is_leaving)


def revive(place: Place, found: Existing) -> None:
    """Call off the deletion of a secret or a key that is scheduled to go."""
    if not found.is_leaving:
        return
    place.say(f"  calling off the deletion of {found.physical}")
    if found.kind == "AWS::SecretsManager::Secret":
        place.clients("secretsmanager").restore_secret(SecretId=found.physical)
    else:
        client = place.clients("kms")
        client.cancel_key_deletion(KeyId=found.physical)
        # A key whose deletion was called off is disabled until somebody says otherwise.
        client.enable_key(KeyId=found.physical)


def _ask(find: Callable[[], tuple[str, bool] | str]) -> tuple[str, bool]:
    try:
        answer = find()
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_FOUND:
            return "", False
        raise
    return answer if isinstance(answer, tuple) else (answer, False)


def _bucket(look: Look, properties: Mapping[str, Any]) -> str:
    name, s3 = look.name(properties, "BucketName"), look.place.clients("s3")
    s3.head_bucket(Bucket=name, ExpectedBucketOwner=look.values["AWS::AccountId"])
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    _note_key(look, *(rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", "") for rule in rules))
    return name


def _table(look: Look, properties: Mapping[str, Any]) -> str:
    table = look.place.clients("dynamodb").describe_table(TableName=look.name(properties, "TableName"))["Table"]
    if table["TableStatus"] == "DELETING":
        raise DeployError(f"The table {table['TableName']} is being deleted. Wait a minute, and run the command again.")
    _note_key(look, table.get("SSEDescription", {}).get("KMSMasterKeyArn", ""))
    return str(table["TableName"])


def _queue(look: Look, properties: Mapping[str, Any]) -> str:
    return str(look.place.clients("sqs").get_queue_url(QueueName=look.name(properties, "QueueName"))["QueueUrl"])


def _log_group(look: Look, properties: Mapping[str, Any]) -> str:
    name = look.name(properties, "LogGroupName")
    pages = look.place.clients("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    return name if name in {group["logGroupName"] for page in pages for group in page["logGroups"]} else ""


def _secret(look: Look, properties: Mapping[str, Any]) -> tuple[str, bool]:
    secret = look.place.clients("secretsmanager").describe_secret(SecretId=look.name(properties, "Name"))
    _note_key(look, secret.get("KmsKeyId", ""))
    return str(secret["ARN"]), "DeletedDate" in secret


def _cluster(look: Look, properties: Mapping[str, Any]) -> str:
    name = look.name(properties, "DBClusterIdentifier")
    [look.cluster] = look.place.clients("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
    _note_key(look, look.cluster.get("KmsKeyId", ""))
    return name


def _instance(look: Look, properties: Mapping[str, Any]) -> str:
    name = look.name(properties, "DBInstanceIdentifier")
    look.place.clients("rds").describe_db_instances(DBInstanceIdentifier=name)
    return name


def _cluster_parameters(look: Look, properties: Mapping[str, Any]) -> str:
    """Return the group that the cluster uses: CloudFormation made up its name."""
    name = str((look.cluster or {}).get("DBClusterParameterGroup", ""))
    return "" if name.startswith("default.") else name


def _subnet_group(look: Look, properties: Mapping[str, Any]) -> str:
    name = look.name(properties, "DBSubnetGroupName")
    [found] = look.place.clients("rds").describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"]
    look.network = str(found["VpcId"])
    return name


def _network(look: Look, properties: Mapping[str, Any]) -> str:
    """Return the network that the database's subnets lie in, or else the one that bears the stage's name."""
    if look.network:
        return look.network
    name = next(tag["Value"] for tag in properties["Tags"] if tag["Key"] == "Name")
    named = {"Name": "tag:Name", "Values": [str(template.fill_in(name, look.values))]}
    networks = look.place.clients("ec2").describe_vpcs(Filters=[named])["Vpcs"]
    look.network = str(networks[0]["VpcId"]) if networks else ""
    return look.network


def _subnet(look: Look, properties: Mapping[str, Any]) -> str:
    return _in_network(look, "describe_subnets", "Subnets", "SubnetId", "cidr-block", properties["CidrBlock"])


def _security_group(look: Look, properties: Mapping[str, Any]) -> str:
    wanted = properties["GroupDescription"]
    return _in_network(look, "describe_security_groups", "SecurityGroups", "GroupId", "description", wanted)


def _in_network(look: Look, operation: str, key: str, identifier: str, by: str, wanted: str) -> str:
    if not look.network:
        return ""
    chosen = [{"Name": "vpc-id", "Values": [look.network]}, {"Name": by, "Values": [wanted]}]
    answers = getattr(look.place.clients("ec2"), operation)(Filters=chosen)[key]
    return str(answers[0][identifier]) if answers else ""


def _key(look: Look, properties: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the key that encrypts what still exists: a key has no name."""
    for reference in look.keys:
        key = look.place.clients("kms").describe_key(KeyId=reference)["KeyMetadata"]
        if key["KeyManager"] == "CUSTOMER" and key["KeyState"] in ("Enabled", "Disabled", "PendingDeletion"):
            return str(key["KeyId"]), key["KeyState"] == "PendingDeletion"
    return "", False


def _note_key(look: Look, *references: str) -> None:
    look.keys += [reference for reference in references if reference]


# In this order: the key and the network are found by what uses them.
FINDERS: dict[str, Callable[[Look, Mapping[str, Any]], tuple[str, bool] | str]] = {
    "AWS::S3::Bucket": _bucket,
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::RDS::DBCluster": _cluster,
    "AWS::RDS::DBInstance": _instance,
    "AWS::RDS::DBClusterParameterGroup": _cluster_parameters,
    "AWS::RDS::DBSubnetGroup": _subnet_group,
    "AWS::EC2::VPC": _network,
    "AWS::EC2::Subnet": _subnet,
    "AWS::EC2::SecurityGroup": _security_group,
    "AWS::KMS::Key": _key,
}
