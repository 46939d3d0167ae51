"""What a file says of itself becomes the image's words, once; what an editor typed stays."""

import json
from datetime import date
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from mediahub.delivery import mirror
from mediahub.desk.library.file_facts import describe_date_taken
from mediahub.history.change_set import ChangeSet
from mediahub.library import cataloging, metadata, publishing, tag_decisions, versions
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Tag, Tagging
from processing import process
from tests.doubles import MemoryStore
from tests.extremes import ASCII, RATIONAL, entry
from tests.metadata_blocks import alternative, exif, jpeg_with, listed, xmp
from tests.pictures import with_iptc, with_xmp
from tests.processing.test_metadata_fields import IIM, XMP

pytestmark = pytest.mark.django_db(transaction=True)
IMAGE = uuid4()


@pytest.fixture(autouse=True)
def queue(used_aws: object) -> None:
    """Let changes be told to a worker."""


def take_in(data: bytes) -> Image:
    result = process(BytesIO(data), IMAGE, store=MemoryStore(), labeler=None)
    with transaction.atomic():
        return cataloging.record_result(IMAGE, "IMG_1.jpg", result)


def suggested(image: Image) -> set[str]:
    return set(image.taggings.filter(state=Tagging.State.SUGGESTED).values_list("tag__name", flat=True))


def test_the_words_of_the_file_are_taken_over_when_it_comes_in() -> None:
    image = take_in(with_xmp(XMP))
    assert (image.title, image.alt_text, image.credit) == (
        "Fog over the harbour",
        "Three boats in fog",
        "Ada Lund / North Press",
    )
    assert (image.license, image.rights_until) == ("Editorial use only", date(2027, 1, 31))
    assert suggested(image) == {"Harbour", "Fog"}
    assert set(image.taggings.values_list("source", "confidence")) == {("file", None)}


def test_what_a_program_wrote_for_nothing_is_no_word() -> None:
    packet = XMP
    for word in ("Fog over the harbour", "North Press", "Ada Lund", "Editorial use only", "Fog", "fog<"):
        assert word in packet
        packet = packet.replace(word, "null<" if word.endswith("<") else "null")
    image = take_in(with_xmp(packet))
    assert (image.title, image.credit, image.license) == ("IMG 1", "", "")
    assert suggested(image) == {"Harbour"}


def test_what_else_a_file_says_of_its_rights_and_its_making_is_stored() -> None:
    negative = "http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm"
    attributes = (
        'xmpRights:WebStatement="https://example.com/license" plus:DataMining="DMI-PROHIBITED" '
        f'Iptc4xmpExt:DigitalSourceType="{negative}"'
    )
    inner = alternative("dc:rights", "© Ada Lund") + listed("dc:creator", "Ada Lund", "Bo Ek", kind="Seq")
    image = take_in(jpeg_with(xmp(inner, attributes)))
    assert (image.copyright, image.license_url, image.license) == ("© Ada Lund", "https://example.com/license", "")
    assert (image.creators, image.credit) == (["Ada Lund", "Bo Ek"], "Ada Lund, Bo Ek")
    assert (image.digital_source_type, image.data_mining) == (
        negative,
        "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED",
    )
    assert image.embedded == {
        "credit": "Ada Lund, Bo Ek",
        "copyright": "© Ada Lund",
        "license_url": "https://example.com/license",
    }


def test_an_address_that_no_form_would_take_is_left_to_the_file() -> None:
    image = take_in(jpeg_with(xmp("", 'xmpRights:WebStatement="https://no-host-/license"')))
    assert image.license_url == ""
    image.full_clean()


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize(
    ("written", "offset", "day", "said"),
    [
        ("2024:06:02 00:30:00", "+09:00", date(2024, 6, 2), "June 2, 2024, 12:30 a.m. (UTC+09:00)"),
        ("2024:06:02 23:30:00", "-05:30", date(2024, 6, 2), "June 2, 2024, 11:30 p.m. (UTC-05:30)"),
        ("2024:06:02 00:30:00", "", date(2024, 6, 2), "June 2, 2024, 12:30 a.m. (time zone not in the file)"),
        ("1883:11:18 12:00:00", "", date(1883, 11, 18), "Nov. 18, 1883, noon (time zone not in the file)"),
        ("2024:03:10 02:30:00", "", date(2024, 3, 10), "March 10, 2024, 2:30 a.m. (time zone not in the file)"),
        ("2024:06:02", "", date(2024, 6, 2), "June 2, 2024 (time not in the file)"),
        ("9999:12:31 23:59:59", "-05:00", None, ""),
    ],
)
def test_the_day_is_that_of_the_place_where_the_picture_was_taken(
    settings: Any, zone: str, written: str, offset: str, day: date | None, said: str
) -> None:
    settings.TIME_ZONE = zone
    details = [entry(0x9003, ASCII, written.encode() + b"\0"), entry(0x9011, ASCII, offset.encode() + b"\0")]
    image = take_in(jpeg_with(exif(details=details)))
    image.refresh_from_db()
    assert (image.taken_day, describe_date_taken(vars(image))) == (day, said)


@pytest.mark.parametrize("stores", [True, False])
def test_where_a_picture_was_taken_is_stored_only_if_the_site_wants_it(
    settings: Any, stores: bool, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STORE_LOCATION = stores
    place = [
        *(entry(1, ASCII, b"N\0"), entry(2, RATIONAL, [(59, 1), (54, 1), (3612, 100)])),
        *(entry(3, ASCII, b"E\0"), entry(4, RATIONAL, [(10, 1), (45, 1), (1800, 100)])),
    ]
    data = jpeg_with(exif(place=place), xmp("", 'exif:GPSLatitude="59,54.602N" exif:GPSLongitude="10,45.3E"'))
    upload = versions.Original("key", "1")
    result = process(BytesIO(data), IMAGE, store=MemoryStore(), labeler=None)
    with transaction.atomic():
        image = cataloging.record_result(IMAGE, "IMG_1.jpg", result, original=upload)
    assert result.metadata.latitude is not None
    image.refresh_from_db()
    assert (image.latitude is not None, image.longitude is not None) == (stores, stores)
    facts = image.versions.get().facts
    records = json.dumps([facts, image.embedded, image.notes, mirror.build_item(image, [])], default=str)
    assert ("59.91" in records, "10.755" in records) == (stores, stores)
    assert "59.91" not in caplog.text
    settings.STORE_LOCATION = False
    versions.put_in_place(image, image.versions.get(), image.versions.get())
    assert (image.latitude, image.longitude) == (None, None)


def test_a_keyword_that_is_a_tag_already_is_that_tag() -> None:
    fog = Tag.objects.create(name="FOG")
    assert take_in(with_xmp(XMP)).taggings.filter(tag=fog).exists()
    assert Tag.objects.count() == 2


def test_what_an_editor_decided_stays_when_the_file_comes_again(editor: User) -> None:
    image = take_in(with_xmp(XMP))
    metadata.edit(ChangeSet(editor), image, {"title": Edit("Quay")})
    tag_decisions.accept(ChangeSet(editor), image.taggings.filter(tag__name="Fog"))
    take_in(with_iptc(IIM))
    image.refresh_from_db()
    assert (image.title, image.caption) == ("Quay", "Boats wait for the fog to lift.")
    assert image.embedded["title"] == "Fog in town"
    # Harbour stood in the former file only; Fog was decided on.
    assert suggested(image) == {"Tram"}
    assert image.taggings.get(tag__name="Fog").state == Tagging.State.ACCEPTED


def test_a_word_of_the_file_is_taken_over_by_hand(editor: User) -> None:
    image = take_in(with_xmp(XMP))
    metadata.edit(ChangeSet(editor), image, {"title": Edit("Quay"), "rights_until": Edit(None)})
    assert metadata.copy_from_file(ChangeSet(editor), image, "title")
    assert metadata.copy_from_file(ChangeSet(editor), image, "rights_until")
    image.refresh_from_db()
    assert (image.title, str(image.rights_until)) == ("Fog over the harbour", "2027-01-31")
    assert not metadata.copy_from_file(ChangeSet(editor), image, "sha256")


def test_a_published_image_keeps_what_it_must_have(editor: User) -> None:
    image = take_in(with_xmp(XMP))
    publishing.publish(ChangeSet(editor), [image])
    image.refresh_from_db()
    image.embedded["alt_text"] = " "
    with pytest.raises(ValidationError):
        metadata.copy_from_file(ChangeSet(editor), image, "alt_text")
