"""What the documents show of `python -m deploy cost`: whole bills, and figures in sentences."""

import re
from collections.abc import Callable
from contextlib import redirect_stdout
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from deploy import __main__ as deploy
from deploy import presets, template
from deploy.commands import cost
from mediahub.costs import Bill, Plan, bill, model, prices

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "docs" / "cost.md"
# A command, and what it prints.
SHOWN = r"`python -m deploy (cost [^`]+)`:\n\n(.*?)\n\n<!-- end -->"


class Figure(NamedTuple):
    """A figure in a sentence of a document: what stands right before and after it, and what it is."""

    document: str
    before: str
    after: str
    value: Callable[[], str]

    def find(self, text: str) -> "re.Match[str]":
        """Return where the figure stands; raises AssertionError when the sentence is not there, or there twice."""
        pattern = re.escape(self.before) + r"(\$?[\d.,]*\d)" + re.escape(self.after)
        matches = list(re.finditer(pattern, text))
        assert len(matches) == 1, f"{self.document} says {len(matches)} times: {self.before}…{self.after}"
        return matches[0]


def print_bill(command: str) -> str:
    """Return what the command prints now."""
    with redirect_stdout(StringIO()) as printed:
        assert deploy.main(command.split()) == 0, command
    return printed.getvalue().strip()


def price_stack(images: int = 0, preset: str = "standard", *, labels: bool = False, **plan: Any) -> Bill:
    """Return the bill of the stack that a preset makes."""
    known = {name: str(rule.get("Default", "")) for name, rule in template.compose()["Parameters"].items()}
    chosen = presets.apply_preset(preset, {"Labels": str(labels).lower()})
    counted = cost.count_parts({**known, **cost.DEPLOYED, **chosen})
    return bill(Plan(**{"images": images, "labels": labels, **counted, **plan}))


def _dollars(amount: Decimal, places: int = 2) -> str:
    return f"${amount:,.{places}f}"


def _aurora(what: str, **plan: Any) -> str:
    return _dollars(next(line.dollars for line in price_stack(**plan).lines if line.what.startswith(what)))


def _per_image(*, labels: bool = False, **plan: Any) -> Decimal:
    return price_stack(10_000, labels=labels, **plan).total(standing=False)


def _reprocess(published: int) -> Decimal:
    return price_stack(0, reprocessed=10_000, published=published).total(standing=False)


def _recredit() -> Decimal:
    return price_stack(0, recredited=10_000).total(standing=False)


def _count_rewrites(operation: str) -> int:
    return round(10_000 * float(model.measured()["credit"]["requests"]["s3"][operation]))


def _path() -> Decimal:
    return Decimal(prices()["prices"]["invalidation"]["price"])


def _paths() -> Decimal:
    return model.count_paths(Decimal(model.measured()["worker"]["requests"]["s3"]["PutObject"]))


COST = "docs/cost.md"
FIGURES = [
    Figure(COST, "and nothing else | ", " |", lambda: _dollars(price_stack().total())),
    Figure(COST, "(security.md#the-network) | ", " |", lambda: _dollars(price_stack(preset="small").total())),
    Figure(COST, "with them `standard` costs ", " a\nmonth", lambda: _dollars(price_stack(labels=True).total())),
    Figure(COST, "and `small` ", ".", lambda: _dollars(price_stack(preset="small", labels=True).total())),
    Figure(COST, "so it wakes the database ", " times a month", lambda: f"{price_stack().plan.wakes:.0f}"),
    Figure(COST, "which costs ", "; resting", lambda: _aurora("woken")),
    Figure(COST, "only an hour would cost ", ".", lambda: _aurora("woken", rest_seconds=3600)),
    Figure(COST, "all the time and costs ", " a month more", lambda: _aurora("proxy", proxy=True)),
    Figure(COST, "| CloudWatch | ", " metrics that alarms watch", lambda: str(price_stack().plan.alarms)),
    Figure(COST, "alarms watch, ", " metrics of our own", lambda: str(price_stack().plan.metrics)),
    Figure(COST, "An image without labels costs ", ". A third", lambda: _dollars(_per_image() / 10_000, 5)),
    Figure(COST, "leaves that out and saves ", ".", lambda: _dollars(_per_image() - _per_image(published=0))),
    Figure(COST, "10,000 published images costs ", " once", lambda: _dollars(_reprocess(100))),
    Figure(COST, "images that are not published cost ", ".", lambda: _dollars(_reprocess(0))),
    Figure(COST, "the credit of 10,000 published\nimages costs ", " once", lambda: _dollars(_recredit())),
    Figure(COST, "at most ", " read requests", lambda: f"{_count_rewrites('GetObject'):,}"),
    Figure(COST, "read requests and ", " write requests", lambda: f"{_count_rewrites('PutObject'):,}"),
    Figure(COST, "image with labels costs ", ": seven tenths", lambda: _dollars(_per_image(labels=True) / 10_000, 5)),
    Figure(COST, "without labels, ", " by our measurements", lambda: _dollars(_per_image(published=0))),
    Figure(COST, "CloudFront charges ", " for each path", lambda: f"${_path()}"),
    Figure(COST, "are more than five: ", " path", lambda: f"{_paths():.0f}"),
    Figure(COST, "path and ", " an image", lambda: _dollars(_paths() * _path(), 3)),
    Figure(COST, "an image,\n  ", " for 10,000 images replaced", lambda: _dollars(_paths() * _path() * 10_000)),
    Figure("README.md", "all published, costs ", " without labels", lambda: _dollars(_per_image())),
    Figure("README.md", "without labels and ", " with", lambda: _dollars(_per_image(labels=True))),
    Figure("README.md", "An idle site costs ", " a month with", lambda: _dollars(price_stack().total(), 0)),
    Figure(
        "README.md",
        "the preset `standard`, or ",
        " with `small`",
        lambda: _dollars(price_stack(preset="small").total(), 0),
    ),
]
