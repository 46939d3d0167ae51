"""The callbacks that plain Zappa calls by name; it loads this file alone, with the project not yet on the path."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click import ClickException

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from deploy.errors import DeployError
from deploy.functions import binding
from deploy.package import build, contents
from deploy.stage import Stage, open_clients


@contextmanager
def _end_zappa_with_sentence() -> Iterator[None]:
    """Let Zappa end with the sentence of an error instead of a traceback."""
    try:
        yield
    except DeployError as error:
        raise ClickException(str(error)) from error


def prepare() -> None:
    """Run before Zappa builds a package."""
    with _end_zappa_with_sentence():
        build.prepare_package()


def seal(cli: Any) -> None:
    """Run after Zappa has built a package and before it uploads it."""
    with _end_zappa_with_sentence():
        contents.seal_package(Path(cli.zip_path), cli.stage_config)


def bind(cli: Any) -> None:
    """Run after Zappa has created or updated a function."""
    config = cli.stage_config
    client, region = open_clients(config.get("profile_name"), config.get("aws_region"))
    name = str(cli.api_stage).removesuffix("_worker")
    binding.bind_functions(Stage(config["project_name"], name, region, client))
