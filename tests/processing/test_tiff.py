"""TIFF: every build that scanners, museums and editors write, upright, in bounded memory, or refused with a reason."""

import struct
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from processing import Limits, Note, Rejected, process_image
from processing.decode import open_picture
from processing.renditions import decode_raster, merge_pixels
from tests import tiffs
from tests.pictures import encoded, picture
from tests.profiles import difference
from tests.specs import ONE_SIZE

SCENE = picture(200, 120)


def shown(data: bytes) -> Image.Image:
    return Image.open(BytesIO(process_image(BytesIO(data), specs=ONE_SIZE)["thumbnails"][0].data)).convert("RGB")


def deep(raw: bytes, order: str = "<") -> bytes:
    """Return eight bits as sixteen."""
    return struct.pack(f"{order}{len(raw)}H", *(value * 257 for value in raw))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("tile", [0, 64])
@pytest.mark.parametrize("deflated", [False, True])
def test_tiles_and_strips_of_both_depths_and_orders(order: str, bits: int, tile: int, deflated: bool) -> None:
    raw = SCENE.tobytes()
    data = tiffs.tiff(
        SCENE.size, raw if bits == 8 else deep(raw, order), bits=bits, tile=tile, deflated=deflated, order=order
    )
    assert difference(shown(data), SCENE) < 2


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_compression(compression: str, mode: str) -> None:
    scene = SCENE.convert(mode)
    expected = shown(encoded(scene, "TIFF"))
    assert difference(shown(encoded(scene, "TIFF", compression=compression)), expected) < 2


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA"])
def test_every_mode(mode: str) -> None:
    scene = SCENE.convert(mode)
    assert difference(shown(encoded(scene, "TIFF")), scene.convert("RGB")) < 3


def test_lab() -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    scene = ImageCms.profileToProfile(SCENE, srgb, lab, outputMode="LAB")
    assert scene
    assert difference(shown(encoded(scene, "TIFF")), SCENE) < 3


@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("deflated", [False, True])
def test_gray_of_sixteen_bits_with_black_or_white_as_zero(photometric: int, deflated: bool) -> None:
    raw = SCENE.convert("L").tobytes()
    stored = bytes(255 - value for value in raw) if photometric == 0 else raw
    data = tiffs.tiff(SCENE.size, deep(stored), bits=16, samples=1, photometric=photometric, deflated=deflated)
    assert difference(shown(data), SCENE.convert("L")) < 1


@pytest.mark.parametrize("extra", [1, 2], ids=["premultiplied", "straight"])
def test_alpha(extra: int) -> None:
    pixels = bytes((128, 0, 0, 128)) if extra == 1 else bytes((255, 0, 0, 128))
    data = tiffs.tiff((64, 64), pixels * 64 * 64, samples=4, more=[(338, tiffs.SHORT, [extra])])
    raster = decode_raster(open_picture(BytesIO(data), Limits()))
    assert raster.has_alpha
    assert merge_pixels(raster.pixels).getpixel((20, 20)) == pytest.approx((255, 0, 0, 128), abs=2)


def test_a_fourth_sample_that_is_not_alpha_is_left_aside() -> None:
    data = tiffs.tiff((64, 64), bytes((200, 10, 10, 0)) * 64 * 64, samples=4, more=[(338, tiffs.SHORT, [0])])
    assert shown(data).getpixel((20, 20)) == pytest.approx((200, 10, 10), abs=3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_orientations_are_turned_once(orientation: int, compression: str) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = SCENE.transpose(Image.Transpose(undo[orientation])) if orientation in undo else SCENE
    data = encoded(stored, "TIFF", compression=compression, tiffinfo={274: orientation})
    result = process_image(BytesIO(data), specs=ONE_SIZE)
    assert (result["metadata"].width, result["metadata"].height) == SCENE.size
    assert difference(shown(data), SCENE) < 2


def test_of_many_pages_the_first_is_taken_with_a_note() -> None:
    data = encoded(SCENE, "TIFF", save_all=True, append_images=[Image.new("RGB", (10, 10))] * 2)
    result = process_image(BytesIO(data), specs=ONE_SIZE)
    assert result["metadata"].notes == (Note("pages", {"n": 3}),)
    assert result["metadata"].width == 200


@pytest.mark.parametrize("mode", ["F", "I"])
def test_numbers_that_are_no_color_are_refused_by_their_kind(mode: str) -> None:
    with pytest.raises(Rejected) as refused:
        process_image(BytesIO(encoded(SCENE.convert("L").convert(mode), "TIFF")), specs=ONE_SIZE)
    assert refused.value.code == "unsupported_pixels"
    with pytest.raises(Rejected) as refused:
        process_image(
            BytesIO(tiffs.tiff((8, 8), bytes(8 * 8 * 12), bits=32, more=[(339, tiffs.SHORT, [3, 3, 3])])),
            specs=ONE_SIZE,
        )
    assert refused.value.code == "unsupported_pixels"


@pytest.mark.parametrize("deflated", [False, True])
def test_a_file_that_is_cut_off_says_how_much_of_it_is_there(deflated: bool) -> None:
    raw = Image.effect_noise(SCENE.size, 90).convert("RGB").tobytes()
    whole = tiffs.tiff(SCENE.size, raw, deflated=deflated)
    # The directory comes first, as in files that are written in one go.
    start = struct.unpack_from("<I", whole, 4)[0]
    moved = bytearray(whole[:8] + whole[start:] + whole[8:start])
    assert len(moved) == len(whole)
    struct.pack_into("<I", moved, 4, 8)
    shift = len(whole) - start
    fixed = shift_offsets(bytes(moved), shift)
    assert difference(shown(fixed), Image.frombytes("RGB", SCENE.size, raw)) < 1
    with pytest.raises(Rejected) as refused:
        process_image(BytesIO(fixed[: len(fixed) // 2]), specs=ONE_SIZE)
    assert refused.value.code == "cut_off"
    assert 45 <= refused.value.params["percent"] <= 52


def shift_offsets(data: bytes, shift: int) -> bytes:
    """Return a file whose directory stands at byte 8, with the offsets of strips and values corrected."""
    out = bytearray(data)
    sizes = {1: 1, 2: 1, 3: 2, 4: 4}
    (count,) = struct.unpack_from("<H", out, 8)
    start = struct.unpack_from("<I", data, 4)[0]
    assert start == 8
    old = len(data) - shift
    for number in range(count):
        at = 10 + 12 * number
        tag, kind, length = struct.unpack_from("<HHI", out, at)
        size = sizes[kind] * length
        if size > 4:
            place = struct.unpack_from("<I", out, at + 8)[0] - old + 8
            struct.pack_into("<I", out, at + 8, place)
        else:
            place = at + 8
        if tag == 273:
            for each in range(length):
                (offset,) = struct.unpack_from("<I", out, place + 4 * each)
                struct.pack_into("<I", out, place + 4 * each, offset + shift)
    return bytes(out)
