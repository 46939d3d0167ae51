"""`python -m bench FOLDER`: compare time and peak memory of process_image with a plain handler, on one core."""

import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from PIL import __version__ as pillow

from bench.arms import ARMS

ROUNDS = 5
FASTER = 4.0
SMALLER = 0.5
# A child that only imports shows the memory of an interpreter with Pillow and boto3 before any picture.
NOTHING = "nothing"


def main(arguments: list[str]) -> int:
    """Print the table; return 1 when a bound does not hold."""
    if len(arguments) == 3 and arguments[0] == "--peak":
        return print_peak(arguments[1], Path(arguments[2]))
    folder = Path(arguments[0]) if arguments else None
    photos = sorted(folder.glob("*.jpg")) if folder and folder.is_dir() else []
    if not photos:
        print("Name a folder of JPEG photographs: make bench PHOTOS=<folder>", file=sys.stderr)
        return 2
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(f"Python {platform.python_version()}, Pillow {pillow}, one core, median of {ROUNDS} interleaved rounds\n")
    print("| file | plain ms | ours ms | times as fast | plain MB | ours MB | share of memory |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    rows = [measure_photo(photo) for photo in photos]
    speed = sum(plain for plain, _, _, _ in rows) / sum(ours for _, ours, _, _ in rows)
    median = statistics.median(plain / ours for plain, ours, _, _ in rows)
    memory = max(ours / plain for _, _, plain, ours in rows)
    print(f"\nAll files together: {speed:.1f} times as fast (required: at least {FASTER:g}).")
    print(f"The median file: {median:.1f} times as fast.")
    print(f"Memory, the worst file: {memory:.2f} of the plain handler's peak (required: at most {SMALLER:g}).")
    return int(speed < FASTER or memory > SMALLER)


def measure_photo(photo: Path) -> tuple[float, float, float, float]:
    """Measure one photograph and print its line; return milliseconds and megabytes of plain and ours."""
    times: dict[str, list[float]] = {name: [] for name in ARMS}
    for _ in range(ROUNDS):
        for name, arm in ARMS.items():
            start = time.perf_counter()
            arm(photo)
            times[name].append(1000 * (time.perf_counter() - start))
    plain, ours = statistics.median(times["plain"]), statistics.median(times["ours"])
    bare = measure_peak(NOTHING, photo)
    plain_peak, ours_peak = measure_peak("plain", photo) - bare, measure_peak("ours", photo) - bare
    cells = f"{plain:.0f} | {ours:.0f} | {plain / ours:.1f} | {plain_peak:.0f} | {ours_peak:.0f}"
    print(f"| {photo.name} | {cells} | {ours_peak / plain_peak:.2f} |", flush=True)
    return plain, ours, plain_peak, ours_peak


def measure_peak(arm: str, photo: Path) -> float:
    """Return the largest resident size of a child that runs this once, in MB."""
    command = [sys.executable, "-m", "bench", "--peak", arm, str(photo)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def print_peak(arm: str, photo: Path) -> int:
    """Run it once and print the peak of this process, which is the child."""
    if arm != NOTHING:
        ARMS[arm](photo)
    # getrusage would count the parent's size at the fork; the kernel resets this line at exec.
    status = Path("/proc/self/status").read_text()
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
