"""Two of the processors that `python -m bench.processors` compares: ours, and the seed's plain handler.

`python -m bench.arms NAME` reads one line of JSON for each photograph, {"photo", "edges", "crops", "quality", "out"},
and answers with one. The other two are in bench/sharp and bench/pyvips.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from processing import RenditionSpec, process_image


def run_ours(order: Mapping[str, Any]) -> dict[str, bytes]:
    """Process an open file as MediaHub does, with hash, metadata, credit in each file, and placeholder."""
    specs = [RenditionSpec(str(edge), edge, edge, formats=("JPEG",)) for edge in order["edges"]]
    specs += [RenditionSpec(name, width, height, "crop", ("JPEG",)) for name, (width, height) in order["crops"].items()]
    with Path(order["photo"]).open("rb") as file:
        return {each.name: each.data for each in process_image(file, specs=specs)["thumbnails"]}


def run_plain(order: Mapping[str, Any]) -> dict[str, bytes]:
    """Load the whole file, decode every pixel, turn it, resize it three times from full size, save three JPEGs."""
    picture = ImageOps.exif_transpose(Image.open(BytesIO(Path(order["photo"]).read_bytes())))
    files = {}
    for edge in order["edges"]:
        out = BytesIO()
        picture.resize((edge, edge), Image.Resampling.LANCZOS).convert("RGB").save(out, "JPEG")
        files[str(edge)] = out.getvalue()
    return files


ARMS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, bytes]]] = {"ours": run_ours, "plain": run_plain}


def serve(run: Callable[[Mapping[str, Any]], dict[str, bytes]]) -> None:
    """Answer each order with the CPU time that it took."""
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        start = time.process_time()
        files = run(order)
        milliseconds = 1000 * (time.process_time() - start)
        for name, data in files.items() if order["out"] else ():
            (Path(order["out"]) / f"{name}.jpg").write_bytes(data)
        print(json.dumps({"cpu_ms": milliseconds}), flush=True)


if __name__ == "__main__":
    serve(ARMS[sys.argv[1]])
