"""A local AWS beside the test database of a measurement."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediahub.local.stack import Stack


@contextmanager
def run_local_aws(folder: Path, role: str) -> Iterator["Stack"]:
    """Start an empty local AWS, and let this process use it in this role until the block ends."""
    from django.conf import settings

    from mediahub.local import emulator, stack

    running = emulator.start_emulator(emulator.find_free_port(), folder / "aws", keep=False)
    try:
        deployed = stack.deploy_stack(running, "bench", {"SiteOrigin": "http://127.0.0.1:8000"})
        stack.write_profiles(folder / "aws-config", deployed)
        for name, value in deployed.settings().items():
            setattr(settings, name, value)
        settings.AWS_ENDPOINT_URL, settings.AWS_PROFILE = running.endpoint, role
        os.environ.update(AWS_CONFIG_FILE=str(folder / "aws-config"), AWS_ENDPOINT_URL=running.endpoint)
        yield deployed
    finally:
        running.stop()
