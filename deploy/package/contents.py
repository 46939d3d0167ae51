"""The contents of the package that runs on Lambda: normalized, and inspected before the package is sent."""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.errors import DeployError
from deploy.package import authorities, binaries, wheels

AUTHORITIES = "rds-ca.pem"
MOST_ZIPPED = 45 * 1000 * 1000
MOST_UNZIPPED = 100 * 1000 * 1000
RUNTIME = f"python{binaries.PYTHON[0]}.{binaries.PYTHON[1]}"
ARCHITECTURE = "x86_64"
# Zappa writes into this file who built the package and when; no function reads it.
ZAPPA_INFO = "package_info.json"
# The first day that a zip can hold, so that equal contents have equal dates.
EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)

# The parts of this project that a function needs; everything else at the top of the zip came from a locked package.
OURS = {"mediahub", "processing", "templates", "static", "manage.py", AUTHORITIES}
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
    """A built package: its size as Lambda counts it, its machine code, the hash of its contents, and its faults."""

    path: Path
    zipped: int
    unzipped: int
    binaries: binaries.Binaries
    sha256: str
    faults: tuple[str, ...]


def seal_package(path: Path, zappa_stage: Mapping[str, Any]) -> Package:
    """Rewrite Zappa's zip so that equal contents give equal bytes, and inspect it; raise DeployError for a fault.

    This is Zappa's callback `zip`, between packaging and upload, so that no package with a fault reaches Lambda.
    """
    if (zappa_stage.get("runtime"), zappa_stage.get("architecture", ARCHITECTURE)) != (RUNTIME, ARCHITECTURE):
        raise DeployError(
            f"The package is built for {RUNTIME} on {ARCHITECTURE}. Set these in zappa_settings.json, or change PYTHON "
            "in deploy/package/binaries.py and PLATFORM in deploy/package/wheels.py."
        )
    files = _read_files(path)
    files.pop(ZAPPA_INFO, None)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EARLIEST_DATE)
            entry.create_system = 3
            # Lambda runs as another user than the owner of the files.
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    package = inspect_package(path)
    faults = list(package.faults)
    if uses_aurora(zappa_stage) and AUTHORITIES not in files:
        faults.append(f"{AUTHORITIES} is missing")
    if faults:
        raise DeployError("The package was not sent:\n" + "\n".join(f"✗ {fault}" for fault in faults))
    return package


def uses_aurora(zappa_stage: Mapping[str, Any]) -> bool:
    """Return whether a stage of zappa_settings.json uses Aurora, whose certificate its functions verify."""
    return bool(zappa_stage.get("aws_environment_variables", {}).get("DATABASE_IAM") == "true")


def inspect_package(path: Path) -> Package:
    """Return the size of a package, its machine code, and everything that does not belong in it."""
    files = _read_files(path)
    zipped, unzipped = path.stat().st_size, sum(map(len, files.values()))
    faults = [f"{name} does not belong in the package" for name in files if _is_foreign(name)]
    # Everything that is not ours came from a package whose hash is locked.
    faults += [f"{name} holds a secret" for name, data in files.items() if _is_ours(name) and SECRETS.search(data)]
    faults += _find_settings_faults(files["zappa_settings.py"].decode())
    if zipped > MOST_ZIPPED or unzipped > MOST_UNZIPPED:
        faults.append(f"{zipped / 1e6:.1f} MB zipped and {unzipped / 1e6:.1f} MB unzipped are too much")
    machine_code = binaries.check_binaries(files)
    faults += [*machine_code.faults, *binaries.check_wheels(files, wheels.LOCK.read_text())]
    if AUTHORITIES in files:
        faults += [f"{AUTHORITIES} lacks {name}" for name in authorities.find_missing(files[AUTHORITIES])]
    return Package(path, zipped, unzipped, machine_code, binaries.hash_files(files), tuple(faults))


def _find_settings_faults(settings: str) -> Iterator[str]:
    """Yield what is wrong with the settings that Zappa writes into a package."""
    variables = re.search(r"^ENVIRONMENT_VARIABLES=(.*)$", settings, re.M)
    if variables and set(re.findall(r"'(\w+)':", variables[1])) - {"AWS_REGION"}:
        yield "zappa_settings.py holds settings; move them to aws_environment_variables, as references"
    if handler := re.search(r"^WEBSOCKET_HANDLER_MODULE='(.*)'$", settings, re.M):
        yield f"Zappa mistook {handler[1]} for a WebSocket handler; move that file out of the project"


def _read_files(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}


def _is_ours(name: str) -> bool:
    return name.split("/", 1)[0] in OURS or "/" not in name


def _is_foreign(name: str) -> bool:
    if _is_ours(name):
        return bool(NEVER.search(name))
    return name.split("/", 1)[0] in FOREIGN


def format_text(package: Package) -> str:
    """Return a description of the package for a person."""
    code = package.binaries
    lines = [
        f"{package.path.name}: {package.zipped / 1e6:.1f} MB zipped, {package.unzipped / 1e6:.1f} MB unzipped",
        f"{code.count} binaries for {RUNTIME} on {ARCHITECTURE}, glibc {code.glibc[0]}.{code.glibc[1]} or newer",
        f"binaries sha256:{code.sha256}",
        f"contents sha256:{package.sha256}",
    ]
    return "\n".join([*lines, *(f"✗ {fault}" for fault in package.faults)])


def format_json(package: Package) -> str:
    """Return a description of the package for a program."""
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
