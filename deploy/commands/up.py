"""Deploy a stage, from the base stack to the site's address; each step reports what it does and how long it took."""

import mimetypes
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.commands import workers
from deploy.database import aurora
from deploy.errors import DeployError
from deploy.functions import binding, management, zappa_settings
from deploy.keys import signing
from deploy.package import build, wheels
from deploy.stack import base, endpoints, regions, zones
from deploy.stage import Confirm, Stage

IMMUTABLE = "public, max-age=31536000, immutable"


def update_stack(stage: Stage, parameters: Mapping[str, str], confirm: Confirm) -> dict[str, str]:
    """Create or update the stack, and write the stages of zappa_settings.json; return the outputs."""
    current = stage.base.read_parameters()
    merged = {**current, **parameters}
    endpoints.check_network(stage.region, merged)
    regions.check_region(stage.region, merged)
    derived, private_key = dict[str, str](), ""
    if merged.get("Cdn", "true") == "true":
        derived, private_key = signing.choose_key(stage, current)
    if merged.get("Database", "aurora") == "aurora":
        derived |= {**_find_prefix_lists(stage), **zones.choose_zones(stage, merged)}
        derived["DatabaseResourceId"] = aurora.read_resource_id(stage)
    outputs = base.create_or_update(stage, {**parameters, **derived}, confirm)
    if "UploadBucket" not in outputs:
        raise DeployError("Nothing was changed, because you declined.")
    if private_key:
        signing.store_key(stage, outputs["SigningKeyId"], private_key)
    zappa_settings.write_stages(stage, outputs, stage.base.read_parameters())
    return outputs


def deploy_stage(stage: Stage, parameters: Mapping[str, str], confirm: Confirm) -> str:
    """Deploy stack, package, both functions, database and static files; return the site's address."""
    step = _StepTimer(stage.report)
    outputs = step("stack", lambda: update_stack(stage, parameters, confirm))
    if "DatabaseHost" in outputs:
        step("certificates of the database", build.fetch_authorities)
        step("users of the database", lambda: aurora.create_users(stage, stage.full_name))
    step("wheels for the functions", wheels.install_wheels)
    step("static files", build.collect_static)
    for kind in ("worker", "web"):
        zappa_stage = zappa_settings.name_stages(stage)[kind]
        command = "update" if binding.function_exists(stage, zappa_settings.name_functions(stage)[kind]) else "deploy"
        step(
            f"zappa {command} {zappa_stage}",
            lambda zappa_stage=zappa_stage, command=command: build.run_zappa(command, zappa_stage),
        )
    outputs = step("event source and clock", lambda: binding.bind_functions(stage))
    step("settings of the Fargate workers", lambda: workers.refresh_settings(stage))
    step("migrations", lambda: management.run_command(stage, "migrate --no-input"))
    if "StaticBucket" in outputs:
        step("static files to CloudFront", lambda: upload_static_files(stage, outputs["StaticBucket"]))
    return read_site_address(stage)


def read_site_address(stage: Stage) -> str:
    """Return the address of the site; empty before the web is deployed."""
    site = zappa_settings.find_address(stage, stage.base.read_parameters())
    return "" if site == zappa_settings.NOWHERE else f"{site}/"


def upload_static_files(stage: Stage, bucket: str, folder: Path = build.ROOT / "static") -> int:
    """Upload the collected static files to CloudFront's bucket and return how many; names change with the content."""
    s3 = stage.client("s3")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in (".gz", ".br")]
    for path in files:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        key = f"static/{path.relative_to(folder).as_posix()}"
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), ContentType=kind, CacheControl=IMMUTABLE)
    return len(files)


@dataclass(frozen=True)
class _StepTimer:
    """Report each step before it runs, and how long it took."""

    report: Callable[[str], None]

    def __call__(self, name: str, run: Callable[..., Any]) -> Any:
        self.report(f"→ {name}")
        start = time.monotonic()
        result = run()
        self.report(f"✓ {name}, {time.monotonic() - start:.0f} s")
        return result


def _find_prefix_lists(stage: Stage) -> dict[str, str]:
    """Return the prefix lists of S3 and DynamoDB in this region, for the functions' security group."""
    prefix_lists = {}
    for name, service in (("S3PrefixList", "s3"), ("DynamoDbPrefixList", "dynamodb")):
        filters = [{"Name": "prefix-list-name", "Values": [f"com.amazonaws.{stage.region}.{service}"]}]
        lists = stage.client("ec2").describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
        if not lists:
            raise DeployError(f"{stage.region} has no prefix list for {service}. Set it yourself: --set {name}=pl-…")
        prefix_lists[name] = str(lists[0]["PrefixListId"])
    return prefix_lists
