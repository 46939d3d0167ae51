"""The pages of collections: the tree, its forms, the library beside it, and what nobody else sees."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.library import collections, memberships
from mediahub.library.models import Collection, Image, SavedSearch
from tests.browser.stock import failed_item, upload
from tests.collections import five_hundred
from tests.desk.conftest import HOSTILE
from tests.records import image

GRID = reverse("admin:library_image_changelist")
TREE = reverse("desk:collections")
BULK = reverse("desk:bulk")
DROP = reverse("desk:drop")


def make(name: str, parent: Collection | None = None, *groups: Group) -> Collection:
    return collections.create(ChangeSet(None), name, parent, groups=groups)


def change(client: Client, collection: Collection, act: str, **data: Any) -> Any:
    return client.post(reverse("desk:change_collection", args=[collection.pk]), {"act": act, **data}, follow=True)


def said(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def titles(client: Client, **query: Any) -> set[str]:
    return {image.title for image in client.get(GRID, query).context["images"]}


@pytest.fixture
def closed(db: Any) -> Image:
    """Provide an image that only the group Legal may see."""
    legal = Group.objects.create(name="Legal")
    new_image = image("Secret plan")
    memberships.add_images(ChangeSet(None), [new_image], make("Lawsuit", None, legal))
    return new_image


def addresses_of_one_image(image: Image) -> list[str]:
    """Each address of the desk that takes the id of an image."""
    page_addresses = []

    def walk(patterns: list[Any], names: list[str]) -> None:
        for one in patterns:
            if isinstance(one, URLResolver):
                walk(one.url_patterns, [*names, one.namespace] if one.namespace else names)
            elif isinstance(one, URLPattern) and "image_id" in one.pattern.converters:
                others = {key: 1 for key in one.pattern.converters if key != "image_id"}
                name = ":".join([*names, str(one.name)])
                page_addresses.append(reverse(name, kwargs={"image_id": image.pk, **others}))

    walk(get_resolver().url_patterns, [])
    return page_addresses


def test_no_address_of_a_closed_image_answers(signed_in: Client, editor: User, closed: Image) -> None:
    chief = Group.objects.get(name="Chief editor")
    chief.permissions.remove(*chief.permissions.filter(codename="see_every_collection"))
    editor.groups.add(chief)
    addresses = addresses_of_one_image(closed)
    assert len(addresses) >= 8
    for address in addresses:
        answers = [signed_in.get(address, follow=True), signed_in.post(address, follow=True)]
        assert {answer.status_code for answer in answers} <= {403, 404, 405}, address
    for name in ("change", "history", "delete"):
        answer = signed_in.get(reverse(f"admin:library_image_{name}", args=[closed.pk]))
        assert answer.status_code in (302, 403, 404)


def test_no_list_shows_a_closed_image(signed_in: Client, editor: User, closed: Image) -> None:
    sent = upload(editor, "secret-plan.jpg", "ready", image=closed)
    failed_item(sent, image=closed)
    activity = reverse("desk:activity")
    status = f"{reverse('desk:status')}?ids={sent.pk}"
    pages = ["/admin/", GRID, TREE, activity, reverse("desk:export_activity", args=["csv"]), status]
    # The number at “Failed items” in the bar counts none either.
    assert b"data-failed hidden>0<" in signed_in.get("/admin/").content
    assert signed_in.get(reverse("desk:pulse")).json()["failed"] == 0
    pages += ["/admin/uploads/upload/", "/admin/recovery/faileditem/?state__exact=open", reverse("desk:review_items")]
    for page in pages:
        answer = signed_in.get(page)
        text = b"".join(answer) if answer.streaming else answer.content
        assert b"Secret plan" not in text, page
        assert b"Lawsuit" not in text, page
        assert str(closed.pk).encode() not in text, page


def test_a_chief_sees_what_is_closed_and_others_of_the_group_too(
    chief_client: Client, signed_in: Client, editor: User, closed: Image
) -> None:
    assert titles(chief_client) == {"Secret plan"}
    assert titles(signed_in) == set()
    editor.groups.add(Group.objects.get(name="Legal"))
    assert titles(signed_in) == {"Secret plan"}


def test_the_bulk_bar_and_a_drop_pass_by_what_is_closed(signed_in: Client, closed: Image) -> None:
    news = make("News")
    signed_in.post(BULK, {"act": "put_in", "collection": "News", "image": [str(closed.pk)]})
    signed_in.post(DROP, {"collection": news.pk, "image": [str(closed.pk)]})
    assert not news.images.exists()
    lawsuit = Collection.objects.get(name="Lawsuit")
    answer = signed_in.post(DROP, {"collection": lawsuit.pk, "image": [str(image().pk)]})
    assert answer.status_code == 404
    assert "or you don" in answer.json()["reason"]


def test_a_name_that_is_closed_is_not_told_on_an_image_that_is_open(signed_in: Client, closed: Image) -> None:
    memberships.add_images(ChangeSet(None), [closed], make("News"))
    page = signed_in.get(reverse("admin:library_image_change", args=[closed.pk])).content.decode()
    assert "News" in page
    assert "Lawsuit" not in page


def test_many_are_put_in_taken_out_and_taken_back(signed_in: Client) -> None:
    sport = make("Sport", make("News"))
    form = {"collection": "news › sport", "image": [str(image(f"Image {n}").pk) for n in range(3)], "next": GRID}
    assert "3 images added to “Sport”" in said(signed_in.post(BULK, {"act": "put_in", **form}, follow=True))
    answer = signed_in.post(BULK, {"act": "take_out", **form}, follow=True)
    assert "3 images removed" in said(answer)
    batch = Change.objects.filter(action="collections_changed").first()
    assert batch
    signed_in.post(reverse("desk:undo", args=[batch.change_set]))
    assert sport.images.count() == 3
    assert "no collection “Nowhere”" in said(
        signed_in.post(BULK, {**form, "act": "put_in", "collection": "Nowhere"}, follow=True)
    )


@pytest.mark.parametrize("where", ["the bulk bar", "a drop", "the page of the image"])
def test_who_opens_an_image_to_everybody_is_told(chief_client: Client, closed: Image, where: str) -> None:
    news, lawsuit, one = make("News"), Collection.objects.get(name="Lawsuit"), [str(closed.pk)]
    match where:
        case "the bulk bar":
            form = {"act": "take_out", "collection": "Lawsuit", "image": [*one, str(image().pk)]}
            sentences = said(chief_client.post(BULK, form, follow=True))
        case "a drop":
            sentences = chief_client.post(DROP, {"collection": news.pk, "image": one}).json()["text"]
        case _:
            page = reverse("desk:file_image", args=one)
            sentences = said(chief_client.post(page, {"out": lawsuit.pk}, follow=True))
    assert "1 image was restricted. It is now visible to everyone" in sentences


def test_who_moves_an_image_in_sight_of_the_same_people_is_told_nothing_of_it(
    chief_client: Client, closed: Image
) -> None:
    make("Evidence", Collection.objects.get(name="Lawsuit"))
    form = {"image": [str(closed.pk), str(image().pk)]}
    for act, name in (("put_in", "Evidence"), ("take_out", "Lawsuit"), ("put_in", "Lawsuit")):
        sentences = said(chief_client.post(BULK, {**form, "act": act, "collection": name}, follow=True))
        assert name in sentences
        assert "everyone" not in sentences


def test_a_drop_is_answered_with_a_sentence_and_an_undo(signed_in: Client) -> None:
    news, new_image = make("News"), image()
    answer = signed_in.post(DROP, {"collection": news.pk, "image": [str(new_image.pk)]}).json()
    assert answer["text"] == "1 image added to “News”."
    signed_in.post(answer["undo"])
    assert not news.images.exists()
    again = signed_in.post(DROP, {"collection": news.pk, "image": ["no-id"]})
    assert again.status_code == 400


@pytest.mark.parametrize("data", [{}, {"collection": "x"}, {"collection": "999999"}, {"collection": "9" * 40}])
def test_a_drop_on_nothing_is_refused(signed_in: Client, data: dict[str, str]) -> None:
    assert signed_in.post(DROP, data).status_code == 404


def test_one_image_is_put_in_and_taken_out_on_its_page(signed_in: Client) -> None:
    news, new_image = make("News"), image()
    address = reverse("desk:file_image", args=[new_image.pk])
    signed_in.post(address, {"collection": "News"})
    assert news.images.get() == new_image
    page = signed_in.get(reverse("admin:library_image_change", args=[new_image.pk]))
    assert page.context["collections"] == [(news.pk, "News")]
    signed_in.post(address, {"out": str(news.pk)})
    assert not news.images.exists()


def test_the_library_is_narrowed_to_a_collection_and_what_lies_below(signed_in: Client) -> None:
    news = make("News")
    memberships.add_images(ChangeSet(None), [image("A")], news)
    memberships.add_images(ChangeSet(None), [image("B")], make("Sport", news))
    image("C")
    assert titles(signed_in, collection=news.pk) == {"A", "B"}
    assert titles(signed_in, collection="none") == {"C"}
    assert titles(signed_in, collection="x") == {"A", "B", "C"}
    page = signed_in.get(GRID, {"collection": str(news.pk), "state": "in_review"})
    assert [(chip.title, chip.value) for chip in page.context["filters"].chips][1] == ("Collection", "News")
    signed_in.post(f"{reverse('desk:save_search')}?collection={news.pk}", {"name": "Mine"})
    assert SavedSearch.objects.get().query == f"collection={news.pk}"


def test_a_chief_makes_arranges_and_deletes(chief_client: Client) -> None:
    chief_client.post(reverse("desk:make_collection"), {"name": "News", "description": "Daily"})
    news = Collection.objects.get()
    chief_client.post(reverse("desk:make_collection"), {"name": "Sport", "parent": news.pk})
    sport = Collection.objects.get(name="Sport")
    legal = Group.objects.create(name="Legal")
    assert "updated" in said(change(chief_client, sport, "rename", name="Sports"))
    assert "at the top" in said(change(chief_client, sport, "move", parent=""))
    assert "only to these groups: Legal" in said(change(chief_client, sport, "restrict", group=[legal.pk]))
    assert "visible to everyone" in said(change(chief_client, sport, "restrict"))
    answer = change(chief_client, sport, "delete")
    assert "deleted. Its 0 images" in said(answer)
    undo = Change.objects.get(action="collection_deleted").change_set
    answer = chief_client.post(reverse("desk:undo", args=[undo]), {"next": TREE}, follow=True)
    assert said(answer) == "Undone. The collections are back to how they were."
    assert Collection.objects.get(pk=sport.pk).name == "Sports"


def test_a_collection_shows_the_image_that_was_put_in_last(signed_in: Client, closed: Image) -> None:
    news = make("News")
    for member in (image("A"), latest := image("B"), closed):
        memberships.add_images(ChangeSet(None), [member], make(member.title, news))
    memberships.add_images(ChangeSet(None), [image("C"), latest], news)
    top = signed_in.get(TREE).context["nodes"]
    assert [(node.cover.title, node.own_count, node.count) for node in top] == [("B", 2, 5)]
    assert [node.cover.title for node in top[0].children] == ["A", "B", "Secret plan"]


def test_what_is_refused_is_said(chief_client: Client) -> None:
    news = make("News")
    sport = make("Sport", news)
    assert "already" in said(chief_client.post(reverse("desk:make_collection"), {"name": "news"}, follow=True))
    assert "below it" in said(change(chief_client, news, "move", parent=sport.pk))
    assert "no longer exists" in said(change(chief_client, news, "move", parent="99999"))
    assert change(chief_client, news, "explode").status_code == 404


@pytest.mark.parametrize("act", ["rename", "move", "restrict", "delete"])
def test_an_editor_makes_and_fills_but_does_not_arrange(signed_in: Client, act: str) -> None:
    assert signed_in.post(reverse("desk:make_collection"), {"name": "News", "group": ["1"]}).status_code == 302
    news = Collection.objects.get()
    assert not news.restricted
    assert change(signed_in, news, act, name="x").status_code == 403


@pytest.mark.parametrize("name", ["collections", "complete_collection", "drop", "make_collection"])
def test_who_has_no_right_sees_nothing(nobody: Client, name: str) -> None:
    address = reverse(f"desk:{name}")
    assert {nobody.get(address).status_code, nobody.post(address).status_code} <= {403, 405}


def test_names_are_completed(signed_in: Client) -> None:
    make("Sport", make("News"))
    answer = signed_in.get(reverse("desk:complete_collection"), {"q": "spo"})
    assert answer.json() == {"names": ["News › Sport"]}


def test_a_hostile_name_stays_text(signed_in: Client, chief_client: Client) -> None:
    hostile = HOSTILE.replace(">", "")
    place = make(hostile)
    memberships.add_images(ChangeSet(None), [new_image := image()], place)
    pages = [TREE, GRID, reverse("desk:collection", args=[place.pk]), reverse("desk:activity")]
    for address in [*pages, reverse("admin:library_image_change", args=[new_image.pk])]:
        assert hostile not in chief_client.get(address).content.decode()


@pytest.mark.parametrize("path", [GRID, TREE])
def test_five_hundred_collections_cost_as_many_questions_as_two(queries: Any, path: str) -> None:
    place = make("Place")
    memberships.add_images(ChangeSet(None), [image()], place)
    few = queries(path)
    five_hundred(place)
    assert queries(path) == few
    assert few <= 16


def test_the_activity_tells_what_became_of_collections(chief_client: Client, chief: User) -> None:
    news, new_image = make("News"), image("Harbour")
    collections.rename(ChangeSet(chief), news, "Daily")
    memberships.add_images(ChangeSet(chief), [new_image], news)
    page = chief_client.get(reverse("desk:activity")).content.decode()
    assert "changed the collection" in page
    assert "<ins>Daily</ins>" in page
    lines = b"".join(chief_client.get(reverse("desk:export_activity", args=["jsonl"]))).decode().splitlines()
    assert json.loads(lines[0])["changes"] == "Collection:  → Daily"
