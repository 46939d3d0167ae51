"""What plain Zappa calls by name: it loads this file alone, with the project not yet on the path."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deploy import bind, package


def prepare() -> None:
    """Before a package is made."""
    package.prepare()


def after(cli: Any) -> None:
    """After a function was made or changed."""
    bind.after(cli)
