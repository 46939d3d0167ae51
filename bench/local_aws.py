"""A local AWS beside the test database of a measurement."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def run_local_aws(folder: Path, role: str, bulk_visibility: int = 30) -> Iterator[dict[str, str]]:
    """Start an empty local AWS, and let this process use it in this role; give the environment for other processes.

    What a bulk worker took and did not end comes back after `bulk_visibility` seconds.
    """
    from django.conf import settings

    from mediahub.local import emulator, stack

    running = emulator.start_emulator(emulator.find_free_port(), folder / "aws", keep=False)
    try:
        deployed = stack.deploy_stack(running, "bench", {"SiteOrigin": "http://127.0.0.1:8000"})
        stack.write_profiles(folder / "aws-config", deployed, running.root_key)
        for name, value in deployed.settings().items():
            setattr(settings, name, value)
        settings.AWS_ENDPOINT_URL, settings.AWS_PROFILE = running.endpoint, role
        os.environ.update(AWS_CONFIG_FILE=str(folder / "aws-config"), AWS_ENDPOINT_URL=running.endpoint)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ.pop(name, None)
        stack.root_client("sqs", running.endpoint).set_queue_attributes(
            QueueUrl=settings.BULK_QUEUE_URL, Attributes={"VisibilityTimeout": str(bulk_visibility)}
        )
        environment = stack.build_environment(folder, running, deployed, "http://127.0.0.1:8000")
        yield {**environment, "AWS_PROFILE": "bulk", "LABELER": "off", "MEDIAHUB_ENV_FILE": ""}
    finally:
        running.stop()
