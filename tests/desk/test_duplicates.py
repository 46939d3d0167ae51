"""Duplicates on the desk: side by side, by plain forms, for who may."""

from operator import attrgetter
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mediahub.history.change_set import ChangeSet
from mediahub.library import collections, duplicates, memberships
from mediahub.library.models import Image, SimilarPair
from tests.desk.conftest import HOSTILE
from tests.records import image, tagging

KEY = attrgetter("pk")
START, DECIDE = reverse("desk:duplicates"), reverse("desk:decide_duplicates")


def group(*titles: str, **values: Any) -> list[Image]:
    """Images that look alike, the first being the oldest and the largest."""
    images = [image(title, **({"width": 1000 - n, "file_name": "a.jpg"} | values)) for n, title in enumerate(titles)]
    for other in images[1:]:
        SimilarPair.objects.create(first=images[0], second=other, distance=2)
    return images


def page_of(image: Image) -> str:
    return reverse("desk:duplicates_of", args=[image.pk])


def ids(images: list[Image]) -> list[str]:
    return [str(image.pk) for image in images]


def test_groups_come_one_after_the_other_the_newest_first(signed_in: Client) -> None:
    old, new = group("Old", "Older copy"), group("New", "New copy")
    page = signed_in.get(START)
    assert [column["image"].title for column in page.context["images"]] == ["New", "New copy"]
    assert (page.context["previous"], page.context["next"]) == ("", page_of(min(old, key=KEY)))
    page = signed_in.get(page_of(old[1]))
    assert [column["image"].title for column in page.context["images"]] == ["Old", "Older copy"]
    assert (page.context["previous"], page.context["next"]) == (page_of(min(new, key=KEY)), "")


def test_what_differs_is_marked_and_the_same_is_not(signed_in: Client) -> None:
    images = group(HOSTILE, "Copy", bytes=10)
    tagging(images[1], "Quay", "accepted")
    memberships.add_images(ChangeSet(None), images, collections.create(ChangeSet(None), "Ports"))
    answer = signed_in.get(START)
    rows = {row.title: (row.values, row.differs) for row in answer.context["rows"]}
    assert rows["Pixels"] == (["1000 × 1200", "999 × 1200"], True)
    assert rows["Accepted tags"] == (["", "Quay"], True)
    assert rows["Collections"] == (["Ports", "Ports"], False)
    assert rows["Size"][1] is rows["File name"][1] is False
    assert "Caption" not in rows
    assert HOSTILE not in answer.content.decode()


def test_one_is_kept_and_the_next_group_follows(chief_client: Client, queries: Any) -> None:
    old, images = group("Old", "Older copy"), group("Kept", "Copy", "Other copy")
    answer = chief_client.post(DECIDE, {"image": ids(images), "keep": str(images[0].pk)}, follow=True)
    assert "Kept Kept; 2 duplicates were merged into it and archived." in answer.content.decode()
    assert answer.redirect_chain[-1][0] == page_of(min(old, key=KEY))
    assert set(Image.objects.filter(state="archived")) == {*images[1:]}
    assert (
        "Merged into" in chief_client.get(reverse("admin:library_image_change", args=[images[1].pk])).content.decode()
    )


def test_a_public_address_goes_only_when_it_is_agreed_to(chief_client: Client) -> None:
    images = group("Draft", "Public")
    Image.objects.filter(pk=images[1].pk).update(state=Image.State.PUBLISHED)
    order = {"image": ids(images), "keep": str(images[0].pk)}
    page = chief_client.post(DECIDE, order, follow=True).content.decode()
    assert "These images are published: Public. Their public addresses will stop working." in page
    assert not Image.objects.filter(state=Image.State.ARCHIVED).exists()
    chief_client.post(DECIDE, {**order, "agreed": "1"})
    assert Image.objects.get(state=Image.State.ARCHIVED).title == "Public"


def test_editors_tell_apart_and_only_chief_editors_merge(signed_in: Client, editor: User, nobody: Client) -> None:
    images = group("One", "Two", "Three")
    order = {"image": ids(images)}
    assert signed_in.post(DECIDE, {**order, "keep": str(images[0].pk)}).status_code == 403
    assert nobody.post(DECIDE, order).status_code == nobody.get(START).status_code == 403
    assert "Ask a chief editor" in signed_in.get(START).content.decode()
    signed_in.post(DECIDE, {**order, "part": str(images[2].pk)})
    assert {one.title for one in duplicates.list_group(editor, images[0].pk)} == {"One", "Two"}
    answer = signed_in.post(DECIDE, {"image": ids(images[:2])}, follow=True)
    assert "There are no duplicates." in answer.content.decode()
    assert "already" in signed_in.post(DECIDE, {"image": ids(images[:2])}, follow=True).content.decode()


@pytest.mark.parametrize("order", [{}, {"image": ["x"]}, {"keep": "x"}, {"image": ["x"], "keep": "x", "agreed": "1"}])
def test_an_order_that_makes_no_sense_is_refused(chief_client: Client, order: dict[str, Any]) -> None:
    images = group("One", "Two")
    assert chief_client.post(DECIDE, order).status_code == 302
    own = {**order, "image": ids(images[:1]), "keep": str(images[0].pk)}
    assert "nothing to merge" in chief_client.post(DECIDE, own, follow=True).content.decode()
    assert Image.objects.filter(state=Image.State.IN_REVIEW).count() == 2


def test_the_image_leads_to_its_duplicates(signed_in: Client) -> None:
    images = group("One", "Two", "Three")
    page = signed_in.get(reverse("admin:library_image_change", args=[images[0].pk])).content.decode()
    assert "2 other images are identical or similar." in page
    assert page_of(images[0]) in page
    assert "no duplicates" in signed_in.get(page_of(image("Lonely"))).content.decode()


def test_the_page_costs_the_same_for_two_as_for_ten(queries: Any) -> None:
    tagging(group("One", "Two")[0], "Quay", "accepted")
    few = queries(START)
    for copy in group(*(f"Copy {n}" for n in range(10))):
        tagging(copy, f"Tag of {copy.title}", "accepted")
    assert queries(START) == few
    assert few <= 20
