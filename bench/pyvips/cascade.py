"""One processor that `python -m bench.processors` compares: pyvips, as its users write a cascade of JPEG renditions.

It runs in an environment of its own. It reads one line of JSON for each photograph, {"photo", "edges", "crops",
"quality", "out"}, and answers with one.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

# One core, as read by libvips when it is loaded.
os.environ["VIPS_CONCURRENCY"] = "1"
import pyvips  # type: ignore[import-not-found]

pyvips.cache_set_max(0)


def render_cascade(order: dict[str, Any]) -> dict[str, bytes]:
    """Return the JPEG files of one photograph by their names; each size is made from the next larger one."""
    data, (largest, *smaller), quality = Path(order["photo"]).read_bytes(), order["edges"], order["quality"]
    picture = pyvips.Image.thumbnail_buffer(data, largest, height=largest, size="down")
    # What `export_profile` does, but only where there is a profile: otherwise it would convert sRGB into sRGB.
    if picture.get_typeof("icc-profile-data"):
        picture = picture.icc_transform("srgb")
    picture = picture.copy_memory()
    files = {
        name: picture.thumbnail_image(width, height=height, crop="centre").jpegsave_buffer(Q=quality, keep="none")
        for name, (width, height) in order["crops"].items()
    }
    files[str(largest)] = picture.jpegsave_buffer(Q=quality, keep="none")
    for edge in smaller:
        picture = picture.thumbnail_image(edge, height=edge, size="down").copy_memory()
        files[str(edge)] = picture.jpegsave_buffer(Q=quality, keep="none")
    return files


print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    start = time.process_time()
    results = render_cascade(request)
    milliseconds = 1000 * (time.process_time() - start)
    if request["out"]:
        for result_name, content in results.items():
            (Path(request["out"]) / f"{result_name}.jpg").write_bytes(content)
    print(json.dumps({"cpu_ms": milliseconds}), flush=True)
