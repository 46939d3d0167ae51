"""What images cost: by hand for one, by the differences for the rest, and as docs/cost.md prints it."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from deploy import __main__ as deploy
from mediahub.aws import clients
from mediahub.costs import CostError, Line, Plan, bill, model, prices
from tests.costs import DOCUMENT, SHOWN, print_bill
from tests.specs import count_files

ROOT = Path(__file__).resolve().parent.parent.parent
SEEN = {
    "worker": {
        "ms": 1000,
        "requests": {"s3": {"GetObject": 1, "PutObject": 3}, "sqs": {}, "dynamodb": {"Query": 2}},
        "dynamodb_writes": 4,
    },
    "web": {"ms": 100},
    "credit": {"ms": 500, "requests": {"s3": {"GetObject": 3, "PutObject": 6}, "dynamodb": {"Query": 1}}},
    "clock": {"ms": 2, "requests": {"sqs": {"GetQueueAttributes": 1}, "dynamodb": {"Query": 1}}},
    "bytes": {
        **{"original": 4_000_000, "renditions": 200_000, "viewed": 50_000, "logs": 1000},
        **{"logs_invocation": 350, "logs_database_hour": 1_000_000},
    },
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
    assert dollars(plan, "CloudFront") == 2 * Decimal("0.0000011") + Decimal("0.0001") * Decimal("0.085")


@pytest.mark.usefixtures("by_hand")
def test_publishing_copies_each_rendition_twice() -> None:
    stored = Decimal("0.0004") * Decimal("0.023")
    more = dollars(Plan(1), "S3") - dollars(Plan(1, published=0), "S3")
    assert more == 6 * Decimal("0.000005") + 3 * Decimal("0.0000004") + stored


@pytest.mark.usefixtures("by_hand")
def test_a_reprocess_by_hand() -> None:
    plan = Plan(0, reprocessed=20, published=50)
    assert dollars(plan, "Lambda") == 20 * (Decimal("0.0000166667") * Decimal("1.75") + Decimal("0.0000002"))
    written, copied = 20 * 3 * Decimal("0.000005"), 10 * (6 * Decimal("0.000005") + 3 * Decimal("0.0000004"))
    superseded = 10 * Decimal("0.0002") * Decimal("0.023")
    assert dollars(plan, "S3") == 20 * Decimal("0.0000004") + written + copied + superseded
    assert dollars(plan, "DynamoDB") == 20 * (4 * Decimal("0.000000625") + 2 * Decimal("0.000000125"))
    # Twenty seconds are two gatherings of ten.
    assert dollars(plan, "CloudFront") == 2 * Decimal("0.005")
    assert "CloudFront" not in bill(Plan(0, reprocessed=20, published=0)).by_service()
    assert bill(plan).total(standing=True) == bill(Plan(0)).total(standing=True)


@pytest.mark.usefixtures("by_hand")
def test_another_credit_by_hand() -> None:
    plan = Plan(0, recredited=40)
    assert dollars(plan, "Lambda") == 40 * (Decimal("0.0000166667") * Decimal("0.875") + Decimal("0.0000002"))
    copied = 40 * (6 * Decimal("0.000005") + 3 * Decimal("0.0000004"))
    superseded = 40 * Decimal("0.0002") * Decimal("0.023")
    assert dollars(plan, "S3") == copied + superseded
    assert dollars(plan, "DynamoDB") == 40 * (4 * Decimal("0.000000625") + Decimal("0.000000125"))
    # Twenty seconds are two gatherings of ten; one image alone is three addresses.
    assert dollars(plan, "CloudFront") == 2 * Decimal("0.005")
    assert dollars(Plan(0, recredited=1), "CloudFront") == Decimal("0.005")


@pytest.mark.parametrize("images", [0, 1, 10_000])
def test_labels_add_a_tenth_of_a_cent_each(images: int) -> None:
    without, with_labels = bill(Plan(images)), bill(Plan(images, labels=True))
    assert with_labels.total(standing=False) - without.total(standing=False) == images * Decimal("0.001")


@pytest.mark.parametrize(
    ("changed", "more"),
    [
        ({"zones": 2}, "14.60"),
        ({"endpoints": 3}, "7.30"),
        ({"alarms": Plan(0).alarms + 10}, "1.00"),
        ({"dashboards": 1}, "3.00"),
        ({"secrets": Plan(0).secrets + 1}, "0.40"),
        ({"mappings": 3}, "0.2628"),
        ({"key_versions": 0}, "-2.00"),
    ],
)
def test_a_choice_changes_what_stands(changed: dict[str, int], more: str) -> None:
    plan = Plan(0, **changed)  # type: ignore[arg-type]
    assert bill(plan).total() - bill(Plan(0)).total() == Decimal(more)


def line(plan: Plan, what: str) -> Line:
    [matching_line] = [line for line in bill(plan).lines if what in f"{line.service}: {line.what}"]
    return matching_line


def test_the_clock_alone_wakes_the_database_at_the_end_of_each_rest() -> None:
    daily = line(Plan(0), "Aurora: woken")
    assert daily.what == "woken 30 times by the clock"
    # 365 / 12 days, each with 300 s until the pause and a minute to wake and tick, at half a unit.
    assert round(daily.quantity, 6) == round(Decimal(365) / 12 * 360 / 3600 / 2, 6)
    hourly = line(Plan(0, rest_seconds=3600), "Aurora: woken")
    assert round(hourly.quantity, 6) == round(24 * daily.quantity, 6)
    slow = line(Plan(0, pause_seconds=600), "Aurora: woken")
    assert round(slow.quantity * 360, 6) == round(daily.quantity * 660, 6)


def test_a_month_has_no_more_hours_than_it_has() -> None:
    busy = Plan(0, active_hours=729, rest_seconds=3600, pause_seconds=3600)
    assert busy.awake_hours == busy.metric_hours == Decimal(730)
    assert line(Plan(0, active_hours=5000), "Aurora: awake").quantity == 365


def test_metrics_are_paid_for_in_the_hours_in_which_they_are_sent() -> None:
    hours = 80 + Decimal(365) / 12
    assert round(line(Plan(0, metrics=1), "custom metrics").quantity, 6) == round(hours / 730, 6)
    # A database that does not pause lets nothing rest.
    assert line(Plan(0, metrics=1, database="own"), "custom metrics").quantity == 1


def test_keys_are_asked_for_every_five_minutes_by_each_who_sends_or_receives() -> None:
    assert line(Plan(0), "the table's key").quantity == 730 * 12
    # Three send to the upload queue and one receives, one sends to the CDN's and one receives; sending counts twice.
    assert line(Plan(0, active_hours=10), "the queues' keys").quantity == 10 * 12 * (2 * 3 + 1 + 2 * 1 + 1)


def test_what_is_replaced_or_taken_down_is_told_by_path_and_none_is_free() -> None:
    # The permanent addresses of one image are more than the function names one by one.
    invalidations = line(Plan(1000, replaced=100, taken_down=7), "paths invalidated")
    assert invalidations.quantity == 100 + 7
    assert [model.count_paths(Decimal(n)) for n in (1, 5, 6)] == [1, 5, 1]
    assert f"MOST = {model.MOST_PATHS}" in (ROOT / "deploy" / "templates" / "cdn.yaml").read_text()
    assert invalidations.dollars == invalidations.quantity * Decimal("0.005")
    assert not [line for line in bill(Plan(1000)).lines if line.price == "invalidation"]


def test_the_databases_log_is_paid_for_while_it_is_awake() -> None:
    log = line(Plan(0), "database log")
    assert log.quantity == Plan(0).awake_hours * model.measured()["bytes"]["logs_database_hour"] / 10**9


def test_a_database_behind_a_proxy_never_pauses() -> None:
    aurora = bill(Plan(0, proxy=True)).by_service()["Aurora"][0]
    assert aurora == Decimal(730) * (Decimal("0.5") * Decimal("0.12") + 8 * Decimal("0.015")) + Decimal("0.10")


def test_an_idle_month_costs_what_stands() -> None:
    idle = bill(Plan(0))
    assert idle.total() == idle.total(standing=True) > 0


@pytest.mark.parametrize(
    "changed",
    [
        *({"images": -1}, {"zones": 3}, {"database": "mysql"}, {"views": -1}, {"published": 101}),
        *({"key_versions": 3}, {"rest_seconds": 0}, {"taken_down": -1}),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(CostError, match=f"{next(iter(changed))} is"):
        Plan(**{"images": 1, **changed})  # type: ignore[arg-type]


def test_every_price_has_its_unit_and_source_and_none_stands_in_the_code() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", prices()["date"])
    for name, price in prices()["prices"].items():
        assert Decimal(price["price"]) > 0, name
        assert price["unit"], name
        assert "https://aws.amazon.com/" in price["source"], name
    more = Plan(1, labels=True, moderation=True, proxy=True, worker_hours=1, dashboards=1, replaced=1)
    used = {line.price for line in bill(more).lines}
    assert used == set(prices()["prices"])
    code = (ROOT / "mediahub" / "costs" / "model.py").read_text()
    assert [price["price"] for price in prices()["prices"].values() if f'"{price["price"]}"' in code] == []


def test_every_measured_figure_says_how_it_was_found() -> None:
    seen = model.measured()
    assert seen["command"] == "python -m bench.usage FOLDER"
    assert seen["photographs"] >= 10
    assert min(seen["worker"]["ms"], seen["bytes"]["original"], seen["bytes"]["logs"]) > 0
    assert seen["worker"]["requests"]["s3"]["PutObject"] == count_files(clients.get_specs())


def test_a_line_is_quantity_times_price() -> None:
    assert Line("Rekognition", "DetectLabels", Decimal(10_000), "detect_labels").dollars == 10


def test_the_command_prints_json_that_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["cost", "--images", "100", "--labels", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    total = sum(Decimal(line["dollars"]) for line in said["lines"])
    assert abs(total - Decimal(said["total"])) < Decimal("0.001")
    assert abs(total - Decimal(said["standing"]) - Decimal(said["for_images"])) < Decimal("0.001")


def test_a_bad_plan_ends_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["cost", "--images", "-5"]) == 1
    assert "images is -5; give 0 or more." in capsys.readouterr().err


@pytest.mark.parametrize(("preset", "most"), [("standard", 26), ("small", 12)])
def test_a_preset_stands_within_its_goal_and_the_total_is_on_the_last_line(
    preset: str, most: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy.main(["cost", "--images", "0", "--preset", preset]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    total = re.fullmatch(r"Total: \$(\d+\.\d\d) a month", last)
    assert total
    assert Decimal(total[1]) <= most


def test_what_is_given_explicitly_wins_over_a_preset(capsys: pytest.CaptureFixture[str]) -> None:
    def total(*arguments: str) -> Decimal:
        assert deploy.main(["cost", "--images", "0", "--json", *arguments]) == 0
        return Decimal(json.loads(capsys.readouterr().out)["total"])

    assert total("--preset", "small", "--set", "Network=closed") == total("--preset", "standard")
    assert total("--preset", "standard", "--zones", "2") == total("--preset", "standard") + Decimal("14.60")
    # By default the stack is the standard one.
    assert total() == total("--preset", "standard")


def test_a_parameter_that_the_stack_does_not_have_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert deploy.main(["cost", "--images", "0", "--set", "Nonsense=1"]) == 1
    assert "has no parameter Nonsense" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--zones", "3"], "Zones cannot be 3. Choose 1 or 2."),
        (["--database", "mysql"], "Database cannot be mysql. Choose aurora or own."),
        (["--set", "Network=open"], "Network cannot be open. Choose closed or ipv6."),
    ],
)
def test_a_parameter_with_a_value_that_the_stack_does_not_take_is_refused(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy.main(["cost", "--images", "0", *arguments]) == 1
    assert says in capsys.readouterr().err


def test_the_document_shows_what_the_command_prints_now() -> None:
    shown = re.findall(SHOWN, DOCUMENT.read_text(), re.S)
    assert len(shown) >= 6
    for command, printed in shown:
        assert printed == print_bill(command), (
            f"docs/cost.md is stale: run `python -m tests.costs`, which puts in what `{command}` prints"
        )
