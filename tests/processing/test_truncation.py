"""A picture without its last bytes is shown as browsers show it, and one that is cut in the middle is refused."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bench.heic import encode_heic
from processing import Note, Rejected, jpeg, process_image
from tests.pictures import encoded, picture
from tests.specs import ONE_SIZE

SCENE = Image.merge("RGB", [*picture(400, 300).split()[:2], Image.effect_noise((400, 300), 60)])
BUILDS: tuple[dict[str, Any], ...] = ({}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 10})
MISSING = (Note("end_missing"),)


@pytest.fixture(params=BUILDS, ids=str)
def whole(request: pytest.FixtureRequest) -> bytes:
    return encoded(SCENE, "JPEG", quality=90, **request.param)


def refused(data: bytes) -> Rejected:
    with pytest.raises(Rejected) as error:
        process_image(BytesIO(data), specs=ONE_SIZE)
    return error.value


@pytest.mark.parametrize("lost", [1, 2])
def test_a_jpeg_without_its_end_marker_is_ready_to_the_pixel(whole: bytes, lost: int) -> None:
    result, expected = (
        process_image(BytesIO(whole[:-lost]), specs=ONE_SIZE),
        process_image(BytesIO(whole), specs=ONE_SIZE),
    )
    assert result["metadata"].notes == MISSING
    assert [file.sha256 for file in result["thumbnails"]] == [file.sha256 for file in expected["thumbnails"]]


@pytest.mark.parametrize("lost", [3, 5, 20])
def test_a_jpeg_that_lost_a_few_bytes_is_ready_with_a_note(whole: bytes, lost: int) -> None:
    assert process_image(BytesIO(whole[:-lost]), specs=ONE_SIZE)["metadata"].notes == MISSING


def test_a_jpeg_of_99_percent_is_ready_with_a_note(whole: bytes) -> None:
    assert process_image(BytesIO(whole[: len(whole) * 99 // 100]), specs=ONE_SIZE)["metadata"].notes == MISSING


@pytest.mark.parametrize("percent", [10, 25, 50, 75, 90])
def test_a_jpeg_that_is_cut_says_about_how_much_of_it_is_there(percent: int) -> None:
    data = encoded(SCENE, "JPEG", quality=90)
    error = refused(data[: len(data) * percent // 100])
    assert error.code == "cut_off"
    assert abs(error.params["percent"] - percent) <= 4


@pytest.mark.parametrize("percent", [10, 25, 50, 75])
def test_a_progressive_jpeg_that_is_cut_is_refused(percent: int) -> None:
    data = encoded(SCENE, "JPEG", quality=90, progressive=True)
    assert refused(data[: len(data) * percent // 100]).code == "cut_off"


VIDEO = b"ftypmp42junk" * 50


def test_padding_and_pictures_behind_the_end_of_a_jpeg_are_nothing(whole: bytes) -> None:
    for behind in (
        bytes(3000),
        bytes(9000),
        b"\r\n",
        b"\xff" * 9000,
        whole,
        bytes(5000) + whole,
        whole + VIDEO,
        VIDEO + b"SEFT",
    ):
        assert process_image(BytesIO(whole + behind), specs=ONE_SIZE)["metadata"].notes == ()


@pytest.mark.parametrize("padding", [0, 3000, 2_000_000])
def test_other_data_behind_the_end_of_a_jpeg_leaves_a_note(whole: bytes, padding: int) -> None:
    for behind in (VIDEO, VIDEO + bytes(9000)):
        result = process_image(BytesIO(whole + bytes(padding) + behind), specs=ONE_SIZE)
        assert result["metadata"].notes == (Note("trailing_data", {"n": len(behind)}),)
        assert result["thumbnails"][0].sha256 == process_image(BytesIO(whole), specs=ONE_SIZE)["thumbnails"][0].sha256


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_data_behind_the_end_leaves_a_note_in_formats_that_say_where_they_end(format: str) -> None:
    data = encoded(SCENE, format)
    assert process_image(BytesIO(data + bytes(9000)), specs=ONE_SIZE)["metadata"].notes == ()
    assert process_image(BytesIO(data + VIDEO), specs=ONE_SIZE)["metadata"].notes == (
        Note("trailing_data", {"n": len(VIDEO)}),
    )


def test_an_end_inside_a_segment_is_none(whole: bytes) -> None:
    hidden = b"\xff\xe5\x00\x06" + jpeg.END * 2
    data = whole[:2] + hidden + whole[2:]
    assert jpeg.find_end(BytesIO(data + VIDEO)) == len(data)
    assert jpeg.find_end(BytesIO(data[:-2])) == 0


def test_b20_a_second_picture_behind_the_first_is_not_looked_at() -> None:
    phone = encoded(SCENE, "MPO", save_all=True, append_images=[SCENE.resize((80, 60))])
    result = process_image(BytesIO(phone), specs=ONE_SIZE)
    assert (result["metadata"].format, result["metadata"].width, result["metadata"].notes) == ("JPEG", 400, ())


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("format", ["PNG", "GIF", "WEBP", "AVIF", "HEIF"])
def test_every_format_that_is_cut_is_refused_as_cut_off(format: str, part: float) -> None:
    data = encode_heic(SCENE.crop((0, 0, 320, 240))) if format == "HEIF" else encoded(SCENE, format)
    error = refused(data[: int(len(data) * part)])
    assert error.code == "cut_off"
    assert abs(error.params["percent"] - 100 * part) <= 12


def test_a_gif_without_its_trailer_is_ready() -> None:
    assert process_image(BytesIO(encoded(SCENE, "GIF")[:-1]), specs=ONE_SIZE)["metadata"].width == 400


def test_no_memory_is_never_told_as_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("out of memory error when reading image file")

    monkeypatch.setattr("processing.png.Png.load", fail)
    with pytest.raises(MemoryError):
        process_image(BytesIO(encoded(SCENE, "PNG")), specs=ONE_SIZE)
