"""Saved searches: what is shared outlives its owner, and tells nobody of what is closed to them."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.http import QueryDict

from mediahub.history.change_set import ChangeSet
from mediahub.library import collections, memberships, saved_searches
from mediahub.library.models import SavedSearch, Tag, Tagging
from mediahub.library.search import Search
from tests.records import image_with_tags


def search(query: str) -> Search:
    return Search.parse(QueryDict(query))


def names(user: User) -> list[str]:
    return [one.name for one in saved_searches.list_searches(user)]


@pytest.mark.parametrize("way", ["one", "many"])
def test_a_search_for_everybody_outlives_its_owner(editor: User, other_editor: User, way: str) -> None:
    saved_searches.save_search(editor, "Boats", search("q=boat"), shared=True)
    saved_searches.save_search(editor, "Mine", search("q=fog"))
    if way == "one":
        editor.delete()
    else:
        User.objects.filter(pk=editor.pk).delete()
    assert [(one.name, one.owner) for one in SavedSearch.objects.all()] == [("Boats", None)]
    assert names(other_editor) == ["Boats"]


@pytest.mark.parametrize("gone", ["deleted", "deactivated"])
def test_a_chief_editor_keeps_the_searches_of_who_has_left(
    editor: User, other_editor: User, chief: User, gone: str
) -> None:
    saved_search = saved_searches.save_search(editor, "Boats", search("q=boat"), shared=True)
    saved_searches.rename_search(chief, saved_search.pk, "Not theirs yet")
    assert not saved_searches.delete_search(chief, saved_search.pk)
    if gone == "deleted":
        editor.delete()
    else:
        User.objects.filter(pk=editor.pk).update(is_active=False)
    saved_searches.rename_search(other_editor, saved_search.pk, "Taken")
    assert not saved_searches.delete_search(other_editor, saved_search.pk)
    assert names(chief) == ["Boats"]
    saved_searches.rename_search(chief, saved_search.pk, "Ships")
    assert names(other_editor) == ["Ships"]
    assert saved_searches.delete_search(chief, saved_search.pk)


def test_two_searches_of_one_name_can_both_lose_their_owners(editor: User, other_editor: User, chief: User) -> None:
    for person in (editor, other_editor):
        saved_searches.save_search(person, "Boats", search("q=boat"), shared=True)
        person.delete()
    assert names(chief) == ["Boats", "Boats"]
    saved_searches.rename_search(chief, saved_searches.list_searches(chief)[0].pk, "Boats")
    with pytest.raises(ValidationError, match="1 to 60"):
        saved_searches.rename_search(chief, saved_searches.list_searches(chief)[0].pk, "")


def test_a_search_after_what_is_closed_is_shown_to_who_may_see_it(editor: User, chief: User, db: Any) -> None:
    legal = Group.objects.create(name="Legal")
    closed = collections.create(ChangeSet(None), "Lawsuit", None, groups=[legal])
    image = image_with_tags("Secret")
    Tagging.objects.filter(image=image).update(state=Tagging.State.ACCEPTED)
    memberships.add_images(ChangeSet(None), [image], closed)
    secret, known = Tag.objects.get(name="Secret"), Tag.objects.create(name="Known")
    for name, query in (
        ("By collection", f"collection={closed.pk}"),
        ("By tag", f"tag={secret.pk}"),
        ("In none", "collection=none"),
        ("Known", f"tag={known.pk}"),
    ):
        saved_searches.save_search(chief, name, search(query), shared=True)
    assert names(chief) == ["By collection", "By tag", "In none", "Known"]
    assert names(editor) == ["In none", "Known"]
    editor.groups.add(legal)
    assert names(editor) == ["By collection", "By tag", "In none", "Known"]
