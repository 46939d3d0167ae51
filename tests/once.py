"""Which tests `python -m tests` runs on one database alone."""

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
    *(
        f"test_{name}.py"
        for name in (
            *("clients", "documents", "figures", "findings", "functions", "house", "image_limits", "matrix"),
            *("measuring", "queue_and_table", "soak", "secrets", "words"),
        )
    ),
)

# What is tried on SQLite alone though it asks a database: of it, nothing depends on which. By path, with the reason.
NOT_OF_THE_DATABASE = {
    "bench": "Measures and examines files.",
    "browser": "Scripts do the same on each; what the site answers them is tried by desk and journeys.",
    "deploy": "The package and the rehearsal; what desk and worker ask is tried by their own tests.",
    "fuzz": "Alters files and messages; rejected and taken files are held by uploads.",
    "jail": "Decodes; what a decoder's end means for a file is held by uploads.",
    "local": "The event loop, the demo and the bucket of the local AWS.",
    "desk/test_closed.py": "Which images a person may see is one queryset, which desk/test_scopes.py tries on each.",
    "desk/test_frontend.py": "Bundles scripts.",
    "test_formats.py": "What stands in the table of formats.",
    "test_logs.py": "What stands in the lines of the log.",
    "test_messages.py": "Texts and catalogues.",
    "journeys/test_keys.py": "Keys of S3; records that hold any text are tried by test_extremes.py.",
    "uploads/test_refusals.py": "What AWS refuses.",
    "uploads/test_ticket_changes.py": "What S3 takes.",
}


# What is tried on PostgreSQL alone: the database of every site but a laptop's. By folder, with what holds it on SQLite.
NOT_ON_SQLITE = {
    "delivery": "Files and the mirror ask no database; Chromium opens published images on SQLite.",
    "desk": "Chromium opens every page on SQLite (browser); filters, searches, and counts are tried by library.",
    "jobs": "Chromium orders a job on SQLite, and the worker does it.",
    "journeys": "Chromium goes the same ways on SQLite.",
    "library": "Records and their history are read and written by Django alone; Chromium goes the same ways on SQLite.",
    "recovery": "The clock of the local site and of the simulation does its duties on SQLite.",
    "uploads": "Chromium uploads on SQLite, and the worker claims and records what comes.",
    "worker": "The same uploads go through its handlers.",
}
# Tried on each all the same: what people and files may hold, which each database refuses in its own way, and what asks
# each database in words of its own or by conditions on many tables.
ON_EACH = (
    "desk/test_odd_addresses.py",
    "desk/test_odd_forms.py",
    "desk/test_odd_input.py",
    "journeys/test_deaths.py",
    "journeys/test_extremes.py",
    *(f"library/test_{name}.py" for name in ("audiences", "bulk", "figures", "migrate", "saved_searches")),
    *(f"library/test_search{name}.py" for name in ("", "_as_typed", "_index", "_sorts")),
)


def leave_out_on_sqlite(root: Path = Path(__file__).parent) -> list[str]:
    """Return the paths below tests/ that pytest passes over on SQLite."""
    files = {path.relative_to(root).as_posix() for name in NOT_ON_SQLITE for path in (root / name).glob("test_*.py")}
    return sorted(files - set(ON_EACH) - set(leave_out_on_postgresql(root)))


def leave_out_on_postgresql(root: Path = Path(__file__).parent) -> list[str]:
    """Return the paths below tests/ that pytest passes over on PostgreSQL."""
    folders = [file for file in NOT_OF_THE_DATABASE if (root / file).is_dir()]
    files = {path.relative_to(root).as_posix() for folder in folders for path in (root / folder).glob("test_*.py")}
    single = {*ONCE, *NOT_OF_THE_DATABASE} - set(folders)
    return sorted(files | single)
