"""What is done to many images is done to those that somebody saw, as they saw them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.desk.activity import views as activity_views
from mediahub.desk.library import selection
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.history.undo import was_undone
from mediahub.jobs import runner
from mediahub.jobs.models import Job
from mediahub.library import collections, field_edits, memberships, metadata, publishing, tag_decisions
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Tagging
from tests.desk.test_edits import Fields, form
from tests.records import image, images

GRID = reverse("admin:library_image_changelist")
BULK = reverse("desk:bulk")
BOX = re.compile(r'name="image"\s+value="([-0-9a-f]{36}/[0-9a-f]{16})"')
COMPLETE = {"alt_text": "A quay", "credit": "Ada"}


@pytest.fixture
def boats(db: Any) -> list[Image]:
    """More images than one page shows."""
    return images([{"title": f"Boat {number}", **COMPLETE} for number in range(70)])


def shown(client: Client, **more: str) -> dict[str, Any]:
    """Return what the form of the library sends when all results are chosen."""
    return {**form(client, GRID + "?q=boat", "seen"), "all": "1", **more}


def public() -> set[str]:
    return set(Image.objects.filter(state=Image.State.PUBLISHED).values_list("title", flat=True))


def age(*images: Image) -> None:
    """As if these had been there for an hour when the page was shown."""
    earlier = timezone.now() - timedelta(hours=1)
    Image.objects.filter(pk__in=[one.pk for one in images]).update(created_at=earlier, updated_at=earlier)


@pytest.mark.usefixtures("boats")
def test_what_came_after_the_page_was_shown_is_not_published(chief_client: Client) -> None:
    order = shown(chief_client, act="publish")
    image("Boat unseen", **COMPLETE)
    page = chief_client.post(f"{BULK}?q=boat", order, follow=True).content.decode()
    assert len(public()) == 70
    assert "Boat unseen" not in public()
    assert "1 image was added or changed after you loaded this page, and was skipped." in page


def test_what_came_into_the_results_by_a_change_is_not_published(chief_client: Client, boats: list[Image]) -> None:
    ship = image("Ship", **COMPLETE)
    age(ship, *boats)
    order = shown(chief_client, act="publish")
    metadata.edit(ChangeSet(None), ship, {"title": Edit("Boat after all")})
    chief_client.post(f"{BULK}?q=boat", order)
    assert len(public()) == 70
    assert "Boat after all" not in public()


def test_what_was_committed_late_under_an_earlier_moment_is_not_published(
    chief_client: Client, boats: list[Image]
) -> None:
    age(*boats)
    order = shown(chief_client, act="publish")
    late = image("Boat of a slow worker", **COMPLETE)
    earlier = timezone.now() - timedelta(seconds=5)
    Image.objects.filter(pk=late.pk).update(created_at=earlier, updated_at=earlier)
    answer = chief_client.post(f"{BULK}?q=boat", order)
    assert answer.status_code == 409
    assert public() == set()
    go_on = Fields(answer.content.decode(), "image").sent
    chief_client.post(BULK, go_on)
    assert public() == {one.title for one in boats}


def test_where_one_went_and_one_came_the_person_is_asked(chief_client: Client, boats: list[Image]) -> None:
    age(*boats)
    order = shown(chief_client, act="publish", next=GRID)
    metadata.edit(ChangeSet(None), boats[0], {"title": Edit("Ship")})
    image("Boat unseen", **COMPLETE)
    answer = chief_client.post(f"{BULK}?q=boat", order)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Your search matched 70 images when you loaded the page." in page
    assert "Continue with 69 images as you saw them" in page
    assert "Include this 1 image" in page
    assert public() == set()
    chief_client.post(BULK, Fields(page, "image").sent)
    assert public() == {one.title for one in boats[1:]}


@pytest.mark.parametrize("seen", [None, "", "x", "2026-01-01 70 x", "2026-13-01T00:00:00+00:00 7 x", "9" * 30])
def test_a_form_that_does_not_say_what_was_seen_is_asked(
    chief_client: Client, boats: list[Image], seen: str | None
) -> None:
    order = {"act": "publish", "all": "1", **({} if seen is None else {"seen": seen})}
    answer = chief_client.post(f"{BULK}?q=boat", order)
    assert answer.status_code == 409
    assert public() == set()


def boxes(client: Client, *images: Image) -> list[str]:
    """Return what the boxes of these images in the library send."""
    values = BOX.findall(client.get(GRID).content.decode())
    return [box for box in values if box.split("/")[0] in {str(one.pk) for one in images}]


def test_a_selected_picture_that_was_replaced_meanwhile_is_not_published(chief_client: Client) -> None:
    boat, quay = image("Boat", **COMPLETE), image("Quay", **COMPLETE)
    order = {"act": "publish", "image": boxes(chief_client, boat, quay)}
    Image.objects.filter(pk=boat.pk).update(sha256="1" * 64)
    page = chief_client.post(BULK, order, follow=True).content.decode()
    assert public() == {"Quay"}
    assert "Boat was not published. Its file, details, or state changed after you loaded the page." in page


@pytest.mark.parametrize("change", [{"caption": "Somebody else's words"}, {"state": "archived"}, {"sha256": "1" * 64}])
def test_the_page_of_an_image_publishes_what_it_shows(chief_client: Client, change: dict[str, str]) -> None:
    boat = image("Boat", **COMPLETE)
    page_of = reverse("admin:library_image_change", args=[boat.pk])
    seen = form(chief_client, page_of, "image")
    Image.objects.filter(pk=boat.pk).update(**change)
    chief_client.post(BULK, {**seen, "act": "publish"})
    assert public() == set()
    chief_client.post(BULK, {**form(chief_client, page_of, "image"), "act": "publish"})
    assert public() == {"Boat"}


def test_a_picture_that_is_replaced_while_it_is_published_is_compared_under_its_lock(chief: User) -> None:
    boat = image("Boat", **COMPLETE)
    result = publishing.publish(ChangeSet(chief), [boat], {boat.pk: "0" * 16})
    assert (result.count, len(result.refused)) == (0, 1)


def test_a_tag_that_somebody_gives_meanwhile_leaves_an_image_out_of_all_results(
    chief_client: Client, boats: list[Image]
) -> None:
    age(*boats)
    order = shown(chief_client, act="archive")
    tag_decisions.add_tag(ChangeSet(None), boats[3], "Fog")
    answer = chief_client.post(f"{BULK}?q=boat", order)
    assert answer.status_code == 409
    chief_client.post(BULK, Fields(answer.content.decode(), "image").sent)
    assert Image.objects.filter(state=Image.State.ARCHIVED).count() == 69
    boats[3].refresh_from_db()
    assert boats[3].state == Image.State.IN_REVIEW


def test_what_the_mirror_notes_is_no_change_of_the_results(chief_client: Client, boats: list[Image]) -> None:
    order = shown(chief_client, act="publish")
    Image.objects.update(mirrored_revision=1)
    chief_client.post(f"{BULK}?q=boat", order)
    assert public() == {one.title for one in boats}


def test_what_the_person_is_asked_about_holds_nothing_that_is_closed(
    chief_client: Client, signed_in: Client, boats: list[Image]
) -> None:
    hidden = image("Boat of the closed collection", **COMPLETE)
    closed = collections.create(ChangeSet(None), "Closed", groups=Group.objects.filter(name="Chief editor"))
    memberships.add_images(ChangeSet(None), [hidden], closed)
    answer = signed_in.post(f"{BULK}?q=boat", {"act": "add_tag", "tag": "Fog", "all": "1"})
    assert answer.status_code == 409
    assert "Boat of the closed" not in answer.content.decode()
    assert str(hidden.pk) not in answer.content.decode()


def test_a_credit_leaves_the_words_that_another_types_meanwhile(signed_in: Client, chief: User) -> None:
    boat = image("Boat")
    order = {**form(signed_in, GRID, "seen"), "act": "set_credit", "credit": "Ada", "image": boxes(signed_in, boat)}
    metadata.edit(ChangeSet(chief), boat, {"caption": Edit("Boats at dawn")})
    signed_in.post(BULK, order)
    boat.refresh_from_db()
    assert (boat.credit, boat.caption) == ("Ada", "Boats at dawn")


@pytest.mark.parametrize("name", ["credit", "license"])
def test_a_word_for_many_that_another_gives_meanwhile_stays_until_the_person_has_seen_it(
    signed_in: Client, chief: User, name: str
) -> None:
    boat, quay = image("Boat", license=""), image("Quay", license="")
    order = {**form(signed_in, GRID, "seen"), "act": f"set_{name}", name: "Ada"}
    order["image"] = boxes(signed_in, boat, quay)
    metadata.edit(ChangeSet(chief), boat, {name: Edit("Ben")})
    answer = signed_in.post(BULK, order)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"Boat: {field_edits.get_label(name)} stays “Ben”, as chief changed it on" in page
    assert "you entered “Ada”." in page
    assert dict(Image.objects.values_list("title", name)) == {"Boat": "Ben", "Quay": "Ada"}
    signed_in.post(BULK, Fields(page, "image").sent)
    assert set(Image.objects.values_list(name, flat=True)) == {"Ada"}
    assert Change.objects.filter(by__username="editor").count() == 2


def test_a_word_of_the_file_does_not_replace_what_another_has_typed_meanwhile(signed_in: Client, chief: User) -> None:
    boat = image("Boat", embedded={"caption": "From the file"})
    page_of = reverse("admin:library_image_change", args=[boat.pk])
    order = {**form(signed_in, page_of, "seen"), "field": "caption"}
    metadata.edit(ChangeSet(chief), boat, {"caption": Edit("By hand")})
    page = signed_in.post(reverse("desk:take_over", args=[boat.pk]), order, follow=True).content.decode()
    assert "Boat: caption stays “By hand”, as chief changed it on" in page
    boat.refresh_from_db()
    assert boat.caption == "By hand"
    again = {**form(signed_in, page_of, "seen"), "field": "caption"}
    signed_in.post(reverse("desk:take_over", args=[boat.pk]), again)
    boat.refresh_from_db()
    assert boat.caption == "From the file"


def test_more_results_than_one_request_takes_become_a_job_without_what_is_new(
    chief_client: Client, boats: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    age(*boats)
    monkeypatch.setattr(selection, "MAX_IMAGES", 60)
    html = chief_client.get(f"{GRID}?q=boat").content.decode()
    assert "all results, in the background" in html
    order = shown(chief_client, act="add_tag", tag="Harbour")
    image("Boat unseen", **COMPLETE)
    page = chief_client.post(f"{BULK}?q=boat", order, follow=True).content.decode()
    assert "1 image was added or changed after you loaded this page, and was skipped." in page
    assert "Tag: 70 images" in page
    job = Job.objects.get()
    assert not was_undone(job.pk)
    for chunk_id in runner.list_unfinished_chunks(job):
        runner.run_chunk(chunk_id)
    assert Tagging.objects.filter(tag__name="Harbour", state="accepted").count() == 70
    monkeypatch.setattr(activity_views, "MOST_UNDONE", 60)
    button = re.search(r'action="(/admin/undo/[^"]+)"', chief_client.get(f"/admin/jobs/{job.pk}/").content.decode())
    assert button
    page = chief_client.post(button[1], follow=True).content.decode()
    assert "Undo 70 changes" in page
    undoing = Job.objects.get(kind=Job.Kind.UNDO)
    for chunk_id in runner.list_unfinished_chunks(undoing):
        runner.run_chunk(chunk_id)
    assert not Tagging.objects.filter(tag__name="Harbour").exists()
    assert "/admin/undo/" not in re.sub(
        r"(?s)<header.*?</header>", "", chief_client.get(f"/admin/jobs/{job.pk}/").content.decode()
    )


@pytest.mark.parametrize(("act", "said"), [("add_tag", "Enter a tag"), ("set_credit", "Credit: enter a text.")])
def test_a_job_without_what_it_needs_is_not_ordered(
    chief_client: Client, boats: list[Image], monkeypatch: pytest.MonkeyPatch, act: str, said: str
) -> None:
    monkeypatch.setattr(selection, "MAX_IMAGES", 60)
    page = chief_client.post(f"{BULK}?q=boat", shown(chief_client, act=act), follow=True).content.decode()
    assert said in page
    assert not Job.objects.exists()
