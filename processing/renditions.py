"""RenditionSpec → RenderedFile: upright, in sRGB, never enlarged, with nothing of the original's metadata."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image
from PIL.Image import Resampling

from processing.crop import CENTER, Point, find_crop_area, find_crop_size
from processing.decode import rejecting_broken
from processing.formats import get_output
from processing.raster import Raster, decode_upright, get_upright_size, scale_size

PLACEHOLDER_EDGE = 20


@dataclass(frozen=True)
class RenditionSpec:
    """What a rendition is to be. No picture is enlarged.

    Attributes:
        name: Its size's name, such as "large".
        width: At most so many pixels.
        height: At most so many pixels.
        mode: "fit" keeps the whole picture inside width × height; "crop" cuts that aspect ratio out around a point.
        format: The name of an output format in processing.formats.
        quality: From 0 to 100, for an encoder that takes one.
    """

    name: str
    width: int
    height: int
    mode: Literal["fit", "crop"] = "fit"
    format: str = "JPEG"
    quality: int = 82

    def __post_init__(self) -> None:
        """Raise ValueError for a format that renditions cannot have."""
        get_output(self.format)

    def get_scale(self, width: int, height: int) -> float:
        """Return by how much a picture of that size shrinks, at most 1."""
        ratios = (self.width / width, self.height / height)
        return min(1.0, min(ratios) if self.mode == "fit" else max(ratios))


@dataclass(frozen=True)
class RenderedFile:
    """The bytes of a rendition; `sha256` is of these bytes, width and height are pixels."""

    name: str
    width: int
    height: int
    data: bytes
    content_type: str
    sha256: str
    suffix: str


SPECS = (
    RenditionSpec("large", 1024, 1024),
    RenditionSpec("medium", 512, 512),
    RenditionSpec("small", 256, 256),
)


def decode_raster(picture: Image.Image, specs: Sequence[RenditionSpec] = SPECS) -> Raster:
    """Return what the renditions of all specs are made of; raise Rejected if the picture cannot be decoded."""
    size = get_upright_size(picture)
    return decode_upright(picture, max(spec.get_scale(*size) for spec in specs))


def render_fits(raster: Raster, specs: Sequence[RenditionSpec]) -> tuple[list[RenderedFile], str]:
    """Return the renditions that show the whole picture, in the order of their specs, and the placeholder.

    Each is made from the next larger one.
    """
    fits = [spec for spec in specs if spec.mode == "fit"]
    rendered: dict[RenditionSpec, RenderedFile] = {}
    current = raster.pixels
    with rejecting_broken():
        for spec in sorted(fits, key=lambda spec: -spec.get_scale(*raster.size)):
            current = _shrink(current, scale_size(*raster.size, spec.get_scale(*raster.size)))
            rendered[spec] = _encode(current, spec)
        return [rendered[spec] for spec in fits], _encode_placeholder(current)


def render_crops(raster: Raster, specs: Sequence[RenditionSpec], point: Point = CENTER) -> list[RenderedFile]:
    """Return the renditions that are cut out around the point, in the order of their specs."""
    with rejecting_broken():
        return [_encode(_cut_out(raster, spec, point), spec) for spec in specs if spec.mode == "crop"]


def render(picture: Image.Image, specs: Sequence[RenditionSpec] = SPECS) -> tuple[list[RenderedFile], str]:
    """Return one file for each spec, in their order, and the placeholder; crops are of the picture's middle.

    The picture is decoded once, at the largest size asked for. Raise Rejected if it cannot be decoded.
    """
    raster = decode_raster(picture, specs)
    fits, placeholder = render_fits(raster, specs)
    rendered = {"fit": iter(fits), "crop": iter(render_crops(raster, specs))}
    return [next(rendered[spec.mode]) for spec in specs], placeholder


def _shrink(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture if picture.size == size else picture.resize(size, Resampling.LANCZOS)


def _cut_out(raster: Raster, spec: RenditionSpec, point: Point) -> Image.Image:
    shape = (spec.width, spec.height)
    size, area = find_crop_size(raster.size, shape), find_crop_area(raster.size, shape, point)
    pixels = raster.pixels
    x_scale, y_scale = (available / full for available, full in zip(pixels.size, raster.size, strict=True))
    left, top = area.left * x_scale, area.top * y_scale
    right, bottom = left + area.width * x_scale, top + area.height * y_scale
    if (round(right - left), round(bottom - top)) == size:
        # Nothing is left to be scaled: pixels are taken as they are.
        x, y = min(round(left), pixels.width - size[0]), min(round(top), pixels.height - size[1])
        return pixels.crop((x, y, x + size[0], y + size[1]))
    box = (left, top, min(right, pixels.width), min(bottom, pixels.height))
    return pixels.resize(size, Resampling.LANCZOS, box=box, reducing_gap=2.0)


def _encode(picture: Image.Image, spec: RenditionSpec) -> RenderedFile:
    out, output = BytesIO(), get_output(spec.format)
    quality = {"quality": spec.quality} if output.has_quality else {}
    opaque = picture if output.has_alpha else _flatten(picture)
    opaque.save(out, output.name, **quality, **output.save_options)
    data = out.getvalue()
    return RenderedFile(
        spec.name,
        picture.width,
        picture.height,
        data,
        output.content_type,
        hashlib.sha256(data).hexdigest(),
        output.suffix,
    )


def _flatten(picture: Image.Image) -> Image.Image:
    """Put the picture on white, for a format without transparency."""
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _encode_placeholder(picture: Image.Image) -> str:
    scale = min(1.0, PLACEHOLDER_EDGE / max(picture.size))
    out = BytesIO()
    _shrink(picture, scale_size(*picture.size, scale)).save(out, "WEBP", quality=40, method=2)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()
