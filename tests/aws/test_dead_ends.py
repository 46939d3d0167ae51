"""Stacks that CloudFormation changes no more, and buckets that it cannot delete, on doubles of its API."""

from typing import Any

import pytest

from deploy.commands import down
from deploy.errors import DeployError
from deploy.functions import zappa_settings
from deploy.stack import base, removal
from deploy.stage import Stage
from tests.aws.doubles import Double, Fault, make_clients
from tests.aws.rendered import ACCOUNT, REGION

NAME = "mediahub-production"


class CloudFormation(Double):
    """One stack that is deleted as soon as it is asked for; `log` is shared with the other doubles."""

    service = "cloudformation"

    def __init__(self, log: list[str], status: str, resources: list[tuple[str, str, str, str]]) -> None:
        super().__init__()
        self.log, self.status, self.resources = log, status, resources

    def describe_stacks(self, asked: Any) -> dict[str, Any]:
        status = self.status if asked["StackName"] == f"{NAME}-base" else "DELETE_COMPLETE"
        stack = {"StackName": asked["StackName"], "StackStatus": status, "CreationTime": "2026-01-01T00:00:00Z"}
        return {"Stacks": [stack]}

    def list_stack_resources(self, asked: Any) -> dict[str, Any]:
        keys = ("LogicalResourceId", "ResourceType", "PhysicalResourceId", "ResourceStatus")
        changed = {"LastUpdatedTimestamp": "2026-01-01T00:00:00Z"}
        return {
            "StackResourceSummaries": [{**dict(zip(keys, values, strict=True)), **changed} for values in self.resources]
        }

    def describe_stack_events(self, asked: Any) -> dict[str, Any]:
        return {"StackEvents": []}

    def delete_stack(self, asked: Any) -> None:
        self.log.append(f"delete {asked['StackName']}")
        self.status = "DELETE_COMPLETE"

    def continue_update_rollback(self, asked: Any) -> None:
        self.log.append(f"continue {asked['StackName']}")
        self.status = self.after_rollback

    after_rollback = "UPDATE_ROLLBACK_COMPLETE"

    def describe_events(self, asked: Any) -> dict[str, Any]:
        return {"OperationEvents": []}


class Table(Double):
    service = "dynamodb"

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log

    def update_table(self, asked: Any) -> None:
        self.log.append(f"{asked['TableName']} protected: {asked['DeletionProtectionEnabled']}")

    def describe_table(self, asked: Any) -> dict[str, Any]:
        return {"Table": {"TableName": asked["TableName"], "TableStatus": "ACTIVE"}}


class Cluster(Double):
    service = "rds"

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log

    def modify_db_cluster(self, asked: Any) -> None:
        if asked["DBClusterIdentifier"] == "gone":
            raise Fault("DBClusterNotFoundFault")
        self.log.append(f"{asked['DBClusterIdentifier']} protected: {asked['DeletionProtection']}")


class Buckets(Double):
    service = "s3"

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log
        self.refused: list[dict[str, str]] = []

    def list_object_versions(self, asked: Any) -> dict[str, Any]:
        if "KeyMarker" not in asked:
            first = {"Versions": [{"Key": "a", "VersionId": "2"}, {"Key": "a", "VersionId": "1"}]}
            return {**first, "IsTruncated": True, "NextKeyMarker": "a", "NextVersionIdMarker": "1"}
        return {"DeleteMarkers": [{"Key": "b", "VersionId": "3"}], "IsTruncated": False}

    def delete_objects(self, asked: Any) -> dict[str, Any]:
        named = [f"{entry['Key']}@{entry['VersionId']}" for entry in asked["Delete"]["Objects"]]
        self.log.append(f"empty {asked['Bucket']}: {', '.join(named)}")
        return {"Errors": self.refused} if self.refused else {}


class Dashboards(Double):
    """A stage for which nobody made a dashboard."""

    service = "cloudwatch"

    def list_dashboards(self, asked: Any) -> dict[str, Any]:
        return {"DashboardEntries": []}


def place_of(*doubles: Double) -> Stage:
    return Stage("mediahub", "production", REGION, make_clients(*doubles), poll_seconds=0, report=lambda line: None)


def test_the_protection_is_lifted_where_cloudformation_could_not_delete() -> None:
    log: list[str] = []
    resources = [
        ("MirrorTable", "AWS::DynamoDB::Table", f"{NAME}-images", "DELETE_FAILED"),
        ("DatabaseCluster", "AWS::RDS::DBCluster", NAME, "DELETE_FAILED"),
        ("Other", "AWS::RDS::DBCluster", "gone", "DELETE_FAILED"),
        ("UploadBucket", "AWS::S3::Bucket", f"{NAME}-uploads-{ACCOUNT}", "DELETE_COMPLETE"),
    ]
    here = place_of(CloudFormation(log, "ROLLBACK_FAILED", resources), Table(log), Cluster(log))
    base.clear_dead_end(here, here.base)
    assert log == [f"{NAME}-images protected: False", f"{NAME} protected: False", f"delete {NAME}-base"]


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"])
def test_a_stack_that_can_be_changed_is_not_deleted(status: str) -> None:
    log: list[str] = []
    here = place_of(CloudFormation(log, status, []))
    base.clear_dead_end(here, here.base)
    assert log == []


def test_an_update_that_could_not_be_taken_back_is_taken_back() -> None:
    log: list[str] = []
    here = place_of(CloudFormation(log, "UPDATE_ROLLBACK_FAILED", []))
    assert here.base.settle() == "UPDATE_ROLLBACK_COMPLETE"
    assert log == [f"continue {NAME}-base"]


def test_an_update_that_cannot_be_taken_back_twice_is_named() -> None:
    double = CloudFormation([], "UPDATE_ROLLBACK_FAILED", [])
    double.after_rollback = "UPDATE_ROLLBACK_FAILED"
    with pytest.raises(DeployError, match="cannot roll back its last change"):
        place_of(double).base.settle()


def test_buckets_that_go_with_their_stack_are_emptied_first(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    resources = [
        ("StaticBucket", "AWS::S3::Bucket", f"{NAME}-static-{ACCOUNT}", "CREATE_COMPLETE"),
        ("UploadBucket", "AWS::S3::Bucket", f"{NAME}-uploads-{ACCOUNT}", "CREATE_COMPLETE"),
    ]
    monkeypatch.setattr(zappa_settings, "read_stages", dict)
    here = place_of(CloudFormation(log, "DELETE_FAILED", resources), Buckets(log), Dashboards())
    retained = down.remove_stage(here)
    assert [resource["LogicalResourceId"] for resource in retained] == ["UploadBucket"]
    static = f"{NAME}-static-{ACCOUNT}"
    assert log == [f"empty {static}: a@2, a@1", f"empty {static}: b@3", f"delete {NAME}-base"]


def test_an_object_that_s3_does_not_delete_is_named() -> None:
    double = Buckets([])
    double.refused = [{"Key": "a", "Code": "AccessDenied", "Message": "Access Denied"}]
    with pytest.raises(DeployError, match="1 objects of held could not be deleted, such as a: Access Denied"):
        removal.empty_bucket(place_of(double), "held")
