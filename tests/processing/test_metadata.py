"""What a file says of itself, believed as far as it makes sense."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from processing import Metadata, Note, process_image
from tests.pictures import encoded, jpeg, picture
from tests.specs import count_files


def read(exif: dict[int, Any] | None = None, **blocks: dict[int, Any]) -> Metadata:
    exif_block = Image.Exif()
    exif_block.update(exif or {})
    for name, block in blocks.items():
        exif_block.get_ifd({"details": 0x8769, "place": 0x8825}[name]).update(block)
    metadata: Metadata = process_image(BytesIO(encoded(picture(90, 60), "JPEG", exif=exif_block.tobytes())))["metadata"]
    return metadata


def test_size_is_upright_and_the_hash_is_of_the_file() -> None:
    data = jpeg(300, 200, orientation=6)
    metadata = process_image(BytesIO(data))["metadata"]
    assert (metadata.width, metadata.height, metadata.bytes) == (300, 200, len(data))
    assert metadata.sha256 == hashlib.sha256(data).hexdigest()
    assert metadata.content_type == "image/jpeg"


def test_camera_date_place_and_credit() -> None:
    place = {1: "N", 2: (59.0, 54.0, 36.0), 3: "W", 4: (10.0, 45.0, 0.0)}
    details = {0x9003: "2024:05:06 07:08:09", 0x9011: "+02:00"}
    metadata = read({0x010F: "Canon", 0x0110: "Canon EOS 5D", 0x013B: "Ada Lund"}, details=details, place=place)
    assert metadata.camera == "Canon EOS 5D"
    assert metadata.taken_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=2)))
    assert metadata.latitude == pytest.approx(59.91)
    assert metadata.longitude == pytest.approx(-10.75)
    assert metadata.fields.credit == "Ada Lund"


def test_a_camera_without_offset_leaves_the_zone_open() -> None:
    metadata = read({0x010F: "NIKON", 0x0110: "D90"}, details={0x9003: "2024:05:06 07:08:09"})
    assert metadata.taken_at == datetime(2024, 5, 6, 7, 8, 9)
    assert metadata.camera == "NIKON D90"
    assert read(details={0x9003: "2024:05:06 07:08:09", 0x9011: "-00:30"}).taken_at == datetime(
        2024, 5, 6, 7, 38, 9, tzinfo=UTC
    )


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "    :  :     :  :  ", ""])
def test_a_clock_that_was_never_set_is_no_date(text: str) -> None:
    metadata = read(details={0x9003: text})
    assert metadata.taken_at is None
    assert metadata.notes == ()


@pytest.mark.parametrize(
    ("blocks", "note"),
    [
        ({"details": {0x9003: "yesterday"}}, "date_taken"),
        ({"details": {0x9003: "2024:13:45 99:99:99"}}, "date_taken"),
        ({"place": {1: "N", 2: (IFDRational(1, 0), 0.0, 0.0)}}, "location"),
        ({"place": {1: "N", 2: (4000.0, 0.0, 0.0)}}, "location"),
        ({"place": {1: "N", 2: (1.0, 2.0)}}, "location"),
    ],
)
def test_b14_a_field_that_makes_no_sense_leaves_a_note(blocks: dict[str, dict[int, Any]], note: str) -> None:
    metadata = read(**blocks)
    assert note in [found_note.params["field"] for found_note in metadata.notes]
    assert metadata.width == 90


@pytest.mark.parametrize(
    "text",
    ["0001:01:01 00:00:00", "9999:12:31 23:59:59", "2024:02:30 10:00:00", "2024:00:00 00:00:00", "1799:12:31 23:59:59"],
)
@pytest.mark.parametrize("offset", ["", "+00:00", "+02:00", "+14:00", "-12:00", "+99:99", "junk"])
def test_a_date_that_is_none_in_some_zone_is_left_out_with_a_note(text: str, offset: str) -> None:
    metadata = read(details={0x9003: text, 0x9011: offset})
    assert metadata.taken_at is None
    assert Note("unreadable_metadata", {"field": "date_taken"}) in metadata.notes


@pytest.mark.parametrize(
    ("offset", "hours"),
    [("   :  ", None), ("", None), ("Z", 0), ("+0900", 9), ("-05:30", -5.5), ("+14:00", 14), ("-14:00", -14)],
)
def test_each_form_of_an_offset_is_read(offset: str, hours: float | None) -> None:
    metadata = read(details={0x9003: "2024:06:02 00:30:00", 0x9011: offset})
    zone = None if hours is None else timezone(timedelta(hours=hours))
    assert (metadata.taken_at, metadata.notes) == (datetime(2024, 6, 2, 0, 30, tzinfo=zone), ())


@pytest.mark.parametrize("offset", ["+99:99", "+14:01", "-23:59", "+02:60", "Europe/Berlin", "+2", "٠٢:٠٠"])
def test_an_offset_that_no_zone_has_leaves_the_clock_as_it_is(offset: str) -> None:
    metadata = read(details={0x9003: "2024:06:02 00:30:00", 0x9011: offset})
    assert metadata.taken_at == datetime(2024, 6, 2, 0, 30)
    assert metadata.notes == (Note("unreadable_metadata", {"field": "time_zone"}),)


@pytest.mark.parametrize("text", ["2024-06-02 10:11:12", "2024:06:02 10:11:12.45", "2024:06:02 10:11:12"])
def test_each_form_of_a_date_is_read(text: str) -> None:
    assert read(details={0x9003: text}).taken_at == datetime(2024, 6, 2, 10, 11, 12)


@pytest.mark.parametrize(
    "place",
    [
        {1: "N", 2: (1.0, 2.0, 3.0)},
        {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (1.0, 0.0, 0.0), 3: "E", 4: (180.0, 1.0, 0.0)},
        {1: "N", 2: (IFDRational(0, 0), 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)},
        {1: "up", 2: (1.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)},
    ],
)
def test_a_place_is_whole_and_on_earth_or_left_out(place: dict[int, Any]) -> None:
    metadata = read(place=place)
    assert (metadata.latitude, metadata.longitude) == (None, None)


def test_a_place_is_read_whatever_its_direction_is_written_like() -> None:
    metadata = read(place={1: b"s", 2: (33.0, 30.0, 0.0), 3: "West", 4: (70.0, 0.0, 0.0)})
    assert (metadata.latitude, metadata.longitude) == (-33.5, -70.0)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "exif", [b"Exif\0\0broken", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*" + b"\xff" * 200]
)
def test_b14_broken_exif_never_costs_the_picture(exif: bytes) -> None:
    metadata = process_image(BytesIO(encoded(picture(90, 60), "JPEG", exif=b"Exif\0\0" + exif)))
    assert len(metadata["thumbnails"]) == count_files()


def test_s2_text_from_a_file_is_one_clean_short_line() -> None:
    metadata = read({0x0110: "Evil\nCamera\u202e\x07" + "x" * 500, 0x013B: "  Ada\tLund  "})
    assert metadata.camera.isprintable()
    assert len(metadata.camera) == 200
    assert metadata.fields.credit == "Ada Lund"
