"""What the local AWS lacks, by name: each part that the rehearsal stubs, what stands in for it, and why.

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
    Stub("CloudFormation", "AWS::Budgets::Budget", "made by ministack's own Budgets", "has no such type"),
    Stub("CloudFormation", "AWS::CloudFront::KeyGroup", "made by ministack's own CloudFront", "has no such type"),
    Stub("CloudFormation", "AWS::CloudFront::PublicKey", "made by ministack's own CloudFront", "has no such type"),
    Stub("CloudFormation", "alarm on metric math", "stands, and never rings", "has alarms on one metric only"),
    Stub("CloudFormation", "import", "takes over network, database and secrets too", "imports fewer types than AWS"),
    Stub("EC2", "DescribeSecurityGroups by description", "finds the group", "ignores this filter"),
    # Aurora: tests/e2e/aurora.py.
    Stub("RDS", "AWS::RDS::DBCluster", "a PostgreSQL behind TLS on loopback", "makes databases with Docker only"),
    Stub(
        "RDS",
        "sign-in by IAM",
        "the token's signature, and the role's right to this cluster's resource id, are checked as ministack does for "
        "MySQL",
        "knows it for MySQL only",
    ),
    Stub(
        "RDS",
        "RestoreDBClusterToPointInTime",
        "PostgreSQL's own recovery to that moment, from its log",
        "has no such operation",
    ),
    Stub("RDS", "ModifyDBCluster", "takes a new name for a cluster, and RDS's own secret", "ignores both"),
    Stub("RDS", "ModifyDBInstance", "takes a new name for an instance", "ignores it"),
    Stub("RDS", "DeleteDBCluster", "ends the PostgreSQL, and keeps the last snapshot", "keeps no snapshot"),
    Stub("RDS Data API", "ExecuteStatement", "the statement runs in the PostgreSQL", "knows no PostgreSQL of ours"),
    Stub(
        "CloudWatch",
        "ServerlessDatabaseCapacity",
        "0 after 70 s without a connection; the next connection waits 3 s",
        "no database there pauses",
    ),
    Stub("RDS", "global-bundle.pem", "an authority made for the run", "its address is not on loopback"),
    # What is served: tests/e2e/edge.py and tests/e2e/rehearse.py.
    Stub(
        "CloudFront",
        "edge",
        "reads the distribution's behaviors, keys and invalidations from ministack, and the buckets; keeps an answer "
        "until it is invalidated",
        "keeps distributions and serves none",
    ),
    Stub("API Gateway", "host name", "its host name leads to ministack's path", "has no names on loopback"),
    # What the template can switch off.
    Stub("Rekognition", "DetectLabels", "Labels=false", "has no Rekognition"),
    Stub("S3", "TLS", "TlsOnly=false", "speaks http on loopback"),
    Stub("VPC", "routes", "endpoints and groups are made; functions run on this machine", "has no network"),
    Stub("Lambda", "boto3 of the runtime", "the locked boto3 on PYTHONPATH", "runs functions in its own Python"),
    Stub(
        "Lambda",
        "function that is replaced at work",
        "VisibilityTimeout=20, MaxReceiveCount=20, and a request that was lost is sent again",
        "ends it, where Lambda lets it finish",
    ),
)


def as_markdown() -> str:
    """Return the list as the table of docs/operations.md."""
    rows = ["| Service | Part | What stands in for it | The local AWS |", "| --- | --- | --- | --- |"]
    return "\n".join([*rows, *(f"| {one.service} | {one.part} | {one.does} | {one.why} |" for one in STUBS)])


if __name__ == "__main__":
    print(as_markdown())
