"""Install the wheels of the functions, chosen for Lambda and not for the machine that builds the package.

uv installs the lock's wheels for the function's system and Python from a machine of any kind (`--python-platform` in
uv's command reference). Zappa copies `lib/pythonX.Y/site-packages` of the environment that VIRTUAL_ENV names, X.Y being
the Python that runs Zappa (zappa/core.py, `create_lambda_zip` and `get_current_venv`), so the wheels are linked there.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.errors import DeployError
from deploy.package.binaries import PYTHON

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var" / "package"
LOCK = ROOT / "requirements" / "lambda.txt"
# The newest platform that is common among PyPI's wheels and that Lambda's glibc, 2.34, supports.
PLATFORM = "x86_64-manylinux_2_28"
# Hidden, because Zappa looks for WebSocket handlers in all folders that are not, and would find its own (zappa/cli.py,
# `_detect_websocket_usage`); it also leaves everything of this name out of the project.
NAME = ".lambda-wheels"
# Files that an installer writes about this machine; no function reads them.
INSTALLER_FILES = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")


def install_wheels() -> Path:
    """Create the environment that Zappa packages, again when the lock has changed, and return its folder."""
    folder = VAR / NAME
    mark = folder / "made-of"
    origin = f"{PLATFORM} {PYTHON} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}"
    if not mark.is_file() or mark.read_text() != origin:
        VAR.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{NAME}-", dir=VAR, ignore_cleanup_errors=True) as parent:
            fresh = Path(parent) / NAME
            _install_lock(fresh / "site-packages")
            (fresh / "made-of").write_text(origin)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.replace(folder)
    _link_wheels(folder)
    return folder


def build_command(target: Path, lock: Path) -> list[str]:
    """Return the command that installs a lock's wheels for the functions; raise DeployError when uv is missing."""
    return [
        find_uv(),
        *("pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
        # uv asks this Python where to install; the next arguments choose the platform and version of the wheels.
        *("--python", sys.executable),
        *("--python-platform", PLATFORM, "--python-version", ".".join(map(str, PYTHON))),
        *("--target", str(target), "-r", str(lock)),
    ]


def find_uv() -> str:
    """Return the path of uv, which `make setup` installs beside Python; raise DeployError when it is missing."""
    beside = Path(sys.executable).with_name("uv")
    path = str(beside) if beside.is_file() else shutil.which("uv")
    if not path:
        raise DeployError(
            "uv is missing; it chooses the wheels of the functions. Run `make setup`, or "
            f"`{sys.executable} -m pip install --require-hashes -r requirements/uv.txt`."
        )
    return path


def _install_lock(target: Path) -> None:
    result = subprocess.run(build_command(target, LOCK), cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise DeployError(_explain_failure(result.stderr))
    # Scripts hold the path of this machine's Python.
    shutil.rmtree(target / "bin", ignore_errors=True)
    (target / ".lock").unlink(missing_ok=True)
    for name in INSTALLER_FILES:
        for path in target.glob(f"*.dist-info/{name}"):
            path.unlink()


def _explain_failure(output: str) -> str:
    """Return a sentence about uv's failure, with what to do."""
    system = f"Python {'.'.join(map(str, PYTHON))} on {PLATFORM}"
    if sources := re.findall(r"(\S+?)(?:==\S+)? has no (?:usable )?wheels", output):
        names = ", ".join(sorted(set(sources)))
        return (
            f"There is no wheel of {names} for {system}. Choose another version, or remove it from the lock.\n{output}"
        )
    if re.search(r"[Ff]ailed to fetch|error sending request|network was disabled", output):
        return f"The wheels for {system} could not be fetched. Check your network and your package index.\n{output}"
    return f"The wheels for {system} could not be installed:\n{output}"


def _link_wheels(folder: Path) -> None:
    """Link the wheels where the Python that runs Zappa looks for them."""
    target = folder / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(Path("..", "..", "site-packages"), target_is_directory=True)
