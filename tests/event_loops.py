"""python -m tests.event_loops: event loops in processes of their own, forked from one that has imported everything.

Each line of the input starts a loop, with the role and the database of the environment, or ends the one that runs:
"start" or "stop". Each is answered with the same word. A loop that is stopped finishes its batch first.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

# Between two polls of an empty queue; the loop of the site waits a second in the queue itself.
PAUSE = 0.05
CLOCK_SECONDS = 0.5


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
    from mediahub.local.event_loop import zappa_handler

    with TemporaryDirectory(prefix="mediahub-zappa-") as folder:
        handler = zappa_handler(settings.STAGE, Path(folder))
        loop = 0
        for line in sys.stdin:
            if line.strip() == "start":
                loop = os.fork()
                if loop == 0:
                    _run(handler)
            else:
                os.kill(loop, signal.SIGTERM)
                os.waitpid(loop, 0)
            print(line.strip(), file=answers, flush=True)


def _run(handler: Any) -> None:
    from mediahub.local.event_loop import EventLoop

    loop = EventLoop(handler, CLOCK_SECONDS)
    signal.signal(signal.SIGTERM, loop.stop)
    poll = loop.turn

    def turn(wait: int = 0) -> int:
        messages = poll(wait=0)
        if not messages:
            time.sleep(PAUSE)
        return messages

    loop.turn = turn  # type: ignore[method-assign]
    try:
        loop.run()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
