"""The function that tells CloudFront: what stands in the template is run as it stands there."""

import json
import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

from deploy.template import compose
from mediahub.local import stack
from mediahub.local.emulator import find_root_key
from processing import SPECS
from tests.children import environment

SOURCE = compose()["Resources"]["CdnFunction"]["Properties"]["Code"]["ZipFile"]
PROGRAM = """
import json, sys
exec(sys.argv[1])
for event in json.loads(sys.argv[2]):
    handler(event, None)
"""


def event(*messages: tuple[str, list[str]]) -> dict[str, Any]:
    return {"Records": [{"messageId": name, "body": json.dumps({"paths": paths})} for name, paths in messages]}


@pytest.fixture
def distribution(local_aws: stack.Stack) -> tuple[Any, str]:
    """CloudFront's API on the local AWS, and a distribution there."""
    client = stack.root_client("cloudfront", str(settings.AWS_ENDPOINT_URL))
    created = client.create_distribution(
        DistributionConfig={
            "CallerReference": str(uuid4()),
            "Comment": "",
            "Enabled": True,
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {"Id": "o", "DomainName": "o.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
                ],
            },
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
        }
    )
    return client, str(created["Distribution"]["Id"])


def run(distribution_id: str, *events: dict[str, Any], before: str = "") -> None:
    event = {
        "AWS_ENDPOINT_URL": str(settings.AWS_ENDPOINT_URL),
        "DISTRIBUTION": distribution_id,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    keys = {"AWS_ACCESS_KEY_ID": find_root_key(str(settings.AWS_ENDPOINT_URL)), "AWS_SECRET_ACCESS_KEY": "x"}
    bare = {name: value for name, value in environment("worker").items() if name != "AWS_PROFILE"}
    command = [sys.executable, "-c", before + PROGRAM, SOURCE, json.dumps(events)]
    subprocess.run(command, env={**bare, **event, **keys}, check=True, timeout=300, capture_output=True)


def test_each_path_is_told_once_and_a_repeated_message_is_no_second_order(distribution: tuple[Any, str]) -> None:
    client, distribution_id = distribution
    first = event(("a", ["/public/1/large.jpg"]), ("b", ["/public/1/*", "/public/1/large.jpg"]))
    run(distribution_id, first, first)
    listed = client.list_invalidations(DistributionId=distribution_id)["InvalidationList"]["Items"]
    orders = [
        client.get_invalidation(DistributionId=distribution_id, Id=one["Id"])["Invalidation"]["InvalidationBatch"]
        for one in listed
    ]
    assert {tuple(order["Paths"]["Items"]) for order in orders} == {("/public/1/*", "/public/1/large.jpg")}
    # CloudFront takes an order with the same reference for the same order.
    assert len({order["CallerReference"] for order in orders}) == 1


def orders(client: Any, distribution_id: str) -> list[tuple[str, ...]]:
    """Return the paths of each invalidation, in no order: several are of one second."""
    listed = client.list_invalidations(DistributionId=distribution_id)["InvalidationList"]["Items"]
    batches = [
        client.get_invalidation(DistributionId=distribution_id, Id=one["Id"])["Invalidation"]["InvalidationBatch"]
        for one in listed
    ]
    return [tuple(batch["Paths"]["Items"]) for batch in batches]


def image_paths(number: int) -> list[str]:
    names = (*(spec.name for spec in SPECS), "square", "wide")
    return [f"/public/{number}/{name}.{suffix}" for name in names for suffix in ("jpg", "avif")]


# What a batch of messages holds, and the paths that CloudFront is asked for.
BATCHES: dict[str, tuple[list[list[str]], tuple[str, ...]]] = {
    "few files of one image": ([image_paths(1)[:5]], tuple(sorted(image_paths(1)[:5]))),
    # Its folder, for its files are many.
    "one image": ([image_paths(1)], ("/public/1/*",)),
    # Their folders, each of which is paid for once.
    "three images": ([image_paths(n) for n in (1, 2, 3)], ("/public/1/*", "/public/2/*", "/public/3/*")),
    "one image twice": ([["/public/1/*"], image_paths(1)], ("/public/1/*",)),
    "five folders": ([[f"/public/{n}/*"] for n in range(5)], tuple(f"/public/{n}/*" for n in range(5))),
    # Whatever a batch holds is one wildcard then: CloudFront has no more than fifteen in progress.
    "six folders": ([[f"/public/{n}/*"] for n in range(6)], ("/public/*",)),
    "a hundred folders": ([[f"/public/{n}/*"] for n in range(100)], ("/public/*",)),
    "a hundred images": ([image_paths(n) for n in range(100)], ("/public/*",)),
}


def test_a_batch_asks_for_few_paths(distribution: tuple[Any, str]) -> None:
    client, distribution_id = distribution
    events = [
        event(*((f"{name} {number}", paths) for number, paths in enumerate(messages)))
        for name, (messages, _) in BATCHES.items()
    ]
    run(distribution_id, *events)
    assert sorted(orders(client, distribution_id)) == sorted(paths for _, paths in BATCHES.values())


def test_what_cloudfront_refuses_for_now_goes_back_to_the_queue() -> None:
    """The function lets CloudFront's error through, and the mapping answers for all messages or none."""
    refusing = """
import botocore.client
def refuse(self, operation, asked):
    said = {"Error": {"Code": "TooManyInvalidationsInProgress"}}
    raise self.exceptions.TooManyInvalidationsInProgress(said, operation)
botocore.client.BaseClient._make_api_call = refuse
"""
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run("E1", event(("a", ["/public/1/*"])), before=refusing)
    assert b"TooManyInvalidationsInProgress" in failed.value.stderr
    resources = compose()["Resources"]
    assert "FunctionResponseTypes" not in resources["CdnMapping"]["Properties"]
    assert "RedrivePolicy" not in resources["CdnQueue"]["Properties"]


def test_the_queue_waits_as_long_as_lambda_asks() -> None:
    """Lambda developer guide, "Using Lambda with Amazon SQS": six times the function's time, and the window."""
    parts = {name: compose()["Resources"][name]["Properties"] for name in ("CdnQueue", "CdnFunction", "CdnMapping")}
    window = parts["CdnMapping"]["MaximumBatchingWindowInSeconds"]
    assert parts["CdnQueue"]["VisibilityTimeout"] >= 6 * parts["CdnFunction"]["Timeout"] + window
