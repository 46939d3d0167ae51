"""Every service that functions call in the network has a way there: an endpoint, or a dual-stack host by IPv6.

Hosts are those of botocore's endpoints, and what Lambda takes is botocore's model of it.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.loaders import create_loader
from botocore.validate import ParamValidator

from deploy.errors import DeployError
from deploy.functions import zappa_settings
from deploy.stack import endpoints
from tests.aws.rendered import REGION, Rendered, render_settings, render_stack

ROOT = Path(__file__).resolve().parents[2]
[AWS] = [part for part in create_loader().load_data("endpoints")["partitions"] if part["partition"] == "aws"]
REGIONS = sorted(AWS["regions"])
pytestmark = pytest.mark.usefixtures("no_local_aws")
IPV6 = {"Database": "aurora", "Network": "ipv6"}
# A database's token is arithmetic, and `doctor` asks whose credentials it has only outside of functions.
NOT_ASKED = {"rds", "sts"}


@pytest.fixture
def no_local_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that go to AWS, as in a function."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


def read_called_services() -> set[str]:
    """Return the services for which code that runs in functions makes clients."""
    called: set[str] = set()
    for folder in ("mediahub", "processing"):
        for path in (ROOT / folder).rglob("*.py"):
            if "local" not in path.relative_to(ROOT).parts:
                called |= set(re.findall(r"\b(?:get_)?client\(\s*\"([a-z0-9-]+)\"", path.read_text()))
    return called - NOT_ASKED


def list_endpoints(stack: Rendered) -> dict[str, str]:
    """Return the endpoints of the network by service, and whether each is an interface or a gateway."""
    endpoints = [stack.properties(name) for name in stack.of_type("AWS::EC2::VPCEndpoint")]
    return {endpoint["ServiceName"].rsplit(".", 1)[-1]: endpoint["VpcEndpointType"] for endpoint in endpoints}


def test_the_hosts_are_named_for_what_the_code_calls() -> None:
    assert read_called_services() == {*endpoints.VARIABLES, *endpoints.BY_GATEWAY}


def test_a_closed_network_has_an_endpoint_for_each_service() -> None:
    ways = list_endpoints(render_stack())
    assert {name: ways.get(name) for name in endpoints.VARIABLES} == dict.fromkeys(endpoints.VARIABLES, "Interface")
    assert {name: ways.get(name) for name in endpoints.BY_GATEWAY} == dict.fromkeys(endpoints.BY_GATEWAY, "Gateway")


def test_a_network_by_ipv6_keeps_the_gateways_alone() -> None:
    assert list_endpoints(render_stack(IPV6)) == dict.fromkeys(endpoints.BY_GATEWAY, "Gateway")


@pytest.mark.parametrize("labels", ["true", "false"])
@pytest.mark.parametrize("region", REGIONS)
def test_each_service_has_a_dual_stack_host_in_a_region_or_the_region_is_refused(region: str, labels: str) -> None:
    called = [name for name in endpoints.VARIABLES if name != "rekognition" or labels == "true"]
    lacking = [name for name in called if not names_dual_stack(name, region)]
    if lacking:
        with pytest.raises(DeployError, match=f"{', '.join(lacking)} cannot be reached by IPv6 in {region}"):
            endpoints.check_network(region, {**IPV6, "Labels": labels})
        return
    endpoints.check_network(region, {**IPV6, "Labels": labels})
    addresses = endpoints.list_addresses(region, "ipv6")
    for name in called:
        assert addresses[endpoints.VARIABLES[name]] == dual_stack_address(name, region)


def names_dual_stack(service: str, region: str) -> bool:
    """Return whether botocore has a dual-stack variant for this very region."""
    endpoint = AWS["services"][service]["endpoints"].get(region, {})
    return ["dualstack"] in [variant["tags"] for variant in endpoint.get("variants", [])]


def dual_stack_address(service: str, region: str) -> str:
    """Return the address that a client of botocore takes when it is told to use dual-stack endpoints."""
    config = Config(use_dualstack_endpoint=True)
    return str(boto3.Session("a", "b", region_name=region).client(service, config=config).meta.endpoint_url)  # type: ignore[call-overload]


def test_enough_regions_are_left_and_those_that_are_refused_are_known() -> None:
    refused = {"true": set[str](), "false": set[str]()}
    for region in REGIONS:
        for labels, regions in refused.items():
            try:
                endpoints.check_network(region, {**IPV6, "Labels": labels})
            except DeployError:
                regions.add(region)
    assert refused["false"] < refused["true"]
    assert "sa-east-1" in refused["true"] - refused["false"]
    assert not {"us-east-1", "eu-central-1", "eu-west-1", "ap-northeast-1"} & refused["true"]


def test_a_closed_network_or_a_database_of_ones_own_is_refused_nowhere() -> None:
    for region in REGIONS:
        endpoints.check_network(region, {"Network": "closed"})
        endpoints.check_network(region, {"Network": "ipv6", "Database": "own"})
    with pytest.raises(DeployError, match="Workers on Fargate need the endpoints"):
        endpoints.check_network(REGION, {**IPV6, "Workers": "true"})


@pytest.mark.parametrize("network", ["closed", "ipv6"])
def test_a_functions_clients_take_the_hosts_from_its_environment(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = render_settings(render_stack({"Network": network}), "worker")
    addresses = {name: value for name, value in environment.items() if name.startswith("AWS_ENDPOINT_URL_")}
    assert set(addresses) == set(endpoints.VARIABLES.values())
    for name, value in addresses.items():
        monkeypatch.setenv(name, value)
    session = boto3.Session("a", "b", region_name=REGION)
    for service in (*endpoints.VARIABLES, *endpoints.BY_GATEWAY):
        # As `mediahub.aws.clients` and `mediahub.aws.secrets` make them on AWS.
        address = session.client(service, endpoint_url=None).meta.endpoint_url  # type: ignore[call-overload]
        by_ipv6 = network == "ipv6" and service in endpoints.VARIABLES
        assert address == f"https://{service}.{REGION}.{'api.aws' if by_ipv6 else 'amazonaws.com'}"


@pytest.mark.parametrize("network", ["closed", "ipv6"])
def test_functions_join_the_network_as_lambda_takes_it(network: str) -> None:
    stack = render_stack({"Network": network})
    config = zappa_settings._build_network_settings(stack.outputs)["vpc_config"]
    model = boto3.Session("a", "b", region_name=REGION).client("lambda").meta.service_model
    shape: Any = model.operation_model("CreateFunction").input_shape.members["VpcConfig"]
    assert not ParamValidator().validate(config, shape).has_errors()
    assert config["Ipv6AllowedForDualStack"] is (network == "ipv6")


def test_functions_go_out_by_ipv6_alone_and_nothing_comes_in() -> None:
    stack = render_stack(IPV6)
    [route] = [stack.properties(name) for name in stack.of_type("AWS::EC2::Route")]
    assert route["EgressOnlyInternetGatewayId"] == stack.physical_name("EgressGateway")
    blocks = [stack.properties(name) for name in stack.of_type("AWS::EC2::SubnetCidrBlock")]
    networks = {ip_network(block["Ipv6CidrBlock"]) for block in blocks}
    assert {block["SubnetId"] for block in blocks} == {stack.physical_name(name) for name in ("SubnetA", "SubnetB")}
    assert {network.prefixlen for network in networks} == {64}
    assert len(networks) == 2
    out: list[Mapping[str, Any]] = stack.properties("FunctionSecurityGroup")["SecurityGroupEgress"]
    assert [(rule["FromPort"], rule["CidrIpv6"]) for rule in out if "CidrIpv6" in rule] == [(443, "::/0")]
    assert not render_stack().of_type(
        "AWS::EC2::Route", "AWS::EC2::EgressOnlyInternetGateway", "AWS::EC2::VPCCidrBlock"
    )
