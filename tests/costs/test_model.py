"""What images cost: by hand for one, by the differences for the rest, and as docs/cost.md prints it."""

import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from deploy import __main__ as deploy
from mediahub.costs import CostError, Line, Plan, bill, model, prices

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "cost.md"
SEEN = {
    "worker": {
        "ms": 1000,
        "requests": {"s3": {"GetObject": 1, "PutObject": 3}, "sqs": {}, "dynamodb": {"Query": 2}},
        "dynamodb_writes": 4,
    },
    "web": {"ms": 100},
    "clock": {"ms": 2, "requests": {"sqs": {"GetQueueAttributes": 1}, "dynamodb": {"Query": 1}}},
    "bytes": {"original": 4_000_000, "renditions": 200_000, "viewed": 50_000, "logs": 1000},
}


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "measured", lambda: SEEN)


def dollars(plan: Plan, service: str) -> Decimal:
    return bill(plan).by_service()[service][1]


@pytest.mark.usefixtures("by_hand")
def test_one_image_by_hand() -> None:
    plan = Plan(1, pages=1, views=2, published=0)
    # 1 s of 1.75 GB, two requests of 0.1 s of 0.5 GB, three invocations.
    assert dollars(plan, "Lambda") == Decimal("0.0000166667") * (Decimal("1.75") + Decimal("0.1")) + 3 * Decimal(
        "0.0000002"
    )
    assert dollars(plan, "API Gateway") == 2 * Decimal("0.0000035")
    stored = Decimal("0.0042") * Decimal("0.023") + Decimal("0.00001") + Decimal("0.0000025")
    assert dollars(plan, "S3") == 4 * Decimal("0.000005") + Decimal("0.0000004") + stored
    assert dollars(plan, "SQS") == 3 * Decimal("0.0000004")
    assert dollars(plan, "DynamoDB") == 4 * Decimal("0.000000625") + 2 * Decimal("0.000000125")
    assert dollars(plan, "CloudFront") == 2 * Decimal("0.000001") + Decimal("0.0001") * Decimal("0.085")


@pytest.mark.usefixtures("by_hand")
def test_publishing_copies_each_rendition_twice() -> None:
    stored = Decimal("0.0004") * Decimal("0.023")
    more = dollars(Plan(1), "S3") - dollars(Plan(1, published=0), "S3")
    assert more == 6 * (Decimal("0.000005") + Decimal("0.0000004")) + stored


@pytest.mark.parametrize("images", [0, 1, 10_000])
def test_labels_add_a_tenth_of_a_cent_each_and_an_endpoint(images: int) -> None:
    without, with_labels = bill(Plan(images)), bill(Plan(images, labels=True))
    assert with_labels.total(standing=False) - without.total(standing=False) == images * Decimal("0.001")
    assert with_labels.total(standing=True) - without.total(standing=True) == Decimal("7.30")


@pytest.mark.parametrize(
    ("changed", "more"),
    [
        ({"zones": 2}, "14.60"),
        ({"active_hours": 180}, "6.00"),
        ({"alarms": 27}, "1.00"),
        ({"database": "own"}, "-19.50"),
    ],
)
def test_a_choice_changes_what_stands(changed: dict[str, int], more: str) -> None:
    plan = Plan(0, **changed)  # type: ignore[arg-type]
    assert bill(plan).total() - bill(Plan(0)).total() == Decimal(more)


def test_a_database_behind_a_proxy_never_pauses() -> None:
    aurora = bill(Plan(0, proxy=True)).by_service()["Aurora"][0]
    assert aurora == Decimal(730) * (Decimal("0.5") * Decimal("0.12") + 8 * Decimal("0.015")) + Decimal("0.10")


def test_an_idle_month_costs_what_stands() -> None:
    idle = bill(Plan(0))
    assert idle.total() == idle.total(standing=True) > 0


@pytest.mark.parametrize(
    "changed", [{"images": -1}, {"zones": 3}, {"database": "mysql"}, {"views": -1}, {"published": 101}]
)
def test_a_plan_that_makes_no_sense_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(CostError, match=f"{next(iter(changed))} is"):
        Plan(**{"images": 1, **changed})  # type: ignore[arg-type]


def test_every_price_has_its_unit_and_source_and_none_stands_in_the_code() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", prices()["date"])
    for name, held in prices()["prices"].items():
        assert Decimal(held["price"]) > 0, name
        assert held["unit"], name
        assert "https://aws.amazon.com/" in held["source"], name
    used = {line.price for line in bill(Plan(1, labels=True, moderation=True, proxy=True, worker_hours=1)).lines}
    assert used == set(prices()["prices"])
    code = (ROOT / "mediahub" / "costs" / "model.py").read_text()
    assert [held["price"] for held in prices()["prices"].values() if f'"{held["price"]}"' in code] == []


def test_every_measured_figure_says_how_it_was_found() -> None:
    seen = model.measured()
    assert seen["command"] == "python -m deploy measure FOLDER"
    assert seen["photographs"] >= 10
    assert min(seen["worker"]["ms"], seen["bytes"]["original"], seen["bytes"]["logs"]) > 0
    assert seen["worker"]["requests"]["s3"]["PutObject"] == 5


def test_a_line_is_quantity_times_price() -> None:
    assert Line("Rekognition", "DetectLabels", Decimal(10_000), "detect_labels").dollars == 10


def test_the_command_prints_json_that_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["cost", "--images", "100", "--labels", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    total = sum(Decimal(line["dollars"]) for line in said["lines"])
    assert abs(total - Decimal(said["standing"]) - Decimal(said["for_images"])) < Decimal("0.001")


def test_a_bad_plan_ends_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["cost", "--images", "-5"]) == 1
    assert "images is -5; give 0 or more." in capsys.readouterr().err


def test_the_document_shows_what_the_command_prints_now() -> None:
    text = DOCUMENT.read_text()
    shown = re.findall(r"`python -m deploy (cost [^`]+)`:\n\n(.*?)\n\n<!-- end -->", text, re.S)
    assert len(shown) == 4
    for command, printed in shown:
        done = [sys.executable, "-m", "deploy", *command.split()]
        said = subprocess.run(done, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
        assert printed == said, f"docs/cost.md is stale: run `python -m deploy {command}` and put in what it prints"
