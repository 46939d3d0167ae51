"""List the parts of AWS that the local AWS lacks: each part that the rehearsal stubs, its stand-in, and why.

`python -m tests.e2e.stubs` prints the list as docs/operations.md has it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stub:
    """One part of AWS that is not ministack's own: a resource type, an operation, or a way between two parts."""

    service: str
    part: str
    does: str
    why: str


STUBS = (
    # Resource types of CloudFormation: tests/e2e/provisioners.py.
    Stub("CloudFormation", "AWS::Budgets::Budget", "created with ministack's own Budgets", "has no such type"),
    Stub("CloudFormation", "AWS::CloudFront::KeyGroup", "created with ministack's own CloudFront", "has no such type"),
    Stub("CloudFormation", "AWS::CloudFront::PublicKey", "created with ministack's own CloudFront", "has no such type"),
    Stub("CloudFormation", "alarm on metric math", "exists, but never rings", "supports alarms on one metric only"),
    Stub("CloudFormation", "import", "also takes over network, database, and secrets", "imports fewer types than AWS"),
    Stub("EC2", "DescribeSecurityGroups by description", "finds the group", "ignores this filter"),
    # Aurora: tests/e2e/aurora.py.
    Stub("RDS", "AWS::RDS::DBCluster", "a PostgreSQL behind TLS on loopback", "creates databases with Docker only"),
    Stub(
        "RDS",
        "sign-in by IAM",
        "checks the token's signature and the role's right to this cluster's resource id, as ministack does for MySQL",
        "supports it for MySQL only",
    ),
    Stub(
        "RDS",
        "RestoreDBClusterToPointInTime",
        "PostgreSQL's own point-in-time recovery, from its log",
        "has no such operation",
    ),
    Stub("RDS", "ModifyDBCluster", "accepts a new name for a cluster, and RDS's own secret", "ignores both"),
    Stub("RDS", "ModifyDBInstance", "accepts a new name for an instance", "ignores it"),
    Stub("RDS", "DeleteDBCluster", "stops the PostgreSQL and keeps a final snapshot", "keeps no snapshot"),
    Stub("RDS Data API", "ExecuteStatement", "runs the statement in the PostgreSQL", "does not know this PostgreSQL"),
    Stub(
        "CloudWatch",
        "ServerlessDatabaseCapacity",
        "0 after 70 s without a connection; the next connection waits 3 s",
        "its databases do not pause",
    ),
    Stub(
        "RDS",
        "global-bundle.pem",
        "a certificate authority created for the run",
        "the file's address is not on loopback",
    ),
    # What is served: tests/e2e/edge.py and tests/e2e/rehearse.py.
    Stub(
        "CloudFront",
        "edge",
        "reads the distribution's behaviors, keys, and invalidations from ministack, and files from the buckets; "
        "caches an answer until it is invalidated",
        "stores distributions but does not serve them",
    ),
    Stub("API Gateway", "host name", "maps the host name to ministack's path", "has no host names on loopback"),
    # What the template can switch off.
    Stub("Rekognition", "DetectLabels", "Labels=false", "has no Rekognition"),
    Stub("S3", "TLS", "TlsOnly=false", "speaks http on loopback"),
    Stub("VPC", "routes", "creates endpoints and groups; functions run on this machine", "has no network"),
    Stub("Lambda", "boto3 of the runtime", "puts the locked boto3 on PYTHONPATH", "runs functions in its own Python"),
    Stub(
        "Lambda",
        "a function replaced while it works",
        "VisibilityTimeout=20 and MaxReceiveCount=20; a lost request is sent again",
        "stops it, where Lambda lets it finish",
    ),
)


def as_markdown() -> str:
    """Return the list as the table of docs/operations.md."""
    rows = ["| Service | Part | What stands in for it | The local AWS |", "| --- | --- | --- | --- |"]
    return "\n".join([*rows, *(f"| {one.service} | {one.part} | {one.does} | {one.why} |" for one in STUBS)])


if __name__ == "__main__":
    print(as_markdown())
