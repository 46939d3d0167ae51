"""The function that tells CloudFront: what stands in the template is run as it stands there."""

import json
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

from deploy.template import compose
from mediahub.local import stack
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
    made = client.create_distribution(
        DistributionConfig={
            "CallerReference": "test",
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
    return client, str(made["Distribution"]["Id"])


def run(distribution_id: str, *events: dict[str, Any]) -> None:
    made = {
        "AWS_ENDPOINT_URL": str(settings.AWS_ENDPOINT_URL),
        "DISTRIBUTION": distribution_id,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    keys = {"AWS_ACCESS_KEY_ID": "000000000000", "AWS_SECRET_ACCESS_KEY": "x"}
    bare = {name: value for name, value in environment("worker").items() if name != "AWS_PROFILE"}
    command = [sys.executable, "-c", PROGRAM, SOURCE, json.dumps(events)]
    subprocess.run(command, env={**bare, **made, **keys}, check=True, timeout=60)


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
