"""python -m tests.dying: workers that die at a step of the pipeline, each forked from one that has imported everything.

Each line of the input is one death: {"step": …, "how": "kill" | "exception" | "time-out", "back_at": seconds}. A worker
takes one message, which comes back at `back_at`, and does with it what Lambda does until its step is over.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import django

SECONDS = 8
# A place in the code, and at which of its calls; the worker dies when the call has had its effect.
STEPS: dict[str, tuple[str, str, int]] = {
    "adopt": ("mediahub.uploads.ingest", "_find_or_adopt", 1),
    "claim": ("mediahub.uploads.models.Upload", "claim", 1),
    "fetch": ("processing.store.S3Store", "get", 1),
    "decode": ("processing.pipeline", "open_picture", 1),
    "metadata": ("processing.metadata", "read", 1),
    "render": ("processing.pipeline", "render", 1),
    "store the first": ("processing.store.S3Store", "put", 1),
    "store the second": ("processing.store.S3Store", "put", 2),
    "store the third": ("processing.store.S3Store", "put", 3),
    "label": ("processing.pipeline", "_label", 1),
    "enter": ("mediahub.library.cataloging", "enter", 1),
    "record": ("mediahub.uploads.ingest", "_record", 1),
    "read the mirror": ("mediahub.aws.table.Table", "items", 1),
    "write the mirror": ("mediahub.aws.table.Table", "replace", 1),
    "answer": ("mediahub.worker.handlers", "work", 1),
    "acknowledge": ("mediahub.aws.table.Queue", "delete", 1),
}


def _place(path: str) -> Any:
    from importlib import import_module

    try:
        return import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)


def _arm(step: str, die: Callable[[], None]) -> None:
    path, name, at = STEPS[step]
    owner = _place(path)
    honest = getattr(owner, name)
    calls = 0

    def armed(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        answer = honest(*args, **kwargs)
        calls += 1
        if calls == at:
            die()
        return answer

    setattr(owner, name, armed)


def _work(step: str, how: str, back_at: float) -> None:
    from mediahub.aws import clients
    from mediahub.local.event_loop import Context, _record
    from mediahub.worker import handlers

    ends = time.monotonic() + SECONDS
    deaths = {
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "exception": _raise,
        "time-out": lambda: _hang(ends),
    }
    queue = clients.queue()
    message = queue.client.receive_message(
        QueueUrl=queue.url,
        VisibilityTimeout=max(1, round(back_at - time.time())),
        MessageSystemAttributeNames=["All"],
    )["Messages"][0]
    _arm(step, deaths[how])
    answer = handlers.on_object_created({"Records": [_record(dict(message), queue.url)]}, Context("dying", _ends=ends))
    if not answer["batchItemFailures"]:
        queue.delete(message["ReceiptHandle"])


def _raise() -> None:
    raise RuntimeError("a bug that nobody foresaw")


def _hang(ends: float) -> None:
    # Lambda ends a function that is over its time in just this way.
    time.sleep(max(0.0, ends - time.monotonic()))
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Fork a worker for each line, and wait for all."""
    django.setup()
    # Imported once, here, and not by each worker again.
    _place("mediahub.worker.handlers")
    left = []
    for line in sys.stdin:
        death = json.loads(line)
        worker = os.fork()
        if worker == 0:
            try:
                _work(**death)
            except RuntimeError as error:
                print(f"{death['step']}: {error}", file=sys.stderr)
            os._exit(0)
        if death["how"] == "time-out":
            left.append(worker)
        else:
            os.waitpid(worker, 0)
    for worker in left:
        os.waitpid(worker, 0)


if __name__ == "__main__":
    main()
