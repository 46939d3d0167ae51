"""The jail: bytes of strangers are decoded in a child process that has nothing to lose.

The child is a fresh interpreter with an empty environment: no credentials, no settings, nothing of this process's
memory. Before it gets the first file it gives up, for good, to open anything: a file, a socket, a program. It has
limits of memory and of processor time for each file, and it may tell the parent only what `records` can check.
"""

from processing.jail.pool import run_decoder

__all__ = ["run_decoder"]
