"""How the process deals with memory that pictures gave back."""

import ctypes
import sys
from functools import cache

# Of mallopt(3), the GNU C library.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES, _LARGEST_BLOCK = 96_000_000, 32_000_000


@cache
def keep_freed_memory() -> None:
    """Keep freed memory in the process, once for all, where it runs on the GNU C library.

    Otherwise it goes back to the system after each picture, and comes again page by page, filled with zeros: that takes
    a sixth of the time of a photograph.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_MMAP_THRESHOLD, _LARGEST_BLOCK)
        mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
