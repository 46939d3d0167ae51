"""The host by which functions in the network reach each service: through its endpoint there, or by IPv6.

botocore reads the address of each service from an environment variable ("Service-specific endpoints", AWS SDKs and
tools reference guide). S3 and DynamoDB need none, because both networks have gateway endpoints for them. The hosts are
those of botocore's endpoints: a region for which it lists no dual-stack host has none.
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
# Services for which the network has a gateway endpoint.
BY_GATEWAY = ("s3", "dynamodb")


def check_network(region: str, parameters: Mapping[str, str]) -> None:
    """Raise DeployError if functions must reach a service by IPv6 and the region has no dual-stack host for it."""
    if parameters.get("Network", CLOSED) != IPV6 or parameters.get("Database", "aurora") != "aurora":
        return
    if parameters.get("Workers") == "true":
        raise DeployError("Workers on Fargate need the endpoints of Network=closed. Use --set Network=closed.")
    missing = [service for service in _list_called_services(parameters) if not has_dual_stack(service, region)]
    if missing:
        without = " or Labels=false" if missing == ["rekognition"] else ""
        raise DeployError(
            f"{', '.join(missing)} cannot be reached by IPv6 in {region}. Use --set Network=closed{without}."
        )


def list_addresses(region: str, network: str) -> dict[str, str]:
    """Return the environment variables that give botocore the address of each service.

    They are set for both kinds of network, because Zappa keeps a variable that is no longer in its settings.
    """
    return {
        variable: f"https://{find_host(service, region, by_ipv6=network == IPV6)}"
        for service, variable in VARIABLES.items()
    }


def find_host(service: str, region: str, *, by_ipv6: bool) -> str:
    """Return the host of a service: the dual-stack one if `by_ipv6` asks for it and the region has one."""
    partition = _find_partition(region)
    if by_ipv6 and has_dual_stack(service, region):
        [suffix] = [v["dnsSuffix"] for v in partition["defaults"]["variants"] if v["tags"] == DUAL_STACK]
        return f"{service}.{region}.{suffix}"
    return f"{service}.{region}.{partition['dnsSuffix']}"


def has_dual_stack(service: str, region: str) -> bool:
    """Return whether botocore lists a dual-stack host of the service for this region."""
    endpoint = _find_partition(region)["services"].get(service, {}).get("endpoints", {}).get(region, {})
    return any(variant["tags"] == DUAL_STACK for variant in endpoint.get("variants", []))


def _find_partition(region: str) -> Mapping[str, Any]:
    """Return the partition of a region; raise DeployError for a name that botocore does not know."""
    for partition in _load_endpoints()["partitions"]:
        if region in partition["regions"]:
            return dict(partition)
    raise DeployError(f"botocore does not know the region {region}. Check its name, or update botocore.")


def _list_called_services(parameters: Mapping[str, str]) -> Iterator[str]:
    for service in VARIABLES:
        if service != "rekognition" or parameters.get("Labels", "true") == "true":
            yield service


@cache
def _load_endpoints() -> dict[str, Any]:
    return dict(create_loader().load_data("endpoints"))
