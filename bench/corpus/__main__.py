"""`python -m bench.corpus FOLDER`: send every file of a folder through the pipeline in the worker's limits.

A file has the memory and the time of the worker's function, in a process of its own. The colors of its largest
rendition are compared with independent readers, and its renditions are searched for what they must not say.
"""

import argparse
import os
import signal
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.corpus import report
from bench.corpus.children import ChildLimits, Ending, run_in_lanes
from bench.corpus.rows import FAULT, Corpus, build_fault, build_row
from deploy.functions import zappa_settings


def main(arguments: list[str]) -> int:
    """Print a row for each file; return 1 when one is a fault, 2 when there is no folder."""
    options = _build_parser().parse_args(arguments)
    # What has been started ends with this process.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if error := _check_folders(options.folder, options.out):
        print(error, file=sys.stderr)
        return 2
    with TemporaryDirectory(prefix="mediahub-corpus-") as temporary:
        corpus = build_corpus(options, Path(temporary))
        files = corpus.list_files()
        if not files:
            print(f"There are no files in {report.escape_name(options.folder)}.", file=sys.stderr)
            return 0
        try:
            return print_rows(corpus, files, options)
        except BrokenPipeError:
            # Nobody reads on; Python would complain of it once more while it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1


def print_rows(corpus: Corpus, files: list[str], options: argparse.Namespace) -> int:
    """Send the files and print their rows in order; return 1 when one is a fault."""
    rows: list[dict[str, Any]] = []
    if not options.json:
        print(report.HEADER)
    with closing(run_in_lanes(files, options.lanes, partial(build_row, corpus))) as answers:
        for name, answer in zip(files, answers, strict=True):
            rows.append(answer or build_fault(name, Ending(None, "lost", "its lane died", 0, 0, 0)))
            print(report.format_json(rows[-1]) if options.json else report.format_line(rows[-1]), flush=True)
    if not options.json:
        print(f"\n{report.format_summary(rows)}")
    return int(any(row["outcome"] == FAULT for row in rows))


def build_corpus(options: argparse.Namespace, temporary: Path) -> Corpus:
    """Return how the files are sent: by the settings, and with memory and time of the worker in zappa_settings.json."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    # Imported here, because the settings must be named first. A child begins with all that is imported, as a worker
    # does that is warm.
    from mediahub.aws import clients

    worker = zappa_settings.read_stages()["worker"]
    megabytes, seconds = options.megabytes or worker["memory_size"], options.seconds or worker["timeout_seconds"]
    return Corpus(
        folder=Path(options.folder).expanduser(),
        out=Path(options.out).expanduser() if options.out else temporary,
        keeps_renditions=bool(options.out),
        worker=ChildLimits(megabytes, seconds),
        limits=clients.get_limits(),
        specs=tuple(clients.get_specs()),
    )


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.corpus", description=__doc__)
    parser.add_argument("folder", nargs="?", default="")
    parser.add_argument("--json", action="store_true", help="print one object for each file and nothing else")
    parser.add_argument("--out", default="", help="write the renditions into this folder")
    parser.add_argument("--megabytes", type=int, help="memory for each file; the worker's by default")
    parser.add_argument("--seconds", type=float, help="time for each file; the worker's by default")
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1, help="how many files at a time")
    return parser


def _check_folders(name: str, out: str) -> str:
    """Return what is wrong with the folders; empty if nothing is."""
    if not name:
        return "Name a folder of files: make corpus FOLDER=<folder>"
    folder = Path(name).expanduser()
    if not folder.is_dir():
        return f"{report.escape_name(name)} is not a folder. Name a folder of files: make corpus FOLDER=<folder>"
    if not out:
        return ""
    if Path(out).expanduser().resolve().is_relative_to(folder.resolve()):
        return "OUT lies in FOLDER, where renditions would be taken for files. Name a folder beside it."
    try:
        Path(out).expanduser().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return f"Renditions cannot be written: {error}"
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
