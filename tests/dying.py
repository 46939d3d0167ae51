"""python -m tests.dying: workers that die at a step of the pipeline, each forked from one that has imported everything.

Each line of the input is one death: {"step": …, "how": "kill" | "exception" | "time-out"}. A worker takes one message,
which stays hidden for hours, and does with it what Lambda does until its step is over. For each death one line is
printed: {"receipt": …, "reached": the step, or "" when the worker ended before it}.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import django

# No clock ends anything here: a death is ordered when its step has been reached.
HOURS = 6 * 3600
# A place in the code, and at which of its calls; the worker dies when the call has had its effect.
STEPS: dict[str, tuple[str, str, int]] = {
    "adopt": ("mediahub.uploads.ingest", "_find_or_adopt", 1),
    "claim": ("mediahub.uploads.models.Upload", "claim_version", 1),
    "fetch": ("processing.store.S3Store", "get", 1),
    "decode": ("processing.pipeline._Collector", "allow", 1),
    "render": ("processing.pipeline._Collector", "take_file", 1),
    "look": ("processing.pipeline._Collector", "choose_point", 1),
    "store the first": ("processing.store.S3Store", "put", 1),
    "store the second": ("processing.store.S3Store", "put", 2),
    "store the third": ("processing.store.S3Store", "put", 3),
    "label": ("processing.pipeline", "_label", 1),
    "enter": ("mediahub.library.cataloging", "record_result", 1),
    "record": ("mediahub.uploads.ingest", "_record", 1),
    "read the mirror": ("mediahub.aws.table.Table", "query_items", 1),
    "write the mirror": ("mediahub.aws.table.Table", "replace", 1),
    "answer": ("mediahub.worker.handlers", "handle", 1),
    "acknowledge": ("mediahub.aws.queue.Queue", "delete", 1),
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


def _work(step: str, how: str, report: int) -> None:
    from mediahub.aws import clients
    from mediahub.local.event_loop import Context, _build_record
    from mediahub.worker import handlers

    deaths: dict[str, Callable[[], Any]] = {
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "exception": _raise,
        # Lambda ends a function that is over its time from outside, wherever it hangs.
        "time-out": lambda: time.sleep(HOURS),
    }

    def die() -> None:
        os.write(report, step.encode())
        # The parent reads to the end of this pipe: then it knows how far the worker got.
        os.close(report)
        deaths[how]()

    queue = clients.get_upload_queue()
    message = queue.client.receive_message(
        QueueUrl=queue.url, VisibilityTimeout=HOURS, MessageSystemAttributeNames=["All"]
    )["Messages"][0]
    os.write(report, message["ReceiptHandle"].encode() + b"\n")
    _arm(step, die)
    context = Context("dying", _ends=time.monotonic() + HOURS)
    answer = handlers.on_object_created({"Records": [_build_record(dict(message), queue.url)]}, context)
    if not answer["batchItemFailures"]:
        queue.delete(message["ReceiptHandle"])


def _raise() -> None:
    raise RuntimeError("a bug that nobody foresaw")


def _let_die(step: str, how: str) -> dict[str, str]:
    """Fork a worker, wait until it has come to its step, and see it dead."""
    reading, report = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(reading)
        try:
            _work(step, how, report)
        except RuntimeError as error:
            print(f"{step}: {error}", file=sys.stderr)
        os._exit(0)
    os.close(report)
    with os.fdopen(reading) as pipe:
        receipt, _, reached = pipe.read().partition("\n")
    if how == "time-out":
        os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    return {"receipt": receipt, "reached": reached}


def main() -> None:
    """Fork a worker for each line, one after the other."""
    django.setup()
    # Imported once, here, and not by each worker again.
    _place("mediahub.worker.handlers")
    for line in sys.stdin:
        print(json.dumps(_let_die(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
