"""`python -m bench.processors FOLDER`: compare MediaHub with a plain handler, sharp and pyvips, on one core.

Each makes the same JPEG files of each photograph: three sizes, each from the next larger one, and then with two crops.
Each runs in a process of its own, and they take turns. The times are of the processor, so that a busy machine can be
used. Sharp and pyvips are installed into environments of their own at the first run.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from PIL import Image
from PIL import __version__ as pillow

from bench.peer_environments import InstallFailed, prepare_node, prepare_python
from bench.similarity import measure_similarity
from processing.formats import get_output

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
EDGES = (1024, 512, 256)
CROPS = {"square": (512, 512), "wide": (512, 288)}
OURS, PLAIN, SHARP, PYVIPS = "ours", "plain", "sharp", "pyvips"
# How many times as fast ours has to be: for all photographs, as a geometric mean.
FASTER = {PLAIN: 5.5, SHARP: 1.05, PYVIPS: 1.15}
# How much slower a single photograph may be than with sharp, and how much less similar the files of a size.
WORST_FILE, LESS_SIMILAR = 0.8, 0.003
SHARE_OF_MEMORY = 0.35
# The photographs that phones take: 12 megapixels, 4 by 3.
PHONE_PIXELS, PHONE_RATIO = range(11_500_000, 13_500_000), 4 / 3


class Child:
    """A processor in a process of its own, which answers one order at a time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Wait until it has imported what it needs."""
        assert process.stdin
        assert process.stdout
        self._pid, self._input, self._output = process.pid, process.stdin, process.stdout
        self._read_answer()
        self.idle_peak = self.read_peak()

    def render(self, photo: Path, crops: Mapping[str, tuple[int, int]] = {}, out: Path | None = None) -> float:
        """Return the CPU milliseconds that the files of one photograph took; `out` is the folder that gets them."""
        order: dict[str, Any] = {
            "photo": str(photo),
            "edges": EDGES,
            "crops": crops,
            "quality": get_output("JPEG").quality,
        }
        print(json.dumps({**order, "out": str(out) if out else ""}), file=self._input, flush=True)
        return float(self._read_answer()["cpu_ms"])

    def read_peak(self) -> float:
        """Return the largest resident size that the process ever had, in MB."""
        status = Path(f"/proc/{self._pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def _read_answer(self) -> dict[str, Any]:
        line = self._output.readline()
        if not line:
            raise RuntimeError("A processor ended before it answered.")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def start_child(command: Sequence[str]) -> Iterator[Child]:
    """Run a processor, and end it afterwards."""
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Child(process)
    finally:
        streams: list[IO[str] | None] = [process.stdin, process.stdout]
        for stream in streams:
            if stream:
                stream.close()
        process.wait(timeout=30)


def list_commands() -> dict[str, list[str]]:
    """Return how each processor is run, without those that could not be installed."""
    commands = {name: [sys.executable, "-m", "bench.arms", name] for name in (OURS, PLAIN)}
    try:
        commands[SHARP] = [str(prepare_node(SHARP)), "bench/sharp/cascade.mjs"]
        commands[PYVIPS] = [str(prepare_python(PYVIPS)), "bench/pyvips/cascade.py"]
    except InstallFailed as error:
        print(error, file=sys.stderr)
    return commands


@dataclass
class Measurements:
    """Keep what was measured of one photograph, by the name of a processor."""

    photo: Path
    milliseconds: dict[str, float]
    with_crops: dict[str, float]
    peaks: dict[str, float] = field(default_factory=dict)
    similarities: dict[str, dict[int, float]] = field(default_factory=dict)

    @property
    def is_from_phone(self) -> bool:
        """Whether it has the size and shape of a phone's photographs."""
        with Image.open(self.photo) as picture:
            ratio = max(picture.size) / min(picture.size)
            return picture.width * picture.height in PHONE_PIXELS and abs(ratio - PHONE_RATIO) < 0.01

    def compute_ratio(self, name: str) -> float:
        """Return how many times as fast ours is."""
        return self.milliseconds[name] / self.milliseconds[OURS]


def measure_photo(photo: Path, commands: Mapping[str, list[str]], children: Mapping[str, Child]) -> Measurements:
    """Measure one photograph: times in turns, peaks in fresh processes, and what the files look like."""
    peaks = {}
    for name, command in commands.items():
        with start_child(command) as child:
            child.render(photo)
            peaks[name] = child.read_peak() - child.idle_peak
    milliseconds = _take_turns(children, photo, {})
    # The plain handler makes no crops.
    with_crops = _take_turns({name: each for name, each in children.items() if name != PLAIN}, photo, CROPS)
    similarities = {}
    for name in (OURS, SHARP) if SHARP in children else ():
        with TemporaryDirectory() as folder:
            children[name].render(photo, out=Path(folder))
            similarities[name] = {edge: measure_similarity(photo, Path(folder) / f"{edge}.jpg") for edge in EDGES}
    return Measurements(photo, milliseconds, with_crops, peaks, similarities)


def _take_turns(children: Mapping[str, Child], photo: Path, crops: Mapping[str, tuple[int, int]]) -> dict[str, float]:
    """Return the median milliseconds of each processor; another one begins each round."""
    names = list(children)
    times: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(ROUNDS):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            times[name].append(children[name].render(photo, crops))
    return {name: statistics.median(each) for name, each in times.items()}


def main(arguments: list[str]) -> int:
    """Print the tables; return 1 when a bound does not hold."""
    photos = sorted(Path(arguments[0]).glob("*.jpg")) if arguments else []
    if not photos:
        print("Name a folder of JPEG photographs: make bench PHOTOS=<folder>", file=sys.stderr)
        return 2
    commands = list_commands()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"Python {platform.python_version()}, Pillow {pillow}, one core, median of {ROUNDS} interleaved rounds\n")
    names = list(commands)
    peers = names[1:]
    columns = [*(f"{name} ms" for name in names), *(f"{name} / ours" for name in peers), "ours MB", "plain MB"]
    print(f"| file | {' | '.join(columns)} |\n| --- |{' ---: |' * len(columns)}")
    rows = []
    with ExitStack() as stack:
        children = {name: stack.enter_context(start_child(command)) for name, command in commands.items()}
        for photo in photos:
            rows.append(measure_photo(photo, commands, children))
            _print_row(rows[-1], names)
    return int(not all(list(_judge(rows, peers))))


def _print_row(row: Measurements, names: Sequence[str]) -> None:
    cells = [f"{row.milliseconds[name]:.0f}" for name in names]
    cells += [f"{row.compute_ratio(name):.2f}" for name in names[1:]]
    cells += [f"{row.peaks[name]:.0f}" for name in (OURS, PLAIN)]
    print(f"| {row.photo.name} | {' | '.join(cells)} |", flush=True)


def _judge(rows: Sequence[Measurements], peers: Sequence[str]) -> Iterator[bool]:
    """Print how ours compares, and yield whether each bound holds."""
    print(f"\nTimes as fast, geometric mean of {len(rows)} photographs:")
    phones = [row for row in rows if row.is_from_phone]
    for name in peers:
        ratio = statistics.geometric_mean(row.compute_ratio(name) for row in rows)
        slowest = min(row.compute_ratio(name) for row in rows)
        text = f"- {name}: {ratio:.2f} (required: at least {FASTER[name]:g}), the slowest file {slowest:.2f}"
        if phones:
            text += f", {len(phones)} of 12 megapixels from phones "
            text += f"{statistics.geometric_mean(row.compute_ratio(name) for row in phones):.2f}"
        if name in rows[0].with_crops:
            with_crops = statistics.geometric_mean(row.with_crops[name] / row.with_crops[OURS] for row in rows)
            text += f"; with two crops {with_crops:.2f}"
        print(text)
        yield ratio >= FASTER[name] and (name != SHARP or slowest >= WORST_FILE)
    share = max(row.peaks[OURS] / row.peaks[PLAIN] for row in rows)
    print(f"\nMemory, the worst file: {share:.2f} of the plain handler's (required: at most {SHARE_OF_MEMORY:g}).")
    yield share <= SHARE_OF_MEMORY
    peaks = (f"{name} {statistics.median(row.peaks[name] for row in rows):.0f}" for name in (OURS, *peers))
    print(f"MB above the idle process, the median file: {', '.join(peaks)}.")
    if SHARP in peers:
        yield from _judge_similarities(rows)


def _judge_similarities(rows: Sequence[Measurements]) -> Iterator[bool]:
    print(f"\nMean SSIM of the luma, against the photograph; at most {LESS_SIMILAR:g} below sharp's:")
    for edge in EDGES:
        ours, sharp = (statistics.mean(row.similarities[name][edge] for row in rows) for name in (OURS, SHARP))
        print(f"- {edge} px: ours {ours:.4f}, sharp {sharp:.4f}")
        yield ours >= sharp - LESS_SIMILAR


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
