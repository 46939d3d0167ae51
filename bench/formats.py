"""Seconds and memory of a picture of 100 megapixels in each input format, as a Markdown table.

`python -m bench.formats` writes the files into var/bench/formats once, and processes each in a process of its own.
"""

import json
import platform
import resource
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

from PIL import Image

from bench.heic import HeicOptions, encode_heic

FOLDER = Path(__file__).resolve().parents[1] / "var" / "bench" / "formats"
SIDE = 10_000
TILE = 500
# Of the worker's 1,792 MB, what its process takes before a file arrives.
WORKER_MB, PROCESS_MB = 1792, 300


def draw_scene(side: int = SIDE, mode: str = "RGB") -> Image.Image:
    """Return a picture with the grain of a photograph."""
    gradient = Image.linear_gradient("L").resize((side, side))
    grain, thin = Image.effect_noise((TILE, TILE), 60), Image.new("L", (TILE, TILE), 40)
    rough = Image.radial_gradient("L").resize((TILE, TILE))
    for left in range(0, side, TILE):
        for top in range(0, side, TILE):
            gradient.paste(rough.rotate((left + 3 * top) % 360), (left, top), rough.point(lambda value: value // 2))
            gradient.paste(grain, (left, top), thin)
    picture = Image.merge("RGB", (gradient, gradient.transpose(Image.Transpose.ROTATE_90), gradient))
    if mode == "RGBA":
        picture.putalpha(gradient)
    return picture if mode in ("RGB", "RGBA") else picture.convert(mode)


def save_scene(name: str, mode: str = "RGB", **options: object) -> bytes:
    """Return the scene in a format of Pillow's."""
    out = BytesIO()
    draw_scene(mode=mode).save(out, name, **options)
    return out.getvalue()


def encode_png16(color: int, channels: int, *, is_interlaced: bool = False) -> bytes:
    """Return a PNG of sixteen bits, which Pillow does not write in color."""
    rows = draw_scene(SIDE // 10).resize((SIDE, 1)).tobytes()[: SIDE * 3]
    row = b"\0" + b"".join(bytes((value, value)) for value in rows[: SIDE * channels].ljust(SIDE * channels, b"\7"))
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(row[:1] + row[1 + 2 * at :] + row[1 : 1 + 2 * at]) for at in range(SIDE))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 16, color, 0, 0, int(is_interlaced)))]
    parts += [(b"IDAT", data + packer.flush()), (b"IEND", b"")]
    chunks = (
        struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def encode_tiff(bits: int, tile: tuple[int, int]) -> bytes:
    """Return a TIFF in color whose tiles or strips, deflated, are all the same."""
    width, height = tile
    pixels = draw_scene(TILE).resize(tile).tobytes()
    data = zlib.compress(pixels if bits == 8 else b"".join(bytes((value, value)) for value in pixels), 1)
    count = -(-SIDE // width) * -(-SIDE // height)
    is_tiled = width < SIDE
    start = 8 + 6 + len(data) + (len(data) % 2)
    tags = [(256, 4, [SIDE]), (257, 4, [SIDE]), (258, 3, [bits] * 3), (259, 3, [8]), (262, 3, [2]), (277, 3, [3])]
    offsets, counts = [14] * count, [len(data)] * count
    if is_tiled:
        tags += [(322, 4, [width]), (323, 4, [height]), (324, 4, offsets), (325, 4, counts)]
    else:
        tags += [(273, 4, offsets), (278, 4, [height]), (279, 4, counts)]
    return struct.pack("<2sHI6x", b"II", 42, start) + data.ljust(start - 14, b"\0") + _write_directory(tags, start)


def _write_directory(tags: list[tuple[int, int, list[int]]], start: int) -> bytes:
    table, values, at = struct.pack("<H", len(tags)), b"", start + 2 + 12 * len(tags) + 4
    for tag, kind, numbers in sorted(tags):
        packed = struct.pack(f"<{len(numbers)}{'HI'[kind - 3]}", *numbers)
        table += struct.pack("<HHI", tag, kind, len(numbers))
        if len(packed) <= 4:
            table += packed.ljust(4, b"\0")
        else:
            table += struct.pack("<I", at + len(values))
            values += packed
    return table + bytes(4) + values


def encode_grid() -> bytes:
    """Return a HEIC whose grid, as phones write it, repeats one tile."""
    return encode_heic(draw_scene(512), HeicOptions(columns=19, rows=20))


CASES: Mapping[str, Callable[[], bytes]] = {
    "JPEG, baseline": lambda: save_scene("JPEG", quality=85),
    "JPEG, progressive": lambda: save_scene("JPEG", quality=85, progressive=True),
    "JPEG, progressive, 4:4:4": lambda: save_scene("JPEG", quality=85, progressive=True, subsampling=0),
    "JPEG, progressive, CMYK": lambda: save_scene("JPEG", "CMYK", quality=85, progressive=True, subsampling=0),
    "PNG, 8 bits": lambda: save_scene("PNG", compress_level=1),
    "PNG, 8 bits, palette": lambda: save_scene("PNG", "P", compress_level=1),
    "PNG, 8 bits, alpha": lambda: save_scene("PNG", "RGBA", compress_level=1),
    "PNG, 16 bits": lambda: encode_png16(2, 3),
    "PNG, 16 bits, gray": lambda: encode_png16(0, 1),
    "GIF": lambda: save_scene("GIF", "P"),
    "WebP": lambda: save_scene("WEBP", quality=80, method=0),
    "WebP, lossless, alpha": lambda: save_scene("WEBP", "RGBA", lossless=True, quality=0, method=0),
    "AVIF": lambda: save_scene("AVIF", quality=65, speed=10),
    "AVIF, alpha": lambda: save_scene("AVIF", "RGBA", quality=65, speed=10),
    "HEIC, grid": encode_grid,
    "HEIC, one picture": lambda: encode_heic(draw_scene(SIDE - SIDE % 16)),
    "TIFF, 8 bits, tiled": lambda: encode_tiff(8, (256, 256)),
    "TIFF, 8 bits, strips": lambda: encode_tiff(8, (SIDE, 100)),
    "TIFF, 8 bits, one strip": lambda: encode_tiff(8, (SIDE, SIDE)),
    "TIFF, 16 bits, tiled": lambda: encode_tiff(16, (256, 256)),
    "TIFF, 16 bits, strips": lambda: encode_tiff(16, (SIDE, 100)),
}


def measure_file(path: Path, max_memory: int) -> dict[str, object]:
    """Process a file in this process, and return the outcome with its costs."""
    from processing import Limits, Rejected, process_image

    limits = Limits(max_memory=max_memory)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    try:
        with path.open("rb") as file:
            metadata = process_image(file, sizes=[(2048, 2048)], limits=limits)["metadata"]
        outcome = f"{metadata.width} × {metadata.height}"
    except Rejected as error:
        outcome = error.code
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "outcome": outcome,
        "seconds": time.perf_counter() - start,
        "cpu": usage.ru_utime + usage.ru_stime,
        "mb": (usage.ru_maxrss - before) / 1000,
    }


def _run_child(*arguments: str) -> str:
    command = [sys.executable, "-m", "bench.formats", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=FOLDER.parents[2]).stdout


def prepare_file(name: str) -> Path:
    """Return where the picture of a case is, which is written once, in a process of its own."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / name.replace(", ", "-").replace(" ", "-").replace(":", "")
    if not path.is_file():
        _run_child("--write", name, str(path))
    return path


def main() -> None:
    """Measure each picture, and print the table."""
    names = [name for name in CASES if all(word in name for word in sys.argv[1:])]
    print(f"{platform.machine()}, Python {platform.python_version()}, {SIDE} × {SIDE} pixels\n")
    print("| Format | File MB | Outcome | Seconds | CPU seconds | Peak MB above the process |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in names:
        path = prepare_file(name)
        cost = json.loads(_run_child("--measure", str(path)))
        print(
            f"| {name} | {path.stat().st_size / 1e6:.1f} | {cost['outcome']} | {cost['seconds']:.1f} "
            f"| {cost['cpu']:.1f} | {cost['mb']:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        Path(sys.argv[3]).write_bytes(CASES[sys.argv[2]]())
    elif sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure_file(Path(sys.argv[2]), (WORKER_MB - PROCESS_MB) * 10**6 * 2)))
    else:
        main()
