"""The focal point: proposed from boxes, moved by an editor, and told to the worker who cuts the crops."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from mediahub.aws import clients
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action, Change
from mediahub.history.undo import undo
from mediahub.library import focal_point, versions
from mediahub.library.models import Image, Tag, Tagging, Version, uncut
from processing import CENTER, Box, Label, LabelAnswer, Point, Unavailable
from tests.doubles import MemoryQueue
from tests.records import image

pytestmark = pytest.mark.django_db(transaction=True)
BOAT = ("Boat", 90.0, [[0.6, 0.6, 0.2, 0.2]])
CUT: dict[str, Any] = {"cut_x": 0.5, "cut_y": 0.5}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Provide the kinds of the messages that a worker was sent."""
    queue, kinds = MemoryQueue(), list[str]()
    monkeypatch.setattr(clients, "get_upload_queue", lambda: queue)
    monkeypatch.setattr(queue, "send", lambda body, delay=0: kinds.append(body["mediahub"]))
    return kinds


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([], CENTER),
        ([("Mist", 88.0, [])], CENTER),
        ([BOAT], Point(0.7, 0.7)),
        # Twice as sure counts twice, twice as large too.
        ([("Boat", 90.0, [[0, 0, 0.2, 0.2]]), ("Buoy", 45.0, [[0.6, 0.6, 0.2, 0.2]])], Point(0.3, 0.3)),
        ([("Boat", 90.0, [[0, 0, 0.2, 0.2], [0.6, 0, 0.2, 0.1]])], Point(0.3, 0.083)),
        # A person comes before all things, and is looked in the face.
        ([BOAT, ("Person", 60.0, [[0.1, 0.3, 0.2, 0.6]])], Point(0.2, 0.5)),
        ([BOAT, ("person", 99.0, [[0.1, 0.3, 0.2, 0.6]]), ("Face", 70.0, [[0.2, 0.3, 0.1, 0.1]])], Point(0.25, 0.35)),
        ([("Boat", 0.0, [[0, 0, 0.2, 0.2]]), ("Buoy", 99.0, [[0.5, 0.5, 0, 0]])], CENTER),
        ([("Boat", 90.0, [[0.9, 0.9, 0.4, 0.4]])], Point(1.0, 1.0)),
    ],
)
def test_boxes_propose_where_the_eye_rests(claims: list[Any], expected: Point) -> None:
    assert focal_point.propose_point(claims) == expected


def test_an_editors_point_wins_over_labels_and_labels_over_taggings(asked: list[str]) -> None:
    new_image, labels = image(), LabelAnswer((Label("Boat", 90.0, (Box(0.6, 0.6, 0.2, 0.2),)),), "recorded", "1", {})
    tag = Tag.objects.create(name="Person")
    tagging = Tagging.objects.create(
        image=new_image, tag=tag, source="recorded", confidence=9, boxes=[[0, 0, 0.2, 0.6]]
    )
    at = focal_point.build_point_chooser(new_image.pk, keep_labels=True)
    assert (at(labels), at(None), focal_point.build_point_chooser(new_image.pk)(None)) == (
        Point(0.7, 0.7),
        Point(0.1, 0.2),
        CENTER,
    )
    Tagging.objects.filter(pk=tagging.pk).update(state=Tagging.State.REJECTED)
    assert at(None) == CENTER
    Image.objects.filter(pk=new_image.pk).update(focal_x=0.3, focal_y=0.9)
    assert at(labels) == Point(0.3, 0.9)


def test_moving_the_point_is_told_counted_and_asked_for(asked: list[str], editor: User) -> None:
    new_image, act = image(**CUT), ChangeSet(editor)
    assert focal_point.move(act, new_image, Point(0.25, 0.12345))
    before, new_image = new_image.revision, Image.objects.get(pk=new_image.pk)
    assert (new_image.focal_x, new_image.focal_y, new_image.revision) == (0.25, 0.123, before + 1)
    assert sorted(asked) == ["cut", "mirror"]
    change = Change.objects.get(change_set=act.id)
    assert (change.action, change.by) == (Action.FOCAL_POINT_MOVED, editor)
    assert change.data == {"before": {"focal_x": None, "focal_y": None}, "after": {"focal_x": 0.25, "focal_y": 0.123}}
    assert focal_point.needs_crops(new_image)
    assert not focal_point.move(ChangeSet(editor), new_image, Point(0.25, 0.123))
    assert Change.objects.count() == 1


def test_taking_it_back_asks_again(asked: list[str], editor: User) -> None:
    new_image, act = image(**CUT), ChangeSet(editor)
    focal_point.move(act, new_image, Point(0.2, 0.2))
    Image.objects.filter(pk=new_image.pk).update(cut_x=0.2, cut_y=0.2)
    asked.clear()
    assert undo(editor, act.id).refused == []
    new_image.refresh_from_db()
    assert (new_image.focal_x, focal_point.get_point(new_image)) == (None, CENTER)
    assert "cut" in asked


def test_a_proposal_that_was_left_is_taken_up_again(asked: list[str], editor: User) -> None:
    new_image = image(focal_x=0.1, focal_y=0.1, proposed_x=0.4, proposed_y=0.3, cut_x=0.1, cut_y=0.1)
    assert focal_point.move(ChangeSet(editor), new_image, None)
    new_image.refresh_from_db()
    assert focal_point.get_point(new_image) == Point(0.4, 0.3)
    assert Image.objects.filter(uncut()).get() == new_image


@pytest.mark.parametrize(
    ("fields", "stale"),
    [
        ({}, False),
        (CUT, False),
        ({**CUT, "proposed_x": 0.4}, True),
        ({**CUT, "focal_x": 0.5, "focal_y": 0.5, "proposed_x": 0.4}, False),
        ({**CUT, "focal_x": 0.5, "focal_y": 0.6}, True),
        ({"focal_x": 0.5, "focal_y": 0.5}, True),
        ({"cut_x": 0.4, "cut_y": 0.5}, True),
    ],
)
def test_what_is_cut_elsewhere_is_known(fields: dict[str, Any], stale: bool) -> None:
    new_image = image(**fields)
    assert (Image.objects.filter(uncut()).exists(), focal_point.needs_crops(new_image)) == (stale, stale)


def test_what_is_cut_elsewhere_is_found_by_an_index(db: None) -> None:
    plan = Image.objects.filter(uncut()).order_by().values("pk").explain()
    assert "image_uncut" in plan or "Seq Scan" in plan


def test_a_restored_version_is_cut_anew_where_it_was_cut_elsewhere(asked: list[str], editor: User) -> None:
    new_image = image(focal_x=0.2, focal_y=0.2, cut_x=0.2, cut_y=0.2)
    facts = {"width": 1600, "cut_x": 0.5, "cut_y": 0.5, "proposed_x": 0.6, "proposed_y": 0.5}
    for number, version_facts in enumerate(
        ({"width": 1600, "cut_x": None, "cut_y": None}, facts, facts | {"cut_x": 0.2, "cut_y": 0.2}), 1
    ):
        Version.objects.create(
            image=new_image, number=number, key=f"{number}", facts=version_facts, current=number == 3
        )
    cut = []
    for number in (2, 1, 3):
        asked.clear()
        assert versions.restore(ChangeSet(editor), new_image, number)
        new_image.refresh_from_db()
        cut.append((new_image.cut_x, "cut" in asked))
    assert cut == [(0.5, True), (None, True), (0.2, False)]


def test_a_message_that_is_lost_takes_nothing_back(
    monkeypatch: pytest.MonkeyPatch, editor: User, asked: list[str]
) -> None:
    def away(body: Any, delay: int = 0) -> None:
        raise Unavailable("away", json.dumps(body))

    new_image = image(**CUT)
    monkeypatch.setattr(clients.get_upload_queue(), "send", away)
    assert focal_point.move(ChangeSet(editor), new_image, Point(0.1, 0.1))
    assert Image.objects.filter(uncut()).exists()
