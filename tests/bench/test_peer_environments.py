"""Peers are installed into environments of their own, once for each lock, and no lock of MediaHub names them."""

import re
import sys
from pathlib import Path

import pytest

from bench import peer_environments
from bench.peer_environments import ROOT, InstallFailed, compute_fingerprint, is_stamped, prepare_python

REQUIREMENTS = ROOT / "requirements"
PINS = re.compile(r"^([a-z0-9.-]+)==", re.M)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that stands for the project, with the lock of a peer that needs no package."""
    monkeypatch.setattr(peer_environments, "ROOT", tmp_path)
    monkeypatch.setattr(peer_environments, "ENVIRONMENTS", tmp_path / "var" / "peers")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "peer-empty.txt").write_text("# nothing\n")
    return tmp_path


def test_an_environment_is_made_once_and_anew_when_its_lock_changes(root: Path) -> None:
    python = prepare_python("empty")
    mark = python.parent.parent / "mark"
    mark.touch()
    assert prepare_python("empty") == python
    assert mark.exists()
    (root / "requirements" / "peer-empty.txt").write_text("# still nothing\n")
    prepare_python("empty")
    assert python.exists()
    assert not mark.exists()


def test_an_installation_that_fails_is_reported_and_tried_again(root: Path) -> None:
    lock = root / "requirements" / "peer-empty.txt"
    lock.write_text("./missing.whl --hash=sha256:" + "0" * 64 + "\n")
    for _ in range(2):
        with pytest.raises(InstallFailed, match=r"empty was not installed(.|\n)*missing\.whl"):
            prepare_python("empty")
    lock.write_text("# nothing\n")
    assert prepare_python("empty").exists()


def test_a_fingerprint_depends_on_the_locks_and_on_the_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, stamp = tmp_path / "lock", tmp_path / "stamp"
    lock.write_text("a==1")
    fingerprint = compute_fingerprint([lock])
    assert not is_stamped(stamp, fingerprint)
    stamp.write_text(fingerprint)
    assert is_stamped(stamp, compute_fingerprint([lock]))
    monkeypatch.setattr(sys, "version", "another")
    assert not is_stamped(stamp, compute_fingerprint([lock]))


@pytest.mark.parametrize("name", ["run", "dev", "lambda", "workers"])
def test_no_lock_of_mediahub_names_a_peer(name: str) -> None:
    peers = {"wagtail", "willow", "django-filer", "easy-thumbnails", "pyvips", "pyvips-binary"}
    assert not peers & set(PINS.findall((REQUIREMENTS / f"{name}.txt").read_text()))


def test_the_products_are_compared_on_the_same_django_and_pillow() -> None:
    pins = [
        dict(re.findall(r"^(django|pillow)==(\S+)", (REQUIREMENTS / f"{name}.txt").read_text(), re.M))
        for name in ("run", "peer-wagtail", "peer-filer")
    ]
    assert pins[0] == pins[1] == pins[2]
