"""Texts of EXIF in every type and encoding that cameras, Windows and photographers use."""

import struct
from io import BytesIO

import pytest

from processing import MetadataFields
from tests.extremes import ASCII, BYTE, RATIONAL, UNDEFINED, Entry, Pair, entry, tiff
from tests.metadata_blocks import exif, jpeg_with, read, read_notes
from tests.pictures import encoded, picture

UTF8 = 129
DESCRIPTION, ARTIST, COPYRIGHT, COMMENT = 0x010E, 0x013B, 0x8298, 0x9286
XP_TITLE, XP_COMMENT, XP_AUTHOR, XP_KEYWORDS, XP_SUBJECT = range(0x9C9B, 0x9CA0)


def text(tag: int, value: str, encoding: str = "utf-8", kind: int = ASCII) -> Entry:
    return entry(tag, kind, value.encode(encoding) + b"\0")


def windows(tag: int, value: str) -> Entry:
    return entry(tag, BYTE, value.encode("utf-16-le") + b"\0\0")


def fields(*main: Entry, details: tuple[Entry, ...] = ()) -> MetadataFields:
    return read(jpeg_with(exif(main, details))).fields


@pytest.mark.parametrize("kind", [ASCII, UTF8])
def test_an_artist_and_a_copyright_are_read_as_utf_8(kind: int) -> None:
    metadata = fields(text(ARTIST, "Jürgen Müller-Łęcki", kind=kind), text(COPYRIGHT, "© 2024 Agência", kind=kind))
    assert (metadata.credit, metadata.creators) == ("Jürgen Müller-Łęcki", ("Jürgen Müller-Łęcki",))
    assert metadata.copyright == "© 2024 Agência"


def test_several_artists_are_parted_by_semicolons() -> None:
    metadata = fields(text(ARTIST, "Ada Lund; Bo Ek"))
    assert (metadata.creators, metadata.credit) == (("Ada Lund", "Bo Ek"), "Ada Lund, Bo Ek")


@pytest.mark.parametrize(
    ("raw", "notice"),
    [
        (b"Jane Doe\0Example Agency\0", "Jane Doe; Example Agency"),
        (b" \0Example Agency\0", "Example Agency"),
        (b"Jane Doe\0", "Jane Doe"),
        (b"Jane Doe", "Jane Doe"),
        (b"\0\0\0", ""),
    ],
)
def test_a_copyright_has_a_part_for_the_photographer_and_one_for_the_editor(raw: bytes, notice: str) -> None:
    metadata = fields(entry(COPYRIGHT, ASCII, raw))
    assert (metadata.copyright, metadata.credit) == (notice, notice)


def test_the_fields_of_windows_are_read() -> None:
    metadata = fields(
        windows(XP_TITLE, "Größe – 東京"),
        windows(XP_COMMENT, "Fog over the harbor"),
        windows(XP_AUTHOR, "Ada Lund;Bo Ek"),
        windows(XP_KEYWORDS, "harbor; fog ;Harbor"),
        windows(XP_SUBJECT, "A subject"),
        text(DESCRIPTION, "Größe – 東京"),
    )
    assert (metadata.title, metadata.caption) == ("Größe – 東京", "Fog over the harbor")
    assert (metadata.creators, metadata.keywords) == (("Ada Lund", "Bo Ek"), ("harbor", "fog"))
    assert fields(windows(XP_SUBJECT, "A subject")).caption == "A subject"


def test_a_description_is_the_caption_before_fields_of_windows() -> None:
    metadata = fields(text(DESCRIPTION, "Boats in fog"), windows(XP_COMMENT, "a comment"), windows(XP_TITLE, "Fog"))
    assert (metadata.title, metadata.caption) == ("Fog", "Boats in fog")


@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0Boats in fog\0\0",
        b"\0" * 8 + b"Boats in fog",
        b"UNICODE\0" + "Boats in fog".encode("utf-16-le"),
        b"UNICODE\0" + "Boats in fog".encode("utf-16-be"),
        b"UNICODE\0" + "Boats in fog".encode("utf-16"),
        b"JIS\0\0\0\0\0Boats in fog",
    ],
)
def test_a_comment_of_a_user_names_its_encoding(comment: bytes) -> None:
    assert fields(details=(entry(COMMENT, UNDEFINED, comment),)).caption == "Boats in fog"


@pytest.mark.parametrize(
    "placeholder", ["OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "   ", "DCIM\\100MEDIA\\DJI_0012.JPG", "-", "null"]
)
def test_what_a_camera_writes_for_nothing_is_no_text(placeholder: str) -> None:
    assert fields(text(DESCRIPTION, placeholder), windows(XP_COMMENT, "Boats")).caption == "Boats"
    assert fields(text(DESCRIPTION, placeholder)) == MetadataFields()


def test_a_text_in_no_known_encoding_is_left_out_whole_with_a_note() -> None:
    data = jpeg_with(exif([text(ARTIST, "Renée Zoë", "mac_roman"), text(DESCRIPTION, "Fog"), text(0x0110, "D90")]))
    metadata = read(data)
    assert (metadata.fields.creators, metadata.fields.credit, metadata.fields.caption, metadata.camera) == (
        (),
        "",
        "Fog",
        "D90",
    )
    assert read_notes(data) == [("unknown_encoding", "creators")]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_one_value_that_lies_outside_the_file_costs_only_itself() -> None:
    block = bytearray(tiff([text(ARTIST, "Ada Lund the Elder"), text(DESCRIPTION, "Boats in the fog")]))
    place = block.find(struct.pack("<HH", ARTIST, ASCII))
    block[place + 8 : place + 12] = b"\xff\xff\xff\x7f"
    out = BytesIO()
    picture(64, 48).save(out, "JPEG", exif=b"Exif\0\0" + bytes(block))
    assert read(out.getvalue()).fields == MetadataFields(caption="Boats in the fog")


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_exif_is_read_in_every_format(format_: str) -> None:
    block = tiff([text(ARTIST, "Jürgen")], [text(0x9003, "2024:06:02 10:11:12")])
    header = b"" if format_ == "PNG" else b"Exif\0\0"
    metadata = read(encoded(picture(64, 48), format_, exif=header + block))
    assert (metadata.fields.creators, str(metadata.taken_at)) == (("Jürgen",), "2024-06-02 10:11:12")


def place(north: bytes, latitude: list[Pair], east: bytes, longitude: list[Pair]) -> bytes:
    return jpeg_with(
        exif(
            place=[
                *([entry(1, ASCII, north + b"\0")] if north else []),
                *([entry(2, RATIONAL, latitude)] if latitude else []),
                *([entry(3, ASCII, east + b"\0")] if east else []),
                *([entry(4, RATIONAL, longitude)] if longitude else []),
            ]
        )
    )


@pytest.mark.parametrize(
    ("data", "location"),
    [
        (place(b"n", [(59, 1), (54, 1), (36, 1)], b"w", [(10, 1), (45, 1), (0, 1)]), (59.91, -10.75)),
        (place(b"S", [(33, 1), (30, 1)], b"E", [(70, 1)]), (-33.5, 70)),
        (place(b"N", [(5991, 100)], b"E", [(1075, 100)]), (59.91, 10.75)),
        (place(b"N", [(59, 1), (3036, 50), (0, 0)], b"E", [(10, 1), (45, 1), (0, 0)]), (60.012, 10.75)),
        (place(b"N", [(0, 1), (0, 1), (0, 1)], b"E", [(0, 1), (0, 1), (0, 1)]), None),
        (place(b"N", [(0, 0), (0, 0), (0, 0)], b"E", [(0, 0), (0, 0), (0, 0)]), None),
        (place(b"", [], b"", []), None),
    ],
)
def test_coordinates_are_read_as_cameras_write_them(data: bytes, location: tuple[float, float] | None) -> None:
    metadata = read(data)
    assert (metadata.latitude, metadata.longitude) == (pytest.approx(location) if location else (None, None))
    assert metadata.notes == ()


@pytest.mark.parametrize(
    "data",
    [
        place(b"N", [(59, 1), (54, 1), (36, 1)], b"", []),
        place(b"", [(59, 1), (54, 1), (36, 1)], b"", [(10, 1), (45, 1), (0, 1)]),
        place(b"N", [(59, 0), (54, 1), (36, 1)], b"E", [(10, 1), (45, 1), (0, 1)]),
        place(b"N", [(91, 1), (0, 1), (0, 1)], b"E", [(10, 1), (45, 1), (0, 1)]),
        place(b"X", [(9, 1), (0, 1), (0, 1)], b"E", [(10, 1), (45, 1), (0, 1)]),
    ],
)
def test_half_a_location_is_left_out_with_a_note(data: bytes) -> None:
    metadata = read(data)
    assert (metadata.latitude, metadata.longitude) == (None, None)
    assert read_notes(data) == [("unreadable_metadata", "location")]
