"""The wheels that a function runs on, chosen for Lambda and not for the machine that packages them.

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
# The newest system that PyPI's wheels commonly name and Lambda's glibc, 2.34, can serve.
PLATFORM = "x86_64-manylinux_2_28"
# Hidden, because Zappa looks for WebSocket handlers in all folders that are not, and would find its own (zappa/cli.py,
# `_detect_websocket_usage`); it also leaves everything of this name out of the project.
NAME = ".lambda-wheels"
# What an installer writes about this machine; nothing reads it in a function.
OF_THE_INSTALLER = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")


def install_wheels() -> Path:
    """Make the environment that Zappa packages, anew when the lock has changed; return its folder.

    Raises DeployError.
    """
    folder = VAR / NAME
    mark = folder / "made-of"
    made_of = f"{PLATFORM} {PYTHON} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}"
    if not mark.is_file() or mark.read_text() != made_of:
        VAR.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{NAME}-", dir=VAR, ignore_cleanup_errors=True) as parent:
            fresh = Path(parent) / NAME
            _install(fresh / "site-packages")
            (fresh / "made-of").write_text(made_of)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.replace(folder)
    _link(folder)
    return folder


def build_command(target: Path, lock: Path) -> list[str]:
    """Return the command that installs a lock's wheels for the function. Raises DeployError when uv is missing."""
    return [
        find_uv(),
        *("pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
        # uv starts this Python to learn where it installs; platform and version of the wheels are those that follow.
        *("--python", sys.executable),
        *("--python-platform", PLATFORM, "--python-version", ".".join(map(str, PYTHON))),
        *("--target", str(target), "-r", str(lock)),
    ]


def find_uv() -> str:
    """Return the path of uv, which `make setup` puts beside Python. Raises DeployError."""
    beside = Path(sys.executable).with_name("uv")
    path = str(beside) if beside.is_file() else shutil.which("uv")
    if not path:
        raise DeployError(
            "uv is missing, which chooses the functions' wheels. Run `make setup`, or "
            f"`{sys.executable} -m pip install --require-hashes -r requirements/uv.txt`."
        )
    return path


def _install(target: Path) -> None:
    result = subprocess.run(build_command(target, LOCK), cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise DeployError(_explain(result.stderr))
    # Scripts begin with the path of this machine's Python.
    shutil.rmtree(target / "bin", ignore_errors=True)
    (target / ".lock").unlink(missing_ok=True)
    for name in OF_THE_INSTALLER:
        for path in target.glob(f"*.dist-info/{name}"):
            path.unlink()


def _explain(output: str) -> str:
    """Return what uv's failure means and what to do."""
    system = f"Python {'.'.join(map(str, PYTHON))} on {PLATFORM}"
    if sources := re.findall(r"(\S+?)(?:==\S+)? has no (?:usable )?wheels", output):
        names = ", ".join(sorted(set(sources)))
        return (
            f"There is no wheel of {names} for {system}. Choose another version, or leave it out of the lock.\n{output}"
        )
    if re.search(r"[Ff]ailed to fetch|error sending request|network was disabled", output):
        return f"The wheels for {system} could not be fetched. Is the network or your index there?\n{output}"
    return f"The wheels for {system} could not be installed:\n{output}"


def _link(folder: Path) -> None:
    """Put the wheels where the Python that runs Zappa looks for them."""
    place = folder / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(Path("..", "..", "site-packages"), target_is_directory=True)
