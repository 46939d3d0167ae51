"""The vocabulary: tags merged, words that stand for tags, labels that are hidden or become another word."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.library import label_suggestions, tag_decisions, vocabulary
from mediahub.library.models import Image, LabelRule, Synonym, Tag, Tagging
from processing import Label, LabelAnswer
from tests.records import image, image_with_tags

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def queue(used_aws: object) -> None:
    """Let changes be told to a worker."""


def states(image: Image) -> dict[str, str]:
    return dict(image.taggings.values_list("tag__name", "state"))


def label(image: Image, *names: str) -> None:
    claim(image, *(Label(name, 90.0) for name in names))


def claim(image: Image, *labels: Label) -> None:
    label_suggestions.suggest_labels({image.pk: LabelAnswer(labels, "rekognition", "3.0", {})})


def test_merged_tags_keep_the_strongest_decision_and_leave_a_synonym(editor: User) -> None:
    both, one = image_with_tags("Ship", "Boat"), image_with_tags("Ship")
    tag_decisions.accept(ChangeSet(editor), both.taggings.filter(tag__name="Ship"))
    tag_decisions.reject(ChangeSet(editor), both.taggings.filter(tag__name="Boat"))
    both.refresh_from_db()
    before = both.revision
    ship, boat = Tag.objects.get(name="Ship"), Tag.objects.get(name="Boat")
    assert vocabulary.merge_tags(ChangeSet(editor), ship, boat) == 2
    assert (states(both), states(one)) == ({"Boat": "accepted"}, {"Boat": "suggested"})
    both.refresh_from_db()
    assert both.revision == before + 1
    assert vocabulary.find_tag("SHIP") == boat
    assert Change.objects.filter(action="tag_merged", subject="Ship → Boat").exists()


def test_a_tag_is_not_merged_into_itself(editor: User) -> None:
    boat = Tag.objects.create(name="Boat")
    with pytest.raises(ValidationError, match="into itself"):
        vocabulary.merge_tags(ChangeSet(editor), boat, boat)
    assert Tag.objects.count() == 1


def test_a_synonym_is_the_tag_for_editors_and_machines(editor: User) -> None:
    boat = Tag.objects.create(name="Boat")
    vocabulary.set_synonyms(editor, boat, ["Vessel", " vessel ", "", "Boat"])
    assert [one.word for one in Synonym.objects.all()] == ["vessel"]
    new_image = image()
    assert tag_decisions.add_tag(ChangeSet(editor), new_image, "VESSEL").tag == boat
    other = image()
    label(other, "Vessel", "Sea")
    assert states(other) == {"Boat": "suggested", "Sea": "suggested"}


def test_a_word_stands_for_one_tag_only(editor: User) -> None:
    boat, ship = Tag.objects.create(name="Boat"), Tag.objects.create(name="Ship")
    with pytest.raises(ValidationError, match="Merge it into this tag"):
        vocabulary.set_synonyms(editor, boat, ["ship"])
    vocabulary.set_synonyms(editor, ship, ["Vessel"])
    with pytest.raises(ValidationError, match="already a synonym of “Ship”"):
        vocabulary.set_synonyms(editor, boat, ["vessel"])


def test_a_hidden_label_is_suggested_nowhere_and_what_was_accepted_stays(editor: User) -> None:
    accepted, open_ = image_with_tags("Person"), image_with_tags("Person")
    tag_decisions.accept(ChangeSet(editor), accepted.taggings.all())
    person = Tag.objects.get(name="Person")
    assert vocabulary.hide_label(ChangeSet(editor), person) == 1
    assert (states(accepted), states(open_)) == ({"Person": "accepted"}, {})
    new_image = image()
    label(new_image, "person", "Boat")
    assert states(new_image) == {"Boat": "suggested"}
    assert tag_decisions.add_tag(ChangeSet(editor), new_image, "Person").tag == person
    vocabulary.unhide_label(LabelRule.objects.get())
    other = image()
    label(other, "Person")
    assert states(other) == {"Person": "suggested"}


def test_a_label_becomes_the_tag_it_is_mapped_to() -> None:
    people = Tag.objects.create(name="People")
    LabelRule.objects.create(label="Human", tag=people)
    new_image = image()
    claim(new_image, Label("Human", 70.0), Label("People", 95.0))
    tagging = new_image.taggings.get()
    assert (tagging.tag, tagging.confidence, tagging.state) == (people, 95.0, Tagging.State.SUGGESTED)


def test_completion_offers_beginnings_first_and_knows_synonyms(editor: User) -> None:
    for name in ("Steamboat", "Boat", "Boathouse", "Sea"):
        Tag.objects.create(name=name)
    vocabulary.set_synonyms(editor, Tag.objects.get(name="Sea"), ["boatless"])
    assert vocabulary.complete_name(Tag.objects.all(), "boat") == ["Boat", "Boathouse", "Sea", "Steamboat"]
    assert vocabulary.complete_name(Tag.objects.all(), "  ") == []
