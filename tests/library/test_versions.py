"""A file replaces another and the record stays; every earlier file can be had back."""

from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse

from mediahub.aws import clients
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action, Change
from mediahub.history.undo import undo
from mediahub.library import cataloging, publishing, versions
from mediahub.library.models import Image, Rendition
from mediahub.library.search import Search
from mediahub.library.versions import Original
from mediahub.uploads import rendition_sweep
from processing import Label, LabelAnswer, process
from tests.pictures import jpeg

pytestmark = pytest.mark.django_db(transaction=True)
IMAGE = uuid4()


class Flagging:
    """A labeler that flags what it sees."""

    source = "rekognition"

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        return LabelAnswer((), self.source, "3", {"ModerationLabels": []}, (Label("Violence", 91.0),))


def take_in(width: int, key: str, by: User | None = None, *, may_go_out: bool = False, labeler: Any = None) -> Image:
    """One file of so many pixels, made into the image by the worker."""
    result = process(BytesIO(jpeg(width, 300)), IMAGE, store=clients.get_rendition_store(), labeler=labeler)
    with transaction.atomic():
        return cataloging.record_result(IMAGE, f"{key}.jpg", result, original=Original(key, "v1", by, may_go_out))


@pytest.fixture
def replaced(as_role: object, local_aws: object, settings: object, editor: User) -> Image:
    settings.AWS_PROFILE = "worker"  # type: ignore[attr-defined]
    take_in(400, "first")
    return take_in(500, "second", editor)


def keys() -> set[str]:
    return set(Rendition.objects.values_list("key", flat=True))


def test_a_replacement_keeps_the_record_and_counts(replaced: Image, editor: User) -> None:
    version_rows = [(version.number, version.current, version.facts["width"]) for version in replaced.versions.all()]
    assert version_rows == [(2, True, 500), (1, False, 400)]
    assert (replaced.file_name, replaced.width) == ("second.jpg", 500)
    change = Change.objects.get(action=Action.REPLACED)
    assert (change.by, change.detail) == (editor, versions.VersionChange(1, 2))


def test_the_same_file_again_is_no_new_version(replaced: Image) -> None:
    take_in(500, "second")
    assert replaced.versions.count() == 2
    assert Change.objects.filter(action=Action.REPLACED).count() == 1


def test_an_earlier_version_comes_back_whole_and_can_go_again(replaced: Image, editor: User) -> None:
    second = keys()
    before = replaced.revision
    act = ChangeSet(editor)
    assert versions.restore(act, replaced, 1)
    replaced.refresh_from_db()
    assert (replaced.width, replaced.file_name) == (400, "first.jpg")
    assert replaced.revision > before
    assert not keys() & second
    assert not versions.restore(ChangeSet(editor), replaced, 1)
    assert undo(editor, act.id).refused == []
    assert keys() == second


def test_what_a_version_needs_is_never_swept(replaced: Image, settings: object) -> None:
    settings.SWEEP_GRACE_SECONDS = 0  # type: ignore[attr-defined]
    keys = versions.list_rendition_keys(replaced.pk)
    assert len(keys) == 2 * Rendition.objects.count()
    assert rendition_sweep.sweep_unneeded(keys) == 0


def test_only_the_file_in_use_is_current(replaced: Image) -> None:
    assert versions.is_current(replaced, "second", "v1")
    assert not versions.is_current(replaced, "first", "v1")


@pytest.fixture
def published(as_role: object, local_aws: object, settings: object, chief: User) -> Image:
    """Provide an image that the public sees, of one file."""
    settings.AWS_PROFILE = "worker"  # type: ignore[attr-defined]
    take_in(400, "first")
    words = {"alt_text": "A quay", "credit": "Ada Lund", "license": "CC BY 4.0"}
    Image.objects.filter(pk=IMAGE).update(**words)
    image = Image.objects.get(pk=IMAGE)
    assert publishing.publish(ChangeSet(chief), [image]).count == 1
    image.refresh_from_db()
    return image


def seen_by_the_public(image: Image) -> tuple[Any, ...]:
    image.refresh_from_db()
    return image.state, image.width, image.sha256, image.file_name, image.revision, frozenset(keys())


def waiting() -> list[int]:
    return list(Image.objects.get(pk=IMAGE).versions.filter(waiting=True).values_list("number", flat=True))


def test_a_new_file_of_a_published_image_waits_for_who_may_publish(published: Image, editor: User, chief: User) -> None:
    before = seen_by_the_public(published)
    for _delivery in range(2):
        take_in(500, "second", editor)
    assert seen_by_the_public(published) == before
    assert waiting() == [2]
    assert [change.by for change in Change.objects.filter(action=Action.FILE_OFFERED)] == [editor]
    assert len(versions.list_rendition_keys(IMAGE)) == 2 * Rendition.objects.count()
    assert [image.pk for image in Search(texts={"waiting": "only"}).images(editor)] == [IMAGE]
    with pytest.raises(ValidationError, match="Ask a chief editor"):
        versions.restore(ChangeSet(editor), published, 2)
    assert versions.restore(ChangeSet(chief), published, 2)
    published.refresh_from_db()
    assert (published.width, published.state, waiting()) == (500, Image.State.PUBLISHED, [])


def test_who_may_publish_replaces_at_once(published: Image, chief: User) -> None:
    take_in(500, "second", chief, may_go_out=True)
    published.refresh_from_db()
    assert (published.width, published.state, waiting()) == (500, Image.State.PUBLISHED, [])


def test_a_file_that_was_flagged_waits_whoever_sent_it_and_goes_out_when_it_was_looked_at(
    published: Image, chief: User
) -> None:
    before = seen_by_the_public(published)
    take_in(500, "second", chief, may_go_out=True, labeler=Flagging())
    assert seen_by_the_public(published) == before
    with pytest.raises(ValidationError, match="flagged"):
        versions.restore(ChangeSet(chief), published, 2)
    assert seen_by_the_public(published) == before
    assert versions.restore(ChangeSet(chief), published, 2, flags_seen=True)
    published.refresh_from_db()
    assert (published.width, published.moderation_seen_at is not None) == (500, True)


def test_an_image_that_is_not_published_takes_its_new_file_at_once(published: Image, editor: User) -> None:
    Image.objects.filter(pk=IMAGE).update(state=Image.State.IN_REVIEW)
    take_in(500, "second", editor, labeler=Flagging())
    published.refresh_from_db()
    assert (published.width, published.moderation[0]["name"]) == (500, "Violence")


def test_a_waiting_file_is_left_out_and_stays_among_the_versions(published: Image, editor: User, chief: User) -> None:
    take_in(500, "second", editor)
    assert versions.decline_waiting(ChangeSet(chief), published, 2)
    assert not versions.decline_waiting(ChangeSet(chief), published, 2)
    assert (waiting(), published.versions.count()) == ([], 2)
    assert Change.objects.filter(action=Action.FILE_DECLINED, by=chief).count() == 1


def test_undoing_a_replacement_of_what_is_public_needs_the_right_to_publish(
    published: Image, editor: User, chief: User
) -> None:
    take_in(500, "second", editor, may_go_out=True)
    change = Change.objects.get(action=Action.REPLACED)
    before = seen_by_the_public(published)
    assert "Ask a chief editor" in undo(editor, change.change_set).refused[0]
    assert seen_by_the_public(published) == before
    assert undo(chief, change.change_set).refused == []
    published.refresh_from_db()
    assert published.width == 400


@pytest.mark.parametrize(("who", "outcome"), [("editor", 400), ("chief", 500)])
def test_the_page_puts_a_waiting_file_to_use_for_who_may_publish(
    request: pytest.FixtureRequest, published: Image, who: str, outcome: int
) -> None:
    user = request.getfixturevalue(who)
    take_in(500, "second", user)
    client = Client()
    client.force_login(user)
    page = reverse("desk:versions", args=[IMAGE])
    assert ("Use this version" in client.get(page).content.decode()) == (outcome == 500)
    assert "A newer file is waiting" in client.get(reverse("admin:library_image_change", args=[IMAGE])).content.decode()
    client.post(reverse("desk:restore_version", args=[IMAGE, 2]))
    published.refresh_from_db()
    assert published.width == outcome
    declined = client.post(reverse("desk:restore_version", args=[IMAGE, 1]), {"decline": "1"})
    assert declined.status_code == (302 if outcome == 500 else 403)
