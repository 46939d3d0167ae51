"""`python -m bench.qualities FOLDER`: compare the output formats at several qualities with photographs of the folder.

SSIM is of the luma, against the pixels that were encoded; see bench.similarity.
"""

import statistics
import sys
import time
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

from PIL import Image

from bench.similarity import compute_ssim
from processing.decode import open_picture
from processing.formats import get_output
from processing.limits import Limits
from processing.renditions import RenditionSpec, decode_raster, merge_pixels, save_pixels

EDGES = (2048, 1024, 512, 256)
QUALITIES = {"JPEG": (76, 82, 88), "WEBP": (80, 83, 86, 89), "AVIF": (60, 65, 70, 75)}


@dataclass(frozen=True)
class Encoding:
    """What one picture became: its bytes, the CPU seconds that took, and how similar it is to the pixels."""

    bytes: int
    seconds: float
    ssim: float


def main(arguments: list[str]) -> int:
    """Print the table."""
    photos = sorted(Path(arguments[0]).glob("*.jpg")) if arguments else []
    if not photos:
        print("Name a folder of JPEG photographs: python -m bench.qualities FOLDER", file=sys.stderr)
        return 2
    print("| px | format | quality | kB | CPU ms | SSIM |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for edge in EDGES:
        pixels = [_decode(photo, edge) for photo in photos]
        for name, qualities in QUALITIES.items():
            for quality in qualities:
                _print_row(edge, name, quality, [measure_encoding(each, name, quality) for each in pixels])
    return 0


def measure_encoding(pixels: Image.Image, name: str, quality: int) -> Encoding:
    """Encode the pixels in this format at this quality, and decode them again."""
    start = time.process_time()
    data = save_pixels(pixels, replace(get_output(name), quality=quality))
    seconds = time.process_time() - start
    return Encoding(len(data), seconds, compute_ssim(pixels, Image.open(BytesIO(data))))


def _decode(photo: Path, edge: int) -> Image.Image:
    spec = RenditionSpec("one", edge, edge)
    with photo.open("rb") as file:
        return merge_pixels(decode_raster(open_picture(file, Limits()), [spec]).pixels)


def _print_row(edge: int, name: str, quality: int, encodings: list[Encoding]) -> None:
    size = statistics.mean(each.bytes for each in encodings) / 1000
    milliseconds = 1000 * statistics.median(each.seconds for each in encodings)
    ssim = statistics.mean(each.ssim for each in encodings)
    mark = " (used)" if get_output(name).quality == quality else ""
    print(f"| {edge} | {name} | {quality}{mark} | {size:.0f} | {milliseconds:.0f} | {ssim:.4f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
