"""Aurora from the operator's side: its description, and MediaHub's user in it, by the Data API."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from deploy.errors import DeployError
from deploy.stage import Stage

# The database's owner creates MediaHub's user, which has no password and signs in by IAM.
CREATE_USER = (
    "DO $$ BEGIN CREATE ROLE mediahub LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "GRANT rds_iam TO mediahub",
    "GRANT ALL ON DATABASE mediahub TO mediahub",
    "GRANT ALL ON SCHEMA public TO mediahub",
)
# Errors of a database that is resuming from a pause, and of a restored one that does not have the Data API yet.
# Source: botocore's model of rds-data; "Troubleshooting Amazon RDS Data API issues", Aurora user guide.
NOT_READY = {
    "DatabaseResumingException",
    "DatabaseUnavailableException",
    "HttpEndpointNotEnabledException",
    "InvalidResourceStateException",
    "StatementTimeoutException",
}
MOST_RESUME_SECONDS = 600


def find_cluster(stage: Stage, name: str) -> dict[str, Any] | None:
    """Return the description of a cluster; None if there is none of this name."""
    try:
        [cluster] = stage.client("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "DBClusterNotFoundFault":
            return None
        raise
    return dict(cluster)


def read_resource_id(stage: Stage) -> str:
    """Return the id by which roles name the stage's database, which a restore changes; empty if there is none yet."""
    return str((find_cluster(stage, stage.full_name) or {}).get("DbClusterResourceId", ""))


def create_user(stage: Stage, name: str) -> None:
    """Create MediaHub's user in a cluster by the Data API, which needs no access to the network."""
    cluster = find_cluster(stage, name)
    if cluster is None:
        raise DeployError(f"There is no database {name}. Run `python -m deploy stack {stage.name}`.")
    for sql in CREATE_USER:
        execute_sql(stage, cluster, sql)


def execute_sql(stage: Stage, cluster: Mapping[str, Any], sql: str) -> dict[str, Any]:
    """Run one statement as the database's owner, once it has resumed; raise DeployError when it does not resume."""
    client = stage.client("rds-data")
    request = {
        "resourceArn": cluster["DBClusterArn"],
        "secretArn": cluster["MasterUserSecret"]["SecretArn"],
        "database": "mediahub",
        "sql": sql,
    }
    until, is_reported = time.monotonic() + MOST_RESUME_SECONDS, False
    while time.monotonic() < until:
        try:
            return dict(client.execute_statement(**request))
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_READY:
                raise
        if not is_reported:
            stage.report("  waiting for the database to resume")
            is_reported = True
        time.sleep(stage.poll_seconds)
    raise DeployError(
        f"The database {cluster['DBClusterIdentifier']} did not resume in {MOST_RESUME_SECONDS // 60} minutes. See its "
        "events in the RDS console, and run the command again."
    )


def wait_until(stage: Stage, condition: str, holds: Callable[[], bool], seconds: float = 3600) -> None:
    """Wait until a condition holds; raise DeployError with the condition when it does not."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(stage.poll_seconds)
    raise DeployError(f"Gave up waiting until {condition}. See the RDS console, and run the same command again.")
