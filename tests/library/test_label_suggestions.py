"""What machines and files say becomes suggestions: in few statements, whatever their number, and once."""

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mediahub.history.change_set import ChangeSet
from mediahub.library import label_suggestions, tag_decisions, vocabulary
from mediahub.library.models import Image, LabelRule, Tag, Tagging
from processing import Box, Label, LabelAnswer
from tests.records import image

pytestmark = pytest.mark.django_db(transaction=True)


def answer(*labels: Label) -> LabelAnswer:
    return LabelAnswer(labels, "rekognition", "3.0", {})


def read_tags(image: Image) -> dict[str, float | None]:
    return dict(image.taggings.values_list("tag__name", "confidence"))


def test_many_labels_of_many_images_take_as_many_statements_as_few() -> None:
    counts = []
    for images, labels in ((1, 5), (1, 40), (12, 5)):
        answers = {
            image().pk: answer(*(Label(f"{images} {labels} {n}", 90.0 - n) for n in range(labels)))
            for _ in range(images)
        }
        with CaptureQueriesContext(connection) as first:
            label_suggestions.suggest_labels(answers)
        with CaptureQueriesContext(connection) as again:
            label_suggestions.suggest_labels(answers)
        counts.append((len(first), len(again)))
    print(f"labels entered: {counts[0][0]} statements, the same labels again: {counts[0][1]}")
    assert set(counts) == {counts[0]}
    assert counts[0][0] <= 12


def test_an_answer_takes_the_place_of_the_one_before_and_of_no_decision(editor: User, local_aws: object) -> None:
    picture = image()
    box = Box(0.1, 0.2, 0.3, 0.4)
    label_suggestions.suggest_labels({picture.pk: answer(Label("Boat", 90.0), Label("Sea", 80.0), Label("Sky", 70.0))})
    tag_decisions.reject(ChangeSet(editor), picture.taggings.filter(tag__name="Sky").select_related("tag"))
    tag_decisions.add_tag(ChangeSet(editor), picture, "Quay")
    label_suggestions.suggest_labels({picture.pk: answer(Label("Boat", 95.0, (box,)), Label("Quay", 60.0))})
    assert read_tags(picture) == {"Boat": 95.0, "Sky": 70.0, "Quay": None}
    assert picture.taggings.get(tag__name="Boat").boxes == [[0.1, 0.2, 0.3, 0.4]]
    assert picture.taggings.get(tag__name="Sky").state == Tagging.State.REJECTED


def test_spellings_of_one_word_are_one_tag_and_a_hidden_one_is_none() -> None:
    LabelRule.objects.create(label="Human")
    picture = image()
    label_suggestions.suggest_labels(
        {picture.pk: answer(Label("boat", 70.0), Label("Boat", 80.0), Label("HUMAN", 99.0))}
    )
    assert list(Tag.objects.values_list("name", flat=True)) == ["boat"]
    assert read_tags(picture) == {"boat": 80.0}


def test_two_workers_that_meet_the_same_new_words_make_each_once() -> None:
    pictures = [image() for _ in range(4)]
    names = [f"Word {n}" for n in range(20)]

    def suggest(picture: Image, backwards: bool) -> None:
        try:
            labels = [Label(name, 90.0) for name in (names[::-1] if backwards else names)]
            label_suggestions.suggest_labels({picture.pk: answer(*labels)})
        finally:
            connection.close()

    threads = [threading.Thread(target=suggest, args=(picture, n % 2 == 0)) for n, picture in enumerate(pictures)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Tag.objects.count() == len(names)
    assert all(picture.taggings.count() == len(names) for picture in pictures)


def test_new_words_are_created_in_the_same_order_by_every_worker() -> None:
    """Those that come in another order would lock each other's words; PostgreSQL ends one of them then."""
    vocabulary.resolve_tags(["zebra", "apple", "Boat"])
    assert list(Tag.objects.order_by("pk").values_list("name", flat=True)) == ["apple", "Boat", "zebra"]


def test_keywords_of_a_file_take_the_place_of_those_of_the_file_before() -> None:
    picture = image()
    label_suggestions.suggest_keywords(picture.pk, ["harbour", "Boat"])
    label_suggestions.suggest_keywords(picture.pk, ["boat", "quay"])
    assert set(picture.taggings.values_list("tag__name", flat=True)) == {"Boat", "quay"}
