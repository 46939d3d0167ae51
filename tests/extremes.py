"""Files that hold what a file can hold at most and at worst, written byte by byte."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from html import escape
from io import BytesIO

from PIL import Image

from tests.pictures import encoded, picture

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SIGNED = 1, 2, 3, 4, 5, 7, 10
Entry = tuple[int, int, int, bytes]
Pair = tuple[int, int]
MOST = 2**32 - 1

# The date in the file, and its distance from UTC.
DATES: tuple[tuple[bytes, bytes], ...] = (
    (b"0001:01:01 00:00:00", b""),
    (b"0001:01:01 00:00:00", b"+02:00"),
    (b"0001:01:01 00:00:00", b"+14:00"),
    (b"0001:01:01 00:00:00", b"-12:00"),
    (b"0000:00:00 00:00:00", b"+99:99"),
    (b"0000:01:01 00:00:00", b""),
    (b"9999:12:31 23:59:59", b""),
    (b"9999:12:31 23:59:59", b"-05:00"),
    (b"9999:12:31 23:59:59", b"+14:00"),
    (b"1800:01:01 00:00:00", b"+14:00"),
    (b"2200:12:31 23:59:59", b"-12:00"),
    (b"1883:11:18 12:00:00", b""),
    (b"2024:02:30 10:00:00", b"+02:00"),
    (b"2024:03:10 02:30:00", b""),
    (b"2024:11:03 01:30:00", b""),
    (b"2024:06:02 00:30:00", b"+99:99"),
    (b"2024:06:02 00:30:00", b"\xff\xfe\x00junk"),
    (b"2024:06:02 24:61:61", b"Z"),
    (b"-001:99:99 99:99:99", b"   :  "),
    (b"\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa4:06:02 10:11:12", b"Z"),
)
# Latitude and longitude with their references; each a list of numerator and denominator.
PLACES: tuple[tuple[bytes, Sequence[Pair], bytes, Sequence[Pair], int], ...] = (
    (b"N\0", [(1, 0), (0, 1), (0, 1)], b"E\0", [(0, 0), (0, 0), (0, 0)], RATIONAL),
    (b"S\0", [(-90, 1), (0, 1), (0, 1)], b"W\0", [(-180, 1), (0, 1), (0, 1)], SIGNED),
    (b"N\0", [(MOST, 1), (MOST, 1), (MOST, 1)], b"E\0", [(1, MOST)] * 3, RATIONAL),
    (b"S\0", [(90, 1), (0, 1), (0, 1)], b"W\0", [(180, 1), (0, 1), (0, 1)], RATIONAL),
    (b"\0\0", [(1, MOST), (1, MOST), (1, MOST)], b"\xff\0", [(10, 1), (0, 1), (0, 1)], RATIONAL),
    (b"N\0", [(48, 1)], b"E\0", [(11, 1)] * 9, RATIONAL),
)
TEXTS = (
    "nul\x00 bell\x07 \ud800 \udfff \ufffe \U0010ffff end",
    "\u202e\u2066 gpj.exe \u2069\u202c",
    "x" * 30_000,
    "\x00\x01\x02\x1b[31m",
    "👩\u200d🚀 👨\u200d👩\u200d👧 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f می\u200cخواهم",
    "e" + "\u0301" * 9000,
    "20240602 181530",
    "2024-06-02T18:15:30+02:00",
    "12345678901234567890123456789012345678901234567890",
    '{"a": [NaN]} <script>alert(1)</script> {{ title }} %(title)s %s',
    "=HYPERLINK(0) \r\n\x85\u2028\u2029 -1+1",
    "\u200d\u200b\ufeff",
    "ı İ ß ǆ ﬃ \U00010400",
    "True",
    "null",
    "1e999",
)
LAST_DAYS = ("0001-01-01", "0000-00-00", "9999-12-31", "2026-02-30", "2200-12-31", "1800", "99991231", "-1", "n/a")


def entry(tag: int, kind: int, value: bytes | Sequence[Pair]) -> Entry:
    if isinstance(value, bytes):
        return tag, kind, len(value), value
    packed = b"".join(struct.pack("<ii" if kind == SIGNED else "<II", *pair) for pair in value)
    return tag, kind, len(value), packed


def tiff(main: Sequence[Entry], details: Sequence[Entry] = (), place: Sequence[Entry] = ()) -> bytes:
    """Return an EXIF block with three directories, one after the other."""

    def directory(entries: Sequence[Entry], start: int) -> bytes:
        at, head, rest = start + 2 + 12 * len(entries) + 4, struct.pack("<H", len(entries)), b""
        for tag, kind, count, value in sorted(entries):
            inline = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", at + len(rest))
            head += struct.pack("<HHI", tag, kind, count) + inline
            rest += value + b"\0" * (len(value) % 2) if len(value) > 4 else b""
        return head + struct.pack("<I", 0) + rest

    def pointers(first: int, second: int) -> list[Entry]:
        return [(0x8769, LONG, 1, struct.pack("<I", first)), (0x8825, LONG, 1, struct.pack("<I", second))]

    length = len(directory([*main, *pointers(0, 0)], 8))
    second = 8 + length + len(directory(details, 0))
    body = directory([*main, *pointers(8 + length, second)], 8)
    return b"II*\0" + struct.pack("<I", 8) + body + directory(details, 8 + length) + directory(place, second)


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def packet(text: str, last_day: str) -> bytes:
    """Words of XMP, as far as XML can hold them."""
    plain = "".join(c for c in text if c in "\t\n\r" or (ord(c) >= 32 and not 0xD800 <= ord(c) < 0xE000))
    word = escape(plain.replace("\ufffe", "").replace("\uffff", ""))[:28_000]
    items = "".join(f"<rdf:li>{word[:200]}{number}</rdf:li>" for number in range(70))
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" '
        'xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/">'
        f"<dc:title>{word}</dc:title><dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>"
        f"<Iptc4xmpCore:AltTextAccessibility>{word[:5000]}</Iptc4xmpCore:AltTextAccessibility>"
        f"<prism:expirationDate>{last_day}</prism:expirationDate></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode("utf-8", "replace")


def iptc(text: str, last_day: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")[:30_000]
    block = b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(value)) + value
        for number, value in (
            (105, raw),
            (120, raw),
            (80, raw[:3000]),
            (116, raw[:3000]),
            (25, raw[:300]),
            (37, last_day.replace("-", "").encode()),
        )
    )
    return b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(block)) + block + b"\0" * (len(block) % 2)


def jpeg(number: int) -> bytes:
    """Return the file that holds the extreme of this number of every kind; the lists go round."""
    (date, offset), place = DATES[number % len(DATES)], PLACES[number % len(PLACES)]
    text, last_day = TEXTS[number % len(TEXTS)], LAST_DAYS[number % len(LAST_DAYS)]
    raw = text.encode("utf-8", "surrogatepass")[:3000]
    main = [
        entry(0x010F, ASCII, raw + b"\0"),
        entry(0x0110, UNDEFINED if number % 2 else ASCII, raw + b"\0"),
        (0x0112, LONG, 1, struct.pack("<I", (0, 1, 6, 9, MOST)[number % 5])),
        entry(0x0132, ASCII, date + b"\0"),
        entry(0x013B, ASCII, raw + b"\0"),
    ]
    north, latitude, east, longitude, kind = place
    where = [entry(1, ASCII, north), entry(2, kind, latitude), entry(3, ASCII, east), entry(4, kind, longitude)]
    details = [entry(0x9003, ASCII, date + b"\0"), entry(0x9011, ASCII, offset + b"\0")]
    words = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet(text, last_day))
    if number % 2:
        words = segment(0xED, iptc(text, last_day))
    scene = encoded(picture(120 + number, 90), "JPEG")
    return scene[:2] + segment(0xE1, b"Exif\0\0" + tiff(main, details, where)) + words + scene[2:]


def files() -> Iterator[tuple[str, bytes]]:
    """Names in the bucket and what lies there."""
    for number in range(len(DATES)):
        yield f"extremes/{number:02d}.jpg", jpeg(number)
    yield "one pixel.png", encoded(Image.new("RGB", (1, 1)), "PNG")
    yield "wide.jpg", encoded(Image.new("L", (65_500, 1)), "JPEG")
    yield "high.png", encoded(Image.new("1", (1, 65_500)), "PNG")
    yield "20240602_181530.jpg", encoded(picture(130, 91), "JPEG")
    yield "0001-01-01.jpg", encoded(picture(131, 91), "JPEG")
    yield "\u202e 👩\u200d🚀 کتاب\u200cها.gif", encoded(picture(132, 91), "GIF")
    yield f"{'n' * 600}/{'x' * 400}.webp", encoded(picture(133, 91), "WEBP")
    yield "=cmd|' /C calc'!A0\"<b>.png", with_text(encoded(picture(134, 91), "PNG"))


def with_text(png: bytes) -> bytes:
    """Return the same PNG with words of XMP that cannot be read, and another text."""
    out = BytesIO()
    out.write(png[:-12])
    for kind, body in (
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet(TEXTS[0], LAST_DAYS[0]) + b"\xff\xfe"),
        (b"tEXt", b"Comment\0" + bytes(range(256))),
        (b"eXIf", tiff([entry(0x0132, ASCII, DATES[1][0] + b"\0")])),
    ):
        out.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    return out.getvalue() + png[-12:]
