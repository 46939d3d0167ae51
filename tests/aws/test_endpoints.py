"""What a role is granted reaches its service: the network's endpoints let it through."""

from collections.abc import Iterator

import pytest

from tests.aws.compositions import COMPOSITIONS, EVERYTHING, compose, compose_workers
from tests.aws.iam import (
    BROWSER,
    IN_THE_NETWORK,
    Decision,
    Request,
    decide,
    endpoints,
    identity_policy,
    may,
)
from tests.aws.rendered import Rendered

LAMBDA = "lambda.amazonaws.com"
# What the code of a role does not do itself: a browser does it by a link of mediahub/uploads/tickets.py, Lambda does it
# before and around the code, API Gateway calls the function with the function's role.
BY_OTHERS = {
    "s3:AbortMultipartUpload": BROWSER,
    "s3:ListMultipartUploadParts": BROWSER,
    "lambda:InvokeFunction": "apigateway.amazonaws.com",
    "logs:CreateLogStream": LAMBDA,
    "logs:PutLogEvents": LAMBDA,
    "ec2:CreateNetworkInterface": LAMBDA,
    "ec2:DescribeNetworkInterfaces": LAMBDA,
    "ec2:DescribeSubnets": LAMBDA,
    "ec2:DeleteNetworkInterface": LAMBDA,
    "ec2:AssignPrivateIpAddresses": LAMBDA,
    "ec2:UnassignPrivateIpAddresses": LAMBDA,
}


def granted(stack: Rendered, role: str) -> Iterator[tuple[str, str]]:
    """Yield each action with an example of each resource that a role's policy allows it on."""
    for statement in identity_policy(stack, role):
        if statement["Effect"] != "Allow":
            continue
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield action, resource if resource == "*" else resource.replace("*", "x").replace("?", "x")


def around(stack: Rendered, action: str) -> dict[str, str]:
    """Return the condition keys that AWS adds to an action: a key of KMS is only used through another service."""
    return {"kms:ViaService": f"s3.{stack.region}.amazonaws.com"} if action.startswith("kms:") else {}


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_what_a_role_may_do_passes_the_endpoint_on_its_way(composition: str) -> None:
    stack = compose(composition)
    refused = [
        f"{role} {action} on {resource}: {'; '.join(verdict.refusals)}"
        for role in IN_THE_NETWORK
        if role in stack.resources
        for action, resource in granted(stack, role)
        if not (verdict := may(stack, role, action, resource, around(stack, action), by=BY_OTHERS.get(action, "")))
    ]
    assert refused == []


def test_tasks_get_their_image_and_write_their_log() -> None:
    stack, workers = compose(EVERYTHING), compose_workers()
    refused = [
        f"{action}: {'; '.join(verdict.refusals)}"
        for action, resource in granted(workers, "ExecutionRole")
        if not (verdict := may(workers, "ExecutionRole", action, resource, network=stack))
    ]
    assert refused == []
    # "Amazon ECR interface VPC endpoints": layers lie in a bucket of Amazon's, named by region.
    layers = Request("s3:GetObject", f"arn:aws:s3:::prod-{stack.region}-starport-layer-bucket/layer")
    for name in endpoints(stack, "s3:GetObject"):
        assert decide(stack.properties(name)["PolicyDocument"]["Statement"], layers) is Decision.ALLOWED


@pytest.mark.parametrize("composition", COMPOSITIONS)
def test_an_endpoint_lets_nothing_through_that_no_role_may_do(composition: str) -> None:
    stack = compose(composition)
    wide: list[str] = []
    may_do = {action for role in IN_THE_NETWORK if role in stack.resources for action, _ in granted(stack, role)}
    if "Workers" in composition:
        may_do |= {action for action, _ in granted(compose_workers(), "ExecutionRole")}
    for name in stack.of_type("AWS::EC2::VPCEndpoint"):
        for statement in stack.properties(name)["PolicyDocument"]["Statement"]:
            wide += [f"{name}: {action}" for action in _listed(statement["Action"]) if action not in may_do]
    assert wide == []
