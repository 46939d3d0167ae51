"""How similar two pictures are, and a rendition to its photograph.

SSIM is that of Z. Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity" (2004), of
the luma, in windows of 8 × 8 pixels at every fourth place.
"""

import statistics
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageMath, ImageOps

WINDOW = 8
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def measure_similarity(photo: Path, rendition: Path) -> float:
    """Return the similarity of a file to its photograph, decoded whole, turned, shrunk, and brought to sRGB."""
    with Image.open(photo) as original, Image.open(rendition) as file:
        upright = ImageOps.exif_transpose(original)
        small = upright.convert("RGB").resize(file.size, Image.Resampling.LANCZOS)
        if profile := original.info.get("icc_profile"):
            small = _convert_to_srgb(small, profile)
        return compute_ssim(small, file)


def _convert_to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))
    assert converted
    return converted


def compute_ssim(picture: Image.Image, other: Image.Image) -> float:
    """Return the mean structural similarity of the luma of two pictures of one size; 1 for equal ones."""
    x, y = (each.convert("L").convert("F") for each in (picture, other))
    scores = [
        _score_windows(x.crop((left, top, *x.size)), y.crop((left, top, *y.size)))
        for left in (0, WINDOW // 2)
        for top in (0, WINDOW // 2)
    ]
    return statistics.mean(scores)


def _score_windows(x: Image.Image, y: Image.Image) -> float:
    """Return the mean score of windows that touch each other; the rest at the edges is left out."""
    box = (0, 0, x.width // WINDOW * WINDOW, x.height // WINDOW * WINDOW)
    x, y = x.crop(box), y.crop(box)

    def compute(formula: Any, **operands: Image.Image) -> Image.Image:
        result: Image.Image = ImageMath.lambda_eval(formula, **operands)
        return result

    def average(picture: Image.Image) -> Image.Image:
        return picture.reduce(WINDOW)

    means = {"mx": average(x), "my": average(y)}
    products = {
        name: average(compute(lambda args: args["a"] * args["b"], a=a, b=b))
        for name, a, b in (("xx", x, x), ("yy", y, y), ("xy", x, y))
    }
    score = compute(
        lambda args: (
            (2 * args["mx"] * args["my"] + C1)
            * (2 * (args["xy"] - args["mx"] * args["my"]) + C2)
            / (args["mx"] * args["mx"] + args["my"] * args["my"] + C1)
            / (args["xx"] + args["yy"] - args["mx"] * args["mx"] - args["my"] * args["my"] + C2)
        ),
        **means,
        **products,
    )
    values: Any = score.get_flattened_data()
    return float(sum(values)) / (score.width * score.height)
