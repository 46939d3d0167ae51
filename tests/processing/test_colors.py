"""Colors as they are: every picture comes out as littleCMS converts its pixels by what the file says of them."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms

from bench.heic import HeicOptions, encode_heic
from processing import Note, RenditionSpec, process_image
from processing.color_profiles import read_press_profile
from processing.decode import open_picture
from processing.limits import Limits
from processing.png import MAGIC
from processing.renditions import decode_raster, merge_pixels
from tests.pictures import encoded, png_with
from tests.profiles import by_littlecms, chart, difference, gamma, gray_profile, rgb_profile, srgb_curve
from tests.specs import ONE_SIZE

LINEAR = gamma(1.0)
PROFILES = {
    "sRGB": rgb_profile("sRGB IEC61966-2.1", "srgb"),
    "Display P3 Gamut with sRGB Transfer": rgb_profile("Display P3 Gamut with sRGB Transfer", "p3"),
    "Rec2020 Gamut with sRGB Transfer": rgb_profile("Rec2020 Gamut with sRGB Transfer", "rec2020"),
    "GIMP built-in Linear sRGB": rgb_profile("GIMP built-in Linear sRGB", "srgb", LINEAR),
    "Adobe RGB (1998)": rgb_profile("Adobe RGB (1998)", "adobe", gamma(563 / 256)),
}


def shown(data: bytes) -> Image.Image:
    """Return the largest rendition, which is as large as the picture."""
    return Image.open(BytesIO(process_image(BytesIO(data), specs=ONE_SIZE)["thumbnails"][0].data)).convert("RGB")


def notes(data: bytes) -> list[str]:
    return [note.code for note in process_image(BytesIO(data), specs=ONE_SIZE)["metadata"].notes]


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(
    "save", [("JPEG", {"quality": 95}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})], ids=str
)
def test_a_profile_is_judged_by_what_it_does(name: str, save: tuple[str, dict[str, Any]]) -> None:
    data = encoded(chart(), save[0], icc_profile=PROFILES[name], **save[1])
    assert difference(shown(data), by_littlecms(chart(), PROFILES[name])) < 2


def test_a_profile_named_srgb_is_converted_to_the_pixel() -> None:
    linear = Image.new("RGB", (64, 64), (114, 227, 95))
    data = encoded(linear, "PNG", icc_profile=PROFILES["GIMP built-in Linear sRGB"])
    assert shown(data).getpixel((30, 30)) == pytest.approx((178, 242, 165), abs=2)


@pytest.mark.parametrize("interop", [{1: "R03"}, {}], ids=["DCF", "ColorSpace 2"])
def test_adobe_rgb_is_told_by_exif_alone(interop: dict[int, str]) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF if interop else 2
    if interop:
        exif.get_ifd(0x8769)[0xA005] = interop
    data = encoded(chart(), "JPEG", quality=95, subsampling=0, exif=exif.tobytes())
    assert difference(shown(data), by_littlecms(chart(), PROFILES["Adobe RGB (1998)"])) < 2


def test_an_uncalibrated_color_space_without_an_index_stays_as_it_is() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    data = encoded(chart(), "JPEG", quality=95, subsampling=0, exif=exif.tobytes())
    assert difference(shown(data), chart()) < 1


@pytest.mark.parametrize("mode", ["L", "LA", "RGB"])
def test_a_profile_of_grays_is_applied_to_grays_only(mode: str) -> None:
    profile = gray_profile("Dot Gain 20%", gamma(1.0))
    scene = chart().convert("L")
    expected = by_littlecms(scene, profile) if mode != "RGB" else chart()
    data = encoded(scene.convert(mode) if mode != "RGB" else chart(), "PNG", icc_profile=profile)
    assert difference(shown(data), expected) < 2
    assert notes(data) == (["left_aside"] if mode == "RGB" else [])


def test_a_profile_of_colors_on_gray_pixels_is_applied() -> None:
    profile = rgb_profile("wide", "p3", LINEAR)
    scene = chart().convert("L")
    data = encoded(scene, "JPEG", quality=95, icc_profile=profile)
    assert difference(shown(data), by_littlecms(scene.convert("RGB"), profile)) < 2


def test_the_profile_of_a_palette_is_applied_to_its_colors() -> None:
    palette = chart().quantize(200)
    data = encoded(palette, "PNG", icc_profile=PROFILES["GIMP built-in Linear sRGB"])
    expected = by_littlecms(palette.convert("RGB"), PROFILES["GIMP built-in Linear sRGB"])
    assert difference(shown(data), expected) < 2


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_b10_ink_without_a_profile_is_printed_on_coated_paper(format: str) -> None:
    scene = chart().convert("CMYK")
    data = encoded(scene, format, **({"quality": 95} if format == "JPEG" else {}))
    expected = ImageCms.profileToProfile(scene, read_press_profile(), ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert expected
    assert difference(shown(data), expected) < 2
    cyan = encoded(Image.new("CMYK", (64, 64), (255, 0, 0, 0)), "JPEG", quality=95)
    assert shown(cyan).getpixel((30, 30)) == pytest.approx((0, 174, 239), abs=3)


def test_ink_with_a_profile_of_colors_leaves_the_profile_aside() -> None:
    data = encoded(chart().convert("CMYK"), "JPEG", quality=95, icc_profile=PROFILES["sRGB"])
    assert notes(data) == ["left_aside"]


@pytest.mark.parametrize("profile", [b"broken", bytes(500), PROFILES["sRGB"][:200]], ids=["text", "zeros", "cut"])
def test_b13_a_broken_profile_leaves_a_note_and_the_picture(profile: bytes) -> None:
    data = encoded(chart(), "JPEG", quality=95, subsampling=0, icc_profile=profile)
    result = process_image(BytesIO(data), specs=ONE_SIZE)
    assert result["metadata"].notes == (Note("left_aside", {"part": "profile"}),)
    assert difference(shown(data), chart()) < 1


def chromaticities(*values: float) -> bytes:
    return struct.pack(">8I", *(round(value * 100_000) for value in values))


SRGB_POINTS = chromaticities(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3_POINTS = chromaticities(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
LINEAR_GAMMA, USUAL_GAMMA = struct.pack(">I", 100_000), struct.pack(">I", 45_455)
ICC_SWAPPED = b"icc\0\0" + zlib.compress(rgb_profile("swapped", "swapped"))


@pytest.mark.parametrize(
    ("chunks", "columns", "curve"),
    [
        ([(b"gAMA", LINEAR_GAMMA)], "srgb", LINEAR),
        ([(b"gAMA", USUAL_GAMMA)], "srgb", srgb_curve),
        ([(b"gAMA", LINEAR_GAMMA), (b"cHRM", SRGB_POINTS)], "srgb", LINEAR),
        ([(b"gAMA", USUAL_GAMMA), (b"cHRM", P3_POINTS)], "p3", srgb_curve),
        ([(b"cHRM", P3_POINTS)], "srgb", srgb_curve),
        ([(b"sRGB", b"\0"), (b"gAMA", LINEAR_GAMMA)], "srgb", srgb_curve),
        ([(b"sRGB", b"\0"), (b"iCCP", ICC_SWAPPED)], "swapped", srgb_curve),
        ([(b"cICP", b"\x0c\x0d\0\1"), (b"iCCP", ICC_SWAPPED)], "p3", srgb_curve),
        ([(b"cICP", b"\x09\x0d\0\1")], "rec2020", srgb_curve),
        ([(b"cICP", b"\x01\x0d\0\1")], "srgb", srgb_curve),
        ([(b"cICP", b"\x01\x08\0\1")], "srgb", LINEAR),
        ([(b"cICP", b"\xf0\xf0\0\1"), (b"iCCP", ICC_SWAPPED)], "swapped", srgb_curve),
    ],
    ids=lambda value: "+".join(kind.decode() for kind, _ in value) if isinstance(value, list) else "",
)
def test_the_chunks_of_a_png_count_in_their_order(chunks: Any, columns: str, curve: Any) -> None:
    data = png_with(encoded(chart(), "PNG"), *chunks)
    assert difference(shown(data), by_littlecms(chart(), rgb_profile("expected", columns, curve))) < 2


@pytest.mark.parametrize(
    "points",
    [
        chromaticities(0.3127, 0.329, 42949.67295, 0.00011, 0.00009, 0.3, 0.00007, 0.3),
        chromaticities(0.3127, 0.329, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3),
        chromaticities(0.3127, 0, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06),
        struct.pack(">8I", *[2**32 - 1] * 8),
    ],
    ids=["too large for a profile", "one point", "no white", "far away"],
)
def test_primaries_that_span_no_colors_leave_a_note_and_the_picture(points: bytes) -> None:
    data = png_with(encoded(chart(), "PNG"), (b"gAMA", LINEAR_GAMMA), (b"cHRM", points))
    assert notes(data) == ["left_aside"]
    assert difference(shown(data), chart()) < 1


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_high_dynamic_range_keeps_its_order_of_light_and_leaves_a_note(transfer: int) -> None:
    ramp = Image.linear_gradient("L").resize((256, 256)).convert("RGB")
    data = png_with(encoded(ramp, "PNG"), (b"cICP", bytes((9, transfer, 0, 1))))
    assert notes(data) == ["hdr"]
    column = [shown(data).getpixel((128, y))[1] for y in range(0, 256, 8)]  # type: ignore[index]
    assert column[0] < 5
    assert column[-1] > 245
    assert sorted(column) == column
    # The white of a page, 203 cd/m², is at 58 % of PQ and at 75 % of HLG.
    white = shown(data).getpixel((128, round(255 * (0.58 if transfer == 16 else 0.75))))
    assert 215 < white[1] < 250  # type: ignore[index]


@pytest.mark.parametrize(
    ("nclx", "columns", "curve"),
    [((12, 13, 6, 1), "p3", srgb_curve), ((1, 8, 6, 1), "srgb", LINEAR), ((2, 2, 6, 1), "srgb", srgb_curve)],
)
def test_the_code_points_of_a_heic_count(nclx: Any, columns: str, curve: Any) -> None:
    scene = chart(608, 400)
    plain = encode_heic(scene, HeicOptions(nclx=(1, 13, 6, 1)))
    data = encode_heic(scene, HeicOptions(nclx=nclx))
    assert difference(shown(data), by_littlecms(shown(plain), rgb_profile("expected", columns, curve))) < 2


def test_the_profile_of_a_heic_comes_before_its_code_points() -> None:
    scene = chart(608, 400)
    profile = rgb_profile("swapped", "swapped")
    data = encode_heic(scene, HeicOptions(profile=profile, nclx=(12, 13, 6, 1)))
    plain = encode_heic(scene)
    assert difference(shown(data), by_littlecms(shown(plain), profile)) < 2


def test_the_code_points_of_an_avif_count() -> None:
    data = encoded(chart(), "AVIF", quality=95)
    place = data.index(b"colrnclx") + 8
    assert struct.unpack_from(">HH", data, place) == (1, 13)
    wide = data[:place] + struct.pack(">HH", 12, 13) + data[place + 4 :]
    assert difference(shown(wide), by_littlecms(shown(data), rgb_profile("expected", "p3"))) < 2


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF"])
def test_a_profile_in_any_container_is_applied(format: str) -> None:
    profile = rgb_profile("swapped", "swapped")
    data = encoded(chart(), format, quality=95, icc_profile=profile)
    plain = encoded(chart(), format, quality=95)
    assert difference(shown(data), by_littlecms(shown(plain), profile)) < 2


def test_what_goes_out_says_that_it_is_srgb_where_it_can_without_a_profile() -> None:
    data = encoded(chart(), "JPEG", quality=95, icc_profile=PROFILES["Adobe RGB (1998)"])
    specs = [RenditionSpec("small", 256, 256, formats=("JPEG", "AVIF"))]
    jpeg, avif = (file.data for file in process_image(BytesIO(data), specs=specs)["thumbnails"])
    assert struct.unpack_from(">HH", avif, avif.index(b"colrnclx") + 8) == (1, 13)
    assert "icc_profile" not in Image.open(BytesIO(jpeg)).info


@pytest.mark.parametrize(("color", "mode"), [(0, "L"), (2, "RGB"), (4, "LA"), (6, "RGBA")])
def test_sixteen_bits_are_scaled_and_converted(color: int, mode: str) -> None:
    scene = chart().convert(mode)
    is_gray = mode.startswith("L")
    profile = gray_profile("gray", gamma(1.8)) if is_gray else rgb_profile("wide", "p3")
    samples = scene.tobytes()
    step = len(samples) // scene.height
    rows = b"".join(
        b"\0" + b"".join(bytes((value, value)) for value in samples[top : top + step])
        for top in range(0, len(samples), step)
    )
    header = struct.pack(">IIBBBBB", *scene.size, 16, color, 0, 0, 0)
    empty = encoded(Image.new("L", (1, 1)), "PNG")[:8]
    chunks = (b"IHDR", header), (b"iCCP", b"icc\0\0" + zlib.compress(profile)), (b"IDAT", zlib.compress(rows))
    data = empty + png_with(bytes(33), *chunks, (b"IEND", b""))[33:]
    expected = by_littlecms(scene.convert("L" if is_gray else "RGB"), profile)
    assert difference(shown(data), expected) < 2


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_b10_ink_with_a_profile_is_printed_by_it(format: str) -> None:
    scene = chart().convert("CMYK")
    profile = read_press_profile().tobytes()
    data = encoded(scene, format, icc_profile=profile, **({"quality": 95} if format == "JPEG" else {}))
    assert notes(data) == []
    assert difference(shown(data), by_littlecms(scene, profile)) < 2


@pytest.mark.parametrize(
    ("depth", "color", "row", "transparent"),
    [
        (2, 0, b"\x00" * 8 + b"\xff" * 8, b"\0\3"),
        (8, 0, b"\x10" * 32 + b"\xee" * 32, b"\0\xee"),
        (16, 0, b"\x10\x01" * 32 + b"\xee\x02" * 32, b"\xee\x02"),
        (8, 2, b"\x10\x20\x30" * 32 + b"\xee\xdd\xcc" * 32, b"\0\xee\0\xdd\0\xcc"),
        (16, 2, b"\x10\1\x20\1\x30\1" * 32 + b"\xee\1\xdd\1\xcc\1" * 32, b"\xee\1\xdd\1\xcc\1"),
    ],
    ids=["gray of 2 bits", "gray of 8", "gray of 16", "color of 8", "color of 16"],
)
def test_the_transparent_color_of_a_png_is_that_of_its_depth(
    depth: int, color: int, row: bytes, transparent: bytes
) -> None:
    header = struct.pack(">IIBBBBB", 64, 8, depth, color, 0, 0, 0)
    start = png_with(MAGIC + bytes(25), (b"IHDR", header), (b"tRNS", transparent))[33:]
    pixels = png_with(bytes(33), (b"IDAT", zlib.compress((b"\0" + row) * 8)), (b"IEND", b""))[33:]
    pixels_shown = merge_pixels(decode_raster(open_picture(BytesIO(MAGIC + start + pixels), Limits())).pixels)
    assert pixels_shown.mode == "RGBA"
    alpha = pixels_shown.getchannel("A")
    assert [alpha.getpixel((x, 4)) for x in (0, 31, 32, 63)] == [255, 255, 0, 0]


def test_code_points_that_nobody_knows_leave_a_note_and_the_picture() -> None:
    data = encoded(chart(), "AVIF", quality=95)
    place = data.index(b"colrnclx") + 8
    assert notes(data[:place] + struct.pack(">HH", 240, 240) + data[place + 4 :]) == ["left_aside"]
