"""The two availability zones of the network: not every zone has Lambda and all endpoints."""

from collections.abc import Mapping

from deploy.errors import DeployError
from deploy.stage import Stage

# Everything that the network may need, so that labels and workers can be switched on later: a subnet never changes its
# zone. Lambda publishes its zones nowhere else ("VPC endpoints: Availability Zones"; use1-az3 is one without it).
SERVICES = ("lambda", "sqs", "secretsmanager", "rekognition", "ecr.api", "ecr.dkr", "logs")
NEEDED = 2


def choose_zones(stage: Stage, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return ZoneA and ZoneB: those of existing subnets, or else two zones that have Lambda and all endpoints.

    Return nothing if the parameters name both. Raise DeployError if the region has fewer than two such zones.
    """
    if parameters.get("ZoneA") and parameters.get("ZoneB"):
        return {}
    if existing := _find_zones_of_subnets(stage):
        return existing
    offered = _find_offered_zones(stage)
    common = sorted(set.intersection(*offered.values())) if offered else []
    if len(common) < NEEDED:
        parts = "; ".join(f"{service}: {', '.join(sorted(zones))}" for service, zones in sorted(offered.items()))
        raise DeployError(
            f"Fewer than two zones of {stage.region} have Lambda and every endpoint of the network ({parts}). "
            "Choose another region, or name two zones yourself: --set ZoneA=… --set ZoneB=…"
        )
    return {"ZoneA": common[0], "ZoneB": common[1]}


def _find_offered_zones(stage: Stage) -> dict[str, set[str]]:
    """Return the zones of each service that the region has."""
    names = {f"com.amazonaws.{stage.region}.{service}": service for service in SERVICES}
    filters = [{"Name": "service-name", "Values": list(names)}]
    services = stage.client("ec2").describe_vpc_endpoint_services(Filters=filters)["ServiceDetails"]
    return {names[service["ServiceName"]]: set(service["AvailabilityZones"]) for service in services}


def _find_zones_of_subnets(stage: Stage) -> dict[str, str]:
    """Return the zones of the subnets that an earlier stack left with its database; nothing without them."""
    zones = {}
    for parameter, letter in (("ZoneA", "a"), ("ZoneB", "b")):
        filters = [{"Name": "tag:Name", "Values": [f"{stage.full_name}-{letter}"]}]
        for subnet in stage.client("ec2").describe_subnets(Filters=filters)["Subnets"]:
            zones[parameter] = str(subnet["AvailabilityZone"])
    return zones if len(zones) == NEEDED else {}
