"""Publishing: nothing goes out without what it must have, and nothing stays out when its rights have ended."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from mediahub.aws import clients
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action, Change
from mediahub.history.undo import undo
from mediahub.library import metadata, publishing
from mediahub.library.field_edits import Edit
from mediahub.library.models import Image
from tests.doubles import MemoryQueue
from tests.records import image

pytestmark = pytest.mark.django_db(transaction=True)
COMPLETE: dict[str, Any] = {"alt_text": "Two boats at a quay", "credit": "Ada Lund"}
FLAG = [{"name": "Violence", "parent": "", "confidence": 91.0}]


@pytest.fixture(autouse=True)
def queue(used_aws: object) -> None:
    """Let changes be told to a worker."""


def state(image: Image) -> str:
    image.refresh_from_db()
    return image.state


@pytest.mark.parametrize(
    ("lacks", "says"),
    [
        ({"alt_text": " "}, "The alt text is missing."),
        ({"credit": ""}, "The credit is missing."),
        ({"credit": "null"}, "The credit is missing."),
        ({"credit": " N/A "}, "The credit is missing."),
        ({"credit": "–"}, "The credit is missing."),
        ({"alt_text": "undefined"}, "The alt text is missing."),
        ({"rights_until": date(2020, 1, 1)}, "The rights have expired."),
        ({"rights_until": date(2020, 1, 1), "license": ""}, "The rights have expired."),
        ({"license": ""}, "No rights are recorded."),
        ({"license": "none"}, "No rights are recorded."),
        ({"moderation": FLAG}, "The image was flagged."),
        ({"deleted_at": timezone.now()}, "The original was deleted."),
    ],
)
def test_what_lacks_something_is_refused_with_what_to_do(editor: User, lacks: dict[str, Any], says: str) -> None:
    new_image = image(**COMPLETE | lacks)
    result = publishing.publish(ChangeSet(editor), [new_image])
    assert result.count == 0
    assert [(refused, why[0].startswith(says)) for refused, why in result.refused] == [(new_image, True)]
    assert state(new_image) == Image.State.IN_REVIEW


def test_of_many_those_that_pass_go_out(editor: User) -> None:
    good, bad = image(**COMPLETE), image()
    result = publishing.publish(ChangeSet(editor), [good, bad])
    assert (result.count, len(result.refused)) == (1, 1)
    assert (state(good), state(bad)) == (Image.State.PUBLISHED, Image.State.IN_REVIEW)


def test_a_site_asks_for_less_but_never_without_rights(editor: User, settings: Any) -> None:
    settings.PUBLISH_RULES = []
    ended = image(rights_until=date(2020, 1, 1))
    assert publishing.publish(ChangeSet(editor), [image(), ended]).count == 1
    assert state(ended) == Image.State.IN_REVIEW


def test_a_last_day_says_as_much_as_a_licence(editor: User) -> None:
    with_address = image(**COMPLETE, license="", license_url="https://example.com/license")
    assert publishing.list_missing(with_address) == []
    new_image = image(**COMPLETE, license="", rights_until=timezone.localdate())
    assert publishing.publish(ChangeSet(editor), [new_image]).count == 1


@pytest.mark.parametrize("name", ["Null", "Ann Nullmeyer", "N. A. Test", "Ж", "写真家", "Agência"])
def test_a_name_is_a_credit_though_it_looks_like_nothing(editor: User, name: str) -> None:
    said = publishing.publish(ChangeSet(editor), [image(**COMPLETE | {"credit": name})])
    assert bool(said.count) == (name != "Null")


@pytest.mark.parametrize(
    "words", [{"license": "", "rights_until": None}, {"rights_until": date(2020, 1, 1)}, {"credit": "null"}]
)
def test_saving_takes_no_image_from_the_public_without_a_word(editor: User, words: dict[str, Any]) -> None:
    new_image = image(**COMPLETE)
    publishing.publish(ChangeSet(editor), [new_image])
    new_image.refresh_from_db()
    with pytest.raises(ValidationError, match="Archive the image first"):
        metadata.edit(ChangeSet(editor), new_image, {name: Edit(value) for name, value in words.items()})
    new_image.refresh_from_db()
    assert publishing.is_public(new_image)
    assert {rule.name for rule in publishing.check_rules(new_image) if rule.holds} >= {"rights", "credit"}


def test_what_was_flagged_goes_out_when_someone_has_looked(editor: User) -> None:
    new_image = image(**COMPLETE, moderation=FLAG)
    assert publishing.mark_flags_reviewed(ChangeSet(editor), new_image)
    assert not publishing.mark_flags_reviewed(ChangeSet(editor), new_image)
    assert publishing.publish(ChangeSet(editor), [new_image]).count == 1
    assert Change.objects.filter(action=Action.FLAGS_REVIEWED, by=editor).count() == 1


def test_a_published_image_keeps_its_words(editor: User) -> None:
    new_image = image(**COMPLETE)
    publishing.publish(ChangeSet(editor), [new_image])
    new_image.refresh_from_db()
    with pytest.raises(ValidationError, match="Archive the image first"):
        metadata.edit(ChangeSet(editor), new_image, {"alt_text": Edit("")})
    new_image.refresh_from_db()
    assert new_image.alt_text == COMPLETE["alt_text"]


def test_undoing_an_archiving_publishes_only_what_may_be(chief: User) -> None:
    new_image = image(**COMPLETE)
    publishing.publish(ChangeSet(chief), [new_image])
    act = ChangeSet(chief)
    publishing.archive(act, [new_image])
    Image.objects.filter(pk=new_image.pk).update(credit="")
    assert undo(chief, act.id).refused == [
        "Harbour was not changed. The credit is missing. Enter the creator of the image."
    ]
    assert state(new_image) == Image.State.ARCHIVED


def test_the_last_day_counts_whole_and_then_it_is_taken_down_by_itself(
    editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = timezone.localdate() + timedelta(days=2)
    new_image = image(**COMPLETE, rights_until=last)
    publishing.publish(ChangeSet(editor), [new_image])
    midnight = timezone.make_aware(datetime.combine(last, time.min)) + timedelta(days=1)
    monkeypatch.setattr(clients, "get_upload_queue", MemoryQueue)
    with time_machine.travel(midnight - timedelta(seconds=1), tick=False):
        assert publishing.archive_expired() == 0
    with time_machine.travel(midnight, tick=False):
        new_image.refresh_from_db()
        assert not publishing.is_public(new_image)
        assert publishing.archive_expired() == 1
        assert publishing.archive_expired() == 0
    assert state(new_image) == Image.State.ARCHIVED
    change = Change.objects.get(action=Action.EXPIRED)
    assert (change.by, change.image) == (None, new_image)
