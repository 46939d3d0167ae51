"""The package that Lambda runs: built by Zappa in an environment of its own, and looked through before it leaves."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from deploy.stacks import DeployError
from deploy.template import FOLDER

ROOT = FOLDER.parent
VAR = ROOT / "var" / "package"
LOCK = ROOT / "requirements" / "lambda.txt"
PYTHONS = ("python3.13", "python3.12")
COMPILED = "pillow,psycopg-binary,cryptography,cffi,markupsafe"
MOST_ZIPPED = 30 * 1000 * 1000
MOST_UNZIPPED = 100 * 1000 * 1000

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
    """A built package: its size as Lambda counts it, and what was found in it."""

    path: Path
    zipped: int
    unzipped: int
    faults: tuple[str, ...]


def environment() -> Path:
    """The environment that is packaged, with Zappa in it; made anew when the lock has changed. Returns its folder."""
    python = interpreter()
    folder = VAR / "venv"
    mark = folder / "made-of"
    wanted = f"{python} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}"
    if mark.is_file() and mark.read_text() == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    VAR.mkdir(parents=True, exist_ok=True)
    _run([python, "-m", "venv", str(folder)], "make an environment")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # What holds machine code must be the wheel that Lambda runs; nothing is compiled on the way.
    _run([*pip, "--require-hashes", "--only-binary", COMPILED, "-r", str(LOCK)], "install the locked packages")
    mark.write_text(wanted)
    return folder


def interpreter() -> str:
    """The Python of the functions' runtime; raises DeployError when the machine has none."""
    for name in PYTHONS:
        found = _of_this_machine(name)
        if found:
            return found
    raise DeployError(
        f"None of {', '.join(PYTHONS)} is here; the package must be made by the Python that Lambda runs. Install one."
    )


def prepare() -> None:
    """Zappa's `prebuild_script`: static files and the authorities of RDS stand ready to be packaged."""
    missing = [name for name in ("static/staticfiles.json",) if not (ROOT / name).is_file()]
    if missing:
        raise DeployError(f"{', '.join(missing)} is missing. Run `python -m deploy package STAGE`, which makes it.")


def build(stage: str, name: str = "") -> Package:
    """Build the package of a stage, as `name` or the stage's own, and look through it. Raises DeployError."""
    folder = environment()
    collect_static()
    path = VAR / f"{name or stage}.zip"
    path.unlink(missing_ok=True)
    # Zappa takes a path relative to the project.
    zappa(folder, "package", stage, "--output", str(path.relative_to(ROOT)))
    return inspect(path)


def zappa(folder: Path, *command: str) -> None:
    """Run Zappa of this environment in the project's folder; its output goes to the terminal."""
    variables = {**os.environ, "VIRTUAL_ENV": str(folder), "PATH": f"{folder / 'bin'}:{os.environ.get('PATH', '')}"}
    variables |= {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([str(folder / "bin" / "zappa"), *command], cwd=ROOT, env=variables, check=False)
    if done.returncode:
        raise DeployError(f"`zappa {' '.join(command)}` failed; what it said stands above.")


def collect_static() -> None:
    """Bring the static files together, each under the name of its content."""
    frontend = [sys.executable, "-m", "mediahub.desk.frontend"]
    _run(frontend, "build the upload page")
    told = {"SECRET_KEY": "not-a-secret-collectstatic-signs-nothing", "MEDIAHUB_ENV_FILE": "", "LOCAL": "false"}
    # Whatever the shell names: these are the files of a deployed site.
    told |= {"DJANGO_SETTINGS_MODULE": "mediahub.settings", "STATIC_URL": "static/"}
    _run([sys.executable, "manage.py", "collectstatic", "--no-input"], "collect the static files", told)


def inspect(path: Path) -> Package:
    """The size of a package, and what does not belong in one."""
    faults = []
    with zipfile.ZipFile(path) as held:
        names = [entry for entry in held.infolist() if not entry.is_dir()]
        unzipped = sum(entry.file_size for entry in names)
        faults += [f"{entry.filename} does not belong here" for entry in names if _needless(entry.filename)]
        # Whatever is not ours came from a package whose hash is locked.
        own = [entry for entry in names if _ours(entry.filename)]
        faults += [f"{entry.filename} holds a secret" for entry in own if SECRETS.search(held.read(entry))]
        written = held.read("zappa_settings.py").decode()
    variables = re.search(r"^ENVIRONMENT_VARIABLES=(.*)$", written, re.M)
    if variables and set(re.findall(r"'(\w+)':", variables[1])) - {"AWS_REGION"}:
        faults.append("zappa_settings.py holds settings; put them into aws_environment_variables, as references")
    zipped = path.stat().st_size
    if zipped > MOST_ZIPPED or unzipped > MOST_UNZIPPED:
        faults.append(f"{zipped / 1e6:.1f} MB zipped and {unzipped / 1e6:.1f} MB unzipped are too much")
    return Package(path, zipped, unzipped, tuple(faults))


def _ours(name: str) -> bool:
    return name.split("/", 1)[0] in OURS or "/" not in name


def _needless(name: str) -> bool:
    return bool(NEVER.search(name)) if _ours(name) else name.split("/", 1)[0] in FOREIGN


def _of_this_machine(name: str) -> str:
    """The full path of a Python that starts; pyenv's stand-ins need to be told which version to be."""
    version = name.removeprefix("python")
    for extra in ({}, *({"PYENV_VERSION": known} for known in _pyenv(version))):
        ask = [name, "-c", "import sys; print(sys.executable)"]
        try:
            done = subprocess.run(ask, env={**os.environ, **extra}, capture_output=True, text=True, check=False)
        except OSError:
            return ""
        if done.returncode == 0:
            return done.stdout.strip()
    return ""


def _pyenv(version: str) -> list[str]:
    try:
        done = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, check=False)
    except OSError:
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip().startswith(f"{version}.")]


def _run(command: list[str], what: str, told: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **(told or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DeployError(f"Could not {what}:\n{done.stdout}{done.stderr}")


def report(package: Package) -> str:
    """What was built, as text for a person."""
    head = f"{package.path.name}: {package.zipped / 1e6:.1f} MB zipped, {package.unzipped / 1e6:.1f} MB unzipped"
    return "\n".join([head, *(f"✗ {fault}" for fault in package.faults)])


def as_json(package: Package) -> str:
    """The same for a program."""
    return json.dumps({"zipped": package.zipped, "unzipped": package.unzipped, "faults": package.faults})
