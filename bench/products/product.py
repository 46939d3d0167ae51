"""The measuring side of one product: starts its process, asks it, and ends it."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.peer_environments import ROOT, prepare_python

# A process that has nothing left to do ends in seconds, the local AWS with it.
ENDING_SECONDS = 60
LOG_LINES = 15


class ProductFailed(Exception):
    """Say why a product cannot be measured, with the end of its log."""


@dataclass
class Product:
    """One product with what was measured of it.

    Attributes:
        title: What it is called in the table.
        license: The license of what is installed.
        module: The module that its process runs.
        environment: The peer environment that it needs; without one it runs in this environment.
        arguments: What its process is told besides its folder.
        versions: Its packages with their versions.
        resident: Megabytes before the first photograph.
        cpu: Seconds of the processor for each photograph, by block.
        wall: Seconds on the wall for each photograph, by block.
        sizes: Bytes of all renditions of each photograph.
        files: The numbers of renditions that a photograph has.
    """

    title: str
    license: str
    module: str
    environment: str = ""
    arguments: tuple[str, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    resident: float = 0.0
    cpu: list[list[float]] = field(default_factory=list)
    wall: list[list[float]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    files: set[int] = field(default_factory=set)
    _process: subprocess.Popen[str] | None = None

    def start(self, folder: Path) -> None:
        """Start the product in a folder with the Python of its environment, and wait until it is ready."""
        python = prepare_python(self.environment) if self.environment else Path(sys.executable)
        folder.mkdir()
        self.folder = folder
        self._log = folder / "log.txt"
        command = [str(python), "-m", self.module, str(folder), *self.arguments]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdin
        assert self._process.stdout
        self._commands, self._answers = self._process.stdin, self._process.stdout
        ready = self._read_answer()
        self.versions, self.resident = ready["versions"], ready["resident"]

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send one command and return its answer; raise ProductFailed when there is none."""
        # A process that has ended says why in its log, which is read with the answer.
        with suppress(BrokenPipeError):
            print(json.dumps(command), file=self._commands, flush=True)
        return self._read_answer()

    def add_photographs(self, numbers: range, photos: list[Path]) -> None:
        """Let the product take in one block of photographs, and keep what it measured."""
        added = self.ask(add=list(numbers), photos=[str(photo) for photo in photos])["added"]
        self.cpu.append([each["cpu"] for each in added])
        self.wall.append([each["wall"] for each in added])
        self.sizes += [each["bytes"] for each in added]
        self.files |= {each["files"] for each in added}

    def take_in(self, photo: Path) -> tuple[list[bytes], str]:
        """Let the product take in one file that is not measured; return its renditions and the text of its record."""
        copies = self.folder / photo.stem
        copies.mkdir()
        record: str = self.ask(inspect=str(photo), folder=str(copies))["record"]
        return [path.read_bytes() for path in sorted(copies.iterdir())], record

    def stop(self) -> None:
        """End the process, and with it what it started."""
        if self._process and self._process.poll() is None:
            self._commands.close()
            try:
                self._process.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _read_answer(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            lines = self._log.read_text(errors="replace").splitlines()[-LOG_LINES:]
            raise ProductFailed(os.linesep.join([f"{self.title} ended before its time. The end of its log:", *lines]))
        answer: dict[str, Any] = json.loads(line)
        return answer
