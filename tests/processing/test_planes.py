"""Photographs resized in the planes that JPEG stores: they look as if every pixel had been resized in full color."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat
from PIL.Image import Resampling, Transpose

from bench.similarity import compute_ssim
from processing import Limits, RenditionSpec, process_image
from processing.decode import open_picture
from processing.planes import Planes, _resize_in_bands, split_planes
from processing.raster import Raster
from processing.renditions import decode_raster
from tests.pictures import encoded, jpeg, picture

SIZES = [(1024, 1024), (512, 512), (256, 256)]
SUBSAMPLINGS = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


def open_raster(data: bytes, *specs: RenditionSpec) -> Raster:
    return decode_raster(open_picture(BytesIO(data), Limits()), specs or [RenditionSpec("one", 300, 300)])


def render(data: bytes, **arguments: Any) -> list[Image.Image]:
    return [Image.open(BytesIO(each.data)) for each in process_image(BytesIO(data), **arguments)["thumbnails"]]


def measure_difference(picture: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures over all channels, 0 to 255."""
    difference = ImageChops.difference(picture.convert("RGB"), other.convert("RGB"))
    return sum(ImageStat.Stat(difference).mean) / 3


def resize_carefully(data: bytes, size: tuple[int, int]) -> Image.Image:
    return Image.open(BytesIO(data)).convert("RGB").resize(size, Resampling.LANCZOS)


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("size", [(1600, 1200), (1601, 1067), (1023, 769), (640, 480), (301, 200)])
def test_files_look_like_those_of_the_careful_way(size: tuple[int, int], subsampling: str) -> None:
    data = jpeg(*size, subsampling=SUBSAMPLINGS[subsampling], quality=95)
    for file in render(data, sizes=SIZES):
        expected = resize_carefully(data, file.size)
        assert compute_ssim(expected, file) > 0.97
        assert measure_difference(expected, file) < 2.5


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3), (3, 2), (17, 5), (1, 2000)])
def test_tiny_and_thin_pictures_keep_their_shape_and_color(size: tuple[int, int]) -> None:
    data = encoded(Image.new("RGB", size, (200, 60, 30)), "JPEG", quality=95)
    for spec in (RenditionSpec("fit", 256, 256), RenditionSpec("cut", 64, 64, "crop")):
        [file, *_others] = render(data, specs=[spec])
        assert min(file.size) >= 1
        assert measure_difference(file, Image.new("RGB", file.size, (200, 60, 30))) < 4


def test_a_photograph_is_decoded_into_planes_and_a_gray_one_into_one() -> None:
    raster = open_raster(jpeg(1200, 901))
    assert isinstance(raster.pixels, Planes)
    assert (raster.pixels.size, raster.size) == ((300, 225), (1200, 901))
    assert [plane.size for plane in raster.pixels.chroma] == [(150, 113)] * 2
    gray = open_raster(encoded(picture(1200, 900, "L"), "JPEG"))
    assert isinstance(gray.pixels, Image.Image)
    assert gray.pixels.mode == "L"


def test_what_keeps_each_color_of_a_pixel_gets_all_of_them() -> None:
    data = jpeg(300, 200, subsampling=0)
    [file] = render(data, specs=[RenditionSpec("one", 300, 300, formats=("PNG",))])
    assert measure_difference(Image.open(BytesIO(data)), file) < 0.1


def test_the_planes_come_out_of_a_jpeg_as_they_went_in() -> None:
    planes = split_planes(picture(401, 301))
    again = split_planes(Image.open(BytesIO(encoded(planes.merge(), "JPEG", quality=100))))
    for plane, other in zip((planes.luma, *planes.chroma), (again.luma, *again.chroma), strict=True):
        assert ImageStat.Stat(ImageChops.difference(plane, other)).mean[0] < 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_planes_are_turned_as_the_file_says(orientation: int) -> None:
    upright, turned = (open_raster(jpeg(901, 600, orientation=value)).pixels for value in (1, orientation))
    assert isinstance(upright, Planes)
    assert isinstance(turned, Planes)
    assert measure_difference(upright.merge(), turned.merge()) < 1.5


def test_red_green_and_blue_in_a_jpeg_are_not_taken_for_luma_and_chroma() -> None:
    data = encoded(picture(640, 480), "JPEG", keep_rgb=True, quality=95)
    raster = open_raster(data)
    assert isinstance(raster.pixels, Planes)
    assert measure_difference(resize_carefully(data, (300, 225)), raster.pixels.merge()) < 2


def test_inks_become_colors_before_they_become_planes() -> None:
    data = encoded(Image.new("CMYK", (400, 300), (0, 255, 255, 0)), "JPEG", quality=95)
    [file] = render(data, sizes=[(100, 100)])
    red, green, blue = file.convert("RGB").getpixel((50, 40))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 80


def test_a_wide_profile_is_applied_to_full_colors_and_one_of_srgb_costs_no_conversion() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = srgb.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    red = Image.new("RGB", (400, 300), "red")
    plain, same, green = (
        render(encoded(red, "JPEG", quality=95, icc_profile=profile), sizes=[(100, 100)])[0]
        for profile in (None, srgb, exchanged)
    )
    assert plain.tobytes() == same.tobytes()
    assert measure_difference(green, Image.new("RGB", green.size, "lime")) < 10


@pytest.mark.parametrize(("left", "top"), [(0, 0), (10, 7), (11, 8), (101, 101)])
def test_a_part_without_a_change_of_size_begins_at_most_a_pixel_before(left: int, top: int) -> None:
    planes = split_planes(picture(301, 301))
    part = planes.crop((left, top, left + 200, top + 200))
    assert (part.size, part.chroma[0].size) == ((200, 200), (100, 100))
    start = (left - left % 2, top - top % 2)
    expected = planes.merge().crop((*start, start[0] + 200, start[1] + 200))
    assert measure_difference(part.merge(), expected) == 0


@pytest.mark.parametrize("shape", [(512, 512), (300, 170), (77, 201)])
def test_crops_look_like_those_of_full_colors(shape: tuple[int, int]) -> None:
    data = jpeg(1600, 1200, quality=95)
    fast, careful = (
        render(data, specs=[RenditionSpec("cut", *shape, "crop", formats=(name,))])[0] for name in ("JPEG", "PNG")
    )
    assert fast.size == careful.size == shape
    assert compute_ssim(careful, fast) > 0.95
    assert measure_difference(careful, fast) < 3


@pytest.mark.parametrize("kernel", [Resampling.LANCZOS, Resampling.BICUBIC, Resampling.BOX])
@pytest.mark.parametrize(
    ("size", "target", "box"),
    [
        ((640, 480), (256, 192), (0, 0, 640, 480)),
        ((641, 479), (257, 191), (0, 0, 640.5, 478.25)),
        ((633, 401), (200, 399), (3.5, 1.25, 600, 400)),
        ((400, 400), (400, 123), (0, 0, 400, 400)),
    ],
)
def test_a_plane_in_bands_is_resized_as_pillow_does(
    size: tuple[int, int], target: tuple[int, int], box: tuple[float, float, float, float], kernel: Resampling
) -> None:
    plane = ImageChops.add_modulo(Image.effect_noise(size, 90), picture(*size, "L"))
    expected = plane.resize(target, kernel, box=box)
    assert _resize_in_bands(plane, target, kernel, box).tobytes() == expected.tobytes()


def test_planes_and_pictures_are_turned_by_the_same_methods() -> None:
    planes = split_planes(picture(200, 120))
    for method in Transpose:
        assert planes.transpose(method).merge().tobytes() == planes.merge().transpose(method).tobytes()
