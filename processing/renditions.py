"""RenditionSpec → RenderedFile: upright, in sRGB, never enlarged, with nothing of the original's metadata."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from io import BytesIO
from typing import Literal

from PIL import Image
from PIL.Image import Resampling

from processing.color_profiles import build_p3_profile
from processing.crop import CENTER, Point, find_crop_area, find_crop_size
from processing.errors import Note
from processing.formats import MODERN, Format, get_output
from processing.orientation import get_upright_size
from processing.planes import Planes
from processing.raster import Pixels, Raster, decode_upright, scale_size

PLACEHOLDER_EDGE = 20
# A labeler needs no more, and Rekognition takes no more than 5 MB as bytes.
LABEL_EDGE = 1024
# What has to be judged without transparency is put on this: black and white drawings both differ from it.
NEUTRAL_GROUND = (128, 128, 128)
# The format that takes the place of one without transparency, where a picture has some.
TRANSPARENT = "WEBP"
Mode = Literal["fit", "crop"]
Gamut = Literal["srgb", "display-p3"]


@dataclass(frozen=True)
class RenditionSpec:
    """What a rendition is to be: one file in each of its formats. No picture is enlarged.

    Attributes:
        name: Its size's name, such as "large".
        width: At most so many pixels.
        height: At most so many pixels.
        mode: "fit" keeps the whole picture inside width × height; "crop" cuts that aspect ratio out around a point.
        formats: The names of output formats in processing.formats.
        gamut: "display-p3" keeps the wide colors of a picture in the modern format; all else is sRGB.
    """

    name: str
    width: int
    height: int
    mode: Mode = "fit"
    formats: tuple[str, ...] = ("JPEG", "AVIF")
    gamut: Gamut = "srgb"

    def __post_init__(self) -> None:
        """Raise ValueError for a format that renditions cannot have, and for none."""
        if not self.formats:
            raise ValueError(f"The rendition {self.name} has no format.")
        for name in self.formats:
            get_output(name)

    def get_scale(self, width: int, height: int) -> float:
        """Return by how much a picture of that size shrinks, at most 1."""
        ratios = (self.width / width, self.height / height)
        return min(1.0, min(ratios) if self.mode == "fit" else max(ratios))

    def list_formats(self, *, is_transparent: bool) -> list[Format]:
        """Return the formats of its files; TRANSPARENT replaces those that a transparent picture cannot have."""
        outputs = [get_output(name) for name in self.formats]
        if is_transparent:
            outputs = [output if output.has_alpha else get_output(TRANSPARENT) for output in outputs]
        return list({output.name: output for output in outputs}.values())


@dataclass(frozen=True)
class RenderedFile:
    """The bytes of a rendition in one format; width and height are pixels."""

    name: str
    mode: Mode
    format: str
    width: int
    height: int
    data: bytes

    @cached_property
    def sha256(self) -> str:
        """The hash of its bytes, as 64 hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def content_type(self) -> str:
        """The MIME type that it is stored with."""
        return get_output(self.format).content_type

    @property
    def suffix(self) -> str:
        """The ending of its key, without a dot."""
        return get_output(self.format).suffix


@dataclass(frozen=True)
class FitRenditions:
    """What is made of the whole picture besides its files.

    Attributes:
        placeholder: A tiny picture as a data URI.
        thumbnail: The pixels of the smallest, without transparency, to be looked at by programs.
        label_pixels: Those of the largest that a labeler takes, without transparency.
    """

    placeholder: str
    thumbnail: Image.Image
    label_pixels: Pixels


SPECS = (
    RenditionSpec("xlarge", 2048, 2048),
    RenditionSpec("large", 1024, 1024),
    RenditionSpec("medium", 512, 512),
    RenditionSpec("small", 256, 256),
)


def decode_raster(
    picture: Image.Image, specs: Sequence[RenditionSpec] = SPECS, notes: list[Note] | None = None
) -> Raster:
    """Return what the renditions of all specs are made of; raise Rejected if the picture cannot be decoded."""
    size = get_upright_size(picture)
    scale = max(spec.get_scale(*size) for spec in specs)
    keeps_gamut = any(spec.gamut == "display-p3" and MODERN in spec.formats for spec in specs)
    keeps_chroma = any(not get_output(name).halves_chroma for spec in specs for name in spec.formats)
    return decode_upright(picture, scale, notes, keeps_gamut=keeps_gamut, keeps_chroma=keeps_chroma)


def render_fits(
    raster: Raster, specs: Sequence[RenditionSpec], accept: Callable[[RenderedFile], object]
) -> FitRenditions:
    """Make the renditions that show the whole picture, and return what else is made of it.

    Each is made from the next larger one. A picture that is smaller than several of them is encoded once for all.

    Args:
        raster: The picture.
        specs: Those that are crops are left aside.
        accept: Gets each file as soon as it is encoded, in the order of the specs.
    """
    fits = [spec for spec in specs if spec.mode == "fit"]
    rasters: dict[RenditionSpec, Raster] = {}
    current = raster
    # The pixels are decoded: what an encoder raises is no fault of the file.
    for spec in sorted(fits, key=lambda spec: -spec.get_scale(*raster.size)):
        size = scale_size(*raster.size, spec.get_scale(*raster.size))
        current = rasters[spec] = current.map_pixels(partial(_shrink, size=size))
    for_labels = next((each for each in rasters.values() if max(each.pixels.size) <= LABEL_EDGE), current)
    _encode_fits([(spec, rasters[spec]) for spec in fits], accept)
    return FitRenditions(
        _encode_placeholder(current.pixels),
        merge_pixels(_flatten(current.pixels, NEUTRAL_GROUND)),
        _flatten(for_labels.pixels, NEUTRAL_GROUND),
    )


def render_crops(raster: Raster, specs: Sequence[RenditionSpec], point: Point = CENTER) -> Iterator[RenderedFile]:
    """Yield the renditions that are cut out around the point, in the order of their specs."""
    for spec in specs:
        if spec.mode == "crop":
            cut = raster.map_pixels(partial(_cut_out, full_size=raster.size, spec=spec, point=point))
            for output in spec.list_formats(is_transparent=cut.has_alpha):
                yield _encode(cut, spec, output)


def render(raster: Raster, specs: Sequence[RenditionSpec] = SPECS) -> tuple[list[RenderedFile], str]:
    """Return the files of each spec, in their order, and the placeholder; crops are of the picture's middle."""
    files: list[RenderedFile] = []
    fits = render_fits(raster, specs, files.append)
    rendered = {"fit": iter(files), "crop": render_crops(raster, specs)}
    counts = [(spec, len(spec.list_formats(is_transparent=raster.has_alpha))) for spec in specs]
    return [next(rendered[spec.mode]) for spec, count in counts for _ in range(count)], fits.placeholder


def save_pixels(pixels: Pixels, output: Format, profile: bytes = b"") -> bytes:
    """Return the pixels in this format, at its quality, with the profile of their colors unless they are in sRGB."""
    out = BytesIO()
    quality = {} if output.quality is None else {"quality": output.quality}
    merge_pixels(pixels).save(
        out, output.name, **quality, **({"icc_profile": profile} if profile else {}), **output.save_options
    )
    return out.getvalue()


def encode_label_jpeg(pixels: Pixels) -> bytes:
    """Return pixels without transparency as the JPEG that labelers take."""
    return save_pixels(pixels, get_output("JPEG"))


def merge_pixels(pixels: Pixels) -> Image.Image:
    """Return the pixels as one picture of Pillow."""
    return pixels.merge() if isinstance(pixels, Planes) else pixels


def _shrink(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    # Of a photograph that Lanczos made the largest size of, nobody sees which kernel halves it.
    kernel = Resampling.BICUBIC if isinstance(pixels, Planes) else Resampling.LANCZOS
    return pixels if pixels.size == size else pixels.resize(size, kernel)


def _cut_out(pixels: Pixels, full_size: tuple[int, int], spec: RenditionSpec, point: Point) -> Pixels:
    shape = (spec.width, spec.height)
    size, area = find_crop_size(full_size, shape), find_crop_area(full_size, shape, point)
    x_scale, y_scale = (available / full for available, full in zip(pixels.size, full_size, strict=True))
    left, top = area.left * x_scale, area.top * y_scale
    right, bottom = left + area.width * x_scale, top + area.height * y_scale
    if (round(right - left), round(bottom - top)) == size:
        # Nothing is left to be scaled: pixels are taken as they are.
        x, y = min(round(left), pixels.width - size[0]), min(round(top), pixels.height - size[1])
        return pixels.crop((x, y, x + size[0], y + size[1]))
    box = (left, top, min(right, pixels.width), min(bottom, pixels.height))
    return pixels.resize(size, Resampling.LANCZOS, box=box, reducing_gap=2.0)


def _encode_fits(fits: Sequence[tuple[RenditionSpec, Raster]], accept: Callable[[RenderedFile], object]) -> None:
    """Make the files of each spec; those that would have the same pixels are encoded once."""
    encoded: dict[tuple[tuple[int, int], str, Gamut], RenderedFile] = {}
    for spec, raster in fits:
        for output in spec.list_formats(is_transparent=raster.has_alpha):
            content = (raster.pixels.size, output.name, spec.gamut)
            file = encoded.get(content) or _encode(raster, spec, output)
            encoded[content] = file
            accept(replace(file, name=spec.name))


def _encode(raster: Raster, spec: RenditionSpec, output: Format) -> RenderedFile:
    if raster.wide and spec.gamut == "display-p3" and output.name == MODERN:
        data = save_pixels(raster.wide, output, build_p3_profile())
    else:
        data = save_pixels(raster.pixels, output)
    width, height = raster.pixels.size
    return RenderedFile(spec.name, spec.mode, output.name, width, height, data)


def _flatten(pixels: Pixels, ground: tuple[int, int, int]) -> Pixels:
    """Put a transparent picture on a ground of this color."""
    if isinstance(pixels, Planes) or pixels.mode != "RGBA":
        return pixels
    flat = Image.new("RGB", pixels.size, ground)
    flat.paste(pixels, mask=pixels.getchannel("A"))
    return flat


def _encode_placeholder(pixels: Pixels) -> str:
    scale = min(1.0, PLACEHOLDER_EDGE / max(pixels.size))
    out = BytesIO()
    merge_pixels(_shrink(pixels, scale_size(*pixels.size, scale))).save(out, "WEBP", quality=40, method=2)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()
