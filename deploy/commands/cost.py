"""`python -m deploy cost`: what images cost by service, standing and for each, beside the example everybody quotes."""

import argparse
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from deploy import presets, template
from deploy.errors import DeployError
from deploy.functions import zappa_settings
from mediahub.costs import Bill, CostError, Plan, bill, prices

# "$2.15 for 10,000 images", with labels, stands in the description of the usual build.
QUOTED = Decimal("2.15")
QUOTED_IMAGES = 10_000
# What the deploy command fills in by itself once all stands.
DEPLOYED = {"WorkerIsDeployed": "true", "SigningKeyA": "a key", "ApiId": "an API"}
# What a plan is asked for; the rest is counted in the template.
ASKED = {
    *("images", "labels", "moderation", "published", "replaced", "taken_down", "storage_days", "views", "pages"),
    *("active_hours", "dashboards", "key_versions", "worker_hours"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments, one for each choice of a plan."""
    parser.add_argument("--images", type=int, required=True, help="images in one month")
    parser.add_argument("--labels", action="store_true", help="with Rekognition")
    parser.add_argument("--moderation", action="store_true", help="with Rekognition's flags as well; needs --labels")
    parser.add_argument("--published", type=int, default=100, help="per cent of the images that are published")
    parser.add_argument("--replaced", type=int, default=0, help="published images whose file is replaced")
    parser.add_argument("--taken-down", type=int, default=0, help="published images that are taken down")
    parser.add_argument("--storage-days", type=int, default=30, help="how long what comes in is kept in this month")
    parser.add_argument("--views", type=int, default=10, help="how often each image is seen")
    parser.add_argument("--pages", type=int, default=3, help="pages of the desk that editors open for each image")
    parser.add_argument(
        "--active-hours", type=int, default=80, help="hours in which people or files keep the desk awake"
    )
    parser.add_argument("--dashboards", type=int, default=0, help="made by `deploy dashboard`, and not removed")
    parser.add_argument("--key-versions", type=int, default=2, help="former versions of the key: 0 in the first year")
    parser.add_argument("--worker-hours", type=int, default=0, help="hours of bulk workers on Fargate")
    presets.add_argument(parser)
    parser.add_argument("--zones", help="zones of the network")
    parser.add_argument("--database", help="aurora or own")
    parser.add_argument("--proxy", action="store_true", help="with RDS Proxy")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the stack")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print the bill of a plan; raises DeployError for one that cannot be priced."""
    given = {name: value for name, value in vars(options).items() if name in ASKED}
    try:
        monthly_bill = bill(Plan(**given, **count_parts(_parameters(options))))
    except CostError as error:
        raise DeployError(str(error)) from error
    print(as_json(monthly_bill) if options.json else as_text(monthly_bill))
    return 0


def _parameters(options: argparse.Namespace) -> dict[str, str]:
    """Return the parameters of the stack that the arguments stand for."""
    explicit = {"Labels": str(options.labels).lower()}
    explicit |= {"Zones": options.zones} if options.zones else {}
    explicit |= {"Database": options.database} if options.database else {}
    explicit |= {"DatabaseProxy": "true"} if options.proxy else {}
    explicit |= {"Workers": "true"} if options.worker_hours else {}
    explicit |= dict(item.partition("=")[::2] for item in options.set)
    known = template.compose()["Parameters"]
    if unknown := set(explicit) - set(known):
        raise DeployError(f"The stack has no parameter {', '.join(sorted(unknown))}.")
    for name, value in explicit.items():
        allowed = [str(one) for one in known[name].get("AllowedValues", [value])]
        if value not in allowed:
            raise DeployError(f"{name} is {value}; give {' or '.join(allowed)}.")
    defaults = {name: str(rule.get("Default", "")) for name, rule in known.items()}
    return {**defaults, **DEPLOYED, **presets.choose(options.preset, explicit)}


def count_parts(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return what the stack has of everything that is paid for by the month, as it is made with these parameters."""
    resources = template.select_resources(template.compose(), parameters)
    endpoints = template.of_type(resources, "EC2::VPCEndpoint").values()
    alarms = template.of_type(resources, "CloudWatch::Alarm").values()
    clusters = template.of_type(resources, "RDS::DBCluster").values()
    metrics = {alarm["MetricName"] for alarm in alarms if alarm.get("Namespace") == "MediaHub"}
    pauses = [cluster["ServerlessV2ScalingConfiguration"]["SecondsUntilAutoPause"] for cluster in clusters]
    owners = [cluster for cluster in clusters if cluster.get("ManageMasterUserPassword")]
    return {
        "database": parameters["Database"],
        "zones": int(parameters["Zones"]),
        "proxy": bool(template.of_type(resources, "RDS::DBProxy")),
        "endpoints": sum(endpoint["VpcEndpointType"] == "Interface" for endpoint in endpoints),
        "alarms": sum(_count_metrics(alarm) for alarm in alarms),
        "metrics": len(metrics),
        "secrets": len(template.of_type(resources, "SecretsManager::Secret")) + len(owners),
        "mappings": len(template.of_type(resources, "Lambda::EventSourceMapping")),
        "rest_seconds": zappa_settings.REST_SECONDS,
        **({"pause_seconds": pauses[0]} if pauses else {}),
    }


def _count_metrics(alarm: Mapping[str, Any]) -> int:
    """Return how many metrics an alarm watches: each is paid for."""
    return sum("MetricStat" in metric for metric in alarm.get("Metrics", [])) or 1


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
    return "\n".join([*rows, "", _beside(made), "", f"Total: {_money(made.total())} a month"])


def as_json(made: Bill) -> str:
    """The same for a program; money as text, in US dollars."""
    return json.dumps(
        {
            "images": made.plan.images,
            "date": prices()["date"],
            "total": str(round(made.total(), 4)),
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
