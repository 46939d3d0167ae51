"""Aurora from the operator's side: its description, its users by the Data API, and sign-in as the tables' owner."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from deploy.errors import DeployError
from deploy.stage import Stage

# Owns the tables and is used for migrations only, by an operator's or the deployer's token.
OWNER = "mediahub"
# Each kind of process has a user of its own; `migrate` grants them their tables (mediahub/database_rights.py).
USERS = {"web": "mediahub_web", "worker": "mediahub_worker", "bulk": "mediahub_bulk"}
_ALL_USERS = (OWNER, *USERS.values())
# The cluster's owner creates these users, which have no password and sign in by IAM.
CREATE_USERS = (
    *(
        f"DO $$ BEGIN CREATE ROLE {user} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        for user in _ALL_USERS
    ),
    f"GRANT rds_iam TO {', '.join(_ALL_USERS)}",
    "REVOKE ALL ON DATABASE mediahub FROM PUBLIC",
    f"GRANT ALL ON DATABASE mediahub TO {OWNER}",
    f"GRANT ALL ON SCHEMA public TO {OWNER}",
    f"GRANT CONNECT ON DATABASE mediahub TO {', '.join(USERS.values())}",
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
PORT = 5432


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


def create_users(stage: Stage, name: str) -> None:
    """Create MediaHub's users in a cluster by the Data API, which needs no access to the network."""
    cluster = find_cluster(stage, name)
    if cluster is None:
        raise DeployError(f"There is no database {name}. Run `python -m deploy stack {stage.name}`.")
    for sql in CREATE_USERS:
        execute_sql(stage, cluster, sql)


def sign_in_as_owner(stage: Stage) -> dict[str, str]:
    """Return user and password of the tables' owner: a token of who runs this command, valid for 15 minutes.

    It is signed here, and no role of a process could sign it. Return nothing where the stage has no Aurora.
    """
    host = stage.base.read_outputs().get("DatabaseHost")
    if not host:
        return {}
    token = stage.client("rds").generate_db_auth_token(
        DBHostname=host, Port=PORT, DBUsername=OWNER, Region=stage.region
    )
    return {"user": OWNER, "password": token}


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
