"""Check that a region has everything that a stage needs, before anything is created."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import boto3

from deploy import template
from deploy.errors import DeployError

# The regions with AWS::Budgets::Budget, by CloudFormation's published schemas; botocore lists one endpoint for all.
BUDGETS = (
    *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1"),
    *("eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1"),
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)


@dataclass(frozen=True)
class Need:
    """A service that not every region has: when a stage needs it, where it exists, and how to do without it."""

    name: str
    is_needed: Callable[[Mapping[str, str]], bool]
    regions: Callable[[], list[str]]
    alternative: str


NEEDS = (
    Need(
        "Rekognition",
        lambda values: values["Labels"] == "true",
        lambda: boto3.Session().get_available_regions("rekognition"),
        "--set Labels=false switches labels off",
    ),
    Need(
        "Data API of Aurora",
        lambda values: values["Database"] == "aurora",
        lambda: boto3.Session().get_available_regions("rds-data"),
        "--set Database=own uses a PostgreSQL of yours",
    ),
    Need(
        "budget in CloudFormation",
        lambda values: float(values["MonthlyBudget"]) > 0,
        lambda: list(BUDGETS),
        "--set MonthlyBudget=0 creates no budget",
    ),
)


def list_regions(parameters: Mapping[str, str]) -> list[str]:
    """Return the regions for a stage with these parameters; a parameter that is not given has its default."""
    regions = set(boto3.Session().get_available_regions("lambda"))
    for need in _list_needs(parameters):
        regions &= set(need.regions())
    return sorted(regions)


def check_region(region: str, parameters: Mapping[str, str]) -> None:
    """Raise DeployError when the region lacks what a stage with these parameters needs."""
    missing = [need for need in _list_needs(parameters) if region not in need.regions()]
    if missing:
        alternatives = "; ".join(need.alternative for need in missing)
        raise DeployError(
            f"{region} has no {', '.join(need.name for need in missing)}. Nothing was changed. Choose another region "
            f"({', '.join(list_regions(parameters))}), or do without: {alternatives}."
        )


def _list_needs(parameters: Mapping[str, str]) -> list[Need]:
    defaults = {name: str(rule.get("Default", "")) for name, rule in template.compose()["Parameters"].items()}
    return [need for need in NEEDS if need.is_needed({**defaults, **parameters})]
