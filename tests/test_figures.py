"""Figures in the documents that a command prints, or the code knows, are those of today."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mediahub.costs import Plan, bill, model
from mediahub.recovery import consistency_checks
from tests.aws.plants import read_plants
from tests.costs import FIGURES, Figure
from tests.documents import BLOCKS, Block
from tests.dying import STEPS
from tests.journeys.test_deaths import WAYS
from tests.simulation.plants import PLANTS

ROOT = Path(__file__).resolve().parent.parent
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# Lambda gives one whole processor by so much memory ("Configure Lambda function memory", AWS Lambda developer guide).
ONE_PROCESSOR = 1769


def text(name: str) -> str:
    """Return the words of a document in one line."""
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
    assert f"{NUMBERS[len(PLANTS)]} bugs can be planted" in said
    assert f"at each of {len(STEPS)} named steps" in said
    assert f"{len(STEPS) * len(WAYS)} deaths" in said


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.command)
def test_tables_are_those_that_their_commands_print(block: Block) -> None:
    document = (ROOT / block.document).read_text()
    assert block.replace(document) == document, "the document is stale: run `python -m tests.documents`"


def test_each_fault_that_kept_it_from_working_on_aws_is_planted() -> None:
    numbers = sorted({plant.number for plant in read_plants()})
    assert numbers == list(range(1, len(numbers) + 1))
    assert f"ends with `{len(numbers)} of {len(numbers)} caught`" in text("docs/reliability.md")


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: f"{figure.document}: {figure.before}".strip())
def test_costs_in_sentences_are_those_that_the_command_prints(figure: Figure) -> None:
    said = figure.find((ROOT / figure.document).read_text())[1]
    assert said == figure.value(), "the document is stale: run `python -m tests.costs`"


def test_shares_in_sentences_are_those_of_the_bill() -> None:
    published = bill(Plan(10_000)).total(standing=False)
    labels = bill(Plan(10_000, labels=True)).total(standing=False)
    assert round(Decimal(10) / labels, 1) == Decimal("0.7"), "seven tenths are not DetectLabels any more"
    lines = {line.what: line.dollars for line in bill(Plan(10_000)).lines}
    assert round(published / lines["storage, 30 days"]) == 3, "a third is not storage any more"
    copies = lines["public copies written"] + lines["renditions read for public copies"]
    assert Decimal("0.8") < copies / lines["storage, 30 days"] < 1, "the copies are not nearly as much any more"
    functions = bill(Plan(10_000)).by_service()["Lambda"][1]
    assert Decimal(20) < published / functions < 30, "functions take no twenty-fifth"


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


@pytest.mark.parametrize("document", ["docs/features.md"])
def test_the_clock_lists_as_much_as_is_said(document: str) -> None:
    page = 1000
    assert f"lists {consistency_checks.PAGES_A_TURN * page:,} objects a minute, {page:,} a request" in text(document)


def _reliability() -> str:
    return (ROOT / "docs" / "reliability.md").read_text()
