"""A stage, such as production: its names, and the clients of the account and region that it is deployed to."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from deploy.cloudformation import Change, ClientFactory, Report, Stack

Confirm = Callable[[list[Change]], bool]


@dataclass(frozen=True)
class Stage:
    """A stage, whether it is deployed or not; `poll_seconds` lie between two questions about its state."""

    project: str
    name: str
    region: str
    client: ClientFactory
    poll_seconds: float = 3
    report: Report = print

    @property
    def full_name(self) -> str:
        """Return the prefix of the names of all its resources, such as `mediahub-production`."""
        return f"{self.project}-{self.name}"

    @property
    def base(self) -> Stack:
        """Return the stack of everything but the functions; Zappa's own stack has the name without `base`."""
        return Stack(f"{self.full_name}-base", self.client, self.poll_seconds, self.report)

    @property
    def packages(self) -> Stack:
        """Return the stack of the bucket for templates and packages."""
        return Stack(f"{self.full_name}-packages", self.client, self.poll_seconds, self.report)


def open_clients(profile: str | None = None, region: str | None = None) -> tuple[ClientFactory, str]:
    """Return a function that gives one client for each service, and the region of all of them."""
    session = boto3.Session(profile_name=profile, region_name=region)

    @cache
    def client(service: str, config: Config | None = None, /) -> Any:
        return session.client(service, config=config)  # type: ignore[call-overload]

    return client, session.region_name or "us-east-1"
