"""Where a filled rendition is cut out of a picture: the largest window of a shape that holds a point."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """Where the eye should rest, as parts of the upright picture's width and height, 0 to 1."""

    x: float
    y: float


@dataclass(frozen=True)
class Window:
    """A part of a picture, in pixels of that picture, with fractions."""

    left: float
    top: float
    width: float
    height: float


CENTRE = Point(0.5, 0.5)


def window(size: tuple[int, int], shape: tuple[int, int], point: Point = CENTRE) -> Window:
    """The largest part of a picture of that size that has the shape's aspect, as near around the point as it fits in.

    `desk/static/desk/crop/geometry.js` says the same for the previews.
    """
    (width, height), (across, down) = size, shape
    scale = min(width / across, height / down)
    wide, high = min(across * scale, width), min(down * scale, height)
    left = min(max(point.x * width - wide / 2, 0.0), width - wide)
    top = min(max(point.y * height - high / 2, 0.0), height - high)
    return Window(left, top, wide, high)


def filled_size(size: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int]:
    """The pixels of a rendition that fills the shape: the shape's own, or fewer where the picture is too small."""
    scale = min(1.0, size[0] / shape[0], size[1] / shape[1])
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))
