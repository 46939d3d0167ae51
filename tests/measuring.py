"""`pytest -n 2 -p tests.measuring`: write which lines and branches of the product each process of tests reached.

SlipCover puts probes into the bytecode of what is imported, and takes those out that were reached. So a measured test
takes hardly longer, where Python's tracing slows every line down, those of Django and botocore as well. The plugin is
named on the command line, because the product must not be imported before it.
"""

import json
import os
from pathlib import Path

from slipcover import FileMatcher, ImportManager, Slipcover

ROOT = Path(__file__).resolve().parent.parent
# One file of each process, in SlipCover's format.
FOLDER = ROOT / "var" / "coverage"
SOURCES = [str(ROOT / "processing"), str(ROOT / "mediahub")]
OMITTED = ["*/migrations/*"]

# The process that hands out the tests runs none.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    slipcover = Slipcover(branch=True, source=SOURCES, omit=OMITTED)
    ImportManager(slipcover, FileMatcher(SOURCES, OMITTED)).__enter__()


def pytest_sessionfinish() -> None:
    """Write what was reached."""
    if worker:
        (FOLDER / f"{worker}-{os.getpid()}.json").write_text(json.dumps(slipcover.get_coverage()))
