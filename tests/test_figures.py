"""Figures in the documents that a command prints, or the code knows, are those of today."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mediahub.costs import Plan, bill, model, prices
from mediahub.intake import reconcile
from tests.deploy.stack import of_kind, whole
from tests.dying import STEPS
from tests.journeys.test_deaths import WAYS
from tests.simulation.plants import PLANTS

ROOT = Path(__file__).resolve().parent.parent
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# Lambda gives one whole processor by so much memory ("Configure Lambda function memory", AWS Lambda developer guide).
ONE_PROCESSOR = 1769


def text(name: str) -> str:
    """The words of a document in one line."""
    return " ".join((ROOT / name).read_text().split())


def test_storms_are_shown_as_the_command_prints_them_and_without_a_broken_promise() -> None:
    shown = re.findall(
        r"    runs (\d+), \d+ s\n    faults injected \d+\n((?: {10,}\d+ .+\n)*)    (.+)\n", _reliability()
    )
    assert [runs for runs, _faults, _sums in shown] == ["10000"]
    assert [sums for _runs, _faults, sums in shown] == ["lost 0, duplicated 0, orphaned 0, drift 0"]
    assert len(shown[0][1].splitlines()) == 12


def test_reliability_counts_planted_bugs_and_deaths() -> None:
    said = text("docs/reliability.md")
    assert f"each of {NUMBERS[len(PLANTS)]} bugs that are planted" in said
    assert f"at each of {len(STEPS)} named steps" in said
    assert f"{len(STEPS) * len(WAYS)} deaths" in said


def test_costs_in_the_readme_are_those_that_the_command_prints() -> None:
    said = text("README.md")
    without, labels = bill(Plan(10_000)), bill(Plan(10_000, labels=True))
    cost, with_labels = without.total(standing=False), labels.total(standing=False)
    assert f"cost ${cost:.2f} without labels and ${with_labels:.2f} with them" in said
    own = bill(Plan(0, database="own")).total()
    assert f"what stands costs ${bill(Plan(0)).total():.0f} a month by default" in said
    assert f"and ${own:.0f} with a PostgreSQL of yours and no network" in said


def test_costs_in_prose_are_those_that_the_command_prints() -> None:
    said = text("docs/cost.md")
    published, none = (bill(Plan(10_000, published=part)).total(standing=False) for part in (100, 0))
    labels = bill(Plan(10_000, labels=True)).total(standing=False)
    assert f"An image without labels costs ${published / 10_000:.5f}" in said
    assert f"An image with labels costs ${labels / 10_000:.5f}: four fifths" in said
    assert round(Decimal(10) / labels, 1) == Decimal("0.8")
    stored = Decimal(model.measured()["bytes"]["original"]) * Decimal(prices()["prices"]["s3_storage"]["price"])
    assert round(published / 10_000 / (stored / 10**9)) == 4, "a quarter is not storage any more"
    assert round(published / bill(Plan(10_000)).by_service()["Lambda"][1], -1) == 30, "functions take no thirtieth"
    assert f"leaves that out and saves ${published - none:.2f}" in said
    assert f"${none:.2f} by our measurements" in said


def test_alarms_and_metrics_are_as_many_as_are_paid_for() -> None:
    alarms = len(of_kind(whole(), "CloudWatch::Alarm"))
    assert Plan(0).alarms == alarms
    assert f"{alarms} alarms, up to {Plan(0).metrics} metrics of our own" in text("docs/cost.md")


def test_the_workers_memory_follows_from_what_was_measured() -> None:
    said, seen = text("docs/performance.md"), model.measured()
    worker: dict[str, Any] = seen["worker"]
    assert f"{worker['ms']} ms a photograph (median {worker['median_ms']} ms)" in said
    assert f"of which {worker['cpu_ms']} ms are the processor's" in said
    assert f"larger than {worker['peak_mb']} MB" in said
    assert f"sends {NUMBERS[seen['photographs']]} camera photographs ({seen['bytes']['original'] / 1e6:.1f} MB" in said
    for memory in (512, 1024, 1792, 3008):
        share = min(1, memory / ONE_PROCESSOR)
        ms = round(worker["ms"] - worker["cpu_ms"] + worker["cpu_ms"] / share)
        row = f"| {memory:,} MB | {share:.2g} | {ms} | {Decimal(ms) * memory / 1024 / 1000:.3f} |"
        assert row in said.replace("*", ""), row


@pytest.mark.parametrize("document", ["README.md"])
def test_the_clock_lists_as_much_as_is_said(document: str) -> None:
    page = 1000
    assert f"lists {reconcile.PAGES_A_TURN * page:,} objects a minute, {page:,} a request" in text(document)


def _reliability() -> str:
    return (ROOT / "docs" / "reliability.md").read_text()
