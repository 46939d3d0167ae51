"""EXIF → ExifFields, each field read on its own. Source: CIPA DC-008, "Exif 3.0"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from PIL.ExifTags import GPS, IFD, Base

from processing.errors import Note
from processing.limits import clean_text
from processing.metadata import location
from processing.metadata.charsets import decode_text
from processing.metadata.date_taken import DateSource
from processing.metadata.fields import MAX_LENGTHS, Source, read_field
from processing.metadata.tiff import UTF8, TiffStructure, Value

_MAIN = (
    *(IFD.Exif, IFD.GPSInfo, Base.Make, Base.Model, Base.DateTime, Base.ImageDescription, Base.Artist, Base.Copyright),
    *(Base.XPTitle, Base.XPComment, Base.XPAuthor, Base.XPKeywords, Base.XPSubject),
)
_DETAILS = (
    *(Base.DateTimeOriginal, Base.DateTimeDigitized, Base.OffsetTime, Base.OffsetTimeOriginal),
    *(Base.OffsetTimeDigitized, Base.UserComment, Base.FileSource),
)
_PLACE = (GPS.GPSLatitudeRef, GPS.GPSLatitude, GPS.GPSLongitudeRef, GPS.GPSLongitude)
# Values of FileSource: scanners of film and of prints.
_SCANNERS = (1, 2)
# Eight bytes name the encoding of UserComment; JIS is what Japanese mail is written in.
_COMMENT_ENCODINGS = {b"ASCII\0\0\0": "", b"\0" * 8: "", b"JIS\0\0\0\0\0": "iso2022_jp", b"UNICODE\0": "utf-16"}
Directory = Mapping[int, Value]


@dataclass
class ExifFields:
    """What a camera writes.

    Attributes:
        source: The fields that photographers write.
        dates: When the picture was taken.
        camera: Make and model.
        location: Latitude and longitude in degrees, north and east are positive; None without a whole location.
    """

    source: Source = field(default_factory=Source)
    dates: DateSource = field(default_factory=DateSource)
    camera: str = ""
    location: tuple[float, float] | None = None


def read_exif(block: IO[bytes] | None, notes: list[Note]) -> ExifFields:
    """Return the fields of an EXIF block; one that cannot be read leaves a note."""
    if block is None:
        return ExifFields()
    empty: tuple[Directory, Directory, Directory] = ({}, {}, {})
    main, details, place = read_field(notes, "exif", lambda: _read_directories(block, notes), empty)
    return ExifFields(
        source=_read_texts(main, details),
        dates=_read_dates(main, details),
        camera=read_field(notes, "camera", lambda: _read_camera(main), ""),
        location=read_field(notes, "location", lambda: location.read_exif_location(place), None),
    )


def _read_directories(block: IO[bytes], notes: list[Note]) -> tuple[Directory, Directory, Directory]:
    tiff = TiffStructure(block)
    main = tiff.read_directory(tiff.first, _MAIN)

    def read(tag: int, tags: tuple[int, ...], name: str) -> Directory:
        start = tiff.find_directory(main, tag)
        return read_field(notes, name, lambda: tiff.read_directory(start, tags) if start else {}, {})

    return main, read(IFD.Exif, _DETAILS, "exif"), read(IFD.GPSInfo, _PLACE, "location")


def _read_texts(main: Directory, details: Directory) -> Source:
    source = Source()

    def add(name: str, tag: int) -> None:
        source.try_add(name, lambda: [_decode(main.get(tag))])

    def add_windows(name: str, tag: int, separator: str | None = None) -> None:
        source.try_add(name, lambda: _decode_windows(main.get(tag)).split(separator or "\0"))

    add_windows("title", Base.XPTitle)
    # Windows writes the title into ImageDescription too, and what people take for the caption into its own field.
    add("caption", Base.ImageDescription)
    if source.values.get("caption") == source.values.get("title"):
        source.values.pop("caption", None)
    add_windows("caption", Base.XPComment)
    add_windows("caption", Base.XPSubject)
    source.try_add("caption", lambda: [_decode_comment(details.get(Base.UserComment))])
    add("caption", Base.ImageDescription)
    source.try_add("creators", lambda: _decode(main.get(Base.Artist)).split(";"))
    add_windows("creators", Base.XPAuthor, ";")
    source.try_add("copyright", lambda: ["; ".join(_read_copyright(main))])
    add_windows("keywords", Base.XPKeywords, ";")
    return source


def _decode(value: Value | None) -> str:
    """Return a text up to its NUL. The type UTF-8 says so of itself; the type ASCII is written in anything."""
    if value is None:
        return ""
    raw = value.raw.split(b"\0", 1)[0]
    return raw.decode("utf-8") if value.kind == UTF8 else decode_text(raw)


def _decode_windows(value: Value | None) -> str:
    """Return a text of Windows, which is written in UTF-16 up to its NUL."""
    if value is None:
        return ""
    raw = value.raw[: len(value.raw) // 2 * 2]
    return raw.decode("utf-16-le").split("\0", 1)[0]


def _decode_comment(value: Value | None) -> str:
    if value is None:
        return ""
    encoding = _COMMENT_ENCODINGS.get(value.raw[:8])
    raw = value.raw[8:]
    if encoding == "utf-16":
        return _decode_utf16(raw, value.order)
    return raw.decode(encoding).strip("\0") if encoding else decode_text(raw)


def _decode_utf16(raw: bytes, order: str) -> str:
    """Return a text in UTF-16; some programs write it in another byte order than the file's."""
    raw = raw[: len(raw) // 2 * 2]
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16").strip("\0")
    # Most texts have spaces and digits, whose upper byte is 0.
    upper_first, upper_last = raw[::2].count(0), raw[1::2].count(0)
    is_big = upper_first > upper_last if upper_first != upper_last else order == ">"
    return raw.decode("utf-16-be" if is_big else "utf-16-le").strip("\0")


def _read_copyright(main: Directory) -> list[str]:
    """Return the notices of the photographer and of the editor, which a NUL parts; a space stands for none."""
    value = main.get(Base.Copyright)
    parts = value.raw.split(b"\0")[:2] if value else []
    texts = [_decode(Value(value.kind, part, value.order)) for part in parts] if value else []
    return [text.strip() for text in texts if text.strip()]


def _read_dates(main: Directory, details: Directory) -> DateSource:
    def read(directory: Directory, tag: int) -> str:
        value = directory.get(tag)
        return value.raw.split(b"\0", 1)[0].decode("latin-1").strip() if value else ""

    original, digitized = read(details, Base.DateTimeOriginal), read(details, Base.DateTimeDigitized)
    offset = read(details, Base.OffsetTimeOriginal)
    # The offsets of the other two dates hold for this one while they are the same.
    if not offset.strip(": ") and original == digitized:
        offset = read(details, Base.OffsetTimeDigitized)
    if not offset.strip(": ") and original == read(main, Base.DateTime):
        offset = read(details, Base.OffsetTime)
    if not original:
        offset = read(details, Base.OffsetTimeDigitized)
    source = details.get(Base.FileSource)
    return DateSource([original], [digitized], offset, is_scan=bool(source and source.raw[0] in _SCANNERS))


def _read_camera(main: Directory) -> str:
    def read(tag: int) -> str:
        try:
            return clean_text(_decode(main.get(tag)), MAX_LENGTHS["camera"], keep_directions=False)
        except ValueError:
            return ""

    make, model = read(Base.Make), read(Base.Model)
    camera = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return clean_text(camera, MAX_LENGTHS["camera"])
