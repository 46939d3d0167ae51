"""When a picture was taken: every way to write it, and which of several counts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from processing.dates import Moment, parse_moment
from tests.extremes import ASCII, UNDEFINED, Entry, entry
from tests.metadata_blocks import digest_of, exif, iptc, jpeg_with, read, read_notes, xmp

CHANGED, ORIGINAL, DIGITIZED, SOURCE = 0x0132, 0x9003, 0x9004, 0xA300
OFFSET, OFFSET_ORIGINAL = 0x9010, 0x9011
EAST = timezone(timedelta(hours=2))


def text(tag: int, value: str) -> Entry:
    return entry(tag, ASCII, value.encode() + b"\0")


def details(*entries: Entry, main: tuple[Entry, ...] = ()) -> bytes:
    return exif(main, entries)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024:06:02 10:11:12", Moment(datetime(2024, 6, 2, 10, 11, 12))),
        ("2024-06-02T10:11:12", Moment(datetime(2024, 6, 2, 10, 11, 12))),
        ("2024-06-02T10:11:12.345+02:00", Moment(datetime(2024, 6, 2, 10, 11, 12, tzinfo=EAST))),
        ("2024-06-02T10:11Z", Moment(datetime(2024, 6, 2, 10, 11, tzinfo=UTC))),
        ("2024:06:02 10:11:12+0200", Moment(datetime(2024, 6, 2, 10, 11, 12, tzinfo=EAST))),
        ("2024:06:02 10:11", Moment(datetime(2024, 6, 2, 10, 11))),
        ("20240602 101112+0200", Moment(datetime(2024, 6, 2, 10, 11, 12, tzinfo=EAST))),
        ("20240602 101112", Moment(datetime(2024, 6, 2, 10, 11, 12))),
        ("2024:06:02 23:59:60", Moment(datetime(2024, 6, 2, 23, 59, 59))),
        ("2024-06-02T10:11:12+99:00", Moment(datetime(2024, 6, 2, 10, 11, 12))),
        ("2024-06-02", Moment(datetime(2024, 6, 2), day_only=True)),
        ("20240602", Moment(datetime(2024, 6, 2), day_only=True)),
        ("2024:06:02   :  :  ", Moment(datetime(2024, 6, 2), day_only=True)),
        (
            "2200-12-31T23:59:59-12:00",
            Moment(datetime(2200, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=12)))),
        ),
        ("    :  :     :  :  ", None),
        ("0000:00:00 00:00:00", None),
        ("", None),
    ],
)
def test_a_moment_is_read_as_each_standard_writes_it(written: str, moment: Moment | None) -> None:
    assert parse_moment(written) == moment


@pytest.mark.parametrize(
    "written",
    ["2024", "2024-06", "20240600", "2024:06:31 10:11:12", "2024:06:02 25:00:00", "0001:01:01 00:00:00", "yesterday"],
)
def test_what_is_no_day_of_a_photograph_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_moment(written)


@pytest.mark.parametrize(
    ("data", "taken"),
    [
        (
            [details(text(ORIGINAL, "2024:06:02 00:30:00"), text(OFFSET_ORIGINAL, "+09:00"))],
            "2024-06-02T00:30:00+09:00",
        ),
        ([iptc([(55, b"20240602"), (60, b"101112+0000")])], "2024-06-02T10:11:12+00:00"),
        ([iptc([(55, b"20240602"), (60, b"101112-0530")])], "2024-06-02T10:11:12-05:30"),
        ([xmp("", 'photoshop:DateCreated="2024-06-02T10:11:12+02:00"')], "2024-06-02T10:11:12+02:00"),
        ([xmp("", 'exif:DateTimeOriginal="2024-06-02T10:11:12.45"')], "2024-06-02T10:11:12"),
        ([xmp("", 'xmp:CreateDate="2024-06-02T10:11:12Z"')], "2024-06-02T10:11:12+00:00"),
        ([details(text(DIGITIZED, "2024:06:02 10:11:12"))], "2024-06-02T10:11:12"),
        (
            [
                details(text(ORIGINAL, "2024:06:02 10:11:12")),
                xmp("", 'photoshop:DateCreated="2024-06-02T10:11:12+02:00"'),
            ],
            "2024-06-02T10:11:12+02:00",
        ),
        (
            [details(text(ORIGINAL, "2024:06:02 10:11:12")), xmp("", 'photoshop:DateCreated="1999-01-01T00:00:00Z"')],
            "2024-06-02T10:11:12",
        ),
        (
            [details(text(ORIGINAL, "0001:01:01 00:00:00")), iptc([(55, b"20240602"), (60, b"101112")])],
            "2024-06-02T10:11:12",
        ),
        ([iptc([(55, b"20240602")]), xmp("", 'xmp:CreateDate="2024-06-02T10:11:12"')], "2024-06-02T10:11:12"),
        (
            [
                details(
                    text(ORIGINAL, "2024:06:02 10:11:12"),
                    text(OFFSET, "+01:00"),
                    main=(text(CHANGED, "2024:06:02 10:11:12"),),
                )
            ],
            "2024-06-02T10:11:12+01:00",
        ),
        (
            [
                details(
                    text(ORIGINAL, "2024:06:02 10:11:12"),
                    text(OFFSET, "+01:00"),
                    main=(text(CHANGED, "2025:01:01 00:00:00"),),
                )
            ],
            "2024-06-02T10:11:12",
        ),
    ],
)
def test_the_date_is_found_wherever_it_stands(data: list[bytes], taken: str) -> None:
    metadata = read(jpeg_with(*data))
    assert metadata.taken_at is not None
    assert (metadata.taken_at.isoformat(), metadata.taken_day_only, metadata.notes) == (taken, False, ())


@pytest.mark.parametrize("segment", [iptc([(55, b"20240602")]), xmp("", 'photoshop:DateCreated="2024-06-02"')])
def test_a_day_without_a_time_says_so(segment: bytes) -> None:
    metadata = read(jpeg_with(segment))
    assert (metadata.taken_at, metadata.taken_day_only) == (datetime(2024, 6, 2), True)


def test_iptc_that_was_changed_after_xmp_names_the_date() -> None:
    datasets = [(55, b"20200101"), (60, b"000000+0000")]
    camera = xmp("", 'photoshop:DateCreated="2024-06-02T10:11:12"')
    assert (
        str(read(jpeg_with(iptc(datasets, digest=b"other digest 16b"), camera)).taken_at) == "2020-01-01 00:00:00+00:00"
    )
    assert str(read(jpeg_with(iptc(datasets, digest=digest_of(datasets)), camera)).taken_at) == "2024-06-02 10:11:12"


def test_when_a_file_was_changed_or_scanned_it_was_not_taken() -> None:
    changed = exif([text(CHANGED, "2024:06:02 10:11:12")])
    scanned = details(text(DIGITIZED, "2024:06:02 10:11:12"), entry(SOURCE, UNDEFINED, b"\2"))
    negative = "http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm"
    film = xmp("", f'xmp:CreateDate="2024-06-02T10:11:12" Iptc4xmpExt:DigitalSourceType="{negative}"')
    for data in (jpeg_with(changed), jpeg_with(scanned), jpeg_with(film)):
        assert (read(data).taken_at, read(data).notes) == (None, ())


@pytest.mark.parametrize("year", ["0001", "1799", "2201", "9999"])
def test_a_year_without_photographs_is_no_date_and_leaves_a_note(year: str) -> None:
    data = jpeg_with(details(text(ORIGINAL, f"{year}:01:01 00:00:00"), text(OFFSET_ORIGINAL, "+02:00")))
    assert (read(data).taken_at, read_notes(data)) == (None, [("unreadable_metadata", "date_taken")])
