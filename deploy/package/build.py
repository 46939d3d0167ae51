"""Build the package that runs on Lambda: Zappa zips the project and the wheels that were chosen for Lambda."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from deploy.errors import DeployError
from deploy.functions import zappa_settings
from deploy.package import authorities, contents, wheels

ROOT = Path(__file__).resolve().parents[2]
RDS_CA = ROOT / contents.AUTHORITIES
DAY = 24 * 3600


def prepare_package() -> Path:
    """Prepare everything that Zappa packages, point Zappa to the wheels, and return their folder.

    This is Zappa's `prebuild_script`, so that plain `zappa` ships what `deploy up` ships, whichever Python it runs on.
    """
    if not (ROOT / "static" / "staticfiles.json").is_file():
        raise DeployError("static/staticfiles.json is missing. Run `python -m deploy package STAGE`, which creates it.")
    if any(contents.uses_aurora(zappa_stage) for zappa_stage in zappa_settings.read_stages().values()):
        fetch_authorities()
    folder = wheels.install_wheels()
    # Zappa reads the variable when it begins to copy, which is after this.
    os.environ["VIRTUAL_ENV"] = str(folder)
    return folder


def build_package(stage: str, name: str = "") -> contents.Package:
    """Build the package of a stage, as `name` or under the stage's name, and inspect it."""
    wheels.install_wheels()
    collect_static()
    path = wheels.VAR / f"{name or stage}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    # Zappa takes a path relative to the project.
    run_zappa("package", stage, "--output", str(path.relative_to(ROOT)))
    return contents.inspect_package(path)


def run_zappa(*command: str) -> None:
    """Run the Zappa of this Python in the project's folder; its output goes to the terminal."""
    # Zappa asks for an environment before it calls `prepare_package`, which names the one that is packaged.
    variables = {**os.environ, "VIRTUAL_ENV": sys.prefix, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    result = subprocess.run([sys.executable, "-m", "zappa.cli", *command], cwd=ROOT, env=variables, check=False)
    if result.returncode:
        raise DeployError(f"`zappa {' '.join(command)}` failed; see its output above.")


def collect_static() -> None:
    """Build the upload page and collect the static files, each named by its content."""
    _run_command([sys.executable, "-m", "mediahub.desk.frontend"], "The upload page could not be built", {})
    variables = {
        "SECRET_KEY": "not-a-secret-collectstatic-signs-nothing",
        "MEDIAHUB_ENV_FILE": "",
        "LOCAL": "false",
        # The files of a deployed site, whatever the shell sets.
        "DJANGO_SETTINGS_MODULE": "mediahub.settings",
        "STATIC_URL": "static/",
    }
    command = [sys.executable, "manage.py", "collectstatic", "--no-input"]
    _run_command(command, "The static files could not be collected", variables)


def fetch_authorities() -> None:
    """Write rds-ca.pem: the authorities of RDS as Amazon publishes them today, and Amazon's public roots.

    A file of today is kept, and so is a complete one when the list cannot be fetched.
    """
    is_complete = RDS_CA.is_file() and not authorities.find_missing(RDS_CA.read_bytes())
    if is_complete and time.time() - RDS_CA.stat().st_mtime < DAY:
        return
    try:
        with urllib.request.urlopen(authorities.RDS_BUNDLE, timeout=30) as response:  # noqa: S310 - a fixed address
            RDS_CA.write_bytes(authorities.compose_bundle(response.read()))
    except (OSError, ValueError) as error:
        if not is_complete:
            raise DeployError(
                f"The authorities of RDS could not be fetched from {authorities.RDS_BUNDLE}: {error} Download that "
                f"file yourself, and run `python -m deploy.package.authorities FILE {RDS_CA.name}`."
            ) from error


def _run_command(command: list[str], failure: str, variables: Mapping[str, str]) -> None:
    environment = {**os.environ, **variables}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise DeployError(f"{failure}:\n{result.stdout}{result.stderr}")
