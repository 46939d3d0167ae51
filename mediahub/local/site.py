"""The whole site on one machine: local AWS, web and event loop, started and stopped together."""

import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from mediahub.local import emulator, stack
from mediahub.local.emulator import EmulatorError
from mediahub.settings import env_file

# As on AWS in kind, shorter in time: a person waits for the second try.
VISIBILITY = 30
RECEIVES = 3
STARTING = 120


@dataclass
class Site:
    """A running site; `stop` ends its processes in the order in which they need each other."""

    address: str
    state: Path
    environment: dict[str, str]
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, name: str, *command: str, profile: str) -> None:
        """Start `manage.py command` with the credentials of one role; its output goes to a log of its own."""
        with (self.state / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, "manage.py", *command],
                cwd=settings.BASE_DIR,
                env={**self.environment, "AWS_PROFILE": profile},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=emulator.PRIVATE,
            )

    def find_ended_process(self) -> str:
        """Return the name of a process that ended by itself; empty while all run."""
        return next((name for name, child in self.children.items() if child.poll() is not None), "")

    def stop(self) -> None:
        """End what was started; the event loop finishes its batch first."""
        for child in reversed(self.children.values()):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self.children.values():
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def refuse_taken_port(port: int, option: str) -> int:
    """Return the port when nothing listens there; raise EmulatorError otherwise."""
    if emulator.is_port_taken(port):
        raise EmulatorError(f"Port {port} is in use. Stop the program that uses it, or choose another with {option}.")
    return port


def start_site(
    state: Path,
    port: int,
    aws_port: int,
    closing: ExitStack,
    say: Callable[[str], None],
    choose_port: Callable[[int, str], int] = refuse_taken_port,
) -> Site:
    """Start everything with its state under `state`; `closing` stops it. Raises EmulatorError.

    `choose_port` gets each port with the option that names it, and returns the one to listen on.
    """
    state = state.resolve()
    # First of all: a site that runs already is no reason to ask for another port.
    _lock_state(state, closing)
    port, aws_port = choose_port(port, "--port"), choose_port(aws_port, "--aws-port")
    preparing = _start_preparing(state, closing)
    say("Starting the local AWS …")
    running = emulator.start_emulator(aws_port, state / "aws")
    closing.callback(running.stop)
    address = f"http://127.0.0.1:{port}"
    say("Deploying the stack …")
    parameters = {"SiteOrigin": address, "VisibilityTimeout": str(VISIBILITY), "MaxReceiveCount": str(RECEIVES)}
    deployed = stack.deploy_stack(running, "local", parameters)
    stack.write_profiles(state / "aws-config", deployed, running.root_key)
    site = Site(address, state, _write_environment(state, stack.build_environment(state, running, deployed, address)))
    closing.callback(site.stop)
    say("Preparing database and static files …")
    output, _ = preparing.communicate()
    if preparing.returncode:
        raise EmulatorError(f"manage.py prepare_site failed:\n{output}")
    say("Starting web and event loop …")
    site.run("web", "runserver", "--noreload", f"127.0.0.1:{port}", profile="web")
    site.run("event-loop", "event_loop", profile="worker")
    _wait_until_ready(site)
    return site


def _lock_state(state: Path, closing: ExitStack) -> None:
    """Keep others away: two emulators that write one state would each lose what the other keeps."""
    emulator.make_private_folder(state)
    lock = closing.enter_context((state / "lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise EmulatorError(
            f"A site is already running with {state}. Stop it or choose another folder with --state."
        ) from error


def _start_preparing(state: Path, closing: ExitStack) -> "subprocess.Popen[str]":
    """Start what needs no AWS, so that it is done while the stack is deployed: database, static files, and people."""
    key = emulator.read_or_make_secret(state / "secret-key")
    process = closing.enter_context(
        subprocess.Popen(
            [sys.executable, "manage.py", "prepare_site", str(state / "sign-in.json")],
            cwd=settings.BASE_DIR,
            env={
                **_read_shell(),
                "LOCAL": "true",
                "MEDIAHUB_ENV_FILE": "",
                "SECRET_KEY": key,
                "DATABASE_URL": _find_database(state),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            umask=emulator.PRIVATE,
        )
    )
    closing.callback(process.kill)
    return process


def _find_database(state: Path) -> str:
    """Return the address that the shell names, or that an earlier start had, or that of a file beside the state."""
    earlier = stack.read_environment(state / "env").get("DATABASE_URL")
    return _read_shell().get("DATABASE_URL") or earlier or f"sqlite:///{state / 'mediahub.sqlite3'}"


def _write_environment(state: Path, values: dict[str, str]) -> dict[str, str]:
    """Return the environment of all processes of the site; keep its settings in `state` for other commands."""
    file = state / "env"
    shell = _read_shell()
    values["LABELER"] = shell.get("LABELER", values["LABELER"])
    values["DATABASE_URL"] = _find_database(state)
    stack.write_environment(file, values)
    return {**shell, **values, "MEDIAHUB_ENV_FILE": str(file)}


def _read_shell() -> dict[str, str]:
    """Return the shell's settings, without credentials for a real AWS and without those of an earlier start's file."""
    read = stack.read_environment(env_file)
    return {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_") and read.get(name) != value
    }


def _wait_until_ready(site: Site) -> None:
    until = time.monotonic() + STARTING
    while time.monotonic() < until and not site.find_ended_process():
        try:
            with urllib.request.urlopen(f"{site.address}/admin/login/", timeout=5):  # noqa: S310
                return
        except urllib.error.HTTPError:
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise EmulatorError(f"The site did not start. {read_log_end(site, site.find_ended_process() or 'web')}")


def read_log_end(site: Site, name: str) -> str:
    """Return the end of a process's log, for whoever has to find out why it ended."""
    log = site.state / f"{name}.log"
    tail = log.read_text(errors="replace")[-3000:]
    return f"The log of {name}, {log}, ends with:\n{tail}"
