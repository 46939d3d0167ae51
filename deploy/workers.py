"""Celery workers on Fargate: a stack of its own beside the base, which hands it all names it needs."""

from collections.abc import Mapping

from deploy import stages, template
from deploy.place import Confirm, Place
from deploy.stacks import DeployError, Stack, Template

TEMPLATE = template.FOLDER / "workers.yaml"
# What both stacks call by one name.
SHARED = (
    "KmsKeyArn",
    "TopicArn",
    "UploadBucket",
    "RenditionBucket",
    "UploadQueueUrl",
    "DeadLetterQueueUrl",
    "BulkQueueUrl",
    "MirrorTable",
    "SecretName",
)


def stack(place: Place) -> Stack:
    """The stack of the workers."""
    return Stack(f"{place.project}-{place.stage}-workers", place.clients, place.pause, place.say)


def parameters(place: Place, outputs: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """What the base's outputs say, and what the operator gives; raises DeployError where there is no network."""
    if "FunctionSubnets" not in outputs and "Subnets" not in wanted:
        raise DeployError("The base has no network. Give Subnets=… and SecurityGroups=… of yours with a way to ECR.")
    told = stages.environment(place, outputs, place.base.parameters(), "worker")
    database = {"DatabaseUrl": told["DATABASE_URL"]} if "DATABASE_URL" in told else {}
    secret = {"DatabaseSecretName": told["DATABASE_SECRET"]} if "DATABASE_SECRET" in told else {}
    network = {
        "Subnets": outputs.get("FunctionSubnets", ""),
        "SecurityGroups": outputs.get("FunctionSecurityGroup", ""),
    }
    return {
        "Project": place.project,
        "Stage": place.stage,
        "TaskRoleArn": outputs["BulkRoleArn"],
        "BulkQueueName": f"{place.project}-{place.stage}-bulk",
        "Labeler": told["LABELER"],
        **network,
        **database,
        **secret,
        **{name: outputs[name] for name in SHARED},
        **wanted,
    }


def make(place: Place, image: str, wanted: Mapping[str, str], confirm: Confirm) -> dict[str, str]:
    """Make or change the workers' stack; without an image only the repository that it is pushed to. Returns outputs."""
    outputs = place.base.outputs()
    if place.base.parameters().get("Workers") != "true" and "Subnets" not in wanted:
        raise DeployError("The network has no way to ECR. Run `python -m deploy stack STAGE --set Workers=true` first.")
    given = parameters(place, outputs, {**wanted, **({"Image": image} if image else {})})
    known = set(template.read(TEMPLATE)["Parameters"])
    changes = stack(place).prepare(Template({"TemplateBody": TEMPLATE.read_text()}), given, known)
    if changes is None:
        return stack(place).outputs()
    if not confirm(changes):
        stack(place).discard()
        raise DeployError("Nothing was changed, because you said no.")
    return stack(place).execute()
