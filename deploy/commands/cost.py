"""`python -m deploy cost`: show what images cost by service, per month and per image, beside a common quote."""

import argparse
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from deploy import presets, template
from deploy.errors import DeployError
from deploy.functions import zappa_settings
from mediahub.costs import Bill, CostError, Plan, bill, prices

# "$2.15 for 10,000 images", with labels, is the figure in the description of the usual build.
QUOTED = Decimal("2.15")
QUOTED_IMAGES = 10_000
# What the deploy command sets by itself once everything is deployed.
DEPLOYED = {"WorkerIsDeployed": "true", "SigningKeyA": "a key", "ApiId": "an API"}
# The fields of a plan that arguments set; the rest is counted in the template.
PLAN_ARGUMENTS = {
    *(
        "images",
        "labels",
        "moderation",
        "published",
        "replaced",
        "taken_down",
        "reprocessed",
        "recredited",
        "storage_days",
        "views",
        "pages",
    ),
    *("active_hours", "dashboards", "key_versions", "worker_hours"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments, one for each choice of a plan."""
    parser.add_argument("--images", type=int, required=True, help="new images in one month")
    parser.add_argument("--labels", action="store_true", help="with Rekognition")
    parser.add_argument("--moderation", action="store_true", help="with Rekognition's flags as well; needs --labels")
    parser.add_argument("--published", type=int, default=100, help="percentage of the images that are published")
    parser.add_argument("--replaced", type=int, default=0, help="published images whose file is replaced")
    parser.add_argument("--taken-down", type=int, default=0, help="published images that are taken down")
    parser.add_argument("--reprocessed", type=int, default=0, help="images whose renditions are regenerated")
    parser.add_argument(
        "--recredited",
        type=int,
        default=0,
        help="published images whose credit, license, or other embedded field changes",
    )
    parser.add_argument("--storage-days", type=int, default=30, help="days for which new files are stored this month")
    parser.add_argument("--views", type=int, default=10, help="views of each image")
    parser.add_argument("--pages", type=int, default=3, help="desk pages that editors open for each image")
    parser.add_argument(
        "--active-hours", type=int, default=80, help="hours in which people or files keep the database awake"
    )
    parser.add_argument(
        "--dashboards", type=int, default=0, help="dashboards created by `deploy dashboard` and not removed"
    )
    parser.add_argument(
        "--key-versions", type=int, default=2, help="earlier versions of the encryption key: 0 in the first year"
    )
    parser.add_argument("--worker-hours", type=int, default=0, help="hours of bulk workers on Fargate")
    presets.add_argument(parser)
    parser.add_argument("--zones", help="availability zones of the network")
    parser.add_argument("--database", help="aurora or own")
    parser.add_argument("--proxy", action="store_true", help="with RDS Proxy")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the stack")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print the bill of a plan; raise DeployError for a plan that cannot be priced."""
    fields = {name: value for name, value in vars(options).items() if name in PLAN_ARGUMENTS}
    try:
        monthly_bill = bill(Plan(**fields, **count_parts(_read_parameters(options))))
    except CostError as error:
        raise DeployError(str(error)) from error
    print(format_json(monthly_bill) if options.json else format_text(monthly_bill))
    return 0


def _read_parameters(options: argparse.Namespace) -> dict[str, str]:
    """Return the parameters of the stack that the arguments describe."""
    known = template.compose()["Parameters"]
    explicit = {"Labels": str(options.labels).lower()}
    explicit |= {"Zones": options.zones} if options.zones else {}
    explicit |= {"Database": options.database} if options.database else {}
    explicit |= {"DatabaseProxy": "true"} if options.proxy else {}
    explicit |= {"Workers": "true"} if options.worker_hours else {}
    explicit |= presets.parse_parameters(options.set, set(known))
    for name, value in explicit.items():
        allowed = [str(choice) for choice in known[name].get("AllowedValues", [value])]
        if value not in allowed:
            raise DeployError(f"{name} cannot be {value}. Choose {' or '.join(allowed)}.")
    defaults = {name: str(rule.get("Default", "")) for name, rule in known.items()}
    return {**defaults, **DEPLOYED, **presets.apply_preset(options.preset, explicit)}


def count_parts(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return how much a stack with these parameters has of everything that AWS bills by the month."""
    resources = template.select_resources(template.compose(), parameters)
    endpoints = template.list_properties(resources, "EC2::VPCEndpoint").values()
    alarms = template.list_properties(resources, "CloudWatch::Alarm").values()
    clusters = template.list_properties(resources, "RDS::DBCluster").values()
    metrics = {alarm["MetricName"] for alarm in alarms if alarm.get("Namespace") == "MediaHub"}
    pauses = [cluster["ServerlessV2ScalingConfiguration"]["SecondsUntilAutoPause"] for cluster in clusters]
    owners = [cluster for cluster in clusters if cluster.get("ManageMasterUserPassword")]
    return {
        "database": parameters["Database"],
        "zones": int(parameters["Zones"]),
        "proxy": bool(template.list_properties(resources, "RDS::DBProxy")),
        "endpoints": sum(endpoint["VpcEndpointType"] == "Interface" for endpoint in endpoints),
        # AWS bills an alarm for each metric that it watches.
        "alarms": sum(sum("MetricStat" in part for part in alarm.get("Metrics", [])) or 1 for alarm in alarms),
        "metrics": len(metrics),
        "secrets": len(template.list_properties(resources, "SecretsManager::Secret")) + len(owners),
        "mappings": len(template.list_properties(resources, "Lambda::EventSourceMapping")),
        "rest_seconds": zappa_settings.REST_SECONDS,
        **({"pause_seconds": pauses[0]} if pauses else {}),
    }


def format_text(monthly_bill: Bill) -> str:
    """Return the bill as tables in Markdown: by service, then line by line."""
    plan = monthly_bill.plan
    images = Decimal(max(1, plan.images, plan.reprocessed, plan.recredited))
    head = f"{plan.images:,} images in a month, {'with' if plan.labels else 'without'} labels"
    head += f", and {plan.reprocessed:,} reprocessed" if plan.reprocessed else ""
    head += f", and {plan.recredited:,} with another credit" if plan.recredited else ""
    rows = [f"{head}; prices of {prices()['date']}, {prices()['region']}, no free tier\n"]
    rows += ["| Service | fixed, per month | for the images | per image |", "| --- | ---: | ---: | ---: |"]
    for service, (standing, variable) in monthly_bill.by_service().items():
        amounts = f"{_format_dollars(standing)} | {_format_dollars(variable)} | {_format_cents(variable / images)}"
        rows.append(f"| {service} | {amounts} |")
    variable = monthly_bill.total(standing=False)
    total = f"| **all** | **{_format_dollars(monthly_bill.total(standing=True))}** | **{_format_dollars(variable)}** "
    rows += [f"{total}| **{_format_cents(variable / images)}** |", ""]
    rows += ["| Line | Quantity | Price | US dollars |", "| --- | ---: | ---: | ---: |"]
    for line in monthly_bill.lines:
        listed = prices()["prices"][line.price]
        mark = " (fixed)" if line.standing else ""
        rows.append(
            f"| {line.service}: {line.what}{mark} | {line.quantity:,.2f} | {listed['price']} per {listed['unit']} "
            f"| {line.dollars:,.4f} |"
        )
    return "\n".join(
        [*rows, "", _format_quoted_price(monthly_bill), "", f"Total: {_format_dollars(monthly_bill.total())} a month"]
    )


def format_json(monthly_bill: Bill) -> str:
    """Return the bill for a program, with amounts as text, in US dollars."""
    return json.dumps(
        {
            "images": monthly_bill.plan.images,
            "date": prices()["date"],
            "total": str(round(monthly_bill.total(), 4)),
            "standing": str(round(monthly_bill.total(standing=True), 4)),
            "for_images": str(round(monthly_bill.total(standing=False), 4)),
            "lines": [
                {
                    "service": line.service,
                    "what": line.what,
                    "standing": line.standing,
                    "quantity": str(round(line.quantity, 6)),
                    "dollars": str(round(line.dollars, 6)),
                }
                for line in monthly_bill.lines
            ],
        },
        indent=2,
    )


def _format_quoted_price(monthly_bill: Bill) -> str:
    labels = Decimal(prices()["prices"]["detect_labels"]["price"]) * QUOTED_IMAGES
    return (
        f"A common quote is {_format_dollars(QUOTED)} for {QUOTED_IMAGES:,} images with labels. "
        f"DetectLabels alone costs {_format_dollars(labels)} for as many, so the quote cannot include it; "
        "and it leaves out the fixed costs."
    )


def _format_dollars(dollars: Decimal) -> str:
    return f"${dollars:,.2f}"


def _format_cents(dollars: Decimal) -> str:
    return f"{dollars * 100:.4f} ¢"
