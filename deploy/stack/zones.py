"""The two zones of the network: not each has Lambda, and not each every endpoint."""

from collections.abc import Mapping

from deploy.errors import DeployError
from deploy.stage import Place

# Whatever the network may need, so that labels and workers can be switched on later: zones of subnets never change.
# Lambda publishes its zones nowhere else ("VPC endpoints: Availability Zones"; use1-az3 is one without it).
SERVICES = ("lambda", "sqs", "secretsmanager", "rekognition", "ecr.api", "ecr.dkr", "logs")
NEEDED = 2


def choose_zones(place: Place, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return ZoneA and ZoneB: those that stand or were given, else two that have Lambda and all endpoints.

    Raises DeployError where the region has fewer than two.
    """
    if parameters.get("ZoneA") and parameters.get("ZoneB"):
        return {}
    if standing := _zones_of_subnets(place):
        return standing
    offered = _offered(place)
    common = sorted(set.intersection(*offered.values())) if offered else []
    if len(common) < NEEDED:
        parts = "; ".join(f"{service}: {', '.join(sorted(zones))}" for service, zones in sorted(offered.items()))
        raise DeployError(
            f"Fewer than two zones of {place.region} have Lambda and every endpoint of the network ({parts}). "
            "Choose another region, or name two zones yourself: --set ZoneA=… --set ZoneB=…"
        )
    return {"ZoneA": common[0], "ZoneB": common[1]}


def _offered(place: Place) -> dict[str, set[str]]:
    """Return the zones of each service that the region has at all."""
    names = {f"com.amazonaws.{place.region}.{service}": service for service in SERVICES}
    filters = [{"Name": "service-name", "Values": list(names)}]
    services = place.clients("ec2").describe_vpc_endpoint_services(Filters=filters)["ServiceDetails"]
    return {names[service["ServiceName"]]: set(service["AvailabilityZones"]) for service in services}


def _zones_of_subnets(place: Place) -> dict[str, str]:
    """Return the zones of the subnets that an earlier stack left with its database; empty without them."""
    zones = {}
    for parameter, letter in (("ZoneA", "a"), ("ZoneB", "b")):
        filters = [{"Name": "tag:Name", "Values": [f"{place.name}-{letter}"]}]
        for subnet in place.clients("ec2").describe_subnets(Filters=filters)["Subnets"]:
            zones[parameter] = str(subnet["AvailabilityZone"])
    return zones if len(zones) == NEEDED else {}
