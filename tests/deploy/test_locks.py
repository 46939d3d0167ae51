"""What is installed is what was chosen: pinned by hash, and no older than the releases that mended something."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "requirements"
LOCKS = sorted(FOLDER.glob("*.txt"))
NPM_LOCKS = [ROOT / "bench" / "sharp", ROOT / "mediahub" / "desk" / "frontend"]
# The least that has the security releases known when the lock was made.
FLOORS = {"pillow": (13, 0), "django": (5, 2), "cryptography": (46, 0), "urllib3": (2, 6), "requests": (2, 34)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_e15_everything_is_pinned_by_hash(lock: Path) -> None:
    text = lock.read_text()
    pins = re.findall(r"^([a-z0-9][\w.\[\]-]*)==", text, re.M | re.I)
    blocks = re.split(r"^(?=[a-z0-9][\w.\[\]-]*==)", text, flags=re.M | re.I)[1:]
    assert pins
    assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert not re.search(r"^[a-z0-9][\w.-]*\s*(>=|~=|<|@)", text, re.M | re.I)


@pytest.mark.parametrize(
    "lock",
    [*LOCKS, *(folder / "package-lock.json" for folder in NPM_LOCKS)],
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_no_lock_names_a_host(lock: Path) -> None:
    """Each machine has a registry of its own; npm writes addresses also where packages ask for money."""
    assert "://" not in lock.read_text()


@pytest.mark.parametrize("name", ["lambda", "workers", "run"])
def test_e15_what_runs_is_no_older_than_its_last_security_release(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text()
    for package, floor in FLOORS.items():
        pin = re.search(rf"^{package}==(\d+)\.(\d+)", text, re.M)
        if pin:
            assert (int(pin[1]), int(pin[2])) >= floor, package
