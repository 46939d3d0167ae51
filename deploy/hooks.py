"""What plain Zappa calls by name: it loads this file alone, with the project not yet on the path."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click import ClickException

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deploy.errors import DeployError
from deploy.functions import binding
from deploy.package import build


@contextmanager
def _told_by_zappa() -> Iterator[None]:
    """Let Zappa end with our sentence instead of a traceback."""
    try:
        yield
    except DeployError as error:
        raise ClickException(str(error)) from error


def prepare() -> None:
    """Run before a package is made."""
    with _told_by_zappa():
        build.prepare()


def seal(cli: Any) -> None:
    """Run after a package was made and before it is sent."""
    with _told_by_zappa():
        build.seal(Path(cli.zip_path), cli.stage_config)


def after(cli: Any) -> None:
    """Run after a function was made or changed."""
    binding.after(cli)
