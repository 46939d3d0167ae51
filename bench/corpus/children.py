"""Work in child processes that are bounded in memory and time: what kills a child is told of it and of no other."""

import json
import math
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")
MIB = 1 << 20
PIPE_BYTES = 1 << 16
# A machine with other work takes longer than a function, which has a whole processor.
PATIENCE = 5


@dataclass(frozen=True)
class ChildLimits:
    """Bound what a child uses.

    Attributes:
        megabytes: Memory that it writes to.
        seconds: Of the processor, which is what a function's time is spent on; PATIENCE times as many from its start to
            its end.
    """

    megabytes: int
    seconds: float


@dataclass(frozen=True)
class Ending:
    """Tell how a child ended.

    Attributes:
        answer: What its action returned; None after a fault.
        fault: Empty, "memory", "timeout", "signal_<n>", "exit_<n>", or the name of the exception.
        message: The exception's text.
        seconds: From its start to its end.
        cpu_seconds: Of all its threads.
        peak_mb: Its largest resident size, in MiB.
    """

    answer: Any
    fault: str
    message: str
    seconds: float
    cpu_seconds: float
    peak_mb: float


def run_in_child(action: Callable[[], Any], limits: ChildLimits) -> Ending:
    """Call `action` in a child of this process, which is killed when its time is over.

    The child has what this process imported and nothing that an earlier child did.

    Args:
        action: Returns something that can be written as JSON.
        limits: Memory is bounded by RLIMIT_DATA, which counts what a process writes to and not what it only reserves.
    """
    start = time.monotonic()
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        _answer(action, limits, writer)
    os.close(writer)
    text = None
    try:
        text = _read_pipe(reader, start + PATIENCE * limits.seconds)
    finally:
        os.close(reader)
        if text is None:
            os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
    peak_mb = usage.ru_maxrss / (MIB if sys.platform == "darwin" else 1024)
    answer = _read_answer(text, status)
    if peak_mb > limits.megabytes:
        answer = {"fault": "memory"}
    seconds, cpu_seconds = time.monotonic() - start, usage.ru_utime + usage.ru_stime
    texts = (answer.get("fault", ""), answer.get("message", ""))
    return Ending(answer.get("answer"), *texts, seconds, cpu_seconds, peak_mb)


def run_in_lanes(
    items: Sequence[T], lanes: int, work: Callable[[T], dict[str, Any]]
) -> Generator[dict[str, Any] | None]:
    """Yield what `work` returns for each item, in their order; None where a lane died before it.

    Each lane is a child that takes every `lanes`-th item. When the caller stops, the lanes are ended.
    """
    lanes = max(1, min(lanes, len(items)))
    children: list[tuple[int, int]] = []
    for number in range(lanes):
        children.append(_start_lane(items[number::lanes], work, [reader for _, reader in children]))
    readers = [os.fdopen(reader, "rb") for _, reader in children]
    try:
        for position in range(len(items)):
            line = readers[position % lanes].readline()
            yield json.loads(line) if line.endswith(b"\n") else None
    finally:
        for (pid, _), reader in zip(children, readers, strict=True):
            reader.close()
            # What a lane has started belongs to its group; a lane that has not begun has none yet.
            for kill in (os.killpg, os.kill):
                with suppress(ProcessLookupError):
                    kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _start_lane(items: Sequence[T], work: Callable[[T], dict[str, Any]], inherited: Sequence[int]) -> tuple[int, int]:
    """Start a child that works on items; return its process id and where its answers can be read.

    It closes the pipes that it inherited, so that each lane ends when the caller is gone and nobody reads it.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    status = 1
    try:
        for pipe_end in (reader, *inherited):
            os.close(pipe_end)
        os.setpgid(0, 0)
        # Whatever a library prints is no row.
        os.dup2(2, 1)
        with os.fdopen(writer, "wb") as pipe:
            for item in items:
                pipe.write(json.dumps(work(item)).encode() + b"\n")
                pipe.flush()
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        os._exit(status)


def _answer(action: Callable[[], Any], limits: ChildLimits, writer: int) -> NoReturn:
    """Write what the action returns or raises, and end this process."""
    status = 1
    try:
        os.dup2(2, 1)
        _limit_this_process(limits)
        try:
            answer: dict[str, Any] = {"answer": action()}
        except MemoryError:
            answer = {"fault": "memory"}
        except Exception as error:  # whatever was raised is the answer
            answer = {"fault": type(error).__name__, "message": str(error)}
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(answer).encode())
        status = 0
    finally:
        os._exit(status)


def _limit_this_process(limits: ChildLimits) -> None:
    # A child whose parent is gone ends by the same limit.
    for name, most in (("CORE", 0), ("CPU", math.ceil(limits.seconds)), ("DATA", limits.megabytes * MIB)):
        number = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(number)
        # Past the soft limit of time a signal says why; past the hard one the kernel only kills.
        resource.setrlimit(number, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _read_pipe(reader: int, deadline: float) -> bytes | None:
    """Return all that is written into a pipe; None when the deadline comes first."""
    text = b""
    while True:
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not select.select([reader], [], [], remaining)[0]:
            return None
        part = os.read(reader, PIPE_BYTES)
        if not part:
            return text
        text += part


def _read_answer(text: bytes | None, status: int) -> dict[str, Any]:
    if text is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return {"fault": "timeout"}
    if os.WIFSIGNALED(status):
        return {"fault": f"signal_{os.WTERMSIG(status)}"}
    if os.WEXITSTATUS(status):
        return {"fault": f"exit_{os.WEXITSTATUS(status)}"}
    answer: dict[str, Any] = json.loads(text)
    return answer
