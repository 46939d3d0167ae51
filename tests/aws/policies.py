"""`python -m tests.aws.policies PARLIAMENT`: have parliament look through each policy of the templates.

A policy that hangs on a choice is judged in each form that it has. Trusts name no resource, which parliament asks for:
cfn-lint and test_trust.py look at those. What parliament does not know is waived below, each with a reason.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.aws.compositions import COMPOSITIONS, compose, compose_workers
from tests.aws.rendered import Rendered

# Issue, what its details match, and why it is none.
WAIVED = (
    (
        "RESOURCE_STAR",
        "",
        "tests/deploy/security.py lists the actions of roles that know no resource; a key's policy is about the key, "
        "and an endpoint's names the account.",
    ),
    (
        "UNKNOWN_CONDITION_FOR_ACTION",
        "lambda:SourceFunctionArn",
        "Lambda sends it with each call of a function's code, whatever the action: "
        '"Working with Lambda execution environment credentials".',
    ),
    (
        "UNKNOWN_CONDITION_FOR_ACTION",
        "s3:signatureAge",
        "It is in every request whose signature has an age, and absent from the others, which the rule lets be.",
    ),
    (
        "UNKNOWN_CONDITION_FOR_ACTION",
        "kms:EncryptionContext:aws:logs:arn for action kms:Describe",
        'The statement is that of "Encrypt log data in CloudWatch Logs using AWS KMS".',
    ),
    (
        "MISMATCHED_TYPE",
        "ArnLike requires a value of type Arn but given String",
        'The statement is that of "Encrypt log data in CloudWatch Logs using AWS KMS".',
    ),
    (
        "MISMATCHED_TYPE_BUT_USABLE",
        "StringNotEquals requires a value of type String but given Arn",
        "A key's ARN is compared as a whole.",
    ),
)
# An action that does not exist: a linter that says nothing of it has looked at nothing.
CANARY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Nothing", "Resource": "*"}]}


def policies(stack: Rendered) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the document of each policy of a stack."""
    for name, part in stack.resources.items():
        properties = part["Properties"]
        for policy in properties.get("Policies", []):
            yield f"{name}-{policy['PolicyName']}", policy["PolicyDocument"]
        for key in ("PolicyDocument", "KeyPolicy"):
            if key in properties:
                yield name, properties[key]


def forms() -> dict[str, str]:
    """Return each policy of all compositions as JSON, by a name with the number of its form."""
    texts: dict[str, list[str]] = {}
    for composition in COMPOSITIONS:
        for stack in (compose(composition), compose_workers(composition)):
            for name, document in policies(stack):
                text = json.dumps(document, indent=1)
                if text not in texts.setdefault(name, []):
                    texts[name].append(text)
    return {f"{name}-{number}": text for name, statements in texts.items() for number, text in enumerate(statements, 1)}


def findings(parliament: str, texts: dict[str, str]) -> list[dict[str, Any]]:
    """Return what parliament finds in these policies; raises RuntimeError when it did not look at them."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**texts, "canary": json.dumps(CANARY)}.items():
            (Path(folder) / f"{name}.json").write_text(text)
        command = [parliament, "--directory", folder, "--json"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    findings_of_run = [json.loads(line) for line in run.stdout.splitlines()]
    of_canary = [one["issue"] for one in findings_of_run if one["location"]["filepath"].endswith("canary.json")]
    if "UNKNOWN_ACTION" not in of_canary or "Traceback" in run.stderr:
        raise RuntimeError(f"parliament did not look through the policies:\n{run.stderr}")
    return [one for one in findings_of_run if not one["location"]["filepath"].endswith("canary.json")]


def is_waived(finding: dict[str, Any]) -> bool:
    """Return whether a finding is one of those that have a reason."""
    detail = json.dumps(finding["detail"])
    return any(finding["issue"] == issue and re.search(pattern, detail) for issue, pattern, _ in WAIVED)


def main(parliament: str) -> int:
    """Print what is not waived; return 0 when there is nothing."""
    texts = forms()
    faults = [finding for finding in findings(parliament, texts) if not is_waived(finding)]
    for finding in faults:
        place = Path(finding["location"]["filepath"]).stem
        print(f"{place}: {finding['issue']} {finding['title']} {json.dumps(finding['detail'])}")
    print(f"{len(texts)} policies, {len(faults)} faults found by parliament")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
