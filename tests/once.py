"""Which tests `python -m tests` runs on SQLite alone."""

# What asks no database, or brings one of its own, is the same on each: it runs once.
ONCE = (
    "processing",
    "costs",
    "simulation",
    *(f"deploy/test_{name}.py" for name in ("cdn", "commands", "locks", "template", "workers", "zappa_settings")),
    *(f"local/test_{name}.py" for name in ("roles", "site", "stack")),
    *(f"test_{name}.py" for name in ("house", "matrix", "ports", "soak", "vault")),
)
