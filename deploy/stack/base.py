"""The base stack: first a small stack with a bucket, then the stack whose template is too long for a request."""

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from deploy import template
from deploy.cloudformation import DEAD_ENDS, KEEP, Stack, Template
from deploy.stack import adoption, removal
from deploy.stage import Confirm, Stage


def create_or_update(stage: Stage, parameters: Mapping[str, str], confirm: Confirm) -> dict[str, str]:
    """Create or update the base stack; return its outputs and those of the packages' stack.

    Resources that an earlier stack of this stage left because they hold data are taken over first. `confirm` sees each
    set of changes before it is made; if it declines, only the packages' outputs are returned.
    """
    names = {"Project": stage.project, "Stage": stage.name}
    tls = {name: value for name, value in parameters.items() if name == "TlsOnly"}
    packages = _create_package_bucket(stage, {**names, **tls})
    upload = partial(_upload_template, stage, packages["PackageBucket"])
    clear_dead_end(stage, stage.base)
    whole, parameters = template.compose(), {**names, **parameters}
    existing = adoption.find_adoptable(stage, whole, {**stage.base.read_parameters(), **parameters})
    if existing:
        if not confirm([resource.change for resource in existing]):
            return packages
        adoption.adopt_resources(stage, whole, parameters, existing, upload)
    changes = stage.base.prepare(upload(whole), parameters, set(whole["Parameters"]))
    if changes is None:
        return {**stage.base.read_outputs(), **packages}
    if not confirm(changes):
        stage.base.discard()
        return packages
    return {**stage.base.execute(), **packages}


def clear_dead_end(stage: Stage, stack: Stack) -> None:
    """Delete a stack that failed to be created or deleted: CloudFormation does not change it any more.

    The resources of a failed create are new and empty. Deletion protection is lifted first, because CloudFormation
    could not delete what has it. The next create takes over whatever the deletion leaves.
    """
    status = stack.settle()
    if status not in DEAD_ENDS:
        return
    stack.report(f"  {stack.name} is {status} and can only be deleted; resources that hold data stay")
    for resource in stack.list_resources():
        if resource["ResourceStatus"] == "DELETE_FAILED":
            removal.lift_protection(stage, resource)
    stack.delete()


def update_parameters(stage: Stage, parameters: Mapping[str, str]) -> dict[str, str]:
    """Change parameters only, and keep the template; return the outputs."""
    current = stage.base.read_parameters()
    if all(current.get(name) == value for name, value in parameters.items()):
        return stage.base.read_outputs()
    if stage.base.prepare(KEEP, parameters, set(current)) is None:
        return stage.base.read_outputs()
    return stage.base.execute()


def _create_package_bucket(stage: Stage, parameters: Mapping[str, str]) -> dict[str, str]:
    text = (template.FOLDER / "packages.yaml").read_text()
    clear_dead_end(stage, stage.packages)
    if stage.packages.prepare(Template({"TemplateBody": text}), parameters, set(parameters)) is None:
        return stage.packages.read_outputs()
    return stage.packages.execute()


def _upload_template(stage: Stage, bucket: str, whole: Mapping[str, Any]) -> Template:
    """Upload a template to the bucket of packages, named by its content."""
    body = json.dumps(whole, indent=1).encode()
    key = f"templates/{hashlib.sha256(body).hexdigest()[:16]}.json"
    s3 = stage.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
    return Template({"TemplateURL": f"{s3.meta.endpoint_url}/{bucket}/{key}"})
