"""Small files that would cost minutes or gigabytes are refused before anything reads them whole."""

import struct
from io import BytesIO

import pytest
from PIL import Image

from processing import Rejected, jpeg, process_image
from tests.pictures import encoded, png_with
from tests.pictures import jpeg as draw_jpeg

PHOTO = draw_jpeg(64, 48)
NOISE = encoded(Image.effect_noise((400, 300), 60).convert("RGB"), "JPEG", progressive=True)


def refused(data: bytes) -> str:
    with pytest.raises(Rejected) as error:
        process_image(BytesIO(data))
    return error.value.code


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


@pytest.mark.parametrize(
    "header",
    [
        segment(0xFE, b"") * 6000,
        segment(0xE1, b"Exif\0\0" + b"A" * 65_000) * 500,
        b"\xff" * 100_000,
        b"\xff\0" * 50_000,
    ],
    ids=["comments", "EXIF", "fill bytes", "zeros"],
)
def test_a_jpeg_of_endless_segments_is_refused(header: bytes) -> None:
    assert refused(PHOTO[:2] + header + PHOTO[2:]) == "too_many_parts"


def test_a_jpeg_of_ordinary_segments_is_ready() -> None:
    header = segment(0xFE, b"words") * 100 + b"\xff" * 10 + segment(0xE2, b"ICC" + bytes(60_000)) * 250
    assert process_image(BytesIO(PHOTO[:2] + header + PHOTO[2:]))["metadata"].width == 64


def test_r4_b22_scans_count_by_the_pixels_that_each_passes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    scans = jpeg.count_scans(BytesIO(NOISE))
    assert scans == 10
    monkeypatch.setattr(jpeg, "MAX_SCANNED_PIXELS", 400 * 300 * scans)
    assert process_image(BytesIO(NOISE))
    monkeypatch.setattr(jpeg, "MAX_SCANNED_PIXELS", 400 * 300 * scans - 1)
    assert refused(NOISE) == "too_many_scans"


def test_a_png_of_endless_chunks_is_refused() -> None:
    assert refused(png_with(encoded(Image.new("L", (8, 8)), "PNG"), *[(b"teSt", b"")] * 200_001)) == "too_many_parts"


def test_a_png_of_endless_palettes_is_refused() -> None:
    data = png_with(encoded(Image.new("P", (8, 8)), "PNG"), *[(b"PLTE", bytes(60_000))] * 100)
    assert refused(data) == "broken"


def test_b9_a_gif_of_endless_comments_is_refused_and_frames_are_counted() -> None:
    data = encoded(Image.new("L", (8, 8)), "GIF")
    place = data.index(b",", 13)
    assert refused(data[:place] + b"!\xfe" + b"\1a" * 60_000 + b"\0" + data[place:]) == "too_many_parts"
    many_comments = (b"!\xfe" + b"\1a" * 2000 + b"\0") * 30
    assert refused(data[:place] + many_comments + data[place:]) == "too_many_parts"
    frames = [Image.new("L", (8, 8), shade) for shade in range(1, 200)]
    many = encoded(Image.new("L", (8, 8)), "GIF", save_all=True, append_images=frames)
    assert process_image(BytesIO(many))["metadata"].notes[0].params == {"n": 200}
