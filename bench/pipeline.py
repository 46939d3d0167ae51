"""`python -m bench.pipeline FOLDER`: measure a photograph's way through `process`, by the renditions that are made.

The store keeps nothing and no labeler is asked, so that the figures are of this code alone.
"""

import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import cast
from uuid import uuid4

from bench.usage import read_processor_seconds
from processing import SPECS, RenditionSpec, Store, process

ROUNDS = 3
CROPS = (RenditionSpec("square", 512, 512, "crop"), RenditionSpec("wide", 1024, 576, "crop"))
ALL = (*SPECS, *CROPS)
SETS = {
    "up to 1024 px, JPEG": [replace(spec, formats=("JPEG",)) for spec in ALL[1:]],
    "up to 2048 px, JPEG": [replace(spec, formats=("JPEG",)) for spec in ALL],
    "up to 2048 px, JPEG and WebP": [replace(spec, formats=("JPEG", "WEBP")) for spec in ALL],
    "up to 2048 px, JPEG and AVIF (the default)": list(ALL),
}


class SinkStore:
    """A store that only counts what it is given."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.files = self.bytes = 0

    def put(self, key: str, data: bytes, content_type: str, cache_control: str = "") -> None:
        """Count an object."""
        self.files += 1
        self.bytes += len(data)


def main(arguments: list[str]) -> int:
    """Print the table: means over the photographs, of each the median of ROUNDS rounds."""
    photos = sorted(Path(arguments[0]).glob("*.jpg")) if arguments else []
    if not photos:
        print("Name a folder of JPEG photographs: python -m bench.pipeline FOLDER", file=sys.stderr)
        return 2
    print("| renditions | files | kB | CPU ms | of that renditions and crops |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for title, specs in SETS.items():
        rows = [measure_photo(photo.read_bytes(), specs) for photo in photos]
        files, size, total, rendering = (statistics.mean(column) for column in zip(*rows, strict=True))
        print(f"| {title} | {files:.0f} | {size / 1000:.0f} | {total:.0f} | {rendering:.0f} |", flush=True)
    return 0


def measure_photo(data: bytes, specs: Sequence[RenditionSpec]) -> tuple[float, float, float, float]:
    """Return files, bytes, CPU milliseconds, and milliseconds of rendering by the clock in the same share."""
    totals, shares = [], []
    for _ in range(ROUNDS):
        store, start = SinkStore(), read_processor_seconds()
        result = process(BytesIO(data), uuid4(), store=cast("Store", store), labeler=None, specs=specs)
        totals.append(1000 * (read_processor_seconds() - start))
        rendering = result.seconds["render"] + result.seconds["crop"]
        shares.append(rendering / sum(result.seconds.values()))
    total = statistics.median(totals)
    return store.files, store.bytes, total, total * statistics.median(shares)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
