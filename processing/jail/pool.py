"""The parent's side of the jail: one warm child, and what its end means for the file that it had."""

import atexit
import ctypes
import fcntl
import math
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import cache
from logging import getLogger
from shutil import copyfileobj
from typing import IO

from processing.decoding import Order, Receiver
from processing.errors import Rejected, Unavailable
from processing.jail import budget, records
from processing.jail.wire import BadFrame, Closed, Frame, read_frame, write_frame

log = getLogger(__name__)

# A process that hostile bytes took over could alter the files that come after: it does not get many.
MAX_FILES = 100
MODULE = "processing.jail.child"
# What the interpreter needs to find its libraries; nothing else of the environment is passed on.
_ENVIRONMENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_START_SECONDS = 60
# A child that ended by one of these was ended by whoever ends this process.
_SENT_BY_PEOPLE = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# Beside the memory that decoding may take: the child's own, and what is counted with it.
_OWN_MEMORY = 300_000_000
_BLOCK = 1 << 20
# PR_SET_DUMPABLE of prctl(2).
_SET_DUMPABLE = 4


class Stalled(Exception):
    """The child does nothing, or has done something for too long."""


class Late(Exception):
    """Say that whoever ordered the file can wait no longer, while the file could still go on."""


class Child:
    """A process in the jail. Only one thread uses it at a time."""

    def __init__(self, max_memory: int) -> None:
        """Start the process; it loads what it needs while this one goes on."""
        _hide_memory()
        self.max_memory, self.files, self._is_ready = max_memory, 0, False
        with tempfile.NamedTemporaryFile(buffering=0, delete=False) as inbox:
            # The child cannot write into it.
            readable = os.open(inbox.name, os.O_RDONLY)
            os.unlink(inbox.name)
            self._inbox = os.dup(inbox.fileno())
        try:
            self._process = subprocess.Popen(  # noqa: S603 - every word of it is ours
                build_command(readable, max_memory + _OWN_MEMORY),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                pass_fds=[readable],
                cwd="/",
                # What is typed at a terminal is for this process.
                start_new_session=True,
            )
        finally:
            os.close(readable)
        assert self._process.stdin
        assert self._process.stdout
        self._orders, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._deadline, self._end = time.monotonic() + _START_SECONDS, math.inf
        with suppress(AttributeError, OSError):
            # The child goes on while this process stores what came.
            fcntl.fcntl(self._answers, fcntl.F_SETPIPE_SZ, _BLOCK)

    def wait_until_ready(self) -> None:
        """Return when the child has loaded everything and locked itself in; raise Closed or Stalled."""
        if not self._is_ready:
            self._read()
            self._is_ready = True

    def send_order(self, order: Order, file: IO[bytes]) -> None:
        """Give the child a file; raise Closed when it ended before it looked at it."""
        self._end = time.monotonic() + order.seconds if order.seconds is not None else math.inf
        self.wait_until_ready()
        self.files += 1
        os.ftruncate(self._inbox, 0)
        os.lseek(self._inbox, 0, os.SEEK_SET)
        file.seek(0)
        with os.fdopen(self._inbox, "wb", buffering=0, closefd=False) as inbox:
            copyfileobj(file, inbox, _BLOCK)
            size = inbox.tell()
        write_frame(self._orders, records.encode_order(order, size))
        self._wait_for(budget.SECONDS)
        # What ends the child before this comes is not in the file.
        self._read()

    def receive(self, order: Order, receiver: Receiver) -> dict[str, float]:
        """Hand over what the child makes of the file, and return how long each step took; raise what it raises."""
        left = sum(len(spec.formats) for spec in order.specs)
        while True:
            message, data = self._read()
            match message.get("kind"):
                case "allow":
                    pixels, memory = records.decode_allowance(message, order.limits)
                    self._wait_for(budget.count_seconds(pixels))
                    receiver.allow(pixels, memory)
                case "rendering":
                    self._wait_for(budget.count_rendering_seconds(order.specs))
                case "file" if left > 0:
                    left -= 1
                    receiver.take_file(records.decode_file(message, data, order.specs))
                case "look":
                    point = receiver.choose_point(records.decode_look(message, data))
                    write_frame(self._orders, {"point": records.encode_point(point)})
                    self._wait_for(budget.count_rendering_seconds(order.specs))
                case "done":
                    return records.decode_seconds(message)
                case "rejected":
                    raise records.decode_error(message)
                case kind:
                    raise _Ended(
                        str(kind), str(message.get("error", ""))[:200], str(message.get("traceback", ""))[:4000]
                    )

    def end(self, patience: float = 0) -> int:
        """End the process with all that it started, and return how it ended, as Popen tells it.

        Args:
            patience: How many seconds it may take to end by itself.
        """
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        os.close(self._inbox)
        return code

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return self._process.poll() is None

    def empty(self) -> None:
        """Give back the room of the last file."""
        os.ftruncate(self._inbox, 0)

    def _wait_for(self, seconds: float) -> None:
        self._deadline = min(time.monotonic() + budget.count_patience(seconds), self._end)

    def _read(self) -> Frame:
        return read_frame(self._answers, self._wait)

    def _wait(self) -> None:
        """Return when there is something to read; raise Stalled or Late."""
        seconds = read_processor_seconds(self.pid)
        while not select.select([self._answers], [], [], min(budget.STALL, self._remaining()))[0]:
            before, seconds = seconds, read_processor_seconds(self.pid)
            if time.monotonic() > self._end:
                raise Late
            if seconds - before < budget.LEAST_PROGRESS or not self._remaining():
                raise Stalled

    def _remaining(self) -> float:
        return max(self._deadline - time.monotonic(), 0)


class _Ended(Exception):
    """The child says that it cannot go on: with its memory, with a file that it may not open, or with a fault."""

    def __init__(self, kind: str, error: str, trace: str) -> None:
        super().__init__(f"{kind} {error}\n{trace}")
        self.kind, self.error = kind, error


class Pool:
    """The idle children of this process: at most one."""

    def __init__(self) -> None:
        self.idle: list[Child] = []
        self._lock = threading.Lock()

    def take(self, max_memory: int) -> Child:
        with self._lock:
            child = self.idle.pop() if self.idle else None
        if child and (child.max_memory < max_memory or not child.is_alive()):
            child.end()
            child = None
        return child or Child(max_memory)

    def give_back(self, child: Child) -> None:
        child.empty()
        with self._lock:
            if not self.idle and child.files < MAX_FILES:
                self.idle.append(child)
                return
        child.end()

    def close(self) -> None:
        """End the idle child: the next file gets a fresh one."""
        while self.idle:
            self.idle.pop().end()

    def forget(self) -> None:
        """Leave the children to the process that this one was forked from."""
        self.__init__()  # type: ignore[misc]


children = Pool()
atexit.register(children.close)
os.register_at_fork(after_in_child=children.forget)


def run_decoder(file: IO[bytes], order: Order, receiver: Receiver) -> dict[str, float]:
    """Do what processing.decoding.decode_file does, in the jail.

    Raises:
        Rejected: The file's fault; it is so also when its decoder died, took too long, or took too much.
        Unavailable: The child could not be started or was ended by somebody.
    """
    child = _give_order(file, order)
    try:
        seconds = child.receive(order, receiver)
    except Rejected:
        children.give_back(child)
        raise
    except (Closed, Late, Stalled, BadFrame, records.BadRecord, _Ended) as error:
        raise _judge_end(child, error) from error
    except BaseException:
        # The child is in the midst of a file that nobody waits for.
        child.end()
        raise
    children.give_back(child)
    return seconds


def _give_order(file: IO[bytes], order: Order) -> Child:
    """Return a child that has the file; one that ended while it was idle is replaced."""
    for _attempt in range(2):
        child = children.take(order.limits.max_memory)
        try:
            child.send_order(order, file)
        except (Closed, Late, Stalled, BadFrame):
            code = child.end(patience=1)
            log.warning("a decoder ended before it got a file: %s", code)
        except BaseException:
            child.end()
            raise
        else:
            return child
    raise Unavailable("decoder_not_started")


def _judge_end(child: Child, error: Exception) -> Rejected | Unavailable:
    """Return what the end of a child means for its file."""
    code = child.end(patience=1 if isinstance(error, Closed) else 0)
    log.warning("a decoder ended on a file: %s, exit status %s", error or type(error).__name__, code)
    was_stopped = isinstance(error, Closed) and -code in _SENT_BY_PEOPLE
    if was_stopped or isinstance(error, Late) or (isinstance(error, _Ended) and error.kind == "failed"):
        return Unavailable("decoder_ended")
    if isinstance(error, _Ended) and error.kind == "fault":
        return Rejected("undecodable", step="decode", cause=error.error)
    return Rejected("too_costly", step="decode")


def build_command(descriptor: int, memory: int) -> list[str]:
    """Return the command of a child: a fresh interpreter that reads no environment and finds what this one finds."""
    places = [os.path.abspath(place) for place in sys.path]
    start = f"import sys; sys.path[:] = {places!r}; from runpy import run_module; "
    start += f"run_module({MODULE!r}, run_name='__main__')"
    options = ["-I", *(["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else [])]
    return [sys.executable, *options, "-c", start, str(descriptor), str(memory)]


def read_processor_seconds(pid: int) -> float:
    """Return the seconds of the processor that a process has had; elsewhere than on Linux those of the clock."""
    if not sys.platform.startswith("linux"):
        return time.monotonic()
    # "clock_getcpuclockid(3)": a process is named by the bits of its number, inverted, before those of the kind.
    with suppress(OSError):
        return time.clock_gettime(~pid << 3 | 2)
    return 0.0


@cache
def _hide_memory() -> None:
    """Let no process of the same user read this one's memory, where Linux asks: it has the credentials."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)
