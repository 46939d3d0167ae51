"""Every finding names tests that exist, and what brings one back stands in the source."""

import subprocess
import sys

import pytest

from tests.aws.plants import read_plants
from tests.findings import ROOT, Finding, PlantedFinding, find_tests
from tests.findings.listed import FINDINGS
from tests.findings.plants import PLANTS


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.what)
def test_each_finding_has_tests_that_exist(finding: Finding) -> None:
    assert finding.tests
    for test in finding.tests:
        file, _, name = test.partition("::")
        assert name in find_tests(file), f"There is no {test}."


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.number} {plant.name}")
def test_each_plant_is_one_edit_of_todays_source_and_names_a_test_of_its_finding(plant: PlantedFinding) -> None:
    for edit in plant.edits:
        assert (ROOT / edit.path).read_text().count(edit.old) == 1, edit
    assert plant.test.partition("[")[0].removeprefix("tests/") in FINDINGS[plant.number - 1].tests


def test_pytest_finds_the_test_of_each_plant_with_its_parameters() -> None:
    tests = sorted({plant.test for plant in PLANTS} | {plant.test for plant in read_plants()})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *tests]
    collected = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert collected.returncode == 0, collected.stdout


def test_each_heavy_finding_is_planted() -> None:
    heavy = {number for number, finding in enumerate(FINDINGS, 1) if finding.weight in ("high", "medium")}
    assert heavy <= {plant.number for plant in PLANTS}


def test_the_document_says_how_many_are_planted() -> None:
    assert f"`{len(PLANTS)} of {len(PLANTS)} caught`" in (ROOT / "docs" / "security.md").read_text()
