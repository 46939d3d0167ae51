"""Words in a file: what agencies write is taken over, what an attacker writes loses no picture."""

from dataclasses import replace
from datetime import date
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image

from processing import Metadata, Note, process
from processing.metadata import MetadataFields, read_metadata
from processing.metadata.xmp import MAX_ELEMENTS, MAX_PACKET_BYTES
from tests.doubles import MemoryStore
from tests.pictures import jpeg, with_app13, with_iptc, with_xmp

XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"
 xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
 xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"
 photoshop:Headline="Fog over the harbour" photoshop:Credit="North Press">
 <dc:description><rdf:Alt><rdf:li xml:lang="de">Nebel</rdf:li>
 <rdf:li xml:lang="x-default">Boats wait for\n the fog to lift.</rdf:li></rdf:Alt></dc:description>
 <dc:creator><rdf:Seq><rdf:li>Ada Lund</rdf:li></rdf:Seq></dc:creator>
 <dc:subject><rdf:Bag><rdf:li>Harbour</rdf:li><rdf:li>Fog</rdf:li><rdf:li>fog</rdf:li></rdf:Bag></dc:subject>
 <xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang="x-default">Editorial use only</rdf:li></rdf:Alt>
 </xmpRights:UsageTerms>
 <Iptc4xmpCore:AltTextAccessibility><rdf:Alt><rdf:li xml:lang="x-default">Three boats in fog</rdf:li></rdf:Alt>
 </Iptc4xmpCore:AltTextAccessibility><prism:expirationDate>2027-01-31T00:00:00Z</prism:expirationDate>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
ALL = MetadataFields(
    title="Fog over the harbour",
    alt_text="Three boats in fog",
    caption="Boats wait for the fog to lift.",
    credit="Ada Lund / North Press",
    license="Editorial use only",
    rights_until=date(2027, 1, 31),
    keywords=("Harbour", "Fog"),
    creators=("Ada Lund",),
)
ENTITIES = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + XMP.partition("?>")[2]
END_OF_2027 = date(2027, 12, 31)
IIM = {
    105: ["Fog in town"],
    120: ["A tram in fog"],
    80: ["Bo Ek"],
    110: ["Bo Ek"],
    116: ["© Bo Ek"],
    25: ["Tram", "Fog"],
    37: ["20270131"],
}


def found(data: bytes) -> Metadata:
    file = BytesIO(data)
    return read_metadata(file, Image.open(file))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_the_words_of_xmp_are_read_from_every_format(format: str) -> None:
    assert found(with_xmp(XMP, format)).fields == ALL


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_words_of_iptc_are_read_in_both_encodings(encoding: str) -> None:
    words = found(with_iptc(IIM, encoding=encoding)).fields
    assert (words.title, words.caption, words.credit) == ("Fog in town", "A tram in fog", "Bo Ek")
    assert (words.copyright, words.keywords, words.rights_until) == ("© Bo Ek", ("Tram", "Fog"), date(2027, 1, 31))


def test_xmp_comes_before_iptc_and_iptc_fills_what_it_lacks() -> None:
    packet = XMP.replace('photoshop:Headline="Fog over the harbour"', "")
    words = found(with_iptc(IIM, data=with_xmp(packet))).fields
    assert (words.title, words.caption) == ("Fog in town", ALL.caption)


def test_a_real_photograph_keeps_its_words_through_processing() -> None:
    result = process(BytesIO(with_xmp(XMP)), uuid4(), store=MemoryStore(), labeler=None)
    assert result.metadata.fields == ALL
    assert result.metadata.notes == ()


@pytest.mark.parametrize(
    "packet",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        ENTITIES.encode("utf-16"),
        XMP.replace("Fog over", "Fög over").encode("latin-1"),
        "<x:xmpmeta",
        "\x00\x01\x02",
        "<x>" * 5000,
        f"<x>{'<y/>' * MAX_ELEMENTS}</x>",
        f"<x>{'a' * MAX_PACKET_BYTES}</x>",
        XMP.replace("Fog over", "Fog&#xD800;over"),
    ],
    ids=[
        "entities",
        "entities in UTF-16",
        "other encoding",
        "cut",
        "binary",
        "deep",
        "many",
        "long",
        "half a character",
    ],
)
def test_b16_a_hostile_packet_leaves_a_note_and_the_picture(packet: str | bytes) -> None:
    out = BytesIO()
    picture = Image.new("RGB", (64, 48))
    picture.save(out, "WEBP", xmp=packet if isinstance(packet, bytes) else packet.encode())
    said = found(out.getvalue())
    assert said.notes == (Note("unreadable_metadata", {"field": "xmp"}),)
    assert (said.width, said.fields) == (64, MetadataFields())


@pytest.mark.parametrize(
    "date", ["2027-13-99", "2026-11-31", "20261131", "n/a", "0001-01-01", "9999-12-31", "99999999", "2027", "1", "-1"]
)
def test_one_date_that_cannot_be_read_loses_no_other_word(date: str) -> None:
    note = () if date == "2027" else (Note("unreadable_metadata", {"field": "rights_until"}),)
    end = END_OF_2027 if date == "2027" else None
    xmp = found(with_xmp(XMP.replace("2027-01-31T00:00:00Z", date)))
    assert (xmp.fields, xmp.notes) == (replace(ALL, rights_until=end), note)
    iptc = found(with_iptc({**IIM, 37: [date]}))
    assert (iptc.fields.title, iptc.fields.keywords, iptc.fields.rights_until) == ("Fog in town", ("Tram", "Fog"), end)
    assert iptc.notes == note


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026", "2026-12-31"), ("2026-11", "2026-11-30"), ("2024-02", "2024-02-29"), ("20261100", "2026-11-30")],
)
def test_a_year_or_a_month_ends_with_its_last_day(text: str, day: str) -> None:
    assert str(found(with_xmp(XMP.replace("2027-01-31T00:00:00Z", text))).fields.rights_until) == day


def test_joiners_selectors_and_tags_stay_and_what_is_not_seen_is_no_word() -> None:
    title = "می\u200cخواهم 👩\u200d🚀 ❤\ufe0f 🏴\U000e0067\U000e0062\U000e007f क्\u200dष"
    words = found(with_iptc({105: [title], 120: ["\u200d\u200b\ufe0f"], 25: ["\u200c", "کتاب\u200cها"]})).fields
    assert (words.title, words.caption, words.keywords) == (title, "", ("کتاب\u200cها",))


@pytest.mark.parametrize(
    "iim", [b"\x1c\x02\x50\xff\xff", b"\x1c\x02\x50\x84\x7f\xff\xff\xff", b"\xff" * 40, b"\x1c\x02\x25\x00\x0220"]
)
def test_broken_datasets_lose_no_picture(iim: bytes) -> None:
    assert found(with_app13(iim, jpeg(64, 48))).width == 64


def test_words_are_text_on_one_line_and_no_longer_than_a_field() -> None:
    nasty = "<script>alert(1)</script>\u202e\x00" + "long " * 1000
    words = found(with_iptc({105: [nasty[:9000]], 120: [nasty[:9000]], 25: [f"k{n}" for n in range(900)]})).fields
    assert words.title.startswith("<script>alert(1)</script>\u202elong")
    assert (len(words.title) <= 300, len(words.caption) <= 10_000, len(words.keywords)) == (True, True, 100)
    # What turns the direction of writing does it no longer behind the title.
    assert words.title.endswith("\u202c")
