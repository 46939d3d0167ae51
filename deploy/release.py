"""A release from the base to the site's address, and back: each step says what it does and how long it took."""

import mimetypes
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deploy import (
    base,
    bind,
    dashboard,
    database,
    existing,
    hosts,
    invocation,
    package,
    regions,
    removal,
    signing,
    stages,
    template,
    wheels,
    workers,
    zones,
)
from deploy.place import Confirm, Place
from deploy.stacks import DEAD_ENDS, DeployError, Stack

FOR_EVER = "public, max-age=31536000, immutable"


def make_stack(place: Place, wanted: Mapping[str, str], confirm: Confirm) -> dict[str, str]:
    """Make or change the stack, and write the stages of zappa_settings.json; returns the outputs."""
    held = place.base.parameters()
    hosts.check_network(place.region, {**held, **wanted})
    regions.require(place.region, {**held, **wanted})
    parameters, private = dict(wanted), ""
    if {**held, **wanted}.get("Cdn", "true") == "true":
        signed, private = signing.choose_key(place, held)
        parameters |= signed
    if {**held, **wanted}.get("Database", "aurora") == "aurora":
        parameters |= {**_prefix_lists(place), **zones.choose_zones(place, {**held, **wanted})}
        parameters["DatabaseResourceId"] = database.read_resource_id(place)
    outputs = base.make(place, parameters, confirm)
    if "UploadBucket" not in outputs:
        raise DeployError("Nothing was changed, because you said no.")
    if private:
        signing.keep(place, outputs["SigningKeyId"], private)
    stages.write(place, outputs, place.base.parameters())
    return outputs


def up(place: Place, wanted: Mapping[str, str], confirm: Confirm) -> str:
    """The whole way: stack, package, both functions, database, static files; returns the site's address."""
    step = _Steps(place.say)
    outputs = step("stack", lambda: make_stack(place, wanted, confirm))
    if "DatabaseHost" in outputs:
        step("authorities of the database", package.bring_authorities)
        step("sign-in of the database", lambda: database.make_user(place, place.name))
    step("wheels of the functions", wheels.install_wheels)
    step("static files", package.collect_static)
    for kind in ("worker", "web"):
        stage = stages.names(place)[kind]
        command = "update" if bind.exists(place, stages.functions(place)[kind]) else "deploy"
        step(f"zappa {command} {stage}", lambda stage=stage, command=command: package.zappa(command, stage))
    outputs = step("mapping and clock", lambda: bind.bind(place))
    step("settings of the workers on Fargate", lambda: workers.refresh(place))
    step("migrations", lambda: manage(place, "migrate --no-input"))
    if "StaticBucket" in outputs:
        step("static files to CloudFront", lambda: bring_static_files(place, outputs["StaticBucket"]))
    return address(place)


def address(place: Place) -> str:
    """Where the site is; empty before the web is deployed."""
    site = stages.address(place, place.base.parameters())
    return "" if site == stages.NOWHERE else f"{site}/"


def manage(place: Place, line: str) -> str:
    """Run one of MediaHub's commands in the worker's function; returns what it wrote. Raises DeployError."""
    return str(ask(place, line)["output"])


def ask(place: Place, line: str) -> dict[str, Any]:
    """Run a command as `manage` does; returns its `output`, and the id of the `job` that goes on with its work."""
    function = stages.functions(place)["worker"]
    place.clients("lambda").get_waiter("function_updated_v2").wait(FunctionName=function)
    said = invocation.invoke(place, function, {"manage": line})
    if not isinstance(said, dict):
        raise DeployError(f"`{line}` could not run in {function}: {said}")
    if not said["well"]:
        raise DeployError(f"`{line}` failed in {function}:\n{said['output']}")
    return dict(said)


def bring_static_files(place: Place, bucket: str, folder: Path = package.ROOT / "static") -> int:
    """Copy the collected static files to CloudFront's bucket; returns how many. Their names change with their bytes."""
    s3 = place.clients("s3")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in (".gz", ".br")]
    for path in files:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        key = f"static/{path.relative_to(folder).as_posix()}"
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes(), ContentType=kind, CacheControl=FOR_EVER)
    return len(files)


def rollback(place: Place, back: int) -> list[str]:
    """Put both functions back by so many releases; returns what each is now.

    Records are not touched, and migrations take nothing away. Zappa's own command names versions in a form that not
    every Lambda takes. Raises DeployError when Lambda keeps no release so old; then nothing is changed.
    """
    client = place.clients("lambda")
    chosen = {name: _earlier(client, name, back) for name in stages.functions(place).values()}
    for name, version in chosen.items():
        found = client.get_function(FunctionName=name, Qualifier=version)
        with urllib.request.urlopen(found["Code"]["Location"], timeout=120) as answer:  # noqa: S310 - AWS signed it
            code = answer.read()
        # Lambda changes nothing of a function that is being changed.
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        client.update_function_code(FunctionName=name, ZipFile=code, Publish=True)
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
    return [f"{name} is version {version} again" for name, version in chosen.items()]


def _earlier(client: Any, name: str, back: int) -> str:
    """The version that was in force so many releases ago: those with the code of today are none."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    held = {found["Version"]: found["CodeSha256"] for page in pages for found in page["Versions"]}
    today = held.pop("$LATEST")
    others = sorted((int(version) for version, digest in held.items() if digest != today), reverse=True)
    if not 1 <= back <= len(others):
        raise DeployError(
            f"{name} cannot go back by {back}: Lambda keeps {len(others)} earlier releases of it whose code is another."
        )
    return str(others[back - 1])


def down(place: Place) -> list[dict[str, Any]]:
    """Remove functions, API and stacks; returns what was kept because it holds data, as the stack told of it."""
    status = place.base.settle()
    retained_resources = _kept(place)
    if status and status not in DEAD_ENDS:
        # The mapping goes first: nothing is to be delivered to a function that is going.
        base.bind(place, {"WorkerIsDeployed": "false"})
    held = stages.read()
    for kind, stage in stages.names(place).items():
        if stage in held and bind.exists(place, stages.functions(place)[kind]):
            package.zappa("undeploy", stage, "--yes")
    workers.stack(place).delete()
    dashboard.remove(place)
    for stack in (place.base, place.packages):
        _empty_buckets(place, stack)
        stack.delete()
    return retained_resources


def _kept(place: Place) -> list[dict[str, Any]]:
    """Return what the stack retains, or what an earlier one left where there is none."""
    if place.base.described():
        return [found for found in place.base.resources() if found["LogicalResourceId"] in retained()]
    whole = template.compose()
    parts = {name: whole["Resources"][name] for name in sorted(template.retained(whole))}
    return [
        {"LogicalResourceId": found.logical, "PhysicalResourceId": found.physical, "ResourceType": found.kind}
        for found in existing.look_up(place, parts)
        if not found.is_leaving
    ]


def _empty_buckets(place: Place, stack: Stack) -> None:
    """Empty the buckets that go with the stack: a bucket that holds anything cannot be deleted."""
    if stack.described() is None:
        return
    for found in stack.resources():
        is_there = found["ResourceStatus"] not in ("DELETE_COMPLETE", "DELETE_SKIPPED")
        if found["ResourceType"] == "AWS::S3::Bucket" and is_there and found["LogicalResourceId"] not in retained():
            place.say(f"  emptying {found['PhysicalResourceId']}")
            removal.empty_bucket(place, found["PhysicalResourceId"])


def retained() -> set[str]:
    """The logical names of all that outlives the stack."""
    return template.retained(template.compose())


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
