"""A release from the base to the site's address, and back: each step says what it does and how long it took."""

import mimetypes
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deploy.commands import workers
from deploy.database import aurora
from deploy.errors import DeployError
from deploy.functions import binding, management, zappa_settings
from deploy.keys import signing
from deploy.package import build, wheels
from deploy.stack import base, endpoints, regions, zones
from deploy.stage import Confirm, Place

FOR_EVER = "public, max-age=31536000, immutable"


def make_stack(place: Place, wanted: Mapping[str, str], confirm: Confirm) -> dict[str, str]:
    """Make or change the stack, and write the stages of zappa_settings.json; returns the outputs."""
    held = place.base.parameters()
    endpoints.check_network(place.region, {**held, **wanted})
    regions.require(place.region, {**held, **wanted})
    parameters, private = dict(wanted), ""
    if {**held, **wanted}.get("Cdn", "true") == "true":
        signed, private = signing.choose_key(place, held)
        parameters |= signed
    if {**held, **wanted}.get("Database", "aurora") == "aurora":
        parameters |= {**_prefix_lists(place), **zones.choose_zones(place, {**held, **wanted})}
        parameters["DatabaseResourceId"] = aurora.read_resource_id(place)
    outputs = base.make(place, parameters, confirm)
    if "UploadBucket" not in outputs:
        raise DeployError("Nothing was changed, because you said no.")
    if private:
        signing.keep(place, outputs["SigningKeyId"], private)
    zappa_settings.write(place, outputs, place.base.parameters())
    return outputs


def up(place: Place, wanted: Mapping[str, str], confirm: Confirm) -> str:
    """The whole way: stack, package, both functions, database, static files; returns the site's address."""
    step = _Steps(place.say)
    outputs = step("stack", lambda: make_stack(place, wanted, confirm))
    if "DatabaseHost" in outputs:
        step("authorities of the database", build.bring_authorities)
        step("sign-in of the database", lambda: aurora.make_user(place, place.name))
    step("wheels of the functions", wheels.install_wheels)
    step("static files", build.collect_static)
    for kind in ("worker", "web"):
        stage = zappa_settings.names(place)[kind]
        command = "update" if binding.exists(place, zappa_settings.functions(place)[kind]) else "deploy"
        step(f"zappa {command} {stage}", lambda stage=stage, command=command: build.zappa(command, stage))
    outputs = step("mapping and clock", lambda: binding.bind(place))
    step("settings of the workers on Fargate", lambda: workers.refresh(place))
    step("migrations", lambda: management.manage(place, "migrate --no-input"))
    if "StaticBucket" in outputs:
        step("static files to CloudFront", lambda: bring_static_files(place, outputs["StaticBucket"]))
    return address(place)


def address(place: Place) -> str:
    """Where the site is; empty before the web is deployed."""
    site = zappa_settings.address(place, place.base.parameters())
    return "" if site == zappa_settings.NOWHERE else f"{site}/"


def bring_static_files(place: Place, bucket: str, folder: Path = build.ROOT / "static") -> int:
    """Copy the collected static files to CloudFront's bucket; returns how many. Their names change with their bytes."""
    s3 = place.clients("s3")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in (".gz", ".br")]
    for path in files:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        key = f"static/{path.relative_to(folder).as_posix()}"
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), ContentType=kind, CacheControl=FOR_EVER)
    return len(files)


class _Steps:
    """Says what is done and how long it took."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def __call__(self, name: str, do: Callable[..., Any]) -> Any:
        self._say(f"→ {name}")
        start = time.monotonic()
        done = do()
        self._say(f"✓ {name}, {time.monotonic() - start:.0f} s")
        return done


def _prefix_lists(place: Place) -> dict[str, str]:
    """The addresses of S3 and DynamoDB in this region, for the functions' security group."""
    found = {}
    for name, service in (("S3PrefixList", "s3"), ("DynamoDbPrefixList", "dynamodb")):
        wanted = [{"Name": "prefix-list-name", "Values": [f"com.amazonaws.{place.region}.{service}"]}]
        lists = place.clients("ec2").describe_managed_prefix_lists(Filters=wanted)["PrefixLists"]
        if not lists:
            raise DeployError(f"There is no prefix list of {service} in {place.region}. Give {name}=pl-… yourself.")
        found[name] = str(lists[0]["PrefixListId"])
    return found
