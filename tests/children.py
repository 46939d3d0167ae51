"""Processes that the tests start: commands, workers, the event loop, each on the database of the test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from tests.settings import CALLS

# Its sitecustomize.py lets a child record its calls of AWS.
CHILDREN = Path(__file__).parent / "aws" / "children"


def environment(profile: str) -> dict[str, str]:
    """Return the environment in which a child works beside the test, with the credentials of one role."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mediahub.settings",
        "AWS_PROFILE": profile,
        "KMS_KEY_ARN": settings.KMS_KEY_ARN,
        "DATABASE_URL": _database(),
    }


def recorded(*folders: str) -> dict[str, str]:
    """Return what has a child record its calls of AWS; `folders` are imported from besides."""
    return {"PYTHONPATH": os.pathsep.join([str(CHILDREN), *folders]), "MEDIAHUB_CALLS": str(CALLS)}


@contextmanager
def running(*command: str, profile: str = "worker", **changed: str) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a child, with its environment changed, that is ended, if need be, at the end of the block."""
    child = subprocess.Popen(
        [sys.executable, *command], env={**environment(profile), **recorded(), **changed}, cwd=settings.BASE_DIR
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _database() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def python(source: str, **changed: str) -> str:
    """Return what a fresh interpreter prints for the source, with the environment changed."""
    process = subprocess.run(
        [sys.executable, "-c", source],
        env={**os.environ, **changed},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return process.stdout.strip()
