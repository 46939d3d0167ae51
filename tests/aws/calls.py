"""`python -m tests.aws.calls`: the calls that a whole run of the suite recorded, against those of the repository.

`recorded_calls.json` holds them, so that a change of them is seen in a review, and so that the rules of AWS are held
against them in milliseconds. `--write` takes over what was recorded.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.aws.iam import BROWSER, Verdict, applies, identity_policy, may, request_of
from tests.aws.recording import Call
from tests.aws.rendered import Rendered, render_stack

FILE = Path(__file__).parent / "recorded_calls.json"
# Where `python -m tests` leaves what it recorded.
RECORDED = Path("var/test")
COMPOSITIONS: dict[str, dict[str, Any]] = {
    "closed network": {"Workers": "true"},
    "network by IPv6": {"Network": "ipv6"},
    "database of yours": {"Database": "own"},
    "proxy": {"DatabaseProxy": "true", "Zones": 2},
}
ROLES = {"web": "WebRole", "worker": "WorkerRole", "bulk": "BulkRole"}
BUCKETS = {"uploads": "UploadBucket", "renditions": "RenditionBucket"}
QUEUES = {"uploads": "UploadQueue", "dead-letters": "DeadLetterQueue", "bulk": "BulkQueue", "cdn": "CdnQueue"}
# Where an operation is authorized under another name, or under several: "Actions, resources, and condition keys for
# Amazon S3 / SQS / DynamoDB" (Service Authorization Reference) and "Required permissions for Amazon S3 API operations".
ACTIONS = {
    "PostObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "ListParts": "s3:ListMultipartUploadParts",
    "CopyObject": "s3:PutObject",
    "HeadObject": "s3:GetObject",
    "HeadBucket": "s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "GetBucketCors": "s3:GetBucketCORS",
    "SendMessageBatch": "sqs:SendMessage",
    "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
}
IN_TRANSACTIONS = {
    "Put": "dynamodb:PutItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
# What S3 and SQS ask of KMS in the caller's name: "Using SSE-KMS" (S3 user guide), "Key management" (SQS guide).
BY_KMS = {
    "s3:PutObject": ("kms:GenerateDataKey",),
    "s3:GetObject": ("kms:Decrypt",),
    "s3:GetObjectVersion": ("kms:Decrypt",),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
}
# Rights that no recorded call shows, by the statement that grants them: the roles that have them, and who uses them.
ALL = ("web", "worker", "bulk")
FUNCTIONS = ("web", "worker")
WORKERS = ("worker", "bulk")
BY_LAMBDA = "Lambda writes the code's output with the function's role."
IN_THE_NETWORK = "Lambda joins the network with the function's role before the code runs (Lambda developer guide, VPC)."
BY_KOMBU = (
    "Celery's consumer uses its own HTTP client instead of botocore's (kombu/asynchronous/aws/sqs/connection.py)."
)
NO_REKOGNITION = (
    "The local AWS has no Rekognition; tests/processing/test_labels.py checks the call against botocore's model."
)
WITHOUT_A_CALL: dict[tuple[str, str], tuple[tuple[str, ...], str]] = {
    ("ReadSecrets", "secretsmanager:GetSecretValue"): (
        ("web",),
        "Settings read the secret when a process starts.",
    ),
    ("SignInToTheDatabase", "rds-db:connect"): (
        ALL,
        "The process signs the token itself and sends it to the database.",
    ),
    ("ApiGatewayCallsTheFunction", "lambda:InvokeFunction"): (
        ("web",),
        "API Gateway calls the function with this role; the function's own code may not.",
    ),
    ("WriteLogs", "logs:CreateLogStream"): (FUNCTIONS, BY_LAMBDA),
    ("WriteLogs", "logs:PutLogEvents"): (FUNCTIONS, BY_LAMBDA),
    ("JoinTheNetwork", "ec2:CreateNetworkInterface"): (FUNCTIONS, IN_THE_NETWORK),
    ("JoinTheNetwork", "ec2:DescribeNetworkInterfaces"): (FUNCTIONS, IN_THE_NETWORK),
    ("JoinTheNetwork", "ec2:DescribeSubnets"): (FUNCTIONS, IN_THE_NETWORK),
    ("JoinTheNetwork", "ec2:DeleteNetworkInterface"): (FUNCTIONS, IN_THE_NETWORK),
    ("JoinTheNetwork", "ec2:AssignPrivateIpAddresses"): (FUNCTIONS, IN_THE_NETWORK),
    ("JoinTheNetwork", "ec2:UnassignPrivateIpAddresses"): (FUNCTIONS, IN_THE_NETWORK),
    ("SeeWhatIsMissing", "s3:ListBucket"): (
        WORKERS,
        "Without it S3 answers 403 instead of 404 for an object that is gone.",
    ),
    ("Label", "rekognition:DetectLabels"): (("bulk",), NO_REKOGNITION),
    ("Label", "rekognition:DetectModerationLabels"): (WORKERS, NO_REKOGNITION),
    ("TellTheCdn", "sqs:SendMessage"): (
        WORKERS,
        "Only a stage with CloudFront has the queue (tests/deploy/test_cdn.py).",
    ),
    ("WriteTheMirror", "dynamodb:DeleteItem"): (
        ("bulk",),
        "A tag that was removed leaves the mirror (delivery/mirror.py).",
    ),
    ("WriteRenditions", "s3:DeleteObject"): (
        ("bulk",),
        "Public copies of unpublished images are deleted (delivery/public.py).",
    ),
    ("AskTheWorkers", "sqs:SendMessage"): (
        ("bulk",),
        "A new revision requests a mirror update (library/revisions.py).",
    ),
    ("WorkOnTheQueue", "sqs:ReceiveMessage"): (("bulk",), BY_KOMBU),
    ("WorkOnTheQueue", "sqs:ChangeMessageVisibility"): (("bulk",), "Celery hides a task that it rejects for a while."),
    ("WorkOnTheQueue", "sqs:SendMessage"): (("bulk",), "A chunk that another worker holds is requested again later."),
}
# Parts of an upload are encrypted under the key of the first, which S3 has to decrypt.
IN_PARTS = ("UploadPart", "CompleteMultipartUpload", "ListParts")
SSE = "s3:x-amz-server-side-encryption"


class Need(NamedTuple):
    """One action on one resource that a call asks for, with the keys that the request itself brings."""

    action: str
    resource: str
    context: dict[str, str]


def read() -> list[Call]:
    """Return the calls of the repository."""
    return [Call(*parts) for parts in json.loads(FILE.read_text())]


def needs(stack: Rendered, call: Call) -> Iterator[Need]:
    """Yield what a call asks for: its own action, and what a service asks of KMS for it."""
    action, resource, context = _action(call), _resource(stack, call), _context(stack, call)
    yield Need(action, resource, context)
    asked = ("kms:GenerateDataKey", "kms:Decrypt") if call.operation in IN_PARTS else BY_KMS.get(action, ())
    via = {"kms:ViaService": f"{call.service}.{stack.region}.amazonaws.com"}
    for key_action in asked:
        yield Need(key_action, stack.arn("Key"), via)


def judge(stack: Rendered, call: Call) -> list[str]:
    """Return why AWS would refuse the call; nothing when every policy in its way allows it."""
    verdicts: list[Verdict] = [
        may(stack, ROLES[call.role], *need, by=BROWSER if call.signed else "") for need in needs(stack, call)
    ]
    return [refusal for verdict in verdicts for refusal in verdict.refusals]


def unused(stack: Rendered, calls: Sequence[Call]) -> list[tuple[str, str, str]]:
    """Return each (role, Sid, action) that a role is granted and that no call of the product needs."""
    asked = [(call.role, need) for call in calls if not call.trial for need in needs(stack, call)]
    rows = []
    for role, logical in ROLES.items():
        for statement in identity_policy(stack, logical):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            for action in actions if statement["Effect"] == "Allow" else ():
                own = {**statement, "Action": action}
                used = any(applies(own, request_of(stack, logical, *need)) for who, need in asked if who == role)
                rows += [] if used else [(role, statement["Sid"], action)]
    return rows


def _action(call: Call) -> str:
    if call.operation == "TransactWriteItems":
        return IN_TRANSACTIONS[call.key]
    if call.encryption == "source" or call.operation == "GetObject":
        return "s3:GetObjectVersion" if call.version else "s3:GetObject"
    if call.version and call.operation == "HeadObject":
        return "s3:GetObjectVersion"
    if call.version and call.operation == "DeleteObject":
        return "s3:DeleteObjectVersion"
    return ACTIONS.get(call.operation, f"{call.service}:{call.operation}")


def _resource(stack: Rendered, call: Call) -> str:
    match call.service:
        case "s3":
            bucket = stack.arn(BUCKETS[call.resource])
            folder = "uploads/" if call.key == "*" else call.key.removesuffix("*")
            return f"{bucket}/{folder}1" if call.key else bucket
        case "sqs":
            return stack.arn(QUEUES[call.resource])
        case "dynamodb":
            return stack.arn("MirrorTable")
    return "*"


def _context(stack: Rendered, call: Call) -> dict[str, str]:
    algorithm, _, key = call.encryption.partition(" ")
    context = {"s3:signatureAge": "60000"} if call.signed else {}
    if key:
        context[SSE] = algorithm
    if key == "ours":
        context[f"{SSE}-aws-kms-key-id"] = stack.arn("Key")
    return context


def forget(folder: Path = RECORDED) -> None:
    """Remove what earlier runs recorded."""
    for path in folder.glob("calls-*.jsonl"):
        path.unlink()


def merge(folder: Path) -> set[Call]:
    """Return the calls of all processes of a run, which stand in a file for each."""
    return {Call(*entry) for entry in _read_lines(folder) if isinstance(entry, list)}


def find_refused(calls: Iterable[Call]) -> Iterator[str]:
    """Yield each call that AWS would refuse in one of the compositions, with the policies that say no."""
    for name, parameters in COMPOSITIONS.items():
        stack = render_stack(parameters)
        for call in calls:
            if refusals := judge(stack, call):
                yield f"{name}: {call.role} may not {call.service}.{call.operation}: {', '.join(refusals)}"


def find_faults(folder: Path) -> set[str]:
    """Return the parameters of a run that the service models do not allow."""
    return {entry["fault"] for entry in _read_lines(folder) if isinstance(entry, dict)}


def _read_lines(folder: Path) -> Iterator[Any]:
    for path in folder.glob("calls-*.jsonl"):
        yield from map(json.loads, path.read_text().splitlines())


def format_rights(calls: Sequence[Call]) -> str:
    """Return how many calls each role was seen to make, and the rights that none of them shows, in Markdown."""
    pairs = sorted({(call.role, f"{call.service}:{call.operation}") for call in calls})
    rows = [f"{len(pairs)} pairs of role and operation, each allowed by every policy that applies.", ""]
    rows += ["| Role | Operations |", "| --- | --- |"]
    rows += [f"| {role} | {', '.join(name for who, name in pairs if who == role)} |" for role in ROLES]
    rows += ["", "| Right without a recorded call | Statement | Roles | Who uses it |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `{action}` | `{sid}` | {', '.join(roles)} | {reason} |"
        for (sid, action), (roles, reason) in WITHOUT_A_CALL.items()
    ]
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare or take over; return 0 when AWS would have taken each call."""
    parser = argparse.ArgumentParser(prog="python -m tests.aws.calls", description=__doc__)
    parser.add_argument(
        "folder", type=Path, nargs="?", default=RECORDED, help="where the run left its state, such as var/test"
    )
    parser.add_argument("--write", action="store_true", help="take over what was recorded")
    parser.add_argument("--part", action="store_true", help="the run was a part of the suite: do not list what is gone")
    parser.add_argument("--rights", action="store_true", help="print what is called, and the rights without a call")
    options = parser.parse_args(arguments)
    if options.rights:
        print(format_rights(read()))
        return 0
    recorded, known = merge(options.folder), set(read())
    if options.write:
        FILE.write_text("[\n" + ",\n".join(json.dumps(call) for call in sorted(recorded)) + "\n]\n")
    for call in sorted(recorded - known):
        print(f"+ {call.role}: {call.service}.{call.operation} {call.resource} {call.key}")
    gone = set() if options.part else known - recorded
    for call in sorted(gone):
        print(f"- {call.role}: {call.service}.{call.operation} {call.resource} {call.key}")
    if (gone or recorded - known) and not options.write:
        print("Look at what is new (+) or gone (-), then run `python -m tests.aws.calls FOLDER --write`.")
    faults = find_faults(options.folder) | set(find_refused(recorded))
    for fault in sorted(faults):
        print(f"✗ {fault}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
