"""What an earlier stack left is found by what leads to it: the key by what it encrypts, the network by the database."""

from typing import Any

from deploy import template
from deploy.stack import existing
from deploy.stage import Stage
from tests.aws.aurora import Aurora
from tests.aws.doubles import Double, Fault, make_clients
from tests.aws.rendered import ACCOUNT, REGION

NAME = "mediahub-production"
WHOLE = template.compose()
RETAINED = {name: WHOLE["Resources"][name] for name in template.list_retained(WHOLE)}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"


class Account(Double):
    service = "sts"

    def get_caller_identity(self, asked: Any) -> Any:
        return {"Account": ACCOUNT}


class Buckets(Double):
    """Every bucket of the stage stands, all but those that are named."""

    service = "s3"

    def __init__(self, *gone: str) -> None:
        super().__init__()
        self.gone = gone

    def head_bucket(self, asked: Any) -> Any:
        assert asked["ExpectedBucketOwner"] == ACCOUNT, "a bucket of that name may be anybody's"
        if any(name in asked["Bucket"] for name in self.gone):
            raise Fault("NoSuchBucket")

    def get_bucket_encryption(self, asked: Any) -> Any:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
        if "-logs-" in asked["Bucket"]:
            default = {"SSEAlgorithm": "AES256"}
        return {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}}


class Table(Double):
    service = "dynamodb"

    def describe_table(self, asked: Any) -> Any:
        return {"Table": {"TableName": asked["TableName"], "TableStatus": "ACTIVE"}}


class Queues(Double):
    service = "sqs"

    def get_queue_url(self, asked: Any) -> Any:
        if asked["QueueName"].endswith("-cdn"):
            raise Fault("QueueDoesNotExist")
        return {"QueueUrl": f"https://sqs/{asked['QueueName']}"}


class Logs(Double):
    service = "logs"

    def describe_log_groups(self, asked: Any) -> Any:
        # The worker's begins with the web's name.
        return {"logGroups": [{"logGroupName": f"{asked['logGroupNamePrefix']}-worker"}]}


class Secrets(Double):
    service = "secretsmanager"

    def describe_secret(self, asked: Any) -> Any:
        if asked["SecretId"].endswith("/database"):
            raise Fault("ResourceNotFoundException")
        return {"ARN": f"arn:secret:{asked['SecretId']}", "DeletedDate": 1_760_000_000, "KmsKeyId": KEY}


class Keys(Double):
    service = "kms"

    def __init__(self, state: str = "Enabled") -> None:
        super().__init__()
        self.state = state

    def describe_key(self, asked: Any) -> Any:
        return {
            "KeyMetadata": {"KeyId": asked["KeyId"].split("/")[1], "KeyManager": "CUSTOMER", "KeyState": self.state}
        }

    def cancel_key_deletion(self, asked: Any) -> Any:
        self.state = "Disabled"

    def enable_key(self, asked: Any) -> None:
        assert self.state == "Disabled", "a key that is pending deletion cannot be enabled"
        self.state = "Enabled"


class Network(Double):
    service = "ec2"

    def describe_subnets(self, asked: Any) -> Any:
        filters = {entry["Name"]: entry["Values"][0] for entry in asked["Filters"]}
        assert filters["vpc-id"] == "vpc-1"
        return {"Subnets": [{"SubnetId": f"subnet-{filters['cidr-block']}"}]}

    def describe_security_groups(self, asked: Any) -> Any:
        return {"SecurityGroups": [{"GroupId": "sg-1"}]}


def look_up(*doubles: Double) -> dict[str, existing.ExistingResource]:
    aurora = Aurora()
    aurora.add_cluster(NAME, KmsKeyId=KEY, DBClusterParameterGroup="mediahub-production-base-parameters")
    aurora.add_instance(f"{NAME}-1", NAME)
    others = [Account(), Buckets(), Table(), Queues(), Logs(), Secrets(), Keys(), Network(), aurora]
    clients = make_clients(*others, *doubles)
    stage = Stage("mediahub", "production", REGION, clients, poll_seconds=0, report=lambda line: None)
    return {resources.logical: resources for resources in existing.find_existing(stage, RETAINED)}


def test_each_part_is_found_by_what_leads_to_it() -> None:
    resources = look_up()
    physical = {name: part.physical for name, part in resources.items()}
    assert physical["Key"] == "1"
    assert physical["UploadBucket"] == f"{NAME}-uploads-{ACCOUNT}"
    assert physical["UploadQueue"] == f"https://sqs/{NAME}-uploads"
    assert (physical["Vpc"], physical["SubnetA"]) == (
        "vpc-1",
        f"subnet-{RETAINED['SubnetA']['Properties']['CidrBlock']}",
    )
    assert physical["DatabaseSecurityGroup"] == "sg-1"
    assert physical["DatabaseParameters"] == "mediahub-production-base-parameters"
    assert (physical["DatabaseCluster"], physical["DatabaseInstance"]) == (NAME, f"{NAME}-1")
    # A name that only begins alike is another's.
    assert not {"CdnQueue", "DatabaseSecret", "WebLogs"} & set(resources)


def test_a_secret_that_is_leaving_is_told_from_one_that_stays() -> None:
    resources = look_up()
    assert resources["Secret"].is_leaving
    assert not resources["Key"].is_leaving


def test_the_key_is_found_by_the_secret_when_nothing_else_is_left() -> None:
    resources = look_up(Buckets("uploads", "renditions", "logs"))
    assert resources["Key"].physical == "1"
    assert "UploadBucket" not in resources


def test_a_key_that_was_to_go_is_of_use_again() -> None:
    keys = Keys("PendingDeletion")
    resources = look_up(keys)["Key"]
    assert resources.is_leaving
    stage = Stage("mediahub", "production", REGION, make_clients(keys), poll_seconds=0, report=lambda line: None)
    existing.cancel_deletion(stage, resources)
    assert keys.state == "Enabled"
