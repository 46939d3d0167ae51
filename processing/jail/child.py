"""python -m processing.jail.child FILE MEMORY: the process in which bytes of strangers are decoded.

It reads orders from its standard input and writes what becomes of each to its standard output. FILE is an open
descriptor, through which it reads every file; MEMORY is what it may ever write to, in bytes.
"""

import codecs
import errno
import io
import math
import os
import resource
import sys
import time
import traceback
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

from PIL import Image

from processing import decoding
from processing.color_profiles import read_press_profile
from processing.crop import Point
from processing.decoding import Look, Order
from processing.errors import Rejected
from processing.jail import budget, records
from processing.jail.wire import Closed, read_frame, write_frame
from processing.metadata.charsets import ENCODINGS
from processing.renditions import RenderedFile

_ORDERS, _ANSWERS, _STDERR = 0, 1, 2
_BLOCK = 1 << 16
_MAX_MESSAGE = 4000
# The kernel ends this process before any other one when there is no memory left.
_FIRST_TO_GO = "1000"
# Files and sockets cannot be opened, received or copied, and files not written.
_FORBIDDEN = (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)
# The decoder of HEIC starts threads. All that run for the same user are counted, and others of them come and go.
_MORE_THREADS = 500


class JailedFile(io.RawIOBase):
    """A part of an open file from its beginning, read through a descriptor that nobody else gets."""

    def __init__(self, descriptor: int, size: int) -> None:
        """Read the first `size` bytes."""
        self._descriptor, self._size, self._at = descriptor, size, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move, and return where to."""
        place = offset + (0, self._at, self._size)[whence]
        if place < 0:
            raise OSError(errno.EINVAL, "There is nothing before the beginning.")
        self._at = place
        return place

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer; return how many bytes."""
        view = memoryview(buffer).cast("B")
        count = max(min(len(view), self._size - self._at), 0)
        if not count:
            return 0
        number = os.preadv(self._descriptor, [view[:count]], self._at)
        self._at += number
        return number


class _Sender:
    """Sends what is made of a file to the parent."""

    def __init__(self, order: Order) -> None:
        self._order, self._start = order, math.ceil(time.process_time())
        _limit_memory(budget.count_memory(0, order.specs))
        _limit_seconds(self._start + budget.SECONDS)

    def allow(self, pixels: int, memory: int) -> None:
        _limit_memory(budget.count_memory(memory, self._order.specs))
        _limit_seconds(self._start + budget.count_seconds(pixels))
        write_frame(_ANSWERS, {"kind": "allow", "pixels": pixels, "memory": memory})

    def begin_rendering(self) -> None:
        _limit_seconds(math.ceil(time.process_time()) + budget.count_rendering_seconds(self._order.specs))
        write_frame(_ANSWERS, {"kind": "rendering"})

    def take_file(self, rendered: RenderedFile) -> None:
        write_frame(_ANSWERS, {"kind": "file", **records.encode_file(rendered)}, rendered.data)

    def choose_point(self, look: Look) -> Point:
        write_frame(_ANSWERS, {"kind": "look", **records.encode_look(look)}, look.label_jpeg or b"")
        message, _data = read_frame(_ORDERS)
        return records.decode_point(message["point"])


def main(arguments: Sequence[str]) -> None:
    """Work on orders until there are none; return when the parent is gone."""
    descriptor, memory = map(int, arguments)
    load_everything()
    lock(memory)
    with suppress(Closed):
        write_frame(_ANSWERS, {"kind": "ready"})
        while True:
            message, _data = read_frame(_ORDERS)
            order, size = records.decode_order(message)
            write_frame(_ANSWERS, {"kind": "begun"})
            write_frame(_ANSWERS, work(order, JailedFile(descriptor, size)))


def work(order: Order, file: io.RawIOBase) -> dict[str, Any]:
    """Do an order, and return how it ended, as a message."""
    sender = _Sender(order)
    try:
        opened: IO[bytes] = io.BufferedReader(file, _BLOCK)
        seconds = decoding.decode_file(opened, order, sender)
    except Rejected as error:
        return {"kind": "rejected", **records.encode_error(error)}
    except MemoryError:
        return {"kind": "no_memory"}
    except (OSError, ImportError) as error:
        return {"kind": "failed", "error": repr(error), "traceback": _describe(error)}
    except Closed:
        raise
    except Exception as error:  # nothing but the file and the code decides what happens here
        return {"kind": "fault", "error": type(error).__name__, "traceback": _describe(error)}
    return {"kind": "done", "seconds": seconds}


def load_everything() -> None:
    """Load whatever is loaded only when it is needed: in the jail nothing can be opened."""
    for name in ENCODINGS:
        codecs.lookup(name)
    unicodedata.normalize("NFC", "é")
    read_press_profile()
    Image.preinit()
    _describe(ValueError())


def lock(memory: int) -> None:
    """Give up, for good, whatever decoding does not need.

    A limit of no open files leaves those that are open, and lets nobody open another one, close one to make room for
    another, or receive one. Where a platform does not have a limit, the others hold; see docs/security.md.
    """
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write(_FIRST_TO_GO)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    # Libraries print warnings of their own, as many as a file wants.
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)
    _set_limit(resource.RLIMIT_DATA, memory, memory)
    with suppress(OSError):
        threads = _count_threads() + _MORE_THREADS
        _set_limit(resource.RLIMIT_NPROC, threads, threads)
    for limit in _FORBIDDEN:
        _set_limit(limit, 0, 0)


def _count_threads() -> int:
    """Return how many threads run for this user; raise OSError where the system does not tell."""
    threads = 0
    for place in os.listdir("/proc"):
        with suppress(OSError):
            if place.isdigit() and os.stat(f"/proc/{place}").st_uid == os.getuid():
                threads += len(os.listdir(f"/proc/{place}/task"))
    return threads


def _limit_memory(size: int) -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    _set_limit(resource.RLIMIT_DATA, size if hard == resource.RLIM_INFINITY else min(size, hard), hard)


def _limit_seconds(until: int) -> None:
    """Have the kernel end this process after so many seconds of the processor since it began."""
    _set_limit(resource.RLIMIT_CPU, until, resource.getrlimit(resource.RLIMIT_CPU)[1])


def _set_limit(limit: int, soft: int, hard: int) -> None:
    with suppress(ValueError, OSError):
        resource.setrlimit(limit, (soft, hard))


def _describe(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-_MAX_MESSAGE:]


if __name__ == "__main__":
    main(sys.argv[1:])
