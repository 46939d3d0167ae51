"""Whom an image is hidden from is one column: it says what the collections say, after any sequence of verbs."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

import mediahub
from mediahub.history import undo
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, audiences, collections, memberships
from mediahub.library.models import Audience, Collection, Image
from mediahub.recovery.comparisons import compare_audiences
from mediahub.recovery.consistency_checks import begin_check
from tests.records import image

VERBS = ("create", "move", "restrict", "open", "delete", "add", "remove", "undo")
GROUPS = ("Law", "Press")


def is_closed(collection: Collection, groups: set[int]) -> bool:
    """Return whether some restriction on the way down to a collection keeps out a person of these groups."""
    way = [collection]
    while way[-1].parent is not None:
        way.append(way[-1].parent)
    return any(step.restricted and not groups & set(step.groups.values_list("pk", flat=True)) for step in way)


def list_hidden(user: User) -> set[str]:
    """Return the images that are hidden from a person, by looking at each collection that each of them lies in."""
    groups = set(user.groups.values_list("pk", flat=True))
    hidden = set()
    for each in Image.objects.prefetch_related("collections"):
        places = list(each.collections.all())
        if places and all(is_closed(place, groups) for place in places):
            hidden.add(each.title)
    return hidden


def check(people: list[User]) -> None:
    """Assert that each person is shown what the collections say, and that no check would find a difference."""
    titles = set(Image.objects.values_list("title", flat=True))
    for person in people:
        assert titles - set(access.open_images(person).values_list("title", flat=True)) == list_hidden(person)
        closed = Image.objects.filter(access.match_closed(person))
        assert set(closed.values_list("title", flat=True)) == list_hidden(person)
    assert audiences.find_drifted(list(Image.objects.values_list("pk", flat=True))) == []


class Desk:
    """Images, groups and people, and a verb for each step that a test names."""

    def __init__(self) -> None:
        self.groups = [Group.objects.create(name=name) for name in GROUPS]
        self.people = [User.objects.create(username=f"person {n}") for n in range(3)]
        for person, group in zip(self.people, self.groups, strict=False):
            person.groups.add(group)
        self.images = [image(title=f"Image {n}") for n in range(4)]
        self.change_sets: list[ChangeSet] = []

    def do(self, verb: str, chance: random.Random) -> None:
        """Do what the verb says to something; a step that the rules refuse changes nothing."""
        places = list(Collection.objects.order_by("pk"))
        if not places and verb not in ("create", "undo"):
            return
        place = chance.choice(places) if places else None
        change_set = ChangeSet(None)
        try:
            self._do(verb, chance, change_set, place)
        except ValidationError:
            return
        self.change_sets.append(change_set)

    def _do(self, verb: str, chance: random.Random, change_set: ChangeSet, place: Collection | None) -> None:
        others = [None, *Collection.objects.order_by("pk")]
        some = chance.sample(self.images, chance.randrange(1, 4))
        if verb == "create":
            groups = chance.choice([[], [], [chance.choice(self.groups)]])
            name = f"Place {chance.randrange(10_000)}"
            collections.create(change_set, name, chance.choice(others), groups=groups)
        elif verb == "undo" and self.change_sets:
            undone = self.change_sets.pop(chance.randrange(len(self.change_sets)))
            undo.undo(User.objects.get(username="chief"), undone.id, change_set)
        elif place is None:
            return
        elif verb == "move":
            collections.move(change_set, place, chance.choice(others))
        elif verb in ("restrict", "open"):
            chosen = chance.sample(self.groups, chance.randrange(1, 3)) if verb == "restrict" else []
            collections.restrict(change_set, place, chosen)
        elif verb == "delete":
            collections.delete(change_set, place)
        else:
            change = memberships.add_images if verb == "add" else memberships.remove_images
            change(change_set, some, place)


# On SQLite make test-slow runs it.
EXAMPLES = 15 if connection.vendor == "sqlite" else 6


class AfterAnySequence(TestCase):
    """The column and the slow definition agree after each of many steps."""

    @given(steps=st.lists(st.sampled_from(VERBS), min_size=5, max_size=25), seed=st.integers(0, 10**6))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_the_column_says_what_the_collections_say(self, steps: list[str], seed: int) -> None:
        chance = random.Random(seed)
        User.objects.create(username="chief", is_superuser=True)
        desk = Desk()
        for verb in ("create", "create", "restrict", "add", *steps):
            desk.do(verb, chance)
            check(desk.people)


@pytest.fixture
def desk(db: None) -> Desk:
    User.objects.create(username="chief", is_superuser=True)
    return Desk()


def test_what_a_check_finds_is_mended(desk: Desk) -> None:
    legal = collections.create(ChangeSet(None), "Contracts", groups=desk.groups[:1])
    memberships.add_images(ChangeSet(None), desk.images[:2], legal)
    hidden, opened = desk.images[0], desk.images[3]
    Image.objects.filter(pk=hidden.pk).update(audience=None)
    Image.objects.filter(pk=opened.pk).update(audience=Audience.objects.get())
    run = begin_check(full=True, repair=True, by_hand=True, grace_seconds=0)
    findings, after = compare_audiences(run, {})
    assert {(finding.kind, finding.what) for finding in findings} == {
        ("misplaced", str(hidden.pk)),
        ("misplaced", str(opened.pk)),
    }
    assert after is None
    for finding in findings:
        finding.mend()
    check(desk.people)


def test_an_audience_that_lost_a_gate_hides_more_and_is_mended(desk: Desk) -> None:
    """Whatever goes wrong with the rows behind the column, nobody sees more by it."""
    legal = collections.create(ChangeSet(None), "Contracts", groups=desk.groups[:1])
    memberships.add_images(ChangeSet(None), desk.images[:1], legal)
    Audience.gates.through.objects.all().delete()
    assert not access.open_images(desk.people[0]).filter(pk=desk.images[0].pk).exists()
    assert audiences.find_drifted([desk.images[0].pk]) == [desk.images[0].pk]
    audiences.update_images([desk.images[0].pk])
    check(desk.people)


def test_a_deleted_collection_leaves_no_audience(desk: Desk) -> None:
    legal = collections.create(ChangeSet(None), "Contracts", groups=desk.groups[:1])
    memberships.add_images(ChangeSet(None), desk.images[:1], legal)
    change_set = ChangeSet(None)
    collections.delete(change_set, legal)
    assert not Audience.objects.exists()
    undo.undo(User.objects.get(username="chief"), change_set.id, ChangeSet(None))
    check(desk.people)
    assert list_hidden(desk.people[1]) == {"Image 0"}


def test_moving_what_is_restricted_itself_writes_no_image(
    desk: Desk, django_assert_num_queries: Callable[..., object]
) -> None:
    press = collections.create(ChangeSet(None), "Press", groups=desk.groups[1:])
    legal = collections.create(ChangeSet(None), "Contracts", groups=desk.groups[:1])
    memberships.add_images(ChangeSet(None), desk.images[:1], legal)
    before = Image.objects.get(pk=desk.images[0].pk).audience_id
    collections.move(ChangeSet(None), legal, press)
    assert Image.objects.get(pk=desk.images[0].pk).audience_id == before
    check(desk.people)


def test_audiences_are_created_in_the_same_order_by_everybody(desk: Desk) -> None:
    """Those that come in another order would lock each other's audiences; PostgreSQL ends one of them then."""
    pictures = [image() for _ in range(12)]
    for number, picture in enumerate(pictures):
        place = collections.create(ChangeSet(None), f"Place {number}", None, groups=desk.groups[:1])
        memberships.add_images(ChangeSet(None), [picture], place)
    Image.objects.update(audience=None)
    Audience.objects.all().delete()
    audiences.update_images(picture.pk for picture in pictures)
    digests = list(Audience.objects.order_by("pk").values_list("digest", flat=True))
    assert len(digests) == 12
    assert digests == sorted(digests)


def test_every_module_that_writes_memberships_keeps_the_audiences() -> None:
    writes = re.compile(
        r"Membership\.objects\b[^\n]*(?:create|delete|update)\(|memberships\.(?:create|all\(\)\.delete)\("
    )
    root = Path(mediahub.__file__).parent
    sources = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.py")}
    writers = {name for name, text in sources.items() if writes.search(text)}
    assert writers == {"library/memberships.py"}
    assert "audiences.update_images(" in sources["library/memberships.py"]
