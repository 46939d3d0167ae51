"""Where a crop is cut out of a picture: the largest area of a shape that holds a point."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """Where the eye should rest, as parts of the upright picture's width and height, 0 to 1."""

    x: float
    y: float


@dataclass(frozen=True)
class CropArea:
    """A part of a picture, in pixels of that picture, with fractions."""

    left: float
    top: float
    width: float
    height: float


CENTER = Point(0.5, 0.5)


def find_crop_area(size: tuple[int, int], shape: tuple[int, int], point: Point = CENTER) -> CropArea:
    """Return the largest area of a picture that has the shape's aspect ratio, as near around the point as it fits in.

    `library/crop_window.js` does the same for the previews.

    Args:
        size: Width and height of the picture, in pixels.
        shape: Width and height of the crop, in pixels.
        point: What the area is to be centered on.
    """
    (picture_width, picture_height), (shape_width, shape_height) = size, shape
    scale = min(picture_width / shape_width, picture_height / shape_height)
    width, height = min(shape_width * scale, picture_width), min(shape_height * scale, picture_height)
    left = min(max(point.x * picture_width - width / 2, 0.0), picture_width - width)
    top = min(max(point.y * picture_height - height / 2, 0.0), picture_height - height)
    return CropArea(left, top, width, height)


def find_crop_size(size: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int]:
    """Return the pixels of a crop: the shape's, or fewer of the same aspect ratio where the picture is too small."""
    scale = min(1.0, size[0] / shape[0], size[1] / shape[1])
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))
