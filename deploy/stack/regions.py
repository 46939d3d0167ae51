"""Check that a region has what a stage asks for, before anything is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import boto3

from deploy import template
from deploy.errors import DeployError

# Where CloudFormation has AWS::Budgets::Budget, by its published schemas; botocore knows one endpoint for all regions.
BUDGETS = (
    *("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1"),
    *("eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1"),
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2"),
)


@dataclass(frozen=True)
class Need:
    """A part that not every region has: when it is asked for, where it is, and how a stage does without."""

    name: str
    is_asked: Callable[[Mapping[str, str]], bool]
    regions: Callable[[], list[str]]
    way_without: str


NEEDS = (
    Need(
        "Rekognition",
        lambda values: values["Labels"] == "true",
        lambda: boto3.Session().get_available_regions("rekognition"),
        "--set Labels=false leaves labels out",
    ),
    Need(
        "Data API of Aurora",
        lambda values: values["Database"] == "aurora",
        lambda: boto3.Session().get_available_regions("rds-data"),
        "--set Database=own takes a PostgreSQL of yours",
    ),
    Need(
        "budget in CloudFormation",
        lambda values: float(values["MonthlyBudget"]) > 0,
        lambda: list(BUDGETS),
        "--set MonthlyBudget=0 makes none",
    ),
)


def list_offered(parameters: Mapping[str, str]) -> list[str]:
    """Return the regions in which a stage with these parameters can stand; what is not given has its default."""
    offered = set(boto3.Session().get_available_regions("lambda"))
    for need in _list_asked(parameters):
        offered &= set(need.regions())
    return sorted(offered)


def require(region: str, parameters: Mapping[str, str]) -> None:
    """Raise DeployError when the region lacks what the parameters ask for."""
    missing = [need for need in _list_asked(parameters) if region not in need.regions()]
    if missing:
        ways = "; ".join(need.way_without for need in missing)
        raise DeployError(
            f"{region} has no {', '.join(need.name for need in missing)}. Nothing was changed. Take another region "
            f"({', '.join(list_offered(parameters))}), or do without: {ways}."
        )


def _list_asked(parameters: Mapping[str, str]) -> list[Need]:
    defaults = {name: str(rule.get("Default", "")) for name, rule in template.compose()["Parameters"].items()}
    return [need for need in NEEDS if need.is_asked({**defaults, **parameters})]
