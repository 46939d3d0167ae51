"""python -m tests.event_loops: event loops in processes of their own, forked from one that has imported everything.

Each line of the input starts a loop, with the role and the database of the environment, or ends the one that runs:
"start" or "stop". Each is answered with the same word. A loop that is stopped finishes its batch first.
"""

import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore.exceptions import ClientError
from django.conf import settings

from mediahub.aws import clients
from mediahub.local.event_loop import EventLoop, Handler, load_zappa_handler

# Between two polls of an empty queue; the loop of the site waits a second in the queue itself. Each poll, and each tick
# of the clock, takes time from the browser that the test drives.
PAUSE = 0.15
CLOCK_SECONDS = 1.5
COMES_BACK_SECONDS = 1


@dataclass
class PatientLoop(EventLoop):
    """An event loop whose failed messages come back when it is told, and not while a busy machine still works."""

    _hidden: list[str] = field(default_factory=list)

    def bring_back(self) -> None:
        """Let the time pass for which messages are hidden that were received and not deleted."""
        for receipt in self._hidden:
            with suppress(ClientError):
                queue = clients.get_upload_queue()
                queue.client.change_message_visibility(QueueUrl=queue.url, ReceiptHandle=receipt, VisibilityTimeout=0)
        self._hidden.clear()

    def _invoke(self, messages: list[dict[str, Any]]) -> None:
        super()._invoke(messages)
        self._hidden += [message["ReceiptHandle"] for message in messages]


class Nursery:
    """The process that forks the loops, as the tests see it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.event_loops"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, word: str) -> None:
        """Have a loop started or stopped, and wait until it is."""
        assert self._process.stdin
        assert self._process.stdout
        print(word, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline().strip()
        assert answer == word, f"the process of the event loops ended with {self._process.poll()}"

    def end(self) -> None:
        """End the process itself."""
        self._process.communicate()


def main() -> None:
    """Obey the lines of the input."""
    import django

    answers = os.fdopen(os.dup(1), "w")
    # What the loops log goes where the tests' own output goes, and not between the answers.
    os.dup2(2, 1)

    django.setup()
    with TemporaryDirectory(prefix="mediahub-zappa-") as folder:
        handler = load_zappa_handler(settings.STAGE, Path(folder))
        loop = 0
        for line in sys.stdin:
            if line.strip() == "start":
                loop = os.fork()
                if loop == 0:
                    _run(handler)
            else:
                loop = _stop(loop)
            print(line.strip(), file=answers, flush=True)
        # The tests were ended before they could say so.
        _stop(loop)


def _stop(loop: int) -> int:
    if loop:
        os.kill(loop, signal.SIGTERM)
        os.waitpid(loop, 0)
    return 0


def _run(handler: Handler) -> None:
    loop = PatientLoop(handler, CLOCK_SECONDS)
    signal.signal(signal.SIGTERM, loop.stop)
    back_at = 0.0
    try:
        while not loop.stopping:
            if time.monotonic() > back_at:
                loop.bring_back()
                back_at = time.monotonic() + COMES_BACK_SECONDS
            try:
                messages = loop.poll_once(wait=0)
            except Exception:
                traceback.print_exc()
                messages = 0
            if not messages:
                time.sleep(PAUSE)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
