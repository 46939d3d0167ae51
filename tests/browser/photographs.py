"""Photographs to upload: real ones where PHOTOS names a folder, else scenes as a camera hands them over."""

import os
from pathlib import Path

from PIL import Image

from bench.scenes import SKIES, make_photograph

QUALITY = 90


def photographs(folder: Path, many: int) -> list[Path]:
    """`many` JPEG files, no two alike, written to the folder: (of few, further ones are made by cutting)."""
    own = sorted(Path(os.environ["PHOTOS"]).glob("*.jpg")) if os.environ.get("PHOTOS") else []
    return [_cut(own[n % len(own)], folder, n, n // len(own)) if own else _scene(folder, n) for n in range(many)]


def _cut(photo: Path, folder: Path, number: int, turn: int) -> Path:
    """Return the photograph itself at the first turn; after it the same without an edge that grows at each turn."""
    path = folder / f"{number:02}_{photo.name}"
    if turn == 0:
        path.write_bytes(photo.read_bytes())
        return path
    with Image.open(photo) as whole:
        edge = turn * 40
        part = whole.crop((edge, edge, whole.width - edge, whole.height - edge))
        part.save(path, "JPEG", quality=QUALITY, exif=whole.info.get("exif", b""))
    return path


def _scene(folder: Path, number: int) -> Path:
    name = list(SKIES)[number % len(SKIES)]
    path = folder / f"{number:02}_{name.replace(' ', '_')}.jpg"
    width = 320 + 8 * number
    path.write_bytes(make_photograph(name, width, width * 3 // 4, orientation=(1, 6, 8)[number % 3]))
    return path
