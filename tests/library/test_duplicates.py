"""Duplicates are found as they come in, told apart for good, or merged so that nothing is lost and all comes back."""

from datetime import date
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import QueryDict
from PIL import Image as Pixels

from bench.scenes import paint_scene
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action, Change
from mediahub.history.undo import undo
from mediahub.library import cataloging, collections, duplicates, memberships, tag_decisions, versions
from mediahub.library.models import Image, SimilarPair, Tagging
from mediahub.library.search import Search
from mediahub.library.versions import Original
from processing import process
from tests.doubles import MemoryStore
from tests.pictures import encoded
from tests.records import image_with_tags

pytestmark = pytest.mark.django_db(transaction=True)
HARBOUR, HILLS = "Harbour at dawn", "Hills after rain"


def take_in(name: str, width: int = 800, *, quality: int = 90, image_id: Any = None, key: str = "") -> Image:
    """One scene, taken in as the worker does, without labels."""
    scene = paint_scene(name, 800, 600).resize((width, width * 3 // 4), Pixels.Resampling.LANCZOS)
    image_id = image_id or uuid4()
    result = process(BytesIO(encoded(scene, "JPEG", quality=quality)), image_id, store=MemoryStore(), labeler=None)
    with transaction.atomic():
        original = Original(key, "v1") if key else None
        return cataloging.record_result(image_id, f"{name}.jpg", result, original=original)


def like(*images: Image) -> None:
    """Say that these look alike, the first being the oldest."""
    first, *others = images
    for other in others:
        SimilarPair.objects.create(first=first, second=other, distance=2)


def find_titles(user: User, query: str) -> list[str]:
    return sorted(Search.parse(QueryDict(query)).images(user).values_list("file_name", flat=True))


def test_b29_copies_are_found_as_they_come_in_and_other_pictures_are_not(local_aws: object, editor: User) -> None:
    small, large, again = take_in(HARBOUR, 600, quality=60), take_in(HARBOUR), take_in(HARBOUR)
    take_in(HILLS)
    group = duplicates.list_group(editor, again.pk)
    assert (group[0].width, {image.pk for image in group}) == (800, {small.pk, large.pk, again.pk})
    assert sorted(SimilarPair.objects.values_list("distance", flat=True))[0] == 0
    assert len(duplicates.Groups(editor)) == 1
    assert find_titles(editor, "near=only") == [f"{HARBOUR}.jpg"] * 3
    assert find_titles(editor, "twice=only") == [f"{HARBOUR}.jpg"] * 2
    assert find_titles(editor, "color=green") == [f"{HILLS}.jpg"]


def test_no_search_tells_that_an_image_is_like_one_which_is_closed(
    local_aws: object, editor: User, chief: User
) -> None:
    open_one, closed = take_in(HARBOUR), take_in(HARBOUR)
    legal = Group.objects.create(name="Legal")
    memberships.add_images(ChangeSet(None), [closed], collections.create(ChangeSet(None), "Lawsuit", groups=[legal]))
    for query in ("near=only", "twice=only"):
        assert find_titles(editor, query) == []
        assert find_titles(chief, query) == [open_one.file_name] * 2


def test_another_file_is_compared_anew_and_a_restored_one_too(local_aws: object, editor: User) -> None:
    first, second = take_in(HARBOUR, key="a"), take_in(HARBOUR, 600, key="b")
    take_in(HILLS, image_id=second.pk, key="c")
    assert duplicates.count_similar(editor, first) == 0
    versions.restore(ChangeSet(editor), second, 1)
    assert duplicates.count_similar(editor, first) == 1
    second.refresh_from_db()
    assert second.fingerprint[:4] == Image.objects.get(pk=first.pk).fingerprint[:4]


@pytest.fixture
def pair(local_aws: object) -> tuple[Image, Image]:
    kept_image = image_with_tags("Sea", "Boat", title="Kept", credit="Ada")
    other = image_with_tags("Sea", "Boat", "Quay", title="Other", alt_text="A boat", credit="Bo", caption="At dawn")
    like(kept_image, other)
    return kept_image, other


def test_what_belongs_to_the_others_moves_and_comes_back_by_one_undo(pair: tuple[Image, Image], chief: User) -> None:
    kept_image, other = pair
    Image.objects.filter(pk=other.pk).update(rights_until=date(2030, 1, 2))
    tag_decisions.reject(ChangeSet(chief), kept_image.taggings.filter(tag__name="Boat"))
    tag_decisions.accept(ChangeSet(chief), other.taggings.all())
    before = [list(image.taggings.values_list("tag__name", "state").order_by("tag__name")) for image in pair]
    act = ChangeSet(chief)
    duplicates.merge(act, kept_image, [other])
    kept_image.refresh_from_db()
    other.refresh_from_db()
    assert (kept_image.alt_text, kept_image.caption, kept_image.credit, kept_image.rights_until) == (
        "A boat",
        "At dawn",
        "Ada",
        date(2030, 1, 2),
    )
    states = dict(kept_image.taggings.values_list("tag__name", "state"))
    assert states == {"Sea": "accepted", "Quay": "accepted", "Boat": "rejected"}
    assert (other.state, duplicates.count_similar(chief, kept_image)) == (Image.State.ARCHIVED, 0)
    assert undo(chief, act.id).refused == []
    kept_image.refresh_from_db()
    other.refresh_from_db()
    assert (kept_image.alt_text, kept_image.rights_until, other.state) == ("", None, Image.State.IN_REVIEW)
    assert [list(image.taggings.values_list("tag__name", "state").order_by("tag__name")) for image in pair] == before
    assert duplicates.count_similar(chief, kept_image) == 1


def test_the_one_that_is_kept_is_put_where_the_others_were(pair: tuple[Image, Image], chief: User) -> None:
    kept_image, other = pair
    both, only = (collections.create(ChangeSet(chief), name) for name in ("Both", "Only the other"))
    memberships.add_images(ChangeSet(chief), [kept_image, other], both)
    memberships.add_images(ChangeSet(chief), [other], only)
    act = ChangeSet(chief)
    duplicates.merge(act, kept_image, [other])
    assert set(kept_image.collections.all()) == set(other.collections.all()) == {both, only}
    assert undo(chief, act.id).refused == []
    assert set(kept_image.collections.all()) == {both}


def test_it_is_told_with_which_image_it_was_merged(pair: tuple[Image, Image], chief: User) -> None:
    kept_image, other = pair
    act = ChangeSet(chief)
    duplicates.merge(act, kept_image, [other])
    changes_by_image = {change.image: change for change in Change.objects.filter(change_set=act.id, by=chief)}
    assert changes_by_image[kept_image].action == Action.DUPLICATES_MERGED
    assert changes_by_image[other].action == Action.DUPLICATE_ARCHIVED
    assert (changes_by_image[other].data["kept_id"], changes_by_image[other].data["kept_title"]) == (
        str(kept_image.pk),
        "Kept",
    )


def test_an_address_that_is_out_goes_only_when_somebody_agrees(pair: tuple[Image, Image], chief: User) -> None:
    kept_image, other = pair
    Image.objects.filter(pk=other.pk).update(state=Image.State.PUBLISHED)
    with pytest.raises(ValidationError, match="Other"):
        duplicates.merge(ChangeSet(chief), kept_image, [other])
    assert duplicates.list_group(chief, kept_image.pk)[0] == other
    assert not Change.objects.exists()
    duplicates.merge(ChangeSet(chief), kept_image, [other], addresses_may_go=True)
    other.refresh_from_db()
    assert other.state == Image.State.ARCHIVED


def test_who_was_told_apart_stays_apart_until_it_is_taken_back(local_aws: object, editor: User) -> None:
    first, second, third = (take_in(HARBOUR, width) for width in (800, 700, 600))
    act = ChangeSet(editor)
    assert duplicates.mark_different(act, [first, second, third], third) == 2
    take_in(HARBOUR, 600, image_id=third.pk)
    assert {image.pk for image in duplicates.list_group(editor, first.pk)} == {first.pk, second.pk}
    assert duplicates.list_group(editor, third.pk) == []
    assert set(SimilarPair.objects.exclude(different_at=None).values_list("different_by", flat=True)) == {editor.pk}
    undo(editor, act.id)
    assert len(duplicates.list_group(editor, third.pk)) == 3


def test_what_is_deleted_archived_or_hidden_is_no_duplicate(pair: tuple[Image, Image], editor: User) -> None:
    kept_image, other = pair
    assert duplicates.list_group(User.objects.create_user("guest"), kept_image.pk) == []
    for fields in ({"state": Image.State.ARCHIVED}, {"state": "in_review", "deleted_at": "2026-01-01T00:00Z"}):
        Image.objects.filter(pk=other.pk).update(**fields)
        assert duplicates.list_group(editor, kept_image.pk) == []
        assert not duplicates.Groups(editor)
    assert Tagging.objects.filter(image=other).exists()
