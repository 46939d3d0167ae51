"""The local AWS: ministack as a child process on loopback, with state that is kept."""

import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

ACCOUNT = "000000000000"
# The queue's address in zappa_settings.json holds it, whatever region the shell names for other work.
REGION = "us-east-1"
PROGRAM = settings.BASE_DIR / ".venv-local-aws" / "bin" / "ministack"
GUARD = Path(__file__).with_name("guarded_emulator.py")
# Nobody else on this machine reads what the site keeps.
PRIVATE = 0o077
# The root's key of each local AWS that this process started, by its address. Root is asked for no rights.
_root_keys: dict[str, str] = {}
# A machine that does much else at the time needs longer than the few seconds of one that does not.
STARTING = 120


class EmulatorError(Exception):
    """Why the local AWS does not run, and what to do."""


def find_free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_port_taken(port: int) -> bool:
    """Return whether somebody listens on this port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Emulator:
    """A running ministack; `endpoint` is the address of all its services."""

    process: subprocess.Popen[bytes]
    port: int
    state: Path
    keeps: bool
    root_key: str
    is_guarded: bool = True

    @property
    def endpoint(self) -> str:
        """Where boto3 reaches it."""
        return f"http://127.0.0.1:{self.port}"

    def save(self) -> None:
        """Have everything on the disk now: since ministack writes its state when it ends, it ends and starts again."""
        if self.keeps:
            self.stop()
            self.process = start_emulator(self.port, self.state, guard=self.is_guarded).process

    def stop(self) -> None:
        """End it so that it writes its state; the last writes are lost otherwise."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def find_root_key(endpoint: str) -> str:
    """Return the root's key of a local AWS that this process started."""
    return _root_keys[endpoint]


def make_private_folder(path: Path) -> None:
    """Make a folder, unless it is there, that only its owner opens."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)


def start_emulator(port: int, state: Path, *, keep: bool = True, guard: bool = True) -> Emulator:
    """Start ministack with enforced authorization; raise EmulatorError with its log when it does not answer.

    Without the guard it also answers requests that everybody can sign: for trials behind a gateway of their own.
    """
    if not PROGRAM.is_file():
        raise EmulatorError(f"{PROGRAM} is missing. Run `make setup`, which installs the local AWS.")
    if is_port_taken(port):
        raise EmulatorError(
            f"Port {port} is in use. Stop the program that uses it, or choose another port with --aws-port."
        )
    make_private_folder(state)
    log = state / "emulator.log"
    log.touch(mode=0o600)
    root_key = read_or_make_secret(state / "root-key")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [PROGRAM.with_name("python"), GUARD] if guard else [PROGRAM],
            env={**_build_environment(port, state, keep=keep), "AWS_ACCESS_KEY_ID": root_key},
            umask=PRIVATE,
            cwd=state,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            # Its own session: Ctrl-C in the terminal reaches the parent alone, which stops it last.
            start_new_session=True,
        )
    emulator = Emulator(process, port, state, keep, root_key, guard)
    _root_keys[emulator.endpoint] = root_key
    _wait_until_ready(emulator, log)
    return emulator


def read_or_make_secret(path: Path) -> str:
    """Return a secret of this machine alone, made once."""
    if not path.is_file():
        make_private_folder(path.parent)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()


def _build_environment(port: int, state: Path, *, keep: bool) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(state),
        "TMPDIR": str(state),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "MINISTACK_HOST": "127.0.0.1",
        "STATE_DIR": str(state / "state"),
        "S3_DATA_DIR": str(state / "s3"),
        "PERSIST_STATE": "1" if keep else "0",
        "S3_PERSIST": "1" if keep else "0",
        "LOG_LEVEL": "WARNING",
    }


def _wait_until_ready(emulator: Emulator, log: Path) -> None:
    until = time.monotonic() + STARTING
    while time.monotonic() < until:
        if emulator.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{emulator.endpoint}/_ministack/ready", timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    emulator.stop()
    tail = log.read_text(errors="replace")[-2000:]
    raise EmulatorError(f"The local AWS did not start in {STARTING} s. Its log {log} ends with:\n{tail}")
