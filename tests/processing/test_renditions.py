"""Renditions: upright, in the right colours, clean, and the same each time."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from processing import SPECS, Point, RenditionSpec, process_image, renditions
from processing.color_profiles import build_p3_profile
from processing.formats import Format
from processing.renditions import decode_raster, render_crops
from tests.pictures import encoded, jpeg, picture
from tests.specs import count_files

P3 = ImageCms.ImageCmsProfile(BytesIO(build_p3_profile()))

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def rendered(data: bytes, **options: Any) -> list[Image.Image]:
    return [
        Image.open(BytesIO(rendered_files.data))
        for rendered_files in process_image(BytesIO(data), **options)["thumbnails"]
    ]


def apart(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference of two pictures, in steps of 255."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    return max(ImageStat.Stat(difference).mean)


def test_unit() -> None:
    test_image = BytesIO()
    Image.new("RGB", (800, 800), color="red").save(test_image, "JPEG")
    test_image.seek(0)
    result = process_image(test_image, sizes=[(100, 100)])
    assert len(result["thumbnails"]) == 1
    assert (result["thumbnails"][0].width, result["thumbnails"][0].height) == (100, 100)


def test_all_sizes_keep_the_shape_and_never_grow() -> None:
    sizes = [rendered_files.size for rendered_files in rendered(jpeg(3000, 2000))]
    assert sizes[::2] == sizes[1::2] == [(2048, 1365), (1024, 683), (512, 341), (256, 171)]
    sizes = [rendered_files.size for rendered_files in rendered(jpeg(400, 300))]
    assert sizes[::2] == sizes[1::2] == [(400, 300), (400, 300), (400, 300), (256, 192)]


def test_sizes_that_show_the_same_pixels_are_the_same_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that is smaller than several sizes is encoded once for all of them."""
    saved, save = [], renditions.save_pixels

    def count(pixels: Image.Image, output: Format) -> bytes:
        saved.append(output.name)
        return save(pixels, output)

    monkeypatch.setattr(renditions, "save_pixels", count)
    rendered_files = process_image(BytesIO(jpeg(400, 300)))["thumbnails"]
    assert {name: len({each.data for each in rendered_files if each.format == name}) for name in ("JPEG", "AVIF")} == {
        "JPEG": 2,
        "AVIF": 2,
    }
    assert sorted(saved) == ["AVIF", "AVIF", "JPEG", "JPEG"]
    assert [each.name for each in rendered_files[::2]] == [spec.name for spec in SPECS]


def test_a_transparent_picture_has_a_fallback_that_keeps_it_and_no_jpeg() -> None:
    half = Image.new("RGBA", (600, 400), (255, 255, 255, 255))
    half.paste((255, 255, 255, 0), (300, 0, 600, 400))
    specs = [
        *SPECS,
        RenditionSpec("square", 100, 100, "crop"),
        RenditionSpec("plain", 90, 90, formats=("JPEG", "WEBP")),
    ]
    rendered_files = process_image(BytesIO(encoded(half, "PNG")), specs=specs)["thumbnails"]
    assert [each.format for each in rendered_files] == ["WEBP", "AVIF"] * 5 + ["WEBP"]
    for each in rendered_files:
        alpha = Image.open(BytesIO(each.data)).convert("RGBA").getchannel("A")
        assert [alpha.getpixel((x, 5)) for x in (5, each.width - 5)] == [255, 0]


def test_alpha_of_a_picture_in_which_nothing_is_transparent_is_left_out() -> None:
    rendered_files = process_image(BytesIO(encoded(picture(300, 200, "RGBA"), "PNG")))["thumbnails"]
    assert [each.format for each in rendered_files] == ["JPEG", "AVIF"] * len(SPECS)


def test_a_size_in_pixels_is_one_file() -> None:
    [opaque] = process_image(BytesIO(jpeg(300, 200)), sizes=[(90, 90)])["thumbnails"]
    [clear] = process_image(BytesIO(encoded(Image.new("RGBA", (90, 60)), "PNG")), sizes=[(90, 90)])["thumbnails"]
    assert [(each.format, each.mode, each.suffix) for each in (opaque, clear)] == [
        ("JPEG", "fit", "jpg"),
        ("WEBP", "fit", "webp"),
    ]


def test_a_spec_without_a_format_is_refused() -> None:
    with pytest.raises(ValueError, match="The rendition bare has no format"):
        RenditionSpec("bare", 90, 90, formats=())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_b15_all_orientations_come_out_alike(orientation: int) -> None:
    upright = rendered(jpeg(900, 600))
    turned = rendered(jpeg(900, 600, orientation=orientation))
    assert [rendered_files.size for rendered_files in turned] == [rendered_files.size for rendered_files in upright]
    assert max(apart(*pair) for pair in zip(upright, turned, strict=True)) < 3


@pytest.mark.parametrize("orientation", [0, 9, 99, 65_535])
def test_b15_an_orientation_that_makes_no_sense_is_left_aside(orientation: int) -> None:
    assert rendered(jpeg(300, 200, orientation=orientation))[0].size == (300, 200)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_b15_the_orientation_of_other_formats_counts_too(format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(picture(300, 200), format, exif=exif.tobytes())
    assert rendered(data)[0].size == (200, 300)


def test_b11_sixteen_bits_of_grey_are_scaled_and_not_clipped() -> None:
    ramp = Image.linear_gradient("L").convert("I").point(lambda value: value * 257).convert("I;16")
    rendered_files = rendered(encoded(ramp, "PNG"))[0]
    assert apart(rendered_files, Image.linear_gradient("L")) < 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_b12_every_mode_comes_out_as_it_looks(mode: str) -> None:
    scene = picture(300, 200, mode)
    rendered_files = rendered(encoded(scene, "PNG"))[0].resize((60, 40), Image.Resampling.BOX)
    assert apart(rendered_files, scene.convert("RGB").resize((60, 40), Image.Resampling.BOX)) < 4


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF", "PNG"])
def test_b12_what_is_transparent_stays_so(format: str) -> None:
    clear = encoded(Image.new("RGBA", (100, 100), (0, 0, 0, 0)), "PNG")
    [rendered_files] = rendered(clear, specs=[RenditionSpec("one", 64, 64, formats=(format,))])
    assert rendered_files.convert("RGBA").getpixel((30, 30))[3] == 0  # type: ignore[index]


def test_b12_a_transparent_colour_of_a_palette_leaves_no_halo() -> None:
    scene = Image.new("P", (100, 100), 0)
    scene.putpalette([0, 0, 0, 255, 0, 0] + [0] * 762)
    scene.paste(1, (25, 25, 75, 75))
    rendered_files = rendered(encoded(scene, "PNG", transparency=0))[0]
    on_white = Image.alpha_composite(Image.new("RGBA", rendered_files.size, "white"), rendered_files.convert("RGBA"))
    # At the edge of the square nothing is darker than the square itself.
    assert min(on_white.getchannel("R").crop((22, 50, 25, 51)).tobytes()) > 200


def test_a_profile_is_applied_and_not_copied() -> None:
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    plain = rendered(encoded(picture(200, 200), "JPEG", quality=95))[0]
    rendered_files = rendered(encoded(picture(200, 200), "JPEG", quality=95, icc_profile=wide))[0]
    assert "icc_profile" not in rendered_files.info
    assert apart(plain, rendered_files) < 2


def swapped_profile() -> bytes:
    """SRGB with its red and green primaries exchanged, under another name."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    renamed = srgb.replace("sRGB".encode("utf-16-be"), "Mine".encode("utf-16-be"))
    return renamed.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_profile_of_other_primaries_is_brought_into_srgb(mode: str) -> None:
    red = Image.new(mode, (100, 100), "red")
    green = rendered(encoded(red, "PNG", icc_profile=swapped_profile()))[0]
    assert apart(green, Image.new("RGB", (100, 100), "lime")) < 10


def test_b13_a_profile_of_another_kind_of_pixels_is_left_aside() -> None:
    grey = Image.new("L", (100, 100), 128)
    rendered_files = rendered(encoded(grey, "PNG", icc_profile=swapped_profile()))[0]
    assert apart(rendered_files, grey) < 3


@pytest.mark.parametrize("profile", [b"broken", b"\0" * 500])
def test_b13_a_broken_profile_is_left_aside(profile: bytes) -> None:
    plain, rendered_files = jpeg(200, 150), jpeg(200, 150, icc_profile=profile)
    assert apart(rendered(plain)[0], rendered(rendered_files)[0]) == 0


def test_b4_s3_nothing_of_the_file_but_its_pixels_comes_out() -> None:
    exif = Image.Exif()
    exif[0x010E] = "<?php echo 'payload'; ?>"
    data = encoded(picture(600, 400), "JPEG", exif=exif.tobytes(), comment=b"payload") + b"payload"
    assert data.count(b"payload") == 3
    for format in ("JPEG", "PNG", "WEBP", "AVIF"):
        spec = RenditionSpec("one", 300, 300, formats=(format,))
        rendered_files = process_image(BytesIO(data), specs=[spec])["thumbnails"][0]
        assert b"payload" not in rendered_files.data
        assert b"Exif" not in rendered_files.data
        assert not Image.open(BytesIO(rendered_files.data)).getexif()


def test_b30_the_same_file_gives_the_same_bytes() -> None:
    data = jpeg(1500, 1000, orientation=8)
    first, second = (process_image(BytesIO(data)) for _ in range(2))
    assert first["thumbnails"] == second["thumbnails"]
    assert first["placeholder"] == second["placeholder"]


def test_fill_crops_the_middle() -> None:
    rendered_files = rendered(jpeg(900, 300), specs=[RenditionSpec("square", 200, 200, mode="crop")])[0]
    assert rendered_files.size == (200, 200)


def test_a_picture_that_is_too_small_is_filled_with_the_pixels_it_has() -> None:
    spec = RenditionSpec("square", 200, 120, mode="crop")
    assert [rendered(jpeg(*size), specs=[spec])[0].size for size in ((150, 100), (900, 60))] == [(150, 90), (100, 60)]


def test_a_fill_shows_what_is_around_its_point() -> None:
    """The red corner of the scene is up to the left, its blue side low to the right."""
    held = decode_raster(Image.open(BytesIO(jpeg(1500, 1000))))
    specs = [RenditionSpec("square", 200, 200, mode="crop")]
    rendered_files = [Image.open(BytesIO(next(render_crops(held, specs, Point(x, 0.5))).data)) for x in (0.0, 1.0)]
    (red, _, little), (less, _, blue) = rendered_files[0].getpixel((5, 5)), rendered_files[1].getpixel((195, 195))  # type: ignore[misc]
    assert red > 200 > little
    assert blue > 200 > less


@pytest.mark.parametrize("orientation", [1, 6])
def test_fills_change_nothing_for_the_sizes_that_show_all(orientation: int) -> None:
    data = jpeg(1600, 1200, orientation=orientation)
    fills = [RenditionSpec("square", 512, 512, "crop")]
    alone = process_image(BytesIO(data))["thumbnails"]
    assert process_image(BytesIO(data), specs=[*SPECS, *fills])["thumbnails"][: count_files()] == alone


def test_the_order_is_that_of_the_wishes() -> None:
    sizes = [(64, 64), (512, 512), (128, 128)]
    assert [rendered_files.width for rendered_files in rendered(jpeg(1000, 1000), sizes=sizes)] == [64, 512, 128]


def test_the_placeholder_is_small_and_fits_in_a_page() -> None:
    placeholder = process_image(BytesIO(jpeg(1500, 1000)))["placeholder"]
    assert placeholder.startswith("data:image/webp;base64,")
    assert len(placeholder) < 1500


def swatch(mode: str, profile: bytes) -> bytes:
    """Encode a picture that is red to the left and gray to the right, as far as its profile goes."""
    scene = Image.new(mode, (200, 100), (255, 0, 0))
    scene.paste((128, 128, 128), (100, 0, 200, 100))
    if mode == "RGBA":
        scene.paste((0, 0, 0, 0), (0, 0, 200, 10))
    return encoded(scene, "PNG", icc_profile=profile)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_wide_colors_stay_in_avif_where_they_are_asked_for(mode: str) -> None:
    p3 = build_p3_profile()
    specs = [
        RenditionSpec("whole", 100, 100, gamut="display-p3"),
        RenditionSpec("cut", 40, 40, "crop", gamut="display-p3"),
        RenditionSpec("usual", 100, 100),
    ]
    rendered_files = process_image(BytesIO(swatch(mode, p3)), specs=specs)["thumbnails"]
    pictures = {(each.name, each.format): Image.open(BytesIO(each.data)) for each in rendered_files}
    for (name, format), image in pictures.items():
        is_wide = format == "AVIF" and name != "usual"
        assert image.info.get("icc_profile") == (p3 if is_wide else None), (name, format)
        profile = ImageCms.ImageCmsProfile(BytesIO(image.info.get("icc_profile") or SRGB))
        shown = ImageCms.profileToProfile(image.convert("RGB"), profile, P3, outputMode="RGB")
        assert shown
        red = shown.crop((10, 20, 11, 21)).tobytes()
        # The red of Display P3 is outside sRGB: there it becomes the nearest one.
        assert (red[0] > 250) == is_wide, (name, format, tuple(red))


def test_a_picture_whose_colors_fit_into_srgb_has_no_profile() -> None:
    spec = RenditionSpec("whole", 100, 100, gamut="display-p3")
    for profile in (b"broken", SRGB):
        rendered_files = process_image(BytesIO(swatch("RGB", profile)), specs=[spec])["thumbnails"]
        plain = process_image(BytesIO(swatch("RGB", profile)), specs=[RenditionSpec("whole", 100, 100)])["thumbnails"]
        assert rendered_files == plain
