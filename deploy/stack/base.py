"""The base that functions stand on: the bucket of packages first, then the stack that is too long for a request."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from deploy import template
from deploy.cloudformation import DEAD_ENDS, KEEP, Stack, Template
from deploy.stack import adoption, removal
from deploy.stage import Confirm, Place


def make(place: Place, parameters: Mapping[str, str], confirm: Confirm) -> dict[str, str]:
    """Create or change the base to what the template says; returns its outputs and those of the packages' stack.

    What an earlier stack of this stage left because it holds data is taken over first. `confirm` sees the changes
    before they are made; what it refuses is not done. Raises DeployError.
    """
    names = {"Project": place.project, "Stage": place.stage}
    tls = {name: value for name, value in parameters.items() if name == "TlsOnly"}
    packages = _packages(place, {**names, **tls})
    clear_dead_end(place, place.base)
    whole, given = template.compose(), {**names, **parameters}
    existing = adoption.find(place, whole, {**place.base.parameters(), **given})
    if existing:
        if not confirm([found.change for found in existing]):
            return packages
        adoption.adopt(place, whole, given, existing, lambda part: _brought(place, packages["PackageBucket"], part))
    changes = place.base.prepare(_brought(place, packages["PackageBucket"], whole), given, set(whole["Parameters"]))
    if changes is None:
        return {**place.base.outputs(), **packages}
    if not confirm(changes):
        place.base.discard()
        return packages
    return {**place.base.execute(), **packages}


def clear_dead_end(place: Place, stack: Stack) -> None:
    """Delete a stack whose first create failed, or whose deletion did: CloudFormation changes it no more.

    What a failed create made is new and empty. CloudFormation could not delete what is protected against deletion, so
    the protection is lifted first; what the deletion leaves all the same is taken over by the next create.
    """
    status = stack.settle()
    if status not in DEAD_ENDS:
        return
    stack.say(f"  {stack.name} is {status} and can only be deleted; what holds data stays")
    for found in stack.resources():
        if found["ResourceStatus"] == "DELETE_FAILED":
            removal.lift_protection(place, found)
    stack.delete()


def bind(place: Place, parameters: Mapping[str, str]) -> dict[str, str]:
    """Change parameters alone, with the template as it is in force; returns the outputs."""
    held = place.base.parameters()
    if all(held.get(name) == value for name, value in parameters.items()):
        return place.base.outputs()
    if place.base.prepare(KEEP, parameters, set(held)) is None:
        return place.base.outputs()
    return place.base.execute()


def _packages(place: Place, parameters: Mapping[str, str]) -> dict[str, str]:
    text = (template.FOLDER / "packages.yaml").read_text()
    clear_dead_end(place, place.packages)
    if place.packages.prepare(Template({"TemplateBody": text}), parameters, set(parameters)) is None:
        return place.packages.outputs()
    return place.packages.execute()


def _brought(place: Place, bucket: str, whole: Mapping[str, Any]) -> Template:
    """Put a template into the bucket of packages, under the name of its content."""
    body = json.dumps(whole, indent=1).encode()
    key = f"templates/{hashlib.sha256(body).hexdigest()[:16]}.json"
    s3 = place.clients("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return Template({"TemplateURL": f"{s3.meta.endpoint_url}/{bucket}/{key}"})
