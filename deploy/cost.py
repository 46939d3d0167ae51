"""`python -m deploy cost`: what images cost by service, standing and for each, beside the example everybody quotes."""

import argparse
import json
from decimal import Decimal

from deploy.stacks import DeployError
from mediahub.costs import Bill, CostError, Plan, bill, prices

# "$2.15 for 10,000 images", with labels, stands in the description of the usual build.
QUOTED = Decimal("2.15")
QUOTED_IMAGES = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments, one for each choice of a plan."""
    parser.add_argument("--images", type=int, required=True, help="images in one month")
    parser.add_argument("--labels", action="store_true", help="with Rekognition")
    parser.add_argument("--moderation", action="store_true", help="with Rekognition's flags as well; needs --labels")
    parser.add_argument("--published", type=int, default=100, help="per cent of the images that are published")
    parser.add_argument("--storage-days", type=int, default=30, help="how long what comes in is kept in this month")
    parser.add_argument("--views", type=int, default=10, help="how often each image is seen")
    parser.add_argument("--pages", type=int, default=3, help="pages of the desk that editors open for each image")
    parser.add_argument("--zones", type=int, default=1, help="zones of the network")
    parser.add_argument("--database", default="aurora", help="aurora or own")
    parser.add_argument("--active-hours", type=int, default=80, help="hours in which the database is awake")
    parser.add_argument("--proxy", action="store_true", help="with RDS Proxy")
    parser.add_argument("--worker-hours", type=int, default=0, help="hours of bulk workers on Fargate")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print the bill of a plan; raises DeployError for one that cannot be priced."""
    given = {name: value for name, value in vars(options).items() if name in Plan.__dataclass_fields__}
    try:
        made = bill(Plan(**given))
    except CostError as error:
        raise DeployError(str(error)) from error
    print(as_json(made) if options.json else as_text(made))
    return 0


def as_text(made: Bill) -> str:
    """Tables in Markdown: by service, then line by line."""
    plan, images = made.plan, Decimal(max(1, made.plan.images))
    head = f"{plan.images:,} images in a month, {'with' if plan.labels else 'without'} labels"
    rows = [f"{head}; prices of {prices()['date']}, {prices()['region']}, no free tier\n"]
    rows += ["| Service | standing, a month | for the images | for one image |", "| --- | ---: | ---: | ---: |"]
    for service, (standing, variable) in made.by_service().items():
        rows.append(f"| {service} | {_money(standing)} | {_money(variable)} | {_cents(variable / images)} |")
    variable = made.total(standing=False)
    total = f"| **all** | **{_money(made.total(standing=True))}** | **{_money(variable)}** "
    rows += [f"{total}| **{_cents(variable / images)}** |", ""]
    rows += ["| Line | Quantity | Price | US dollars |", "| --- | ---: | ---: | ---: |"]
    for line in made.lines:
        listed = prices()["prices"][line.price]
        mark = " (standing)" if line.standing else ""
        rows.append(
            f"| {line.service}: {line.what}{mark} | {line.quantity:,.2f} | {listed['price']} a {listed['unit']} "
            f"| {line.dollars:,.4f} |"
        )
    return "\n".join([*rows, "", _beside(made)])


def as_json(made: Bill) -> str:
    """The same for a program; money as text, in US dollars."""
    return json.dumps(
        {
            "images": made.plan.images,
            "date": prices()["date"],
            "standing": str(round(made.total(standing=True), 4)),
            "for_images": str(round(made.total(standing=False), 4)),
            "lines": [
                {
                    "service": line.service,
                    "what": line.what,
                    "standing": line.standing,
                    "quantity": str(round(line.quantity, 6)),
                    "dollars": str(round(line.dollars, 6)),
                }
                for line in made.lines
            ],
        },
        indent=2,
    )


def _beside(made: Bill) -> str:
    labels = Decimal(prices()["prices"]["detect_labels"]["price"]) * QUOTED_IMAGES
    return (
        f"Often quoted: {_money(QUOTED)} for {QUOTED_IMAGES:,} images with labels. DetectLabels alone lists at "
        f"{_money(labels)} for as many, so that figure cannot hold it; and it leaves out what stands."
    )


def _money(dollars: Decimal) -> str:
    return f"${dollars:,.2f}"


def _cents(dollars: Decimal) -> str:
    return f"{dollars * 100:.4f} ¢"
