"""The base that functions stand on: the bucket of packages first, then the stack that is too long for a request."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploy import template
from deploy.stacks import KEEP, Change, Clients, Say, Stack, Template

Confirm = Callable[[list[Change]], bool]


@dataclass(frozen=True)
class Place:
    """Where a stage is deployed: its names, and clients of the account and region that hold it."""

    project: str
    stage: str
    region: str
    clients: Clients
    pause: float = 3
    say: Say = print

    @property
    def base(self) -> Stack:
        """The stack of everything but the functions; Zappa gives its own the name without `base`."""
        return Stack(f"{self.project}-{self.stage}-base", self.clients, self.pause, self.say)

    @property
    def packages(self) -> Stack:
        """The stack of the bucket that templates and packages go through."""
        return Stack(f"{self.project}-{self.stage}-packages", self.clients, self.pause, self.say)


def make(place: Place, parameters: Mapping[str, str], confirm: Confirm) -> dict[str, str]:
    """Create or change the base to what the template says; returns its outputs and those of the packages' stack.

    `confirm` sees the changes before they are made; what it refuses is not done. Raises DeployError.
    """
    names = {"Project": place.project, "Stage": place.stage}
    tls = {name: value for name, value in parameters.items() if name == "TlsOnly"}
    packages = _packages(place, {**names, **tls})
    whole = template.compose()
    changes = place.base.prepare(
        _brought(place, packages["PackageBucket"]), {**names, **parameters}, set(whole["Parameters"])
    )
    if changes is None:
        return {**place.base.outputs(), **packages}
    if not confirm(changes):
        place.base.discard()
        return packages
    return {**place.base.execute(), **packages}


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
    if place.packages.prepare(Template({"TemplateBody": text}), parameters, set(parameters)) is None:
        return place.packages.outputs()
    return place.packages.execute()


def _brought(place: Place, bucket: str) -> Template:
    """The template in the bucket of packages, under the name of its content."""
    account = place.clients("sts").get_caller_identity()["Account"]
    values = {"Project": place.project, "Stage": place.stage, "AWS::AccountId": str(account)}
    body = json.dumps(template.literal(template.compose(), values), indent=1).encode()
    key = f"templates/{hashlib.sha256(body).hexdigest()[:16]}.json"
    s3 = place.clients("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return Template({"TemplateURL": f"{s3.meta.endpoint_url}/{bucket}/{key}"})
