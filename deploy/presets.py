"""Named choices of the stack's parameters, for those who do not want to weigh each; `--set` wins over a preset."""

import argparse
from collections.abc import Mapping

PRESETS: Mapping[str, Mapping[str, str]] = {
    # Functions stand in a network with no way out, and reach AWS through endpoints that are paid for by the hour.
    "standard": {"Database": "aurora", "Network": "closed", "Zones": "1", "DatabaseProxy": "false"},
    # They reach AWS by IPv6 through a gateway that costs nothing and lets nothing in; what that gives up: SECURITY.md.
    "small": {"Database": "aurora", "Network": "ipv6", "Zones": "1", "DatabaseProxy": "false"},
}


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--preset` to a command."""
    parser.add_argument("--preset", choices=PRESETS, help="parameters chosen together; see docs/cost.md")


def choose(preset: str | None, explicit: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters of a preset, none without one, with those that were given explicitly in their place."""
    return {**(PRESETS[preset] if preset else {}), **explicit}
