"""Where a stage is deployed: its names, and clients of the account and region that hold it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from deploy.cloudformation import Change, Clients, Say, Stack

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
    def name(self) -> str:
        """Return what the names of the stage's parts begin with, such as `mediahub-production`."""
        return f"{self.project}-{self.stage}"

    @property
    def base(self) -> Stack:
        """Return the stack of everything but the functions; Zappa gives its own the name without `base`."""
        return Stack(f"{self.name}-base", self.clients, self.pause, self.say)

    @property
    def packages(self) -> Stack:
        """Return the stack of the bucket that templates and packages go through."""
        return Stack(f"{self.name}-packages", self.clients, self.pause, self.say)


def open_clients(profile: str | None = None, region: str | None = None) -> tuple[Clients, str]:
    """Return a maker of clients, one for each service, and their region."""
    session = boto3.Session(profile_name=profile, region_name=region)

    @cache
    def client(service: str, config: Config | None = None, /) -> Any:
        return session.client(service, config=config)  # type: ignore[call-overload]

    return client, session.region_name or "us-east-1"
