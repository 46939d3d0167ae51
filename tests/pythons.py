"""`python -m tests.pythons`: make the package under each Python that MediaHub runs on, and compare what is in it.

Each Python gets a copy of the project and an environment of its own, as `make setup PYTHON=…` makes it. The last lines
say whether the binaries, and all contents, are the same.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from deploy.package import wheels
from tests.aws.__main__ import copied_project
from tests.e2e.functions import find_python

VERSIONS = ("3.11", "3.12", "3.13")


def main() -> int:
    """Make the packages; return 0 when every Python is here and all packages have the same contents."""
    packages = {}
    for version in VERSIONS:
        python = find_python(f"python{version}")
        if not python:
            print(f"✗ Python {version} is not here", flush=True)
            continue
        start = time.monotonic()
        packages[version] = make_package(python)
        print(f"Python {version}, {time.monotonic() - start:.0f} s")
        print(f"  binaries sha256:{packages[version]['binaries_sha256']}")
        print(f"  contents sha256:{packages[version]['contents_sha256']}", flush=True)
    same = [is_same(packages, kind) for kind in ("binaries", "contents")]
    return int(not all(same) or len(packages) < len(VERSIONS))


def make_package(python: str) -> dict[str, Any]:
    """Make the package of the stage `local` in a fresh copy and a fresh environment; return its report."""
    with copied_project() as project, tempfile.TemporaryDirectory(prefix="mediahub-python-") as folder:
        own = Path(folder) / "bin" / "python"
        _run([python, "-m", "venv", "--without-pip", folder], project)
        lock = project / "requirements" / "run.txt"
        _run([wheels.find_uv(), "pip", "install", "--python", str(own), "--require-hashes", "-r", str(lock)], project)
        # The operator's own uv is the one that `make setup` puts beside Python.
        own.with_name("uv").symlink_to(wheels.find_uv())
        output = _run([str(own), "-m", "deploy", "package", "local", "--json"], project)
        return dict(json.loads(output.splitlines()[-1]))


def is_same(packages: dict[str, dict[str, Any]], kind: str) -> bool:
    """Print and return whether all packages have one hash of this kind."""
    hashes = {package[f"{kind}_sha256"] for package in packages.values()}
    print(f"{'✓' if len(hashes) == 1 else '✗'} {kind}: {len(hashes)} hash of {len(packages)} packages")
    return len(hashes) == 1


def _run(command: list[str], folder: Path) -> str:
    result = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"`{' '.join(command)}` failed:\n{result.stdout}{result.stderr}")
    return result.stdout


if __name__ == "__main__":
    sys.exit(main())
