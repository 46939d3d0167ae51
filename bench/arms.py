"""The two handlers that are compared: ours, and a plain one written from the description of the usual build."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from processing import process_image

EDGES = (1024, 512, 256)


def run_ours(path: Path) -> None:
    """Process an open file as MediaHub does, with hash, metadata and placeholder."""
    with path.open("rb") as file:
        process_image(file, sizes=[(edge, edge) for edge in EDGES])


def run_plain(path: Path) -> None:
    """Load the whole file, decode every pixel, turn it, resize it three times from full size, save three JPEGs."""
    picture = ImageOps.exif_transpose(Image.open(BytesIO(path.read_bytes())))
    for edge in EDGES:
        small = picture.resize((edge, edge), Image.Resampling.LANCZOS)
        small.convert("RGB").save(BytesIO(), "JPEG")


ARMS = {"ours": run_ours, "plain": run_plain}
