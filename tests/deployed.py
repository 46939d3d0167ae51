"""The worker's function as it is deployed: `mediahub.worker.lambda_entry` in processes of their own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Self

from django.conf import settings
from zappa.cli import ZappaCLI

from mediahub.local.event_loop import FUNCTION_SECONDS
from tests.children import environment, recorded, running
from tests.settings import STATE, WORKER

QUEUE_ARN = "arn:aws:sqs:us-east-1:000000000000:mediahub-local-uploads"
# One event a line; an invocation that Lambda would have ended answers nothing.
FUNCTION = """
import json, sys, time
from mediahub.worker.lambda_entry import lambda_handler
from mediahub.local.event_loop import Context
print("READY", flush=True)
for line in sys.stdin:
    start = time.monotonic()
    try:
        answer = {"answer": lambda_handler(json.loads(line), Context("worker"))}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print("ANSWER " + json.dumps({**answer, "seconds": time.monotonic() - start}), flush=True)
"""
# What Lambda's event source mapping does, with the front door of the deployed function.
MAPPING = """
import signal, sys, time
from mediahub.worker.lambda_entry import lambda_handler
from mediahub.local.event_loop import EventLoop
def handler(event, context):
    start = time.monotonic()
    try:
        return lambda_handler(event, context)
    finally:
        # At once: who ends this process need not wait for it.
        with open(sys.argv[1], "a") as file:
            file.write(f"{time.monotonic() - start}\\n")
loop = EventLoop(handler, clock_seconds=60)
signal.signal(signal.SIGTERM, loop.stop)
loop.run()
"""


def function_environment() -> dict[str, str]:
    """Return what the function on the local AWS of this process has in its environment, beside what each child has."""
    folder = STATE / WORKER / "deployed"
    cli = ZappaCLI()
    cli.api_stage = "local"
    cli.load_settings(str(settings.BASE_DIR / "zappa_settings.json"))
    folder.mkdir(parents=True, exist_ok=True)
    # As Zappa's package holds it.
    (folder / "zappa_settings.py").write_text(cli.get_zappa_settings_string())
    variables = {"UPLOAD_QUEUE_ARN": QUEUE_ARN, "SECRET_KEY": settings.SECRET_KEY, "PYTHONWARNINGS": "ignore"}
    return {**recorded(str(folder)), **variables}


@dataclass
class Function:
    """A client of Lambda that knows one function; it stands for boto3's where the deploy command invokes."""

    process: "subprocess.Popen[str]"
    seconds: list[float] = field(default_factory=list)

    def get_waiter(self, name: str) -> Self:
        """Return the function is never being changed."""
        return self

    def wait(self, **asked: Any) -> None:
        """Return at once."""

    def invoke(self, **asked: Any) -> dict[str, Any]:
        """Have the function answer one event, and note how long it took."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(asked["Payload"].decode() + "\n")
        self.process.stdin.flush()
        line = next(line for line in self.process.stdout if line.startswith("ANSWER "))
        said = json.loads(line.removeprefix("ANSWER "))
        self.seconds.append(said["seconds"])
        if "error" in said:
            return {
                "FunctionError": "Unhandled",
                "Payload": BytesIO(json.dumps({"errorMessage": said["error"]}).encode()),
            }
        return {"Payload": BytesIO(json.dumps(said["answer"]).encode())}

    @property
    def longest(self) -> float:
        """How many seconds the longest invocation took; Lambda would have ended it after a minute."""
        assert max(self.seconds) < FUNCTION_SECONDS
        return max(self.seconds)


@contextmanager
def deployed_function(before: str = "") -> Iterator[Function]:
    """Give the worker's function, started in a process of its own; `before` is Python that runs in it first."""
    process = subprocess.Popen(
        [sys.executable, "-c", before + FUNCTION],
        env={**environment("worker"), **function_environment()},
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        assert any(line.startswith("READY") for line in process.stdout), "the function does not start"
        yield Function(process)
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


def mapping(seconds_file: str, before: str = "") -> Any:
    """Return a child that brings the queue's messages to the function until the block ends."""
    return running("-c", before + MAPPING, seconds_file, **function_environment())
