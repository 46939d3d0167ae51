"""`python -m tests.aws.calls`: the calls that a whole run of the suite recorded, against those of the repository.

`recorded_calls.json` holds them, so that a change of them is seen in a review, and so that the rules of AWS are held
against them in milliseconds. `--write` takes over what was recorded.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.aws.iam import BROWSER, Verdict, applies, identity_policy, may, request_of
from tests.aws.recording import Call
from tests.aws.rendered import Rendered

FILE = Path(__file__).parent / "recorded_calls.json"
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


def merge(folder: Path) -> set[Call]:
    """Return the calls of all processes of a run, which stand in a file for each."""
    lines = [line for path in folder.glob("calls-*.jsonl") for line in path.read_text().splitlines()]
    return {Call(*json.loads(line)) for line in lines}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare or take over; return 0 when no call was made that the repository does not know."""
    parser = argparse.ArgumentParser(prog="python -m tests.aws.calls", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the run left its state, such as var/test")
    parser.add_argument("--write", action="store_true", help="take over what was recorded")
    options = parser.parse_args(arguments)
    recorded, known = merge(options.folder), set(read())
    if options.write:
        FILE.write_text("[\n" + ",\n".join(json.dumps(call) for call in sorted(recorded)) + "\n]\n")
    for call in sorted(recorded - known):
        print(f"+ {call.role}: {call.service}.{call.operation} {call.resource} {call.key}")
    for call in sorted(known - recorded):
        print(f"- {call.role}: {call.service}.{call.operation} {call.resource} {call.key}")
    new = recorded - known and not options.write
    if new:
        print("These calls are new (+). Look at them, then run `python -m tests.aws.calls FOLDER --write`.")
    return int(bool(new))


if __name__ == "__main__":
    sys.exit(main())
