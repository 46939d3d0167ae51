"""python -m tests.jail.hostile FILE MEMORY: the child of the jail, with decoders that do what no decoder should.

A PNG whose comment names one of ACTS is decoded by it.
"""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import IO, Any

from PIL import Image

from processing import decode, decoding
from processing.jail import budget, child
from processing.jail.wire import write_frame

PREFIX = b"act:"
# Smaller than what the allocator gives back at once.
_MEAL = 1_000_000


class Unlimited(Exception):
    """A decoder took more than it may, and was not ended."""


def _eat() -> None:
    """Take more memory than a file may have; raise Unlimited where nothing stops it, as only Linux does."""
    eaten: list[bytes] = []
    while len(eaten) * _MEAL < budget.MEMORY or sys.platform != "linux":
        eaten.append(bytes(_MEAL))
    raise Unlimited


def _spin() -> None:
    """Work for longer than a file may take; raise Unlimited where nothing stops it."""
    end = time.process_time() + 4 * budget.SECONDS
    while time.process_time() < end:
        pass
    raise Unlimited


def _overflow() -> None:
    # As a decoder ends that wrote where nothing was: a dump of its memory is written nowhere.
    os.kill(os.getpid(), signal.SIGSEGV)


def _try_all() -> None:
    """Try what the jail forbids, and tell what went through as a fault's name."""
    attempts: dict[str, Callable[[], object]] = {
        "Opened": lambda: open("/etc/hostname"),  # noqa: SIM115
        "Connected": socket.socket,
        "Duplicated": lambda: os.dup(0),
        "Piped": os.pipe,
        "Started": lambda: subprocess.run(["/bin/true"], check=True),
        "Imported": lambda: __import__("wave"),
        "Replaced": _replace,
        "Wrote": lambda: os.pwrite(int(sys.argv[1]), b"x", 0),
        "Raised": _raise_limits,
    }
    went_through = [name for name, attempt in attempts.items() if _succeeds(attempt)]
    known = [name for name in os.environ if name.startswith(("AWS", "DATABASE", "SECRET", "DJANGO"))]
    raise type("And".join([*went_through, *known]) or "Nothing", (Exception,), {})()


def _replace() -> None:
    os.close(2)
    os.open("/etc/hostname", os.O_RDONLY)


def _raise_limits() -> None:
    # Root may raise them; it tries only what any process may.
    if os.getuid() == 0:
        raise OSError
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, ValueError):
        return False
    return True


def _lie(message: dict[str, Any]) -> None:
    write_frame(1, message, b"<script>alert(1)</script>")
    time.sleep(600)


ACTS: dict[str, Callable[[], object]] = {
    "eat": _eat,
    "spin": _spin,
    "overflow": _overflow,
    "sleep": lambda: time.sleep(600),
    "stop": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "try": _try_all,
    "leave": lambda: os._exit(0),
    "lie": lambda: _lie({"kind": "file", "name": "large", "mode": "fit", "format": "JPEG", "width": 9, "height": 9}),
    "rave": lambda: _lie({"kind": "unheard of"}),
    "babble": lambda: os.write(1, b"\xff" * 400),
}


def open_picture(file: IO[bytes], *arguments: Any) -> Image.Image:
    """Do what the file says, or open it."""
    data = file.read()
    place = data.find(PREFIX)
    if place >= 0:
        ACTS[data[place + len(PREFIX) :].split(b".")[0].decode()]()
    return decode.open_picture(file, *arguments)


if __name__ == "__main__":
    # Of the processor, so that no machine is too slow for an honest file.
    budget.SECONDS = 1
    setattr(decoding, "open_picture", open_picture)  # noqa: B010 - the types of the two differ
    child.main(sys.argv[1:])
