import json
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from mediahub.local import site
from mediahub.local.emulator import EmulatorError, is_port_taken


def choose_port(port: int, option: str, ask: Callable[[str], str]) -> int:
    """Return the port, or the next free one when the person agrees; raise EmulatorError when they do not."""
    if not is_port_taken(port):
        return port
    other = next(number for number in range(port + 1, 65536) if not is_port_taken(number))
    if ask(f"Port {port} is in use. Use {other} instead? [Y/n] ").strip().lower() in ("", "y", "yes"):
        return other
    raise EmulatorError(f"Nothing was started. Free port {port}, or choose another with {option}.")


class Command(BaseCommand):
    help = "Run MediaHub on this machine: local AWS, web server, and event loop. Press Ctrl-C to stop."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="Where the site listens.")
        parser.add_argument("--aws-port", type=int, default=4566, help="Where the local AWS listens.")
        parser.add_argument("--state", type=Path, default=settings.VAR / "local", help="Folder for all data.")

    def handle(self, *args: Any, **options: Any) -> None:
        # A shell that starts this in the background has SIGINT ignored, and Ctrl-C is how it is stopped.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        with ExitStack() as closing:
            try:
                ports = (options["port"], options["aws_port"])
                # Without somebody at the terminal a taken port is an error: a program expects the port that it named.
                choose = self._choose_port if sys.stdin.isatty() else site.refuse_taken_port
                running = site.start_site(options["state"], *ports, closing, self.stdout.write, choose)
                self._greet(running)
                self._watch(running)
            except EmulatorError as error:
                raise CommandError(str(error)) from error
            except KeyboardInterrupt:
                self.stdout.write("\nStopping. All data is kept.")

    def _choose_port(self, port: int, option: str) -> int:
        return choose_port(port, option, self._ask)

    def _ask(self, question: str) -> str:
        self.stdout.write(question, ending="")
        self.stdout.flush()
        # The end of the input is no answer.
        return sys.stdin.readline() or "no"

    def _greet(self, running: site.Site) -> None:
        passwords = json.loads((running.state / "sign-in.json").read_text())
        self.stdout.write(self.style.SUCCESS(f"\nMediaHub is at {running.address}/"))
        for name, password in passwords.items():
            self.stdout.write(f"  sign in as {name:7} with {password}")
        self.stdout.write(f"  local AWS  {running.environment['AWS_ENDPOINT_URL']}")
        self.stdout.write(f"  logs in    {running.state}")
        self.stdout.write("Press Ctrl-C to stop. All data is kept.")
        self.stdout.flush()

    def _watch(self, running: site.Site) -> None:
        while not (name := running.find_ended_process()):
            time.sleep(0.5)
        raise CommandError(f"{name} ended by itself. {site.read_log_end(running, name)}")
