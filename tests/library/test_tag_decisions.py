"""What editors decide, and how the mirror hears of it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from mediahub.delivery import mirror
from mediahub.history.change_set import ChangeSet
from mediahub.library import metadata, publishing, tag_decisions, vocabulary
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image, Tag, Tagging
from mediahub.local import stack
from tests.records import image_with_tags

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def image(local_aws: stack.Stack) -> Image:
    return image_with_tags("Boat", "Sea", alt_text="A boat at sea", credit="Ada Lund")


@pytest.fixture
def public(image: Image) -> Image:
    """Provide the same image as everybody may see it, and so the mirror tells of it."""
    image.state = Image.State.PUBLISHED
    image.save(update_fields=["state"])
    return image


def tags_in_mirror(image: Image) -> list[str]:
    mirror.push_image(image.pk)
    items = mirror.read_item(image.pk)
    return list(items["tags"]) if items else []


def test_an_accepted_tag_is_in_the_mirror_and_a_rejected_one_is_not(public: Image, editor: User) -> None:
    tag_decisions.accept(ChangeSet(editor), public.taggings.filter(tag__name="Boat"))
    tag_decisions.reject(ChangeSet(editor), public.taggings.filter(tag__name="Sea"))
    assert tags_in_mirror(public) == ["Boat"]
    tag_decisions.reject(ChangeSet(editor), public.taggings.filter(tag__name="Boat"))
    assert tags_in_mirror(public) == []


def test_a_decision_is_signed_and_counts_once(image: Image, editor: User) -> None:
    boat = image.taggings.get(tag__name="Boat")
    assert tag_decisions.accept(ChangeSet(editor), [boat]) == 1
    assert tag_decisions.accept(ChangeSet(editor), [boat]) == 0
    boat.refresh_from_db()
    image.refresh_from_db()
    assert (boat.state, boat.reviewed_by, image.revision) == ("accepted", editor, 2)
    assert boat.reviewed_at


def test_the_worker_is_told_of_a_change(image: Image, editor: User, aws: Callable[[str, str], Any]) -> None:
    tag_decisions.accept(ChangeSet(editor), image.taggings.all()[:1])
    got = aws("worker", "sqs").receive_message(QueueUrl=django_settings.UPLOAD_QUEUE_URL)["Messages"]
    assert json.loads(got[0]["Body"]) == {"mediahub": "mirror", "image": str(image.pk)}


def test_a_queue_that_is_away_does_not_stop_the_editor(public: Image, editor: User, settings: Any) -> None:
    settings.UPLOAD_QUEUE_URL = f"{django_settings.AWS_ENDPOINT_URL}/000000000000/no-such-queue"
    tag_decisions.accept(ChangeSet(editor), public.taggings.filter(tag__name="Boat"))
    assert mirror.push_stale_images() == 1
    assert tags_in_mirror(public) == ["Boat"]


def test_a_tag_of_the_editors_own_is_accepted_at_once(image: Image, editor: User) -> None:
    tagging = tag_decisions.add_tag(ChangeSet(editor), image, "  Old   harbour ")
    assert (tagging.tag.name, tagging.source, tagging.state) == ("Old harbour", "editor", "accepted")
    assert tag_decisions.add_tag(ChangeSet(editor), image, "old HARBOUR").tag == tagging.tag
    assert Tag.objects.filter(name__iexact="old harbour").count() == 1


def test_adding_a_suggested_tag_accepts_it(image: Image, editor: User) -> None:
    tagging = tag_decisions.add_tag(ChangeSet(editor), image, "boat")
    assert (tagging.source, tagging.state) == (Tagging.Source.MEASURED, Tagging.State.ACCEPTED)


@pytest.mark.parametrize(("name", "said"), [("", "Enter a tag"), ("a\x00b", "Enter a tag"), ("x" * 101, "101")])
def test_what_is_no_tag_is_refused(image: Image, editor: User, name: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        tag_decisions.add_tag(ChangeSet(editor), image, name)


def test_publishing_and_archiving_reach_the_mirror(image: Image, editor: User) -> None:
    assert publishing.publish(ChangeSet(editor), [image]).count == 1
    assert publishing.publish(ChangeSet(editor), [image]).count == 0
    mirror.push_image(image.pk)
    items = mirror.read_item(image.pk)
    assert items
    assert items["state"] == "published"
    assert publishing.archive(ChangeSet(editor), [image]) == 1


def test_words_reach_the_mirror(public: Image, editor: User) -> None:
    metadata.edit(ChangeSet(editor), public, {"title": Edit("Harbour"), "alt_text": Edit("Two boats at a quay")})
    mirror.push_image(public.pk)
    items = mirror.read_item(public.pk)
    assert items
    assert (items["title"], items["alt_text"]) == ("Harbour", "Two boats at a quay")


def test_a_renamed_tag_is_renamed_in_the_mirror(public: Image, editor: User) -> None:
    tag_decisions.accept(ChangeSet(editor), public.taggings.filter(tag__name="Boat"))
    assert tags_in_mirror(public) == ["Boat"]
    tag = Tag.objects.get(name="Boat")
    tag.name = "Ship"
    vocabulary.save_tag(tag)
    assert tags_in_mirror(public) == ["Ship"]
