"""The network stands in zones that have all it needs."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from deploy import template
from deploy.errors import DeployError
from deploy.stack.zones import SERVICES, choose_zones
from deploy.stage import Stage

REGION = "us-east-1"


@pytest.fixture
def ec2() -> Iterator[Stubber]:
    """Give EC2 with answers of our own, which must be such as botocore's model knows."""
    client = boto3.client("ec2", region_name=REGION, aws_access_key_id="example", aws_secret_access_key="example")
    with Stubber(client) as stub:
        yield stub


def make_stage(stub: Stubber) -> Stage:
    return Stage("mediahub", "production", REGION, lambda _: stub.client)


def answer(stub: Stubber, zones: dict[str, str], subnets: dict[str, str] | None = None) -> None:
    """Have EC2 know these services, each in zones by their letters, and subnets by theirs."""
    for letter in "ab":
        zone = (subnets or {}).get(letter)
        offered_zones: list[dict[str, Any]] = [{"AvailabilityZone": zone}] if zone else []
        stub.add_response("describe_subnets", {"Subnets": offered_zones}, {"Filters": ANY})
    details = [
        {
            "ServiceName": f"com.amazonaws.{REGION}.{name}",
            "AvailabilityZones": [f"{REGION}{letter}" for letter in letters],
        }
        for name, letters in zones.items()
    ]
    stub.add_response("describe_vpc_endpoint_services", {"ServiceDetails": details}, {"Filters": ANY})


def test_subnets_stand_in_the_zones_that_were_chosen() -> None:
    resources = template.compose()["Resources"]
    zones = [resources[name]["Properties"]["AvailabilityZone"] for name in ("SubnetA", "SubnetB")]
    assert zones == [{"Ref": "ZoneA"}, {"Ref": "ZoneB"}]


def test_zones_without_lambda_or_an_endpoint_are_left_out(ec2: Stubber) -> None:
    answer(ec2, {**dict.fromkeys(SERVICES, "abcdef"), "lambda": "bcdef", "rekognition": "abdef"})
    assert choose_zones(make_stage(ec2), {}) == {"ZoneA": "us-east-1b", "ZoneB": "us-east-1d"}


def test_a_service_that_the_region_lacks_excludes_no_zone(ec2: Stubber) -> None:
    answer(ec2, {name: "abc" for name in SERVICES if name != "rekognition"})
    assert choose_zones(make_stage(ec2), {}) == {"ZoneA": "us-east-1a", "ZoneB": "us-east-1b"}


def test_zones_that_were_chosen_stay(ec2: Stubber) -> None:
    assert choose_zones(make_stage(ec2), {"ZoneA": "us-east-1c", "ZoneB": "us-east-1f"}) == {}


def test_subnets_that_outlived_a_stack_say_where_they_are(ec2: Stubber) -> None:
    answer(ec2, {}, subnets={"a": "us-east-1c", "b": "us-east-1f"})
    assert choose_zones(make_stage(ec2), {}) == {"ZoneA": "us-east-1c", "ZoneB": "us-east-1f"}


@pytest.mark.parametrize("zones", [{}, {**dict.fromkeys(SERVICES, "ab"), "lambda": "a"}])
def test_a_region_with_too_few_zones_is_named(ec2: Stubber, zones: dict[str, str]) -> None:
    answer(ec2, zones)
    with pytest.raises(DeployError, match=r"Fewer than two zones of us-east-1 .* --set ZoneA=… --set ZoneB=…"):
        choose_zones(make_stage(ec2), {})
