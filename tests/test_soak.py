"""The soak's command, on a few pictures and with nobody killed; `make soak` is the real one."""

import subprocess
import sys

from django.conf import settings


def test_r1_every_picture_of_a_soak_is_accounted_for() -> None:
    command = [sys.executable, "-m", "tests.soak", "--files", "20", "--kill-every", "600", "--on", "SQLite"]
    process = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr[-2000:]
    assert "lost 0, duplicated 0, found by a comparison afterwards 0" in process.stdout
