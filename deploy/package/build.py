"""The package that Lambda runs: built by Zappa from wheels chosen for Lambda, and looked through before it leaves."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.errors import DeployError
from deploy.functions import zappa_settings
from deploy.package import authorities, binaries, wheels

ROOT = Path(__file__).resolve().parents[2]
RDS_CA = ROOT / "rds-ca.pem"
MOST_ZIPPED = 30 * 1000 * 1000
MOST_UNZIPPED = 100 * 1000 * 1000
RUNTIME = f"python{binaries.PYTHON[0]}.{binaries.PYTHON[1]}"
ARCHITECTURE = "x86_64"
# Zappa writes into it who made the package and when; nothing reads it in a function.
OF_ZAPPA = "package_info.json"
# The first day that a zip can name, so that equal contents have equal dates.
LONG_AGO = (1980, 1, 1, 0, 0, 0)
DAY = 24 * 3600

# What of this project a function needs; whatever else lies at the top of the zip came from a locked package.
OURS = {"mediahub", "processing", "templates", "static", "manage.py", "rds-ca.pem"}
FOREIGN = {"tests", "docs", "bench", "deploy", "var", "requirements", "boto3", "botocore"}
NEVER = re.compile(
    r"(^|/)(\.git|\.env|tests?|node_modules|\.venv[^/]*|var|bench|deploy|docs|zappa_settings\.json|id_rsa[^/]*|[^/]*\.sqlite3)(/|$)"
)
SECRETS = re.compile(
    rb"-----BEGIN (?:RSA |EC |OPENSSH )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{60}|\bAKIA[0-9A-Z]{16}\b"
    rb"|aws_secret_access_key\s*=\s*\S{20}|postgres(?:ql)?://[^\s:@/'\"<>{}]+:[^\s:@/'\"<>{}]+@"
)


@dataclass(frozen=True)
class Package:
    """A built package: its size as Lambda counts it, its machine code, the hash of its contents, and what is wrong."""

    path: Path
    zipped: int
    unzipped: int
    binaries: binaries.Binaries
    sha256: str
    faults: tuple[str, ...]


def prepare() -> Path:
    """Make ready what Zappa packages, and show Zappa the wheels; return their folder. Raises DeployError.

    This is Zappa's `prebuild_script`, so that plain `zappa` ships what `deploy up` ships, whichever Python it runs on.
    """
    if not (ROOT / "static" / "staticfiles.json").is_file():
        raise DeployError("static/staticfiles.json is missing. Run `python -m deploy package STAGE`, which makes it.")
    if any(signs_in_by_iam(stage) for stage in zappa_settings.read().values()):
        bring_authorities()
    folder = wheels.install_wheels()
    # Zappa reads it when it begins to copy, which is after this.
    os.environ["VIRTUAL_ENV"] = str(folder)
    return folder


def build(stage: str, name: str = "") -> Package:
    """Build the package of a stage, as `name` or the stage's own, and look through it. Raises DeployError."""
    wheels.install_wheels()
    collect_static()
    path = wheels.VAR / f"{name or stage}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    # Zappa takes a path relative to the project.
    zappa("package", stage, "--output", str(path.relative_to(ROOT)))
    return inspect(path)


def zappa(*command: str) -> None:
    """Run the Zappa of this Python in the project's folder; its output goes to the terminal."""
    # Zappa asks for an environment before it calls `prepare`, which names the one that is packaged.
    variables = {**os.environ, "VIRTUAL_ENV": sys.prefix, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    result = subprocess.run([sys.executable, "-m", "zappa.cli", *command], cwd=ROOT, env=variables, check=False)
    if result.returncode:
        raise DeployError(f"`zappa {' '.join(command)}` failed; what it said stands above.")


def collect_static() -> None:
    """Bring the static files together, each under the name of its content."""
    frontend = [sys.executable, "-m", "mediahub.desk.frontend"]
    _run(frontend, "build the upload page")
    told = {"SECRET_KEY": "not-a-secret-collectstatic-signs-nothing", "MEDIAHUB_ENV_FILE": "", "LOCAL": "false"}
    # Whatever the shell names: these are the files of a deployed site.
    told |= {"DJANGO_SETTINGS_MODULE": "mediahub.settings", "STATIC_URL": "static/"}
    _run([sys.executable, "manage.py", "collectstatic", "--no-input"], "collect the static files", told)


def bring_authorities() -> None:
    """Write rds-ca.pem: the authorities of RDS as Amazon lists them today, and Amazon's roots. Raises DeployError.

    A file of today stays as it is, and so does a complete one when the list cannot be fetched.
    """
    complete = RDS_CA.is_file() and not authorities.find_missing(RDS_CA.read_bytes())
    if complete and time.time() - RDS_CA.stat().st_mtime < DAY:
        return
    try:
        with urllib.request.urlopen(authorities.RDS_BUNDLE, timeout=30) as answer:  # noqa: S310 - a fixed address
            RDS_CA.write_bytes(authorities.compose(answer.read()))
    except (OSError, ValueError) as error:
        if not complete:
            raise DeployError(
                f"The authorities of RDS cannot be fetched from {authorities.RDS_BUNDLE}: {error} Fetch that file "
                f"yourself, and run `python -m deploy.package.authorities FILE {RDS_CA.name}`."
            ) from error


def signs_in_by_iam(stage: Mapping[str, Any]) -> bool:
    """Return whether a stage of zappa_settings.json uses Aurora, whose certificate its functions verify."""
    return bool(stage.get("aws_environment_variables", {}).get("DATABASE_IAM") == "true")


def seal(path: Path, stage: Mapping[str, Any]) -> Package:
    """Bring the zip that Zappa made into one form for equal contents, and look through it. Raises DeployError.

    This is Zappa's callback `zip`: between the package and its upload, so that nothing with a fault reaches Lambda.
    """
    if (stage.get("runtime"), stage.get("architecture", ARCHITECTURE)) != (RUNTIME, ARCHITECTURE):
        raise DeployError(
            f"The package is made for {RUNTIME} on {ARCHITECTURE}; put these into zappa_settings.json, or change "
            "PYTHON in deploy/package/binaries.py and PLATFORM in deploy/package/wheels.py."
        )
    files = _read_files(path)
    files.pop(OF_ZAPPA, None)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.create_system = 3
            # Lambda runs as another user than the owner of the files.
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    package = inspect(path)
    faults = list(package.faults)
    if signs_in_by_iam(stage) and RDS_CA.name not in files:
        faults.append(f"{RDS_CA.name} is missing")
    if faults:
        raise DeployError("The package is not sent:\n" + "\n".join(f"✗ {fault}" for fault in faults))
    return package


def inspect(path: Path) -> Package:
    """Return the size of a package, what machine code it holds, and what does not belong in one."""
    files = _read_files(path)
    zipped, unzipped = path.stat().st_size, sum(map(len, files.values()))
    faults = [f"{name} does not belong here" for name in files if _needless(name)]
    # Whatever is not ours came from a package whose hash is locked.
    faults += [f"{name} holds a secret" for name, data in files.items() if _ours(name) and SECRETS.search(data)]
    faults += _settings_faults(files["zappa_settings.py"].decode())
    if zipped > MOST_ZIPPED or unzipped > MOST_UNZIPPED:
        faults.append(f"{zipped / 1e6:.1f} MB zipped and {unzipped / 1e6:.1f} MB unzipped are too much")
    machine_code = binaries.check_binaries(files)
    faults += [*machine_code.faults, *binaries.check_wheels(files, wheels.LOCK.read_text())]
    if RDS_CA.name in files:
        faults += [f"{RDS_CA.name} lacks {name}" for name in authorities.find_missing(files[RDS_CA.name])]
    return Package(path, zipped, unzipped, machine_code, binaries.hash_files(files), tuple(faults))


def _settings_faults(settings: str) -> Iterator[str]:
    """Yield what is wrong with the settings that Zappa writes into a package."""
    variables = re.search(r"^ENVIRONMENT_VARIABLES=(.*)$", settings, re.M)
    if variables and set(re.findall(r"'(\w+)':", variables[1])) - {"AWS_REGION"}:
        yield "zappa_settings.py holds settings; put them into aws_environment_variables, as references"
    if handler := re.search(r"^WEBSOCKET_HANDLER_MODULE='(.*)'$", settings, re.M):
        yield f"Zappa took {handler[1]} for a WebSocket handler; there is none, so move that file out of the project"


def _read_files(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}


def _ours(name: str) -> bool:
    return name.split("/", 1)[0] in OURS or "/" not in name


def _needless(name: str) -> bool:
    return bool(NEVER.search(name)) if _ours(name) else name.split("/", 1)[0] in FOREIGN


def _run(command: list[str], what: str, told: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(told or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DeployError(f"Could not {what}:\n{done.stdout}{done.stderr}")


def report(package: Package) -> str:
    """Return what was built, as text for a person."""
    code = package.binaries
    lines = [
        f"{package.path.name}: {package.zipped / 1e6:.1f} MB zipped, {package.unzipped / 1e6:.1f} MB unzipped",
        f"{code.count} binaries for {RUNTIME} on {ARCHITECTURE}, glibc {code.glibc[0]}.{code.glibc[1]} or newer",
        f"binaries sha256:{code.sha256}",
        f"contents sha256:{package.sha256}",
    ]
    return "\n".join([*lines, *(f"✗ {fault}" for fault in package.faults)])


def as_json(package: Package) -> str:
    """Return the same for a program."""
    return json.dumps(
        {
            "zipped": package.zipped,
            "unzipped": package.unzipped,
            "binaries": package.binaries.count,
            "binaries_sha256": package.binaries.sha256,
            "contents_sha256": package.sha256,
            "faults": package.faults,
        }
    )
