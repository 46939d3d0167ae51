"""Aurora from the operator's side: what it is, and MediaHub's user in it, through the Data API."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from deploy.errors import DeployError
from deploy.stage import Place

# Roles of the database: its owner makes MediaHub's, which has no password and signs in by IAM.
SIGN_IN = (
    "DO $$ BEGIN CREATE ROLE mediahub LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "GRANT rds_iam TO mediahub",
    "GRANT ALL ON DATABASE mediahub TO mediahub",
    "GRANT ALL ON SCHEMA public TO mediahub",
)
# A database that paused answers so until it has woken, and a restored one until it has the Data API.
# Source: botocore's model of rds-data; "Troubleshooting Amazon RDS Data API issues", Aurora user guide.
NOT_YET = {
    "DatabaseResumingException",
    "DatabaseUnavailableException",
    "HttpEndpointNotEnabledException",
    "InvalidResourceStateException",
    "StatementTimeoutException",
}
WAKES_WITHIN = 600


def find_cluster(place: Place, name: str) -> dict[str, Any] | None:
    """Return what RDS knows of a cluster; None when there is none of this name."""
    try:
        [cluster] = place.clients("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "DBClusterNotFoundFault":
            return None
        raise
    return dict(cluster)


def read_resource_id(place: Place) -> str:
    """Return the id by which roles name the stage's database, which a restore changes; empty before there is one."""
    return str((find_cluster(place, place.name) or {}).get("DbClusterResourceId", ""))


def make_user(place: Place, name: str) -> None:
    """Make MediaHub's user in a cluster through the Data API, which needs no way into the network."""
    cluster = find_cluster(place, name)
    if cluster is None:
        raise DeployError(f"There is no database {name}. Run `python -m deploy stack {place.stage}`.")
    for sql in SIGN_IN:
        execute(place, cluster, sql)


def execute(place: Place, cluster: Mapping[str, Any], sql: str) -> dict[str, Any]:
    """Run one statement as the database's owner, once it is awake; raises DeployError when it does not wake."""
    client = place.clients("rds-data")
    asked = {
        "resourceArn": cluster["DBClusterArn"],
        "secretArn": cluster["MasterUserSecret"]["SecretArn"],
        "database": "mediahub",
        "sql": sql,
    }
    until, is_told = time.monotonic() + WAKES_WITHIN, False
    while time.monotonic() < until:
        try:
            return dict(client.execute_statement(**asked))
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_YET:
                raise
        if not is_told:
            place.say("  the database wakes")
            is_told = True
        time.sleep(place.pause)
    raise DeployError(
        f"The database {cluster['DBClusterIdentifier']} has not woken in {WAKES_WITHIN // 60} minutes. Look at its "
        "events in the RDS console, and run the command again."
    )


def wait_until(place: Place, what: str, is_so: Callable[[], bool], seconds: float = 3600) -> None:
    """Wait until something is so; raises DeployError with what it was."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_so():
            return
        time.sleep(place.pause)
    raise DeployError(f"{what} is not so after an hour. Look at the RDS console, and run the same command again.")
