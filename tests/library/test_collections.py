"""Collections: nested, arranged, filled in bulk, closed to groups, and all of it taken back."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from mediahub.history import undo
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.library import access, collection_tree, collections, memberships
from mediahub.library.models import Collection, Image, Membership
from mediahub.library.search import Search
from tests.collections import five_hundred
from tests.records import image

pytestmark = pytest.mark.django_db


def make(name: str, parent: Collection | None = None, *groups: Group) -> Collection:
    return collections.create(ChangeSet(None), name, parent, groups=groups)


def many(number: int) -> list[Image]:
    fields = {"file_name": "a.jpg", "format": "JPEG", "width": 1, "height": 1, "bytes": 1, "sha256": "0" * 64}
    return Image.objects.bulk_create([Image(title=f"Image {n}", **fields) for n in range(number)])


def inside(collection: Collection) -> set[str]:
    return set(collection.images.values_list("title", flat=True))


def find_titles(user: User, **asked: str) -> set[str]:
    search = Search(texts=asked)
    return set(search.images(user).values_list("title", flat=True))


def paths() -> dict[str, list[str]]:
    """Return the names on the way down to each collection, read from its path."""
    called = {one.pk: one.name for one in Collection.objects.all()}
    steps = {one.name: [one.path[n : n + 8] for n in range(0, len(one.path), 8)] for one in Collection.objects.all()}
    return {name: [called[int(step)] for step in path] for name, path in steps.items()}


def test_a_name_stands_once_among_its_neighbours(editor: User) -> None:
    news = make("News")
    make("Sport", news)
    make("Sport")
    with pytest.raises(ValidationError, match="There is already a collection “SPORT” in “News”"):
        make("SPORT", news)
    with pytest.raises(ValidationError, match="at the top level"):
        make("news")
    with transaction.atomic(), pytest.raises(IntegrityError):
        Collection.objects.create(name="NEWS", path="x")


@pytest.mark.parametrize("name", ["", "  ", "a\nb\x07", "x" * 101, "News › Sport", "a > b"])
def test_what_is_no_name_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(ValidationError, match="collection"):
        make(name)
    assert not Collection.objects.exists()


def test_what_lies_below_moves_along(editor: User) -> None:
    news, archive = make("News"), make("Archive")
    sport = make("Sport", news)
    make("Football", make("Ball games", sport))
    collections.move(ChangeSet(editor), sport, archive)
    assert paths()["Football"] == ["Archive", "Sport", "Ball games", "Football"]
    collections.move(ChangeSet(editor), sport, None)
    assert paths()["Football"] == ["Sport", "Ball games", "Football"]


def test_no_circle_and_no_well_without_end(editor: User) -> None:
    top = lowest = make("1")
    for n in range(2, 9):
        lowest = make(str(n), lowest)
    with pytest.raises(ValidationError, match="at most 8 levels deep"):
        make("9", lowest)
    with pytest.raises(ValidationError, match="below it"):
        collections.move(ChangeSet(editor), top, lowest)
    with pytest.raises(ValidationError, match="below it"):
        collections.move(ChangeSet(editor), top, top)
    with pytest.raises(ValidationError, match="at most 8 levels deep"):
        collections.move(ChangeSet(editor), top, make("Other"))


def test_put_and_take_out_are_told_and_taken_back(editor: User) -> None:
    boats, images = make("Boats"), [image(title="A"), image(title="B")]
    put = ChangeSet(editor)
    assert memberships.add_images(put, images[:1], boats) == 1
    assert memberships.add_images(ChangeSet(editor), images, boats) == 1
    out = ChangeSet(editor)
    assert memberships.remove_images(out, images, boats) == 2
    assert Change.objects.filter(action="collections_changed", by=editor).count() == 4
    assert undo.undo(editor, out.id).change_set.images == 2
    assert inside(boats) == {"A", "B"}
    back = undo.undo(editor, put.id)
    assert inside(boats) == {"B"}
    undo.undo(editor, back.change_set.id)
    assert inside(boats) == {"A", "B"}


def test_what_was_changed_since_stays(editor: User) -> None:
    boats, images = make("Boats"), [image(title="A"), image(title="B")]
    put = ChangeSet(editor)
    memberships.add_images(put, images, boats)
    memberships.remove_images(ChangeSet(editor), images[:1], boats)
    undone = undo.undo(editor, put.id)
    assert undone.refused == ["A was not changed. It has been changed again since then."]
    assert inside(boats) == set()


def test_a_thousand_images_cost_few_questions(editor: User, django_assert_max_num_queries: Any) -> None:
    boats, images, act = make("Boats"), many(1000), ChangeSet(editor)
    with django_assert_max_num_queries(24):
        memberships.add_images(act, images, boats)
    with django_assert_max_num_queries(30):
        undo.undo(editor, act.id)
    assert Change.objects.filter(action="undone").count() == 1000
    assert not Membership.objects.exists()


def test_a_deleted_collection_leaves_its_images_and_comes_back_whole(chief: User) -> None:
    news = make("News")
    sport = make("Sport", news)
    make("Football", sport)
    memberships.add_images(ChangeSet(chief), [image(title="A")], sport)
    act = ChangeSet(chief)
    assert collections.delete(act, sport) == 1
    assert paths()["Football"] == ["News", "Football"]
    assert Image.objects.count() == 1
    back = undo.undo(chief, act.id)
    assert back.refused == []
    assert paths()["Football"] == ["News", "Sport", "Football"]
    assert inside(Collection.objects.get(name="Sport")) == {"A"}
    assert undo.undo(chief, back.change_set.id).refused == []
    assert not Collection.objects.filter(name="Sport").exists()


def test_a_name_a_place_and_groups_are_taken_back(chief: User) -> None:
    news, archive, act = make("News"), make("Archive"), ChangeSet(chief)
    collections.rename(act, news, "Daily", "What is printed.")
    collections.move(act, news, archive)
    collections.restrict(act, news, Group.objects.filter(name="Editor"))
    assert undo.undo(chief, act.id).refused == []
    collection = Collection.objects.get(pk=news.pk)
    assert (collection.name, collection.description, collection.parent, collection.restricted) == (
        "News",
        "",
        None,
        False,
    )
    assert not collection.groups.exists()
    assert paths()["News"] == ["News"]


def test_a_new_collection_that_was_filled_is_not_taken_back(editor: User) -> None:
    act = ChangeSet(editor)
    boats = collections.create(act, "Boats")
    memberships.add_images(ChangeSet(editor), [image()], boats)
    assert "no longer empty" in undo.undo(editor, act.id).refused[0]
    assert Collection.objects.exists()


@pytest.mark.parametrize(
    ("where", "seen"),
    [
        ([], True),
        (["open"], True),
        (["closed"], False),
        (["below"], False),
        (["own"], True),
        (["closed", "open"], True),
        (["closed", "below"], False),
        (["below", "own"], True),
    ],
)
def test_who_may_see_an_image(editor: User, chief: User, where: list[str], seen: bool) -> None:
    legal = Group.objects.create(name="Legal")
    places = {"open": make("Open"), "closed": make("Closed", None, legal)}
    places |= {"below": make("Below", places["closed"]), "own": make("Own", None, legal, editor.groups.get())}
    new_image = image()
    for name in where:
        memberships.add_images(ChangeSet(None), [new_image], places[name])
    assert access.visible_images(editor).filter(pk=new_image.pk).exists() is seen
    assert access.changeable_images(editor).filter(pk=new_image.pk).exists() is seen
    assert access.visible_images(chief).filter(pk=new_image.pk).exists()
    assert set(access.visible_collections(editor).values_list("name", flat=True)) == {"Open", "Own"}


def test_what_lies_below_needs_every_group_on_the_way(editor: User) -> None:
    legal = Group.objects.create(name="Legal")
    court = make("Court", make("Cases", None, legal), editor.groups.get())
    assert not access.visible_collections(editor).exists()
    editor.groups.add(legal)
    assert court in access.visible_collections(editor)


def test_a_deleted_group_closes_rather_than_opens(editor: User) -> None:
    legal = Group.objects.create(name="Legal")
    cases = make("Cases", None, legal)
    legal.delete()
    assert cases not in access.visible_collections(editor)


def test_the_search_finds_what_lies_below_and_tells_nothing_of_closed_ones(editor: User) -> None:
    legal = Group.objects.create(name="Legal")
    news, closed = make("News"), make("Closed", None, legal)
    for title, place in (("A", news), ("B", make("Sport", news)), ("C", closed), ("D", None)):
        new_image = image(title=title)
        memberships.add_images(ChangeSet(None), [new_image], place or closed) if title != "D" else None
    memberships.add_images(ChangeSet(None), Image.objects.filter(title="A"), closed)
    assert find_titles(editor, collection=str(news.pk)) == {"A", "B"}
    assert find_titles(editor, collection="none") == {"D"}
    assert find_titles(editor, collection=str(closed.pk)) == set()
    assert find_titles(editor, collection="999999") == set()


def test_a_tree_costs_the_same_for_five_hundred(editor: User, django_assert_num_queries: Any) -> None:
    new_image = image()
    five_hundred(make("Place"))
    for place in Collection.objects.filter(name__startswith="Part"):
        memberships.add_images(ChangeSet(None), [new_image], place)
    editor = User.objects.get(pk=editor.pk)
    editor.has_perm("library.view_image")
    with django_assert_num_queries(3):
        top = collection_tree.build_tree(editor)
    assert [node.name for node in top] == ["Place"]
    assert (top[0].own_count, top[0].count, len(top[0].children)) == (0, 450, 50)
    assert [node.name for node in top[0].children[:2]] == ["Place › Place 0", "Place › Place 1"]


def test_a_text_means_a_collection(editor: User) -> None:
    legal = Group.objects.create(name="Legal")
    sport = make("Sport", make("News"))
    make("Sport", make("Archive"))
    make("Closed", None, legal)
    assert collection_tree.find_collection(editor, "news > sport") == sport
    assert collection_tree.find_collection(editor, "Sport") is None
    assert collection_tree.find_collection(editor, "closed") is None
    assert collection_tree.complete_name(editor, "spo") == ["Archive › Sport", "News › Sport"]


def test_images_out_of_use_are_not_counted(editor: User) -> None:
    news, gone = make("News"), image()
    memberships.add_images(ChangeSet(None), [image(), gone], news)
    Image.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    assert [(node.own_count, node.count) for node in collection_tree.build_tree(editor)] == [(1, 1)]
