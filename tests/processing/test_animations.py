"""Of an animation the first frame is shown as it is composed, and a note says how many frames there are."""

import struct
from io import BytesIO

import pytest
from PIL import Image

from processing import Limits, Note, gif, process_image
from processing.decode import open_picture
from processing.raster import Raster
from processing.renditions import decode_raster, merge_pixels
from tests.pictures import encoded, picture, png_with

RED, BLUE = Image.new("RGB", (60, 40), "red"), Image.new("RGB", (60, 40), "blue")


def decoded(data: bytes) -> Raster:
    return decode_raster(open_picture(BytesIO(data), Limits()))


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_is_taken_by_its_first_frame_with_a_note(format: str) -> None:
    data = encoded(RED, format, save_all=True, append_images=[BLUE, picture(60, 40)])
    assert process_image(BytesIO(data))["metadata"].notes == (Note("animated", {"n": 3}),)
    red, _green, blue = merge_pixels(decoded(data).pixels).convert("RGB").getpixel((30, 20))  # type: ignore[misc]
    assert red > 240
    assert blue < 15


def test_the_first_frame_of_an_animated_png_is_not_the_picture_outside_it() -> None:
    data = encoded(RED, "PNG", save_all=True, default_image=True, append_images=[BLUE, picture(60, 40)])
    assert process_image(BytesIO(data))["metadata"].notes == (Note("animated", {"n": 2}),)
    assert merge_pixels(decoded(data).pixels).getpixel((30, 20)) == (0, 0, 255)


def test_the_first_frame_of_an_animated_png_stands_where_it_is_placed() -> None:
    whole = encoded(RED, "PNG", save_all=True, default_image=True, append_images=[BLUE, picture(60, 40)])
    place = whole.index(b"fcTL") + 8
    frame = encoded(BLUE.resize((20, 10)), "PNG")
    pixels = frame[frame.index(b"IDAT") + 4 : frame.index(b"IEND") - 8]
    control = struct.pack(">5I", 0, 20, 10, 30, 20) + whole[place + 16 : place + 22]
    plain = encoded(RED, "PNG")
    end = plain.index(b"IEND") - 4
    chunks = png_with(plain[:33], (b"fcTL", control), (b"fdAT", struct.pack(">I", 1) + pixels))[33:]
    data = png_with(plain[:end] + chunks + plain[end:], (b"acTL", struct.pack(">II", 1, 0)))
    raster = decoded(data)
    assert raster.size == (60, 40)
    assert merge_pixels(raster.pixels).getpixel((35, 25)) == (0, 0, 255, 255)
    assert merge_pixels(raster.pixels).getpixel((5, 5))[3] == 0  # type: ignore[index]


def test_frames_are_counted_no_further_than_anybody_wants_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(RED, "GIF", save_all=True, append_images=[BLUE, picture(60, 40)])
    monkeypatch.setattr(gif, "_MAX_COUNTED", 1)
    assert process_image(BytesIO(data))["metadata"].notes == ()


def test_a_gif_is_transparent_where_its_first_frame_does_not_reach() -> None:
    data = bytearray(encoded(RED.quantize(4), "GIF"))
    # The frame is smaller than the canvas of its header.
    struct.pack_into("<HH", data, 6, 100, 80)
    raster = decoded(bytes(data))
    assert raster.size == (100, 80)
    assert merge_pixels(raster.pixels).getpixel((30, 20))[3] == 255  # type: ignore[index]
    assert merge_pixels(raster.pixels).getpixel((90, 70))[3] == 0  # type: ignore[index]
