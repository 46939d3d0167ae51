"""The stacks that an operator can choose: each database and network, and whatever can be switched on with it."""

from functools import cache
from itertools import product

from tests.aws.rendered import ACCOUNT, REGION, STAGE, Rendered, render_stack, render_workers

SWITCHES = ("Cdn", "Labels", "Workers", "DatabaseProxy")
# What stands at the beginning of a composition's name.
BASES = {
    "aurora": {"Database": "aurora", "Network": "closed"},
    "ipv6": {"Database": "aurora", "Network": "ipv6"},
    "own": {"Database": "own", "Network": "closed"},
}
# What the templates refuse, or what means nothing there.
WITHOUT = {"ipv6": {"Workers"}, "own": {"DatabaseProxy"}}


def _names() -> list[str]:
    names = []
    for base, switches in product(BASES, product((True, False), repeat=len(SWITCHES))):
        parts = [name for name, on in zip(SWITCHES, switches, strict=True) if on]
        if WITHOUT.get(base, set()).isdisjoint(parts):
            names.append("+".join((base, *parts)))
    return names


# Such as `aurora+Cdn+Labels`; everything that a name lacks is off.
COMPOSITIONS = _names()
EVERYTHING = "+".join(("aurora", *SWITCHES))


@cache
def compose(name: str) -> Rendered:
    """Return the stack of a composition; it is shared, so nobody changes it."""
    base, *parts = name.split("+")
    switches = {switch: str(switch in parts).lower() for switch in SWITCHES}
    deployer = f"arn:aws:iam::{ACCOUNT}:role/deployment"
    return render_stack({**BASES[base], "DeployerPrincipal": deployer, **switches})


@cache
def compose_workers(name: str = EVERYTHING) -> Rendered:
    """Return the stack of the Fargate workers beside the stack of a composition."""
    stack = compose(name)
    outputs = ("UploadBucket", "RenditionBucket", "UploadQueueUrl", "BulkQueueUrl", "DeadLetterQueueUrl", "MirrorTable")
    return render_workers(
        stack,
        {
            "Project": "mediahub",
            "Stage": STAGE,
            "Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mediahub-production-workers:1",
            "Subnets": "subnet-1",
            "SecurityGroups": "sg-1",
            "TaskRoleArn": stack.outputs["BulkRoleArn"],
            "BulkQueueName": stack.physical_name("BulkQueue"),
            "KmsKeyArn": stack.outputs["KmsKeyArn"],
            "TopicArn": stack.outputs["TopicArn"],
            "SecretName": stack.outputs["SecretName"],
            "DatabaseUrl": "postgresql://mediahub@database:5432/mediahub",
            **{name: stack.outputs[name] for name in outputs},
        },
    )
