"""The page of a search: what it says when it tried something else, its orders, its tags, and how it counts."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from mediahub.desk.library import selection
from mediahub.history.change_set import ChangeSet
from mediahub.library import collections, memberships, saved_searches
from mediahub.library.models import KnownWord
from mediahub.library.search import Search
from tests.records import image, tagging

GRID = reverse("admin:library_image_changelist")
MENUS = reverse("desk:search_menus")
COUNT = reverse("desk:count_images")


def titles(client: Client, **query: Any) -> list[str]:
    return [shown.title for shown in client.get(GRID, query).context["images"]]


@pytest.fixture
def known(db: Any) -> None:
    """Let the search know a word; those of a change are noted after its commit, which no test here reaches."""
    KnownWord.objects.create(word="lighthouse", reversed="esuohthgil")


def test_what_was_shown_instead_is_said_and_can_be_refused(signed_in: Client, known: None) -> None:
    image("Lighthouse")
    page = signed_in.get(GRID, {"q": "lighthuose", "state": "in_review"})
    html = page.content.decode()
    assert [shown.title for shown in page.context["images"]] == ["Lighthouse"]
    assert "Showing results for <strong>lighthouse</strong>" in html
    # What is done to all results is done to those that are shown.
    assert f'action="{reverse("desk:bulk")}?q=lighthouse&amp;state=in_review"' in html
    alone = re.search(r'href="(\?q=lighthuose[^"]*exact=1)"', html)
    assert alone
    refused = signed_in.get(GRID + alone[1].replace("&amp;", "&"))
    assert not refused.context["images"]
    assert "Nothing matches your search and filters." in refused.content.decode()


def test_a_search_that_finds_something_is_not_corrected(signed_in: Client, known: None) -> None:
    image("Lighthuose")
    image("Lighthouse")
    assert titles(signed_in, q="lighthuose") == ["Lighthuose"]
    assert "Showing results" not in signed_in.get(GRID, {"q": "lighthuose"}).content.decode()


def test_words_without_letters_are_said(signed_in: Client) -> None:
    image("Boat")
    page = signed_in.get(GRID, {"q": "boat !!!"}).content.decode()
    assert "“!!!” has no letters or digits to search for, and was ignored." in page


def test_the_orders_are_links_and_go_with_every_other_link(signed_in: Client) -> None:
    for title in ("Boat b", "Boat a", "Quay"):
        image(title)
    page = signed_in.get(GRID, {"q": "boat", "sort": "title"})
    assert [shown.title for shown in page.context["images"]] == ["Boat a", "Boat b"]
    html = page.content.decode()
    assert "Sort: Title" in " ".join(html.split())
    assert 'href="?q=boat&amp;sort=size"' in html
    assert 'href="?q=boat&amp;sort=relevance"' in html
    assert 'href="?q=boat&amp;state=published&amp;sort=title"' in html
    assert '<input type="hidden" name="sort" value="title">' in html
    assert "sort=relevance" not in signed_in.get(GRID).content.decode()
    assert titles(signed_in, sort="nonsense") == ["Quay", "Boat a", "Boat b"]


def test_more_images_are_loaded_in_the_order_of_the_page(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mediahub.desk.library.views.PAGE_SIZE", 2)
    for title in "cabed":
        image(title)
    address, shown = f"{GRID}?sort=title", []
    while address:
        page = signed_in.get(address)
        shown += [each.title for each in page.context["images"]]
        address = page.context["more"] and GRID + page.context["more"]
    assert shown == list("abcde")


def test_several_tags_are_chosen_in_the_form_and_taken_away_one_by_one(signed_in: Client) -> None:
    boat, quay = image("Boat"), image("Quay")
    sea, fog = tagging(boat, "Sea"), tagging(boat, "Fog")
    tagging(quay, "Sea")
    page = signed_in.get(GRID, {"tag": [str(sea.tag_id), str(fog.tag_id), ""], "no_tag": ""})
    assert [shown.title for shown in page.context["images"]] == ["Boat"]
    menus = signed_in.get(MENUS, {"tag": f"{sea.tag_id},{fog.tag_id}"}).content.decode()
    assert menus.count(f' value="{fog.tag_id}" checked') == 1
    chips = [(chip.title, chip.value, chip.address) for chip in page.context["filters"].chips]
    assert chips == [
        ("Has all of these tags", "Sea", f"?tag={fog.tag_id}"),
        ("Has all of these tags", "Fog", f"?tag={sea.tag_id}"),
    ]
    assert titles(signed_in, no_tag=str(fog.tag_id)) == ["Quay"]


def test_a_long_list_is_counted_after_the_page(signed_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MAX_IMAGES", 2)
    for n in range(3):
        image(f"Boat {n}")
    html = signed_in.get(GRID, {"q": "boat"}).content.decode()
    assert "more than 2 images" in html
    assert f'data-count="{COUNT}?q=boat"' in html
    assert signed_in.get(f"{COUNT}?q=boat").json() == {"text": "3 images"}
    monkeypatch.setattr("mediahub.library.search.query.MOST_COUNTED", 1)
    assert signed_in.get(f"{COUNT}?q=boat").json() == {"text": "2 images"}
    assert 'data-count="' not in signed_in.get(GRID, {"q": '"boat 1"'}).content.decode()
    assert selection.describe_number(10_001) == "more than 10,000 images"


def test_the_count_is_of_what_the_person_may_see(signed_in: Client, chief_client: Client, nobody: Client) -> None:
    hidden, _open = image("Boat"), image("Boat")
    closed = collections.create(ChangeSet(None), "Deals", None, groups=[Group.objects.create(name="Legal")])
    memberships.add_images(ChangeSet(None), [hidden], closed)
    assert signed_in.get(f"{COUNT}?q=boat").json() == {"text": "1 image"}
    assert chief_client.get(f"{COUNT}?q=boat").json() == {"text": "2 images"}
    assert nobody.get(COUNT).status_code == 403


def test_a_shared_search_for_a_tag_of_a_hidden_image_is_hidden(chief: User, editor: User) -> None:
    secret = tagging(image("Boat"), "Secret")
    closed = collections.create(ChangeSet(None), "Deals", None, groups=[Group.objects.create(name="Legal")])
    memberships.add_images(ChangeSet(None), [secret.image], closed)
    for name in ("tag", "any_tag", "no_tag"):
        saved_searches.save_search(chief, name, Search.parse(QueryDict(f"{name}={secret.tag_id}")), shared=True)
    assert saved_searches.list_searches(editor) == []
    assert len(saved_searches.list_searches(chief)) == 3
