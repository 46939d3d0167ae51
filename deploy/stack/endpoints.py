"""Under which host functions in the network reach each service: by its endpoint there, or by IPv6.

botocore asks the environment for the address of one service ("Service-specific endpoints", AWS SDKs and tools reference
guide); so S3 and DynamoDB keep theirs, which lead through gateway endpoints in either network. The hosts are those of
botocore's endpoints: a region that it names no dual-stack host for has none.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.loaders import create_loader

from deploy.errors import DeployError

CLOSED, IPV6 = "closed", "ipv6"
DUAL_STACK = ["dualstack"]
VARIABLES = {
    "sqs": "AWS_ENDPOINT_URL_SQS",
    "secretsmanager": "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "rekognition": "AWS_ENDPOINT_URL_REKOGNITION",
}
# What the network has a gateway endpoint for.
BY_GATEWAY = ("s3", "dynamodb")


def check_network(region: str, parameters: Mapping[str, str]) -> None:
    """Raise DeployError when the region has no dual-stack host for a service that functions must reach by IPv6."""
    if parameters.get("Network", CLOSED) != IPV6 or parameters.get("Database", "aurora") != "aurora":
        return
    if parameters.get("Workers") == "true":
        raise DeployError("Workers on Fargate need the endpoints of Network=closed. Choose one: --set Network=closed.")
    missing = [service for service in _called(parameters) if not has_dual_stack(service, region)]
    if missing:
        without = " or Labels=false" if missing == ["rekognition"] else ""
        raise DeployError(
            f"{', '.join(missing)} cannot be reached by IPv6 in {region}. Choose --set Network=closed{without}."
        )


def list_addresses(region: str, network: str) -> dict[str, str]:
    """Return the variables of a function's environment that name each service's address.

    They are given in either network, because Zappa keeps a variable that is no longer in its settings.
    """
    return {
        variable: f"https://{find_host(service, region, by_ipv6=network == IPV6)}"
        for service, variable in VARIABLES.items()
    }


def find_host(service: str, region: str, *, by_ipv6: bool) -> str:
    """Return the host of a service, the dual-stack one where that is asked for and there is one."""
    partition = _partition(region)
    if by_ipv6 and has_dual_stack(service, region):
        [suffix] = [v["dnsSuffix"] for v in partition["defaults"]["variants"] if v["tags"] == DUAL_STACK]
        return f"{service}.{region}.{suffix}"
    return f"{service}.{region}.{partition['dnsSuffix']}"


def has_dual_stack(service: str, region: str) -> bool:
    """Return whether botocore names a dual-stack host of the service for this very region."""
    endpoint = _partition(region)["services"].get(service, {}).get("endpoints", {}).get(region, {})
    return any(variant["tags"] == DUAL_STACK for variant in endpoint.get("variants", []))


def _partition(region: str) -> Mapping[str, Any]:
    """Return the partition of a region; raises DeployError for a name that botocore does not know."""
    for partition in _endpoints()["partitions"]:
        if region in partition["regions"]:
            return dict(partition)
    raise DeployError(f"botocore knows no region {region}. Is the name right?")


def _called(parameters: Mapping[str, str]) -> Iterator[str]:
    for service in VARIABLES:
        if service != "rekognition" or parameters.get("Labels", "true") == "true":
            yield service


@cache
def _endpoints() -> dict[str, Any]:
    return dict(create_loader().load_data("endpoints"))
