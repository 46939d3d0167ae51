"""How similar a product's renditions are to the photograph, scaled with Lanczos and never compressed."""

import statistics
from collections import defaultdict
from collections.abc import Iterable
from io import BytesIO

from PIL import Image, ImageOps

from bench.similarity import compute_ssim


def measure_similarity(photo: bytes, renditions: Iterable[bytes]) -> dict[int, float]:
    """Return the SSIM of each rendition of a photograph, by the longer edge in pixels."""
    upright = ImageOps.exif_transpose(Image.open(BytesIO(photo))).convert("RGB")
    similarity = {}
    for data in renditions:
        picture = ImageOps.exif_transpose(Image.open(BytesIO(data)))
        reference = upright.resize(picture.size, Image.Resampling.LANCZOS)
        similarity[max(picture.size)] = compute_ssim(reference, picture)
    return similarity


def average_similarity(similarities: Iterable[dict[int, float]]) -> dict[int, float]:
    """Return the mean of each edge over photographs, the largest edge first."""
    by_edge = defaultdict(list)
    for similarity in similarities:
        for edge, value in similarity.items():
            by_edge[edge].append(value)
    return {edge: statistics.mean(by_edge[edge]) for edge in sorted(by_edge, reverse=True)}
