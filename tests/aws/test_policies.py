"""The second linter is given every policy, and what is waived for it is narrow."""

import json
from pathlib import Path

import pytest

from tests.aws.compositions import EVERYTHING, compose, compose_workers
from tests.aws.policies import CANARY, WAIVED, findings, forms, is_waived, policies

PARLIAMENT = Path(__file__).resolve().parents[2] / ".venv-parliament" / "bin" / "parliament"


def test_each_role_endpoint_and_policy_is_looked_at() -> None:
    names = {name.split("-")[0] for stack in (compose(EVERYTHING), compose_workers()) for name, _ in policies(stack)}
    kinds = (
        "AWS::IAM::Role",
        "AWS::EC2::VPCEndpoint",
        "AWS::KMS::Key",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::QueuePolicy",
    )
    wanted = {name for stack in (compose(EVERYTHING), compose_workers()) for name in stack.of_type(*kinds)}
    assert wanted <= names
    assert len(forms()) > len(wanted), "a role has a form for each choice"


@pytest.mark.parametrize(
    ("issue", "detail"),
    [
        ("UNKNOWN_ACTION", "Unknown action s3:Nothing"),
        ("UNKNOWN_CONDITION_FOR_ACTION", "Unknown condition s3:prefix for action s3:GetObject"),
        ("MISMATCHED_TYPE", "Type mismatch: ArnLike requires a value of type Arn but given Bool"),
        ("RESOURCE_MISMATCH", ["s3:GetObject"]),
    ],
)
def test_other_faults_are_not_waived(issue: str, detail: object) -> None:
    assert not is_waived({"issue": issue, "detail": detail})


@pytest.mark.skipif(not PARLIAMENT.exists(), reason="`make lint` installs parliament")
def test_parliament_finds_nothing_but_what_is_waived_and_each_waiver_is_needed() -> None:
    all_findings = findings(str(PARLIAMENT), forms())
    assert [finding for finding in all_findings if not is_waived(finding)] == []
    needed = {issue for finding in all_findings for issue, pattern, _ in WAIVED if finding["issue"] == issue}
    assert needed == {issue for issue, _, _ in WAIVED}
    assert findings(str(PARLIAMENT), {"wrong": json.dumps(CANARY)})
