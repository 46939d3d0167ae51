"""Parameters of the stack: named sets for operators who do not want to weigh each, overridden by `--set`."""

import argparse
from collections.abc import Mapping, Sequence, Set

from deploy.errors import DeployError

PRESETS: Mapping[str, Mapping[str, str]] = {
    # The functions run in a network without a way out and reach AWS through endpoints, which are billed by the hour.
    "standard": {"Database": "aurora", "Network": "closed", "Zones": "1", "DatabaseProxy": "false"},
    # The functions reach AWS by IPv6 through a free gateway that lets nothing in; SECURITY.md names the drawbacks.
    "small": {"Database": "aurora", "Network": "ipv6", "Zones": "1", "DatabaseProxy": "false"},
}


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--preset` to a command."""
    parser.add_argument("--preset", choices=PRESETS, help="parameters chosen together; see docs/cost.md")


def parse_parameters(items: Sequence[str], known: Set[str]) -> dict[str, str]:
    """Return the parameters given as NAME=VALUE; raise DeployError for one that the stack does not have."""
    parameters = dict(item.partition("=")[::2] for item in items)
    if unknown := sorted(set(parameters) - known):
        raise DeployError(f"The stack has no parameter {', '.join(unknown)}. Choose from: {', '.join(sorted(known))}.")
    return parameters


def apply_preset(preset: str | None, explicit: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a preset, if any, overridden by the explicit ones."""
    return {**(PRESETS[preset] if preset else {}), **explicit}
