"""Batches: words for all files that were sent together, whenever they are said, and files that are there already."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError

from mediahub.history import undo
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.library import collections, metadata
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Tagging
from mediahub.uploads import upload_batches
from mediahub.uploads.models import Upload, UploadBatch
from mediahub.uploads.upload_batches import BatchMetadata
from tests.browser.stock import upload
from tests.records import image

FAIR = BatchMetadata("Harbour  fair", credit="Ada Byron", tags=("boats", " Boats", "summer", ""))


def sent(user: User, batch: UploadBatch, **values: Any) -> tuple[Upload, Image]:
    """Return a file of the batch that has just become an image."""
    new_image = image(**values)
    return upload(user, "a.jpg", "ready", image=new_image, batch=batch), new_image


def read_metadata(one: Image) -> tuple[str, str, set[str]]:
    one.refresh_from_db()
    accepted = one.taggings.filter(state=Tagging.State.ACCEPTED)
    return one.title, one.credit, set(accepted.values_list("tag__name", flat=True))


def said(user: User, batch_id: UUID, words: BatchMetadata) -> upload_batches.MetadataProgress:
    return upload_batches.apply_metadata(user, upload_batches.save_metadata(user, batch_id, words))


def test_words_reach_images_that_are_there_and_those_that_come_as_one_act(editor: User) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    there = [sent(editor, batch, credit="The camera")[1] for _ in range(2)]
    act = said(editor, batch.pk, FAIR).act
    later, come = sent(editor, batch, title="From the file")
    upload_batches.apply_to_new_image(later, come)
    wanted = [(f"Harbour fair {n}", "Ada Byron", {"boats", "summer"}) for n in (1, 2, 3)]
    assert [read_metadata(one) for one in [*there, come]] == wanted
    assert set(Change.objects.filter(change_set=act.id).values_list("image", flat=True)) == {
        *[x.pk for x in there],
        come.pk,
    }
    assert undo.undo(editor, act.id).refused == []
    assert read_metadata(there[0]) == ("Harbour", "The camera", set())
    assert read_metadata(come)[0] == "From the file"


def test_what_was_taken_back_is_not_said_of_images_that_come_later(editor: User) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    sent(editor, batch)
    said(editor, batch.pk, FAIR)
    assert upload_batches.undo_metadata(editor, batch.pk).change_set.images > 0
    later, come = sent(editor, batch)
    upload_batches.apply_to_new_image(later, come)
    assert read_metadata(come) == ("Harbour", "", set())


def test_empty_words_change_nothing_and_one_title_can_stand_on_all(editor: User) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    _upload, image = sent(editor, batch, credit="The camera")
    said(editor, batch.pk, BatchMetadata(title="Fair", numbered=False))
    assert read_metadata(image) == ("Fair", "The camera", set())
    assert said(editor, batch.pk, BatchMetadata()).act.images == 0


def test_a_long_batch_goes_on_where_it_stopped(editor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_batches, "AT_ONCE", 2)
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    images = [sent(editor, batch)[1] for _ in range(3)]
    first = said(editor, batch.pk, FAIR)
    assert (first.act.images > 0, first.next) == (True, 3)
    batch.refresh_from_db()
    assert upload_batches.apply_metadata(editor, batch, 3).next is None
    assert [read_metadata(one)[0][-1] for one in images] == ["1", "2", "3"]


def test_nobody_says_words_of_anothers_batch_or_too_many(editor: User, other_editor: User) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    with pytest.raises(upload_batches.NotYourBatch):
        upload_batches.save_metadata(other_editor, batch.pk, FAIR)
    for wrong in (
        BatchMetadata("x" * 301),
        BatchMetadata(credit="x" * 501),
        BatchMetadata(copyright="half \ud800"),
        BatchMetadata(license_url="example.com"),
        BatchMetadata(tags=("x" * 101,)),
        BatchMetadata(tags=tuple(map(str, range(31)))),
    ):
        with pytest.raises(ValidationError):
            upload_batches.save_metadata(editor, batch.pk, wrong)


def test_an_image_that_may_not_go_without_its_words_stays_and_says_why(
    editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    # It was published under rules that were less strict than today's.
    _upload, image = sent(editor, batch, state=Image.State.PUBLISHED, alt_text="")
    sentences = said(editor, batch.pk, FAIR)
    assert len(sentences.refused) == 1
    assert "Harbour" in sentences.refused[0]
    assert read_metadata(image)[0] == "Harbour"


def test_a_file_is_known_by_its_hash_among_images_and_ones_own_files_that_came(
    editor: User, other_editor: User
) -> None:
    one, two, three = ("1" * 64, "2" * 64, "3" * 64)
    new_image = image(sha256=one)
    on_its_way = upload(editor, "b.jpg", "working", declared_sha256=two)
    not_sent = upload(editor, "c.jpg", "issued", declared_sha256=three)
    images, uploads = upload_batches.find_existing_files(editor, [one, two, three])
    assert (images, uploads) == ({one: new_image}, {two: on_its_way})
    assert upload_batches.find_existing_files(other_editor, [two])[1] == {}
    Upload.objects.filter(pk=not_sent.pk).update(version_id="v1")
    assert upload_batches.find_existing_files(editor, [three])[1] == {three: not_sent}
    assert upload_batches.find_existing_files(User.objects.create_user("guest"), [one])[0] == {}


def test_all_go_into_one_collection_that_the_person_may_see(editor: User, chief: User) -> None:
    harbour = collections.create(ChangeSet(chief), "Harbour")
    closed = collections.create(ChangeSet(chief), "Closed", groups=[Group.objects.get(name="Chief editor")])
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    _upload, there = sent(editor, batch)
    act = said(editor, batch.pk, BatchMetadata(collection=harbour.pk)).act
    later, come = sent(editor, batch)
    upload_batches.apply_to_new_image(later, come)
    assert set(harbour.images.all()) == {there, come}
    assert undo.undo(editor, act.id).refused == []
    assert not harbour.images.exists()
    for wrong in (closed.pk, 10**6):
        with pytest.raises(ValidationError, match="no longer exists, or you don't have"):
            upload_batches.save_metadata(editor, batch.pk, BatchMetadata(collection=wrong))


def test_words_that_somebody_else_typed_stay_and_both_are_told(editor: User, other_editor: User) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    (_sent, one), (_other, two) = sent(editor, batch), sent(editor, batch)
    metadata.edit(ChangeSet(other_editor), one, {"title": Edit("The old quay"), "caption": Edit("Boats")})
    sentences = said(editor, batch.pk, BatchMetadata(title="Harbour", credit="Ada", tags=("Sea",)))
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.title, one.caption, one.credit) == ("The old quay", "Boats", "Ada")
    assert (two.title, two.credit) == ("Harbour 2", "Ada")
    assert one.taggings.filter(tag__name="Sea").exists()
    (sentence,) = sentences.refused
    assert "title stays “The old quay”, as other changed it on" in sentence
    assert "you entered “Harbour 1”." in sentence


def test_what_one_types_on_one_image_is_not_undone_by_a_tag_for_all(editor: User) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    _sent, one = sent(editor, batch)
    said(editor, batch.pk, BatchMetadata(title="Harbour"))
    metadata.edit(ChangeSet(editor), one, {"title": Edit("The old quay")})
    said(editor, batch.pk, BatchMetadata(title="Harbour", tags=("Sea",)))
    one.refresh_from_db()
    assert one.title == "The old quay"
    said(editor, batch.pk, BatchMetadata(title="Port", tags=("Sea",)))
    one.refresh_from_db()
    assert one.title == "Port 1"


def test_a_caption_that_is_typed_while_the_words_are_said_stays(editor: User, other_editor: User) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    _sent, one = sent(editor, batch)
    stale = Image.objects.get(pk=one.pk)
    metadata.edit(ChangeSet(other_editor), one, {"caption": Edit("Boats"), "credit": Edit("Ben")})
    batch.title, batch.numbered = "Harbour", False
    upload_batches._write_metadata(ChangeSet(editor, batch.act), batch, stale, 1)
    one.refresh_from_db()
    assert (one.title, one.caption, one.credit) == ("Harbour", "Boats", "Ben")


def test_the_same_words_come_back_after_they_were_taken_back(editor: User) -> None:
    batch = upload_batches.get_or_create_batch(editor, uuid4())
    _sent, one = sent(editor, batch)
    for _ in range(2):
        said(editor, batch.pk, BatchMetadata(title="Harbour"))
        one.refresh_from_db()
        assert one.title == "Harbour 1"
        upload_batches.undo_metadata(editor, batch.pk)
