"""EXIF, IPTC-IIM and XMP in one file: whose word counts, what is kept of long ones, and what is no word of the file."""

import struct
from datetime import date
from io import BytesIO
from xml.sax.saxutils import quoteattr

import pytest

from processing import Note
from tests.extremes import ASCII, LONG, UNDEFINED, entry, segment
from tests.metadata_blocks import (
    ADOBE,
    EXTENSION,
    alternative,
    digest_of,
    encode_iim,
    encode_resource,
    exif,
    iptc,
    jpeg_with,
    listed,
    packet,
    read,
    read_notes,
    xmp,
)
from tests.pictures import picture

UTF8 = b"\x1b%G"
CAPTION, HEADLINE, TITLE, KEYWORD, BYLINE = 120, 105, 5, 25, 80
EXIF_CAPTION = exif([entry(0x010E, ASCII, b"EXIF's caption\0"), entry(0x013B, ASCII, b"EXIF's artist\0")])
IIM = [(CAPTION, b"IIM's caption"), (HEADLINE, b"IIM's headline")]
XMP = xmp(alternative("dc:description", "XMP's caption"))


@pytest.mark.parametrize(
    ("segments", "caption"),
    [
        ((EXIF_CAPTION, iptc(IIM), XMP), "XMP's caption"),
        ((EXIF_CAPTION, iptc(IIM)), "IIM's caption"),
        ((EXIF_CAPTION,), "EXIF's caption"),
        ((EXIF_CAPTION, XMP), "XMP's caption"),
        ((iptc(IIM, digest=digest_of(IIM)), XMP), "XMP's caption"),
        ((iptc(IIM, digest=b"\0" * 16), XMP), "XMP's caption"),
        ((iptc(IIM, digest=b"other digest 16b"), XMP), "IIM's caption"),
    ],
    ids=["all", "without XMP", "EXIF", "without IIM", "same digest", "empty digest", "IIM was changed"],
)
def test_xmp_comes_first_unless_iim_was_changed_after_it(segments: tuple[bytes, ...], caption: str) -> None:
    assert read(jpeg_with(*segments)).fields.caption == caption


def test_each_field_is_taken_where_it_is() -> None:
    metadata = read(jpeg_with(EXIF_CAPTION, iptc(IIM), XMP)).fields
    assert (metadata.title, metadata.caption, metadata.credit) == ("IIM's headline", "XMP's caption", "EXIF's artist")


def test_a_changed_iim_that_was_cut_does_not_cut_xmp() -> None:
    whole = "Größe " * 500
    data = [(CAPTION, whole.encode()[:2000]), (BYLINE, b"Ada")]
    segments = (iptc(data, UTF8, digest=b"other digest 16b"), xmp(alternative("dc:description", whole)))
    assert read(jpeg_with(*segments)).fields.caption == whole.strip()


def test_a_file_says_all_that_it_can_say() -> None:
    inner = "".join(
        [
            alternative("dc:title", "A title"),
            alternative("Iptc4xmpCore:AltTextAccessibility", "Boats in fog"),
            alternative("Iptc4xmpCore:ExtDescrAccessibility", "Three boats lie at the quay."),
            listed("dc:creator", "Ada Lund", "Bo Ek", kind="Seq"),
            alternative("dc:rights", "© 2026 Ada Lund"),
            alternative("xmpRights:UsageTerms", "Editorial use only"),
            listed("dc:subject", "harbor", "fog"),
            listed("lr:hierarchicalSubject", "weather|Fog", "places|Europe|Oslo"),
            '<plus:DataMining rdf:resource="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"/>',
        ]
    )
    attributes = (
        'photoshop:Credit="North Press" xmpRights:WebStatement="https://example.com/license" '
        'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia" '
        'prism:expirationDate="2026-11"'
    )
    metadata = read(jpeg_with(xmp(inner, attributes)))
    assert metadata.notes == ()
    assert vars(metadata.fields) == {
        "title": "A title",
        "alt_text": "Boats in fog",
        "caption": "",
        "extended_description": "Three boats lie at the quay.",
        "credit": "Ada Lund, Bo Ek / North Press",
        "copyright": "© 2026 Ada Lund",
        "license": "Editorial use only",
        "license_url": "https://example.com/license",
        "rights_until": date(2026, 11, 30),
        "keywords": ("harbor", "fog", "Oslo"),
        "creators": ("Ada Lund", "Bo Ek"),
        "digital_source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
        "data_mining": "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED",
    }


def test_terms_without_their_vocabulary_get_it() -> None:
    attributes = 'Iptc4xmpExt:DigitalSourceType="digitalCapture" plus:DataMining="DMI-ALLOWED"'
    metadata = read(jpeg_with(xmp("", attributes))).fields
    assert metadata.digital_source_type == "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
    assert metadata.data_mining == "http://ns.useplus.org/ldf/vocab/DMI-ALLOWED"


@pytest.mark.parametrize("address", ["www.example.com/license", "javascript:alert(1)", "https://a.b/ c", "ftp://a.b/c"])
def test_an_address_that_no_browser_opens_is_left_out_with_a_note(address: str) -> None:
    data = jpeg_with(xmp("", f"xmpRights:WebStatement={quoteattr(address)}"))
    assert read(data).fields.license_url == ""
    assert read_notes(data) == [("unreadable_metadata", "license_url")]


OTHER = "<rdf:Description>" + alternative("dc:title", "Another document") + "</rdf:Description>"


@pytest.mark.parametrize(
    ("inner", "more"),
    [
        (f"<xmpMM:Pantry><rdf:Bag><rdf:li>{OTHER}</rdf:li></rdf:Bag></xmpMM:Pantry>", ""),
        (f"<xmpMM:Ingredients><rdf:Bag><rdf:li>{OTHER}</rdf:li></rdf:Bag></xmpMM:Ingredients>", ""),
        (f"<xmpMM:DerivedFrom>{OTHER}</xmpMM:DerivedFrom>", ""),
        (f"<xmpMM:History><rdf:Seq><rdf:li>{OTHER}</rdf:li></rdf:Seq></xmpMM:History>", ""),
        (f"<other:thing>{OTHER}</other:thing>", ""),
        (
            "<other:x/>",
            OTHER.replace(
                "<rdf:Description>",
                '<rdf:Description rdf:about="uuid:1"><other:a/></rdf:Description><rdf:Description rdf:about="uuid:2">',
            ),
        ),
    ],
    ids=["pantry", "ingredients", "derived from", "history", "unknown", "another resource"],
)
def test_words_of_other_documents_are_not_the_files(inner: str, more: str) -> None:
    metadata = read(jpeg_with(xmp(inner + alternative("dc:description", "Ours"), more=more)))
    assert (metadata.fields.title, metadata.fields.caption) == ("", "Ours")


@pytest.mark.parametrize(
    "inner",
    [
        "<dc:creator><rdf:Seq><rdf:li rdf:parseType='Resource'><rdf:value>Ada</rdf:value><other:role>x</other:role>"
        "</rdf:li></rdf:Seq></dc:creator>",
        "<dc:creator><rdf:Seq><rdf:li><rdf:Description><rdf:value>Ada</rdf:value><other:role>x</other:role>"
        "</rdf:Description></rdf:li></rdf:Seq></dc:creator>",
        "<dc:creator><rdf:Seq><rdf:li><rdf:Description rdf:value='Ada' other:role='x'/></rdf:li></rdf:Seq>"
        "</dc:creator>",
        "<dc:creator>Ada</dc:creator>",
        "<dc:creator rdf:parseType='Resource'><rdf:value>Ada</rdf:value></dc:creator>",
    ],
)
def test_a_value_with_qualifiers_is_the_value(inner: str) -> None:
    assert read(jpeg_with(xmp(inner))).fields.creators == ("Ada",)


def test_the_default_language_comes_before_others() -> None:
    items = '<rdf:li xml:lang="de">Nebel</rdf:li><rdf:li xml:lang="x-default">Fog</rdf:li>'
    metadata = read(jpeg_with(xmp(f"<dc:title><rdf:Alt>{items}</rdf:Alt></dc:title>")))
    assert metadata.fields.title == "Fog"


def test_an_extension_of_a_packet_in_a_jpeg_is_read_if_the_packet_names_it() -> None:
    guid = "0123456789ABCDEF" * 2
    rest = packet(alternative("dc:description", "x" * 70_000)).encode()
    pieces = [
        segment(0xE1, EXTENSION + guid.encode() + struct.pack(">II", len(rest), place) + rest[place : place + 60_000])
        for place in range(0, len(rest), 60_000)
    ]
    named = xmp(alternative("dc:title", "Fog"), f'xmpNote:HasExtendedXMP="{guid}"')
    metadata = read(jpeg_with(named, *reversed(pieces)))
    assert (metadata.fields.title, len(metadata.fields.caption)) == ("Fog", 10_000)
    assert read(jpeg_with(xmp(alternative("dc:title", "Fog")), *pieces)).fields.caption == ""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_a_packet_in_another_encoding_is_read(encoding: str) -> None:
    text = packet(alternative("dc:title", "Größe"))
    assert read(jpeg_with(segment(0xE1, ADOBE + text.encode(encoding)))).fields.title == "Größe"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_b16_a_document_type_is_refused_in_every_encoding(encoding: str) -> None:
    text = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + packet(alternative("dc:title", "&a;"))
    data = jpeg_with(segment(0xE1, ADOBE + text.encode(encoding)))
    assert (read(data).fields.title, read_notes(data)) == ("", [("unreadable_metadata", "xmp")])


def test_a_packet_of_megabytes_of_history_is_read() -> None:
    steps = "".join(f"<rdf:li>step {number}</rdf:li>" for number in range(100_000))
    history = f"<xmpMM:History><rdf:Seq>{steps}</rdf:Seq></xmpMM:History>"
    out = BytesIO()
    picture(64, 48).save(out, "WEBP", xmp=packet(history + alternative("dc:title", "Fog")).encode())
    assert (len(out.getvalue()) > 2_000_000, read(out.getvalue()).fields.title) == (True, "Fog")


def encoded_file(text: str, keyword: str, encoding: str, named: bytes = b"") -> bytes:
    datasets = [(HEADLINE, text.encode(encoding)), (BYLINE, b"Ada Lund"), (KEYWORD, keyword.encode(encoding))]
    return jpeg_with(iptc(datasets, named))


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        ("It’s “great” – 50 € … Œuvre", "cp1252", b""),
        ("Größe an der Küste", "latin-1", b"\x1b.A"),
        ("„Schöne Grüße“, ‚Wort‘", "cp1252", b""),
        ("L’ÉTÉ À NÎMES, là-bas…", "cp1252", b""),
        ("Señor Ñandú: ¿Qué tal?", "latin-1", b""),
        ("Þór Æsir, naïve Coca-Cola® 20 °C", "latin-1", b""),
        ("Größe 東京 Łódź", "utf-8", b""),
        ("Größe 東京 Łódź", "utf-8", b"\x1b%G"),
        ("Łódź, Gdańsk", "iso8859-2", b"\x1b-B"),
        ("Αθήνα", "iso8859-7", b"\x1b-F"),
        ("東京タワー", "iso2022_jp", b"\x1b$B"),
    ],
)
def test_a_text_of_iptc_is_read_in_its_encoding(text: str, encoding: str, named: bytes) -> None:
    metadata = read(
        encoded_file(text, "Côte d’Azur", "utf-8")
        if encoding == "utf-8"
        else encoded_file(text, "a b", encoding, named)
    )
    assert (metadata.fields.title, metadata.notes) == (text, ())


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Größe: l’été à Zürich", "mac_roman"),
        ("Königsstraße", "mac_roman"),
        ("España", "mac_roman"),
        ("東京タワー", "shift_jis"),
        ("夜の東京", "shift_jis"),
        ("東京タワー", "euc_jp"),
        ("Москва ночью", "cp1251"),
        ("Москва", "koi8-r"),
        ("中国人民", "gbk"),
        ("서울의 밤", "euc_kr"),
        ("Łódź", "cp1250"),
        ("Größe", "cp437"),
        ("Café", "cp850"),
        ("القاهرة", "cp1256"),
    ],
)
def test_a_text_in_no_known_encoding_is_left_out_whole_with_a_note(text: str, encoding: str) -> None:
    data = encoded_file(text, "harbor", encoding)
    metadata = read(data).fields
    assert (metadata.title, metadata.credit, metadata.keywords) == ("", "Ada Lund", ("harbor",))
    assert read_notes(data) == [("unknown_encoding", "title")]


def test_a_keyword_in_no_known_encoding_is_missed_beside_others() -> None:
    data = jpeg_with(iptc([(KEYWORD, b"harbor"), (KEYWORD, "東京".encode("shift_jis"))]))
    assert read(data).fields.keywords == ("harbor",)
    assert read_notes(data) == [("unknown_encoding", "keywords")]


def test_a_text_that_another_source_has_is_not_missed() -> None:
    data = jpeg_with(iptc([(CAPTION, "夜の東京".encode("shift_jis"))]), XMP)
    assert (read(data).fields.caption, read(data).notes) == ("XMP's caption", ())


def test_iptc_is_read_from_several_segments() -> None:
    block = encode_resource(0x0404, encode_iim([(CAPTION, b"x" * 3000), (HEADLINE, "Größe".encode())], UTF8))
    resources = encode_resource(0x03ED, b"\0" * 15) + block
    parts = [segment(0xED, b"Photoshop 3.0\0" + part) for part in (resources[:1500], resources[1500:])]
    metadata = read(jpeg_with(*parts)).fields
    assert (metadata.title, len(metadata.caption)) == ("Größe", 3000)


def test_a_value_after_a_long_one_is_read() -> None:
    long = struct.pack(">BBBHI", 0x1C, 2, CAPTION, 0x8004, 40_000) + b"y" * 40_000
    block = encode_resource(0x0404, long + encode_iim([(HEADLINE, b"Fog")]))
    metadata = read(jpeg_with(segment(0xED, b"Photoshop 3.0\0" + block)))
    assert (metadata.fields.title, len(metadata.fields.caption)) == ("Fog", 10_000)


def test_what_is_cut_leaves_a_note() -> None:
    keywords = listed("dc:subject", *(f"k{number}" for number in range(130)))
    inner = alternative("dc:title", "long " * 100) + alternative("dc:description", "Short") + keywords
    metadata = read(jpeg_with(xmp(inner)))
    assert (len(metadata.fields.title) <= 300, metadata.fields.caption, len(metadata.fields.keywords)) == (
        True,
        "Short",
        100,
    )
    assert metadata.notes == (
        Note("text_shortened", {"field": "title", "length": 499, "limit": 300}),
        Note("list_shortened", {"field": "keywords", "length": 130, "limit": 100}),
    )


def test_directions_stay_and_end_with_their_text() -> None:
    inner = alternative("dc:title", "\u2067שלום (fog)") + alternative("dc:description", "a\u200fb \u202b\u2066c\u2069")
    metadata = read(jpeg_with(xmp(inner))).fields
    assert (metadata.title, metadata.caption) == ("\u2067שלום (fog)\u2069", "a\u200fb \u202b\u2066c\u2069\u202c")


def test_text_is_composed() -> None:
    metadata = read(
        jpeg_with(xmp(alternative("dc:title", "Cafe\u0301") + listed("dc:subject", "Zu\u0308rich", "Zürich")))
    )
    assert (metadata.fields.title, metadata.fields.keywords) == ("Café", ("Zürich",))


def test_a_comment_of_a_generator_is_read_last() -> None:
    comment = exif(details=[entry(0x9286, UNDEFINED, b"ASCII\0\0\0A comment")])
    assert read(jpeg_with(comment, iptc(IIM))).fields.caption == "IIM's caption"
    assert read(jpeg_with(exif([entry(0x0112, LONG, b"\1\0\0\0")]))).fields.caption == ""


@pytest.mark.parametrize(
    ("attributes", "location", "noted"),
    [
        ('exif:GPSLatitude="59,54.6N" exif:GPSLongitude="10,45,0w"', (59.91, -10.75), False),
        ('exif:GPSLatitude="59.91N" exif:GPSLongitude="10.75E"', (59.91, 10.75), False),
        ('exif:GPSLatitude=" " exif:GPSLongitude=""', None, False),
        ('exif:GPSLatitude="59,54.6N"', None, True),
        ('exif:GPSLatitude="59,54.6E" exif:GPSLongitude="10,45N"', None, True),
        ('exif:GPSLatitude="99,0N" exif:GPSLongitude="10,45E"', None, True),
        ('exif:GPSLatitude="1.2.3N" exif:GPSLongitude="somewhere"', None, True),
    ],
)
def test_a_place_in_xmp_is_whole_or_none(attributes: str, location: tuple[float, float] | None, noted: bool) -> None:
    metadata = read(jpeg_with(xmp("", attributes)))
    assert (metadata.latitude, metadata.longitude) == (pytest.approx(location) if location else (None, None))
    assert [note.params["field"] for note in metadata.notes] == (["location"] if noted else [])
