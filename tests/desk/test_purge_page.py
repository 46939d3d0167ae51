"""The page that asks before images are erased: who sees it, and what it refuses."""

from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mediahub.aws import clients
from mediahub.jobs import purge_records
from mediahub.library import etags
from mediahub.library.models import Image, Purge
from tests.doubles import MemoryQueue
from tests.records import image, images

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def queue() -> Any:
    """Provide the queue in memory."""
    queue = MemoryQueue()
    with patch.object(clients, "get_upload_queue", lambda: queue):
        yield queue


def sign_in(user: User) -> Client:
    """Return a browser in which the person is signed in."""
    client = Client()
    client.force_login(user)
    return client


def boxes(images: list[Image]) -> list[str]:
    """Return what the boxes of these images say."""
    return [f"{each.pk}/{etags.image_etag(each)}" for each in images]


def test_an_editor_sees_no_button_and_erases_nothing(editor: User) -> None:
    picture, browser = image(title="Harbor"), sign_in(editor)
    page = browser.get(reverse("admin:library_image_change", args=[picture.pk])).content.decode()
    assert "ask_purge" not in page
    assert browser.post(reverse("desk:bulk"), {"act": "ask_purge", "image": boxes([picture])}).status_code == 403
    fields = {"image": boxes([picture]), "reason": "why", "number": "1"}
    assert browser.post(reverse("desk:purge"), fields).status_code == 403
    assert browser.get(reverse("desk:purges")).status_code == 403
    assert Image.objects.exists()


@pytest.mark.parametrize(
    ("reason", "number", "says"),
    [
        ("", "2", "Enter a reason"),
        ("x" * 501, "2", "longer than 500"),
        ("why", "", "Enter 2, the number"),
        ("why", "1", "Enter 2, the number"),
        ("why", "9" * 5000, "Enter 2, the number"),
    ],
)
def test_what_is_not_confirmed_erases_nothing_and_keeps_what_was_typed(
    reason: str, number: str, says: str, chief: User
) -> None:
    images = [image(title="Harbor"), image(title="Boats")]
    fields = {"image": boxes(images), "reason": reason, "number": number}
    answer = sign_in(chief).post(reverse("desk:purge"), fields)
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert reason in answer.content.decode()
    assert Image.objects.count() == 2


def test_what_was_changed_meanwhile_is_shown_again(chief: User) -> None:
    picture = image(title="Harbor")
    fields = {"image": boxes([picture]), "reason": "why", "number": "1"}
    Image.objects.filter(pk=picture.pk).update(title="Boats")
    answer = sign_in(chief).post(reverse("desk:purge"), fields)
    assert (answer.status_code, Image.objects.count()) == (409, 1)


def test_more_than_a_small_selection_is_refused(chief: User) -> None:
    harbors = images([{"title": f"Harbor {number}"} for number in range(purge_records.MOST_IMAGES + 1)])
    browser = sign_in(chief)
    answer = browser.post(reverse("desk:bulk"), {"act": "ask_purge", "image": boxes(harbors)}, follow=True)
    assert "At most 20 images" in answer.content.decode()
    fields = {"image": boxes(harbors), "reason": "why", "number": str(len(harbors))}
    assert browser.post(reverse("desk:purge"), fields).status_code == 400
    assert Image.objects.count() == len(harbors)


def test_a_small_selection_is_erased_as_one(chief: User, queue: MemoryQueue) -> None:
    images = [image(title="Harbor"), image(title="Boats")]
    fields = {"image": boxes(images), "reason": "Asked for  by\nthe family", "number": "2"}
    answer = sign_in(chief).post(reverse("desk:purge"), fields, follow=True)
    assert "2 images erased" in answer.content.decode()
    assert "Asked for by the family" in answer.content.decode()
    assert set(Purge.objects.values_list("pk", flat=True)) == {each.pk for each in images}
    assert len(queue.messages) == 2
    assert not Image.objects.exists()
