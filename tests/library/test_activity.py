"""Every change is told, and can be taken back until somebody changes the same thing again."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from mediahub.history.change_set import ChangeSet
from mediahub.history.kinds import Reader
from mediahub.history.models import Change
from mediahub.history.undo import find_last_change_set, undo
from mediahub.library import metadata, publishing, tag_decisions
from mediahub.library.changes import FieldChange
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Tagging
from tests.records import image_with_tags

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def image(local_aws: object) -> Image:
    return image_with_tags("Boat", "Sea", alt_text="A boat at sea", credit="Ada Lund")


def states(image: Image) -> dict[str, str]:
    return dict(image.taggings.values_list("tag__name", "state"))


def test_a_decision_is_told_and_taken_back(image: Image, editor: User) -> None:
    act = ChangeSet(editor)
    tag_decisions.accept(act, image.taggings.filter(tag__name="Boat"))
    change = Change.objects.get()
    assert (change.by, change.image, change.subject) == (editor, image, image.title)
    assert [line.before for line in change.detail.describe(Reader())] == ["suggested"]
    assert undo(editor, act.id).refused == []
    boat = image.taggings.get(tag__name="Boat")
    assert (boat.state, boat.reviewed_by, boat.reviewed_at) == (Tagging.State.SUGGESTED, None, None)


def test_a_tag_that_was_added_goes_again(image: Image, editor: User) -> None:
    act = ChangeSet(editor)
    tag_decisions.add_tag(act, image, "Harbour")
    assert "Harbour" in states(image)
    undo(editor, act.id)
    assert "Harbour" not in states(image)


def test_words_come_back_with_their_dates(image: Image, editor: User) -> None:
    first = image.title
    act = ChangeSet(editor)
    metadata.edit(act, image, {"title": Edit("Quay"), "rights_until": Edit(None)})
    assert undo(editor, act.id).change_set.images == 1
    image.refresh_from_db()
    assert image.title == first


def test_an_undo_is_undone(image: Image, chief: User) -> None:
    act = ChangeSet(chief)
    publishing.publish(act, [image])
    back = undo(chief, act.id).change_set
    image.refresh_from_db()
    assert image.state == Image.State.IN_REVIEW
    undo(chief, back.id)
    image.refresh_from_db()
    assert image.state == Image.State.PUBLISHED


def test_what_another_has_changed_since_stays(image: Image, chief: User, editor: User) -> None:
    act = ChangeSet(chief)
    publishing.publish(act, [image])
    image.refresh_from_db()
    publishing.archive(ChangeSet(editor), [image])
    undone = undo(chief, act.id)
    assert undone.refused == [f"{image.title} was not changed. It has been changed again since then."]
    image.refresh_from_db()
    assert image.state == Image.State.ARCHIVED


def test_one_act_on_many_is_taken_back_as_one(local_aws: object, editor: User) -> None:
    images = [image_with_tags("Boat"), image_with_tags("Boat")]
    act = ChangeSet(editor)
    assert tag_decisions.accept(act, Tagging.objects.all()) == 2
    assert undo(editor, act.id).change_set.images == 2
    assert [states(image) for image in images] == [{"Boat": "suggested"}] * 2


def test_the_last_act_is_the_newest_that_stands(image: Image, editor: User, chief: User) -> None:
    first, second = ChangeSet(editor), ChangeSet(editor)
    tag_decisions.accept(first, image.taggings.filter(tag__name="Boat"))
    tag_decisions.accept(second, image.taggings.filter(tag__name="Sea"))
    assert find_last_change_set(editor, [image.pk]) == second.id
    undo(editor, second.id)
    assert find_last_change_set(editor, [image.pk]) == first.id
    assert find_last_change_set(chief, [image.pk]) is None
    assert find_last_change_set(editor, [uuid4()]) is None


def test_an_undo_reaches_the_mirror(image: Image, chief: User) -> None:
    act = ChangeSet(chief)
    publishing.publish(act, [image])
    image.refresh_from_db()
    before = image.revision
    undo(chief, act.id)
    image.refresh_from_db()
    assert image.revision == before + 1


def test_a_mark_is_shown_as_yes_or_no() -> None:
    assert [FieldChange.format(None, value) for value in (True, False, None)] == ["yes", "no", ""]
