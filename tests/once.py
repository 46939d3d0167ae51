"""Which tests `python -m tests` runs on SQLite alone."""

from pathlib import Path

# All of tests/aws but for the addresses that images have, which lie in the database.
AWS = sorted(
    f"aws/{path.name}" for path in (Path(__file__).parent / "aws").glob("test_*.py") if path.stem != "test_addresses"
)
DEPLOY = (
    "cdn",
    "coming_back",
    "commands",
    "locks",
    "operations",
    "stubs",
    "template",
    "workers",
    "zappa_settings",
    "zones",
)
# What asks no database, or brings one of its own, is the same on each: it runs once.
ONCE = (
    "processing",
    *AWS,
    "costs",
    "simulation",
    *(f"deploy/test_{name}.py" for name in DEPLOY),
    *(f"local/test_{name}.py" for name in ("roles", "site", "stack")),
    *(f"test_{name}.py" for name in ("house", "matrix", "queue_and_table", "soak", "secrets")),
)

# What scripts keep and send while the line or the session is away is the same whichever database lies behind them; what
# the site does with it is tried on both by tests/desk.
IN_THE_BROWSER = tuple(f"browser/test_{name}.py" for name in ("going_on", "one_file", "sending", "typed", "words"))
LEFT_OUT_ON_POSTGRESQL = (*ONCE, *IN_THE_BROWSER)
