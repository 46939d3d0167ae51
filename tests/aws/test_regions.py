"""A region that lacks a service is refused before anything is made; those that are offered have every type."""

import re
from pathlib import Path
from typing import Any

import boto3
import pytest

from deploy.commands import up
from deploy.errors import DeployError
from deploy.stack import regions
from deploy.stage import Stage
from tests.aws.cloudformation import CloudFormation
from tests.aws.doubles import make_clients
from tests.aws.rendered import render_stack
from tests.aws.schemas import FOLDER, read_types

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
PARTS: dict[str, dict[str, Any]] = {
    "all": {"Workers": "true", "DatabaseProxy": "true"},
    "no labels": {"Labels": "false"},
    "own database": {"Database": "own"},
    "neither": {"Labels": "false", "Database": "own"},
    "least": {"Labels": "false", "Database": "own", "MonthlyBudget": 0},
}


@pytest.mark.parametrize("name", PARTS)
def test_an_offered_region_has_every_type_of_the_stack(name: str) -> None:
    kinds = {part["Type"] for part in render_stack(PARTS[name]).resources.values()}
    known = {path.stem for path in (FOLDER / "providers").glob("*.json")}
    lacking = {
        region: kinds - set(read_types(region)) for region in regions.list_regions(PARTS[name]) if region in known
    }
    assert {region: missing for region, missing in lacking.items() if missing} == {}


def test_budgets_are_where_the_schemas_have_them() -> None:
    listed = [path.stem for path in (FOLDER / "providers").glob("*.json")]
    having = {region for region in listed if "AWS::Budgets::Budget" in read_types(region)}
    assert having & set(boto3.Session().get_available_regions("lambda")) == set(regions.BUDGETS)


def test_fewer_parts_are_offered_in_more_regions() -> None:
    everything, nothing = (set(regions.list_regions(PARTS[name])) for name in ("all", "least"))
    assert everything < nothing
    assert {"us-east-1", "eu-central-1"} <= everything


@pytest.mark.parametrize(
    ("region", "parameters", "says"),
    [
        ("eu-west-3", {}, r"eu-west-3 has no Rekognition\..*eu-central-1.*--set Labels=false"),
        ("sa-east-1", {}, r"sa-east-1 has no Data API of Aurora\..*--set Database=own"),
        ("eu-north-1", {}, r"eu-north-1 has no Rekognition, Data API of Aurora, budget"),
    ],
)
def test_what_a_region_lacks_is_named_before_anything_is_made(region: str, parameters: Any, says: str) -> None:
    stack = CloudFormation({})
    stage = Stage("mediahub", "production", region, make_clients(stack), poll_seconds=0)
    with pytest.raises(DeployError, match=says):
        up.update_stack(stage, parameters, lambda changes: True)
    assert {operation for operation, _ in stack.calls} == {"describe_stacks"}


def test_a_region_without_them_takes_a_stage_that_does_without() -> None:
    regions.check_region("eu-north-1", {"Labels": "false", "Database": "own", "MonthlyBudget": "0"})
    regions.check_region("eu-west-3", {"Labels": "false"})


def test_the_guide_lists_the_regions() -> None:
    [listed] = re.findall(r"^- These regions have every part: (.*?)\.", GUIDE.read_text().replace("\n  ", " "), re.M)
    assert listed.split(", ") == regions.list_regions({})
