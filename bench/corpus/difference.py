"""Measure how far apart two pictures are for the eye: the mean distance of their pixels in CIELAB, dE76.

Pillow has the arithmetic on whole pictures, in 32-bit floats; its own conversion to Lab rounds to 8 bits, which alone
is a distance of about a half.
"""

from functools import partial
from typing import Any

from PIL import Image, ImageMath

# Pixel by pixel, the noise that JPEG takes from a sharp photograph is a distance of 3; averaged, it is 0.5, while wrong
# colors stay as far away as they are.
SIDE = 128
GROUND = (128, 128, 128)
# sRGB to linear light; IEC 61966-2-1.
LINEAR = [v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in range(256)]
# Linear sRGB to XYZ, each row divided by the white point D65.
TO_XYZ = (
    tuple(part / 0.95047 for part in (0.4124, 0.3576, 0.1805)),
    (0.2126, 0.7152, 0.0722),
    tuple(part / 1.08883 for part in (0.0193, 0.1192, 0.9505)),
)
# Where the cube root of CIE 15 turns into a line.
KNEE = 0.008856


def measure_difference(picture: Image.Image, reference: Image.Image) -> float:
    """Return the mean dE76 between a picture in sRGB and a larger reference in sRGB, both on gray where transparent.

    Both are first averaged in sRGB (box filter) to SIDE pixels on their longer side.
    """
    scale = min(1.0, SIDE / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    first, second = (
        convert_to_lab(lay_on_gray(each).resize(size, Image.Resampling.BOX)) for each in (picture, reference)
    )
    squares = [
        ImageMath.lambda_eval(lambda args: (args["a"] - args["b"]) * (args["a"] - args["b"]), a=a, b=b)
        for a, b in zip(first, second, strict=True)
    ]
    named = dict(zip("lab", squares, strict=True))
    distance = ImageMath.lambda_eval(lambda args: (args["l"] + args["a"] + args["b"]) ** 0.5, **named)
    mean = distance.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(mean, float)
    return mean


def lay_on_gray(picture: Image.Image) -> Image.Image:
    """Return the picture in RGB, on a gray ground where it is transparent."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, (*GROUND, 255))
    return Image.alpha_composite(ground, picture).convert("RGB")


def convert_to_lab(picture: Image.Image) -> list[Image.Image]:
    """Return lightness, a and b of an RGB picture in sRGB, as pictures of floats; CIE 15 under D65."""
    red, green, blue = (channel.point(LINEAR, "F") for channel in picture.split())
    roots = [ImageMath.lambda_eval(partial(_take_root, row), r=red, g=green, b=blue) for row in TO_XYZ]
    named = dict(zip("xyz", roots, strict=True))
    return [
        ImageMath.lambda_eval(lambda args: args["y"] * 116.0 - 16.0, **named),
        ImageMath.lambda_eval(lambda args: (args["x"] - args["y"]) * 500.0, **named),
        ImageMath.lambda_eval(lambda args: (args["y"] - args["z"]) * 200.0, **named),
    ]


def _take_root(row: tuple[float, ...], args: dict[str, Any]) -> Any:
    """Return the cube root of a mixture of the channels, with the line below the knee."""
    light = args["r"] * row[0] + args["g"] * row[1] + args["b"] * row[2]
    return args["max"](light, KNEE) ** (1 / 3) + (args["min"](light, KNEE) - KNEE) * 7.787
