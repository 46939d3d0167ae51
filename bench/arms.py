"""The two ways that are compared: ours, and a plain handler written from the description of the usual one."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from processing import process_image

EDGES = (1024, 512, 256)


def ours(path: Path) -> None:
    """MediaHub's way, with hash, metadata and placeholder, from an open file."""
    with path.open("rb") as file:
        process_image(file)


def plain(path: Path) -> None:
    """Load the whole file, decode every pixel, turn it, resize it three times from full size, save three JPEGs."""
    picture = ImageOps.exif_transpose(Image.open(BytesIO(path.read_bytes())))
    for edge in EDGES:
        small = picture.resize((edge, edge), Image.Resampling.LANCZOS)
        small.convert("RGB").save(BytesIO(), "JPEG")


ARMS = {"ours": ours, "plain": plain}
