"""Taking back needs the right to do such a thing, and sight of what it was done to, at the moment it is taken back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action
from mediahub.history.undo import undo
from mediahub.library import (
    collections,
    duplicates,
    focal_point,
    memberships,
    metadata,
    publishing,
    tag_decisions,
)
from mediahub.library.field_edits import Edit
from mediahub.library.models import Collection, Image, SimilarPair
from processing import Point
from tests.records import image, image_with_tags

pytestmark = pytest.mark.django_db(transaction=True)
COMPLETE: dict[str, Any] = {"title": "Orchid", "alt_text": "Two boats at a quay", "credit": "Ada Lund"}
FLAG = [{"name": "Violence", "parent": "", "confidence": 91.0}]
REFUSED = "have permission to make this change."


@pytest.fixture(autouse=True)
def queue(used_aws: object) -> None:
    """Let changes be told to a worker."""


def without(user: User, *codenames: str) -> User:
    """Return the same person, from whom these rights were taken."""
    left = Permission.objects.filter(group__user=user).exclude(codename__in=codenames)
    user.user_permissions.set(left)
    user.groups.clear()
    return User.objects.get(pk=user.pk)


def publish(act: ChangeSet, image: Image) -> None:
    publishing.publish(act, [image])


def archive(act: ChangeSet, image: Image) -> None:
    publishing.archive(act, [image])


def describe(act: ChangeSet, image: Image) -> None:
    metadata.edit(act, image, {"caption": Edit("A caption")})


def accept(act: ChangeSet, image: Image) -> None:
    tag_decisions.accept(act, image.taggings.all())


def aim(act: ChangeSet, image: Image) -> None:
    focal_point.move(act, image, Point(0.2, 0.2))


def look(act: ChangeSet, image: Image) -> None:
    Image.objects.filter(pk=image.pk).update(moderation=FLAG)
    publishing.mark_flags_reviewed(act, image)


def file(act: ChangeSet, image: Image) -> None:
    memberships.add_images(act, [image], collections.create(ChangeSet(act.by), "Boats"))


def take_out(act: ChangeSet, image: Image) -> None:
    boats = collections.create(ChangeSet(act.by), "Boats")
    memberships.add_images(ChangeSet(act.by), [image], boats)
    memberships.remove_images(act, [image], boats)


def part(act: ChangeSet, new_image: Image) -> None:
    other = image(title="Other")
    SimilarPair.objects.create(first=new_image, second=other, distance=1)
    duplicates.mark_different(act, [new_image, other])


def make(act: ChangeSet, image: Image) -> None:
    collections.create(act, "Boats")


def rename(act: ChangeSet, image: Image) -> None:
    collections.rename(act, collections.create(ChangeSet(act.by), "Boats"), "Ships")


def restrict(act: ChangeSet, image: Image) -> None:
    collections.restrict(act, collections.create(ChangeSet(act.by), "Boats"), Group.objects.filter(name="Editor"))


def delete(act: ChangeSet, image: Image) -> None:
    collections.delete(act, collections.create(ChangeSet(act.by), "Boats"))


Verb = Callable[[ChangeSet, Image], None]
RIGHTS: list[tuple[Verb, str]] = [
    (publish, "publish_image"),
    (archive, "publish_image"),
    (describe, "change_image"),
    (accept, "review_tagging"),
    (aim, "review_tagging"),
    (look, "review_tagging"),
    (part, "review_tagging"),
    (file, "add_membership"),
    (take_out, "delete_membership"),
    (make, "add_collection"),
    (rename, "change_collection"),
    (restrict, "restrict_collection"),
    (delete, "delete_collection"),
]


def recorded() -> list[Any]:
    images = Image.objects.order_by("pk").values_list("state", "caption", "focal_x", "moderation_seen_at")
    tags = Image.objects.order_by("pk").values_list("taggings__state", "memberships__collection__name")
    places = Collection.objects.order_by("pk").values_list("name", "restricted")
    return [*images, *tags, *places, *SimilarPair.objects.values_list("different_at")]


@pytest.mark.parametrize(("verb", "right"), RIGHTS, ids=[f"{verb.__name__} {right}" for verb, right in RIGHTS])
def test_who_lost_the_right_takes_nothing_back(chief: User, verb: Verb, right: str) -> None:
    image, act = image_with_tags("Boat", **COMPLETE), ChangeSet(chief)
    verb(act, image)
    before = recorded()
    undone = undo(without(chief, right), act.id)
    assert undone.refused
    assert all(REFUSED in sentence for sentence in undone.refused)
    assert (undone.change_set.images, undone.reverted, recorded()) == (0, 0, before)


@pytest.mark.parametrize(("verb", "right"), RIGHTS, ids=[f"{verb.__name__} {right}" for verb, right in RIGHTS])
def test_who_has_every_right_takes_it_back(chief: User, verb: Verb, right: str) -> None:
    image, act = image_with_tags("Boat", **COMPLETE), ChangeSet(chief)
    verb(act, image)
    before = recorded()
    undone = undo(chief, act.id)
    assert undone.refused == []
    assert recorded() != before


@pytest.mark.parametrize("verb", [describe, accept, aim, look, file, part])
def test_an_image_that_was_closed_since_is_not_changed_and_not_named(editor: User, chief: User, verb: Verb) -> None:
    image, act = image_with_tags("Boat", **COMPLETE), ChangeSet(editor)
    verb(act, image)
    for place in Collection.objects.all():
        collections.restrict(ChangeSet(chief), place, Group.objects.filter(name="Chief editor"))
    secret = collections.create(ChangeSet(chief), "Secret", groups=Group.objects.filter(name="Chief editor"))
    memberships.add_images(ChangeSet(chief), [image], secret)
    before = recorded()
    undone = undo(editor, act.id)
    assert len(undone.refused) == 1
    assert "you don't have access" in undone.refused[0]
    assert "Orchid" not in undone.refused[0]
    assert (undone.change_set.images, recorded()) == (0, before)


def test_of_one_act_each_line_is_judged_by_itself(editor: User, chief: User) -> None:
    seen, closed = image(title="Seen"), image(title="Orchid")
    act = ChangeSet(editor)
    for changed in (seen, closed):
        describe(act, changed)
    secret = collections.create(ChangeSet(chief), "Secret", groups=Group.objects.filter(name="Chief editor"))
    memberships.add_images(ChangeSet(chief), [closed], secret)
    undone = undo(editor, act.id)
    assert (undone.change_set.images, len(undone.refused)) == (1, 1)
    assert dict(Image.objects.values_list("title", "caption")) == {"Seen": "", "Orchid": "A caption"}


def test_a_collection_that_is_closed_to_the_person_is_not_opened_again(editor: User, chief: User) -> None:
    act, place = ChangeSet(chief), collections.create(ChangeSet(chief), "Secret")
    collections.restrict(act, place, Group.objects.filter(name="Chief editor"))
    editor.user_permissions.set(Permission.objects.filter(codename__in=["restrict_collection", "publish_image"]))
    undone = undo(User.objects.get(pk=editor.pk), act.id)
    assert "Secret" not in " ".join(undone.refused)
    place.refresh_from_db()
    assert place.restricted


def test_words_that_a_published_image_needs_are_not_taken_back(chief: User) -> None:
    new_image, act = image(**{**COMPLETE, "credit": ""}), ChangeSet(chief)
    metadata.edit(act, new_image, {"credit": Edit("Ada Lund")})
    publishing.publish(ChangeSet(chief), [new_image])
    assert "The credit is missing" in undo(chief, act.id).refused[0]
    new_image.refresh_from_db()
    assert new_image.credit == "Ada Lund"


def test_a_day_that_is_over_does_not_come_back_to_a_published_image(chief: User) -> None:
    over = timezone.localdate() - timedelta(days=1)
    new_image, act = image(**COMPLETE, rights_until=over), ChangeSet(chief)
    metadata.edit(act, new_image, {"rights_until": Edit(None)})
    publishing.publish(ChangeSet(chief), [new_image])
    assert "The rights have expired" in undo(chief, act.id).refused[0]
    new_image.refresh_from_db()
    assert new_image.rights_until is None


def test_the_page_says_why_and_what_leaves_nothing_has_no_button(editor: User, chief: User) -> None:
    new_image, act = image(**COMPLETE), ChangeSet(editor)
    describe(act, new_image)
    ChangeSet(editor).record(new_image, Action.FILE_OFFERED)
    client = Client()
    client.force_login(without(editor, "change_image", "publish_image"))
    page = client.post(reverse("desk:undo", args=[act.id]), {"next": "/admin/"}, follow=True).content.decode()
    assert REFUSED in page
    activity = Client()
    activity.force_login(chief)
    acts = activity.get(reverse("desk:activity")).content.decode()
    assert acts.count("/admin/undo/") == 1
