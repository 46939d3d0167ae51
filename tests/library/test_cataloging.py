"""What a file says of itself becomes the image's words, once; what an editor typed stays."""

from datetime import date
from io import BytesIO
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from mediahub.history.change_set import ChangeSet
from mediahub.library import cataloging, metadata, publishing, tag_decisions
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Tag, Tagging
from processing import process
from tests.doubles import MemoryStore
from tests.pictures import with_iptc, with_xmp
from tests.processing.test_metadata_fields import IIM, XMP

pytestmark = pytest.mark.django_db(transaction=True)
IMAGE = uuid4()


@pytest.fixture(autouse=True)
def queue(local_aws: object) -> None:
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
