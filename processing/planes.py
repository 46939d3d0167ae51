"""Pictures as files of photographs store them: luma at full size, and the two chroma planes at half of it.

Most of a resize is spent on detail of color that such a file does not keep. Here the luma alone gets a good kernel, and
each chroma plane is a quarter of the work. Source: ITU-T T.871 (JFIF), for the colors and for where chroma lies.
"""

from dataclasses import dataclass

from PIL import Image
from PIL.Image import Resampling, Transpose

Box = tuple[float, float, float, float]
_BANDS = 4
# Below this many pixels, the copies cost more than they save.
_MIN_BANDED_PIXELS = 100_000


@dataclass(frozen=True)
class Planes:
    """An opaque picture in color, in sRGB. It is resized, cut and turned by the methods that Pillow's pictures have.

    Attributes:
        luma: Y', in the mode "L".
        chroma: Cb and Cr in the mode "L", at half the size of luma, rounded up.
    """

    luma: Image.Image
    chroma: tuple[Image.Image, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, in pixels."""
        return self.luma.size

    @property
    def width(self) -> int:
        """Width, in pixels."""
        return self.luma.width

    @property
    def height(self) -> int:
        """Height, in pixels."""
        return self.luma.height

    def resize(
        self, size: tuple[int, int], resample: Resampling, box: Box | None = None, reducing_gap: float | None = None
    ) -> "Planes":
        """Return a part of the picture in another size, with the kernel for its luma."""
        box = box or (0, 0, *self.size)
        half, half_box = _halve_size(size), _halve_box(box)
        # Averaging is as good where pixels are averaged in twos.
        kernel = Resampling.BOX if box[2] - box[0] > 1.9 * size[0] else Resampling.HAMMING
        return Planes(
            _resize_luma(self.luma, size, resample, box, reducing_gap),
            tuple(plane.resize(half, kernel, box=half_box) for plane in self.chroma),
        )

    def crop(self, box: tuple[int, int, int, int]) -> "Planes":
        """Return a part as it is; it begins at an even pixel at or before the left and upper one of the box."""
        left, top, right, bottom = box
        left, top, right, bottom = left - left % 2, top - top % 2, right - left % 2, bottom - top % 2
        half_width, half_height = _halve_size((right - left, bottom - top))
        half_box = (left // 2, top // 2, left // 2 + half_width, top // 2 + half_height)
        luma = self.luma.crop((left, top, right, bottom))
        return Planes(luma, tuple(plane.crop(half_box) for plane in self.chroma))

    def transpose(self, method: Transpose) -> "Planes":
        """Return the picture turned or mirrored."""
        return Planes(self.luma.transpose(method), tuple(plane.transpose(method) for plane in self.chroma))

    def merge(self) -> Image.Image:
        """Return one picture, in YCbCr, whose encoders get back each chroma plane as it is.

        They average 2 × 2 pixels, which undoes the doubling.
        """
        box = (0, 0, self.width / 2, self.height / 2)
        doubled = (plane.resize(self.size, Resampling.NEAREST, box=box) for plane in self.chroma)
        merged = Image.merge("YCbCr", (self.luma, *doubled))
        # Each plane still has the comments and the profile of its file, and Pillow would write them into the next.
        merged.info = {}
        return merged


def split_planes(picture: Image.Image) -> Planes:
    """Return the planes of an opaque picture in color."""
    colors = picture.convert("YCbCr")
    return Planes(colors.getchannel("Y"), tuple(colors.getchannel(name).reduce(2) for name in ("Cb", "Cr")))


def shrink_to_planes(picture: Image.Image, size: tuple[int, int], box: Box) -> Planes:
    """Return the planes of a part of a picture in YCbCr, in a size that is not larger."""
    half, half_box = _halve_size(size), _halve_box(box)
    luma = _resize_luma(picture.getchannel("Y"), size, Resampling.LANCZOS, box)
    quarter = picture.reduce(2)
    chroma = (quarter.getchannel(name).resize(half, Resampling.BOX, box=half_box) for name in ("Cb", "Cr"))
    return Planes(luma, tuple(chroma))


def _resize_luma(
    plane: Image.Image, size: tuple[int, int], resample: Resampling, box: Box, reducing_gap: float | None = None
) -> Image.Image:
    """Return a part of a plane in another size, as Pillow resizes it."""
    if reducing_gap or plane.width * plane.height < _MIN_BANDED_PIXELS:
        return plane.resize(size, resample, box=box, reducing_gap=reducing_gap)
    return _resize_in_bands(plane, size, resample, box)


def _resize_in_bands(plane: Image.Image, size: tuple[int, int], resample: Resampling, box: Box) -> Image.Image:
    """Return what `plane.resize` returns, a quarter faster: Pillow's kernels reach four bands at the price of three.

    The bands are four strips of rows while the plane becomes narrower, and columns side by side while it becomes lower.
    """
    (left, top, right, bottom), (width, height) = box, size
    rows, columns = -(-plane.height // _BANDS), -(-width // _BANDS)
    # One name for all steps, so that none is there longer than the next one needs it.
    bands = Image.merge("CMYK", [plane.crop((0, rows * n, plane.width, rows * (n + 1))) for n in range(_BANDS)])
    bands = bands.resize((width, rows), resample, box=(left, 0, right, rows))
    narrow = Image.new("L", (columns * _BANDS, plane.height))
    for number, name in enumerate(bands.getbands()):
        narrow.paste(bands.getchannel(name), (0, number * rows))
    bands = Image.frombytes("CMYK", (columns, narrow.height), narrow.tobytes())
    bands = bands.resize((columns, height), resample, box=(0, top, columns, bottom))
    return Image.frombytes("L", (narrow.width, height), bands.tobytes()).crop((0, 0, *size))


def _halve_size(size: tuple[int, int]) -> tuple[int, int]:
    return (size[0] + 1) // 2, (size[1] + 1) // 2


def _halve_box(box: Box) -> Box:
    left, top, right, bottom = box
    return left / 2, top / 2, right / 2, bottom / 2
