"""A product that does nothing, in a process of its own, for tests of what measures products."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.products.site import LibraryPage, OneProcess, serve_commands
from bench.products.stopwatch import Stopwatch


class SilentSite(OneProcess):
    """A product that does nothing."""

    versions = {"Silence": "".join(sys.argv[2:])}

    def add_photograph(self, stopwatch: Stopwatch, name: str, data: bytes) -> list[int]:
        """Spend no time and make two renditions of the size of the file, unless its name forbids it."""
        if name.startswith("broken"):
            raise RuntimeError(f"No room for {name}")
        with stopwatch.time_product(), stopwatch.time_others():
            return [len(data), len(data)]

    def open_library(self) -> LibraryPage:
        """Show one image."""
        return LibraryPage(b"<p>" * 100, 1)

    def copy_renditions(self, folder: Path) -> str:
        """Leave one rendition, and a record."""
        (folder / "256.jpg").write_bytes(b"rendition")
        return "Ada Lund"


@contextmanager
def open_silent_site(folder: Path) -> Iterator[SilentSite]:
    """Open a product that does nothing."""
    print("This is no answer.")
    yield SilentSite()
    print("ended", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(serve_commands(open_silent_site))
