"""Nothing goes out that nobody and nothing has looked at, where the site has its pictures looked at for flags."""

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse

from mediahub.history.change_set import ChangeSet
from mediahub.history.undo import undo
from mediahub.library import cataloging, publishing, versions
from mediahub.library.models import Image, Version
from mediahub.library.versions import Original
from processing import Label, LabelAnswer, MeasuredLabeler, NotAnalyzable, Unavailable, process
from tests.doubles import MemoryStore
from tests.pictures import encoded, jpeg, picture
from tests.records import image

pytestmark = pytest.mark.django_db(transaction=True)
IMAGE = uuid4()
FIRST, SECOND = jpeg(400, 300), jpeg(500, 300)
WORDS = {"alt_text": "Two boats at a quay", "credit": "Ada Lund", "license": "CC BY 4.0"}
UNSEEN = "The image has not been checked for flags yet."
FLAGGED = "The image was flagged."


@dataclass
class Moderator:
    """A labeler that is asked for flags; it raises, or flags what it is told to."""

    flags: tuple[str, ...] = ()
    error: Exception | None = None
    moderated: bool = True
    source: str = field(default="rekognition")

    def label(self, jpeg: bytes, *, sha256: str) -> LabelAnswer:
        if self.error:
            raise self.error
        flags = tuple(Label(name, 91.0) for name in self.flags)
        return LabelAnswer((Label("Boat", 90.0),), self.source, "3", {}, flags, moderated=self.moderated)


@pytest.fixture(autouse=True)
def moderated_site(used_aws: object, settings: Any) -> None:
    settings.MODERATION = True


def take_in(labeler: Any, data: bytes = FIRST, *, keep_labels: bool = False, by: User | None = None) -> Image:
    """Return the file, made into the image by the worker, with all words that it needs to go out."""
    result = process(BytesIO(data), IMAGE, store=MemoryStore(), labeler=labeler)
    with transaction.atomic():
        original = Original(result.metadata.sha256, "v1", by, may_go_out=by is not None)
        image = cataloging.record_result(IMAGE, "harbour.jpg", result, original=original, keep_labels=keep_labels)
    Image.objects.update(**WORDS)
    image.refresh_from_db()
    return image


def missing(image: Image) -> list[str]:
    image.refresh_from_db()
    return [f"{sentence.split('.')[0]}." for sentence in publishing.list_missing(image)]


@pytest.mark.parametrize(
    "labeler",
    [
        Moderator(error=Unavailable("throttled", "Later.")),
        Moderator(error=NotAnalyzable("odd", "Never.")),
        Moderator(moderated=False),
        MeasuredLabeler(),
        None,
    ],
    ids=["out of reach", "not analysable", "asked for labels only", "measured", "without labels"],
)
def test_a_file_that_nothing_looked_at_goes_out_when_a_person_has(labeler: Any, editor: User) -> None:
    image = take_in(labeler)
    assert missing(image) == [UNSEEN]
    assert publishing.publish(ChangeSet(editor), [image]).count == 0
    assert publishing.mark_flags_reviewed(ChangeSet(editor), image)
    assert publishing.publish(ChangeSet(editor), [image]).count == 1


def test_a_picture_too_small_to_be_looked_at_needs_a_person() -> None:
    assert missing(take_in(Moderator(), encoded(picture(60, 60), "PNG"))) == [UNSEEN]


def test_a_file_that_was_looked_at_and_not_flagged_needs_nobody(editor: User) -> None:
    image = take_in(Moderator())
    assert missing(image) == []
    assert not publishing.mark_flags_reviewed(ChangeSet(editor), image)


def test_a_site_that_has_nothing_looked_at_asks_for_nothing(settings: Any) -> None:
    settings.MODERATION = False
    assert missing(take_in(None)) == []


def test_an_image_from_before_there_was_a_service_needs_a_look() -> None:
    assert missing(image(**WORDS)) == [UNSEEN]


def test_another_file_needs_another_look_though_its_flags_are_the_same(editor: User) -> None:
    image = take_in(Moderator(("Weapons",)))
    assert publishing.mark_flags_reviewed(ChangeSet(editor), image)
    assert missing(image) == []
    assert missing(take_in(Moderator(("Weapons",)), SECOND)) == [FLAGGED]


def test_another_file_that_nothing_looked_at_needs_a_look(editor: User) -> None:
    image = take_in(None)
    assert publishing.mark_flags_reviewed(ChangeSet(editor), image)
    assert missing(take_in(None, SECOND)) == [UNSEEN]
    assert missing(take_in(None, FIRST, keep_labels=True)) == [UNSEEN]


def test_a_look_stays_when_the_same_file_is_worked_on_again(editor: User) -> None:
    publishing.mark_flags_reviewed(ChangeSet(editor), take_in(Moderator(("Weapons",))))
    assert missing(take_in(Moderator(("Weapons",)))) == []
    assert missing(take_in(None, keep_labels=True)) == []
    assert missing(take_in(Moderator(("Weapons", "Violence")))) == [FLAGGED]


def test_flags_stay_while_the_service_is_out_of_reach() -> None:
    take_in(Moderator(("Weapons",)))
    again = take_in(Moderator(error=Unavailable("throttled", "Later.")))
    assert (missing(again), again.moderation[0]["name"]) == ([FLAGGED], "Weapons")


def test_an_answer_that_cannot_be_read_whole_is_no_answer() -> None:
    take_in(Moderator())
    assert missing(take_in(Moderator(moderated=False), SECOND)) == [UNSEEN]


def test_a_version_that_comes_back_brings_its_answer_and_needs_a_look_of_its_own(editor: User) -> None:
    image = take_in(Moderator(("Weapons",)))
    publishing.mark_flags_reviewed(ChangeSet(editor), image)
    publishing.mark_flags_reviewed(ChangeSet(editor), take_in(Moderator(("Violence",)), SECOND))
    assert missing(image) == []
    act = ChangeSet(editor)
    assert versions.restore(act, image, 1)
    assert (missing(image), image.moderation[0]["name"]) == ([FLAGGED], "Weapons")
    assert undo(editor, act.id).refused == []
    assert (missing(image), image.moderation[0]["name"]) == ([FLAGGED], "Violence")


def test_a_version_that_was_not_flagged_comes_back_with_its_answer(editor: User) -> None:
    image = take_in(Moderator())
    take_in(None, SECOND)
    assert missing(image) == [UNSEEN]
    versions.restore(ChangeSet(editor), image, 1)
    assert missing(image) == []


def test_a_version_from_before_there_was_a_service_needs_a_look(editor: User) -> None:
    image = take_in(None)
    version = Version.objects.get()
    version.facts.pop("moderation_checked")
    version.save()
    take_in(Moderator(), SECOND)
    versions.restore(ChangeSet(editor), image, 1)
    assert missing(image) == [UNSEEN]


def test_a_new_file_that_nothing_looked_at_does_not_reach_the_public(chief: User, settings: Any) -> None:
    settings.AWS_PROFILE = "web"
    image, client = take_in(Moderator()), Client()
    publishing.publish(ChangeSet(chief), [image])
    assert (take_in(None, SECOND, by=chief).width, missing(image)) == (400, [])
    with pytest.raises(ValidationError, match="not been checked"):
        versions.restore(ChangeSet(chief), image, 2)
    client.force_login(chief)
    assert 'name="flags_seen"' in client.get(reverse("desk:versions", args=[image.pk])).content.decode()
    client.post(reverse("desk:restore_version", args=[image.pk, 2]), {"flags_seen": "1"})
    assert (missing(image), image.width) == ([], 500)
    # Back is the file that the service has looked at.
    assert versions.restore(ChangeSet(chief), image, 1)


def test_a_new_file_that_was_looked_at_reaches_the_public(chief: User) -> None:
    image = take_in(Moderator())
    publishing.publish(ChangeSet(chief), [image])
    assert take_in(Moderator(), SECOND, by=chief).width == 500


def test_a_look_at_what_is_public_is_not_taken_back(chief: User) -> None:
    image, look = take_in(None), ChangeSet(chief)
    publishing.mark_flags_reviewed(look, image)
    publishing.publish(ChangeSet(chief), [image])
    assert "The image has not been checked" in undo(chief, look.id).refused[0]
    assert missing(image) == []


@pytest.fixture
def press(chief: User, settings: Any) -> Callable[[Image, str], str]:
    """press(image, file): what the image's page says after “I have looked at it”."""
    settings.AWS_PROFILE = "web"
    client = Client()
    client.force_login(chief)

    def pressed(image: Image, sha256: str) -> str:
        page = reverse("admin:library_image_change", args=[image.pk])
        shown = client.get(page).content.decode()
        assert "Not checked for flags" in shown
        assert f'name="file" value="{image.sha256}"' in shown.replace("\n", " ")
        client.post(reverse("desk:look_at_flags", args=[image.pk]), {"file": sha256})
        return client.get(page).content.decode()

    return pressed


def test_the_image_says_that_nothing_looked_at_it_and_a_press_says_that_somebody_did(
    press: Callable[[Image, str], str],
) -> None:
    image = take_in(None)
    assert "Reviewed on" in press(image, image.sha256)
    assert missing(image) == []


def test_who_looked_at_another_file_is_asked_to_look_again(press: Callable[[Image, str], str]) -> None:
    image = take_in(None)
    assert "has been replaced" in press(image, "ab" * 32)
    assert missing(image) == [UNSEEN]
