"""Acts that are sent: done once, whole, and only to what their sender saw."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action, Change
from mediahub.library import editor_actions, publishing, tag_decisions
from mediahub.library.models import Image, Tagging
from tests.records import image_with_tags


@pytest.fixture
def sea(local_aws: Any, db: Any) -> Image:
    """Provide an image with two suggestions."""
    return image_with_tags("Sea", "Sky")


def send(user: User, image: Image, batch: UUID | None = None, **wish: Any) -> UUID:
    """Send one act as a browser would; returns its id."""
    batch = batch or uuid4()
    editor_actions.perform(user, editor_actions.parse_action({"id": str(batch), "image": str(image.pk), **wish}))
    return batch


def tag_wish(image: Image, name: str, seen: str | None, wanted: str) -> list[object]:
    tagging = image.taggings.filter(tag__name=name).first()
    return [tagging.tag_id if tagging else None, name, seen, wanted]


def states(image: Image) -> dict[str, str]:
    return dict(image.taggings.values_list("tag__name", "state"))


def test_an_act_that_arrives_twice_is_done_once(editor: User, sea: Image) -> None:
    wish: dict[str, Any] = {"tags": [tag_wish(sea, "Sea", "suggested", "accepted"), [None, "Boat", None, "accepted"]]}
    batch = send(editor, sea, **wish)
    # Meanwhile the editor has changed their mind, and that is known here already.
    send(
        editor, sea, tags=[tag_wish(sea, "Sea", "accepted", "rejected"), tag_wish(sea, "Boat", "accepted", "rejected")]
    )
    send(editor, sea, batch, **wish)
    assert states(sea) == {"Sea": "rejected", "Sky": "suggested", "Boat": "rejected"}
    assert Change.objects.filter(change_set=batch).count() == 2


def test_a_tag_can_be_left_open_again(editor: User, sea: Image) -> None:
    send(editor, sea, tags=[tag_wish(sea, "Sea", "suggested", "rejected")])
    send(editor, sea, tags=[tag_wish(sea, "Sea", "rejected", "suggested")])
    tagging = sea.taggings.get(tag__name="Sea")
    assert (tagging.state, tagging.reviewed_by, tagging.reviewed_at) == ("suggested", None, None)


def test_what_somebody_else_changed_is_not_overwritten(editor: User, other_editor: User, sea: Image) -> None:
    tag_decisions.reject(ChangeSet(other_editor), sea.taggings.filter(tag__name="Sea"))
    Image.objects.filter(pk=sea.pk).update(alt_text="Waves", state=Image.State.ARCHIVED)
    wishes: list[tuple[dict[str, Any], str]] = [
        (
            {
                "tags": [
                    tag_wish(sea, "Sky", "suggested", "accepted"),
                    tag_wish(sea, "Sea", "suggested", "accepted"),
                ]
            },
            "decided on “Sea” in the meantime. It is now rejected",
        ),
        ({"tags": [[None, "Boat", "suggested", "accepted"]]}, "no longer has the tag “Boat”"),
        ({"words": {"alt_text": ["", "A harbour"]}}, "changed its alt text in the meantime: “Waves”"),
    ]
    for wish, says in wishes:
        with pytest.raises(editor_actions.Refused, match=says) as refused:
            send(editor, sea, **wish)
        assert isinstance(refused.value, editor_actions.Conflicting)
    # An act is done whole or not at all.
    assert states(sea) == {"Sea": "rejected", "Sky": "suggested"}
    sea.refresh_from_db()
    assert sea.alt_text == "Waves"


def test_what_is_so_already_is_no_conflict(editor: User, other_editor: User, sea: Image) -> None:
    tag_decisions.accept(ChangeSet(other_editor), sea.taggings.filter(tag__name="Sea"))
    send(editor, sea, tags=[tag_wish(sea, "Sea", "suggested", "accepted"), [None, "sea", None, "accepted"]])
    assert Change.objects.filter(by=editor).count() == 0
    assert sea.taggings.get(tag__name="Sea").reviewed_by == other_editor


def test_words_are_kept_and_refused_with_a_sentence(editor: User, sea: Image) -> None:
    send(editor, sea, words={"alt_text": ["", "Two\r\nboats "], "title": ["Harbour", "Quay"]})
    sea.refresh_from_db()
    assert (sea.alt_text, sea.title, sea.revision) == ("Two\nboats", "Quay", 2)
    with pytest.raises(editor_actions.Refused, match="Title: This field cannot be blank") as refused:
        send(editor, sea, words={"title": ["Quay", "  "]})
    assert isinstance(refused.value, editor_actions.Invalid)
    with pytest.raises(editor_actions.Refused, match="at most 1000 characters"):
        send(editor, sea, words={"alt_text": ["Two\nboats", "x" * 1001]})
    with pytest.raises(editor_actions.Refused, match="Address of the license: Enter a valid URL"):
        send(editor, sea, words={"license_url": ["", "javascript:alert(1)"]})
    send(editor, sea, words={"license_url": ["", "https://example.com/a"], "copyright": ["", "© Cafe\u0301"]})
    sea.refresh_from_db()
    assert (sea.license_url, sea.copyright) == ("https://example.com/a", "© Café")


def test_a_file_that_was_replaced_since_it_was_seen_is_not_published(chief: User, sea: Image) -> None:
    Image.objects.filter(pk=sea.pk).update(alt_text="Boats", credit="Ada", sha256="1" * 64)
    wish: dict[str, Any] = {"state": ["in_review", "published"]}
    with pytest.raises(editor_actions.Refused, match="replaced since you saw it") as refused:
        send(chief, sea, file="0" * 64, **wish)
    assert isinstance(refused.value, editor_actions.Conflicting)
    send(chief, sea, file="1" * 64, **wish)
    sea.refresh_from_db()
    assert sea.state == Image.State.PUBLISHED


def test_publishing_asks_for_the_right_and_the_rules(editor: User, chief: User, sea: Image) -> None:
    wish: dict[str, Any] = {"state": ["in_review", "published"]}
    with pytest.raises(editor_actions.Refused, match="Ask a chief editor") as refused:
        send(editor, sea, **wish)
    assert isinstance(refused.value, editor_actions.NotPermitted)
    with pytest.raises(editor_actions.Refused, match="alt text is missing"):
        send(chief, sea, **wish)
    send(chief, sea, words={"alt_text": ["", "Boats"], "credit": ["", "Ada"]})
    send(chief, sea, **wish)
    sea.refresh_from_db()
    assert sea.state == Image.State.PUBLISHED
    with pytest.raises(editor_actions.Refused, match="It is now published"):
        send(chief, sea, state=["in_review", "archived"])
    send(chief, sea, state=["published", "archived"])
    send(chief, sea, state=["archived", "in_review"])
    sea.refresh_from_db()
    assert sea.state == Image.State.IN_REVIEW


def test_an_act_is_taken_back_once(chief: User, sea: Image) -> None:
    archived = send(chief, sea, state=["in_review", "archived"])
    taking_back = send(chief, sea, undo=True, undoes=str(archived))
    send(chief, sea, taking_back, undo=True, undoes=str(archived))
    send(chief, sea, undo=True, undoes=str(archived))
    sea.refresh_from_db()
    assert (sea.state, Change.objects.filter(action=Action.UNDONE).count()) == (Image.State.IN_REVIEW, 1)


def test_the_newest_act_is_taken_back_when_none_is_named(editor: User, sea: Image) -> None:
    send(editor, sea, tags=[tag_wish(sea, "Sea", "suggested", "accepted")])
    send(editor, sea, tags=[[None, "Boat", None, "accepted"]])
    send(editor, sea, undo=True)
    assert states(sea) == {"Sea": "accepted", "Sky": "suggested"}
    send(editor, sea, undo=True)
    assert states(sea) == {"Sea": "suggested", "Sky": "suggested"}
    with pytest.raises(editor_actions.Refused, match="left to undo"):
        send(editor, sea, undo=True)


def test_nobody_takes_back_here_what_others_or_many_images_are_concerned_by(
    editor: User, chief: User, other_editor: User, sea: Image
) -> None:
    theirs = send(chief, sea, state=["in_review", "archived"])
    send(editor, sea, undo=True, undoes=str(theirs))
    sea.refresh_from_db()
    assert sea.state == Image.State.ARCHIVED
    publishing.reopen(ChangeSet(chief), [sea])
    other = image_with_tags()
    publishing.archive(ChangeSet(chief), [sea, other])
    with pytest.raises(editor_actions.Refused, match="also changed other images"):
        send(chief, sea, undo=True)
    with pytest.raises(editor_actions.Refused, match="already belongs to another action"):
        send(other_editor, sea, theirs, tags=[tag_wish(sea, "Sea", "suggested", "accepted")])


def test_who_may_not_see_or_change_an_image_changes_nothing(db: Any, sea: Image) -> None:
    stranger = User.objects.create_user("stranger", is_staff=True)
    with pytest.raises(editor_actions.Refused, match="does not exist"):
        send(stranger, sea, tags=[tag_wish(sea, "Sea", "suggested", "accepted")])
    assert states(sea)["Sea"] == Tagging.State.SUGGESTED


@pytest.mark.parametrize(
    "wish",
    [
        [],
        {},
        {"id": "x"},
        {"tags": "x"},
        {"tags": [[1, "Sea", "suggested", "perhaps"]]},
        {"tags": [[1, "Sea", "suggested", None]]},
        {"tags": [["one", "Sea", None, "accepted"]]},
        {"tags": [[1, "Sea", {}, "accepted"]]},
        {"words": {"sha256": ["a", "b"]}},
        {"words": {"title": "x"}},
        {"words": {"title": ["", "nul \x00"]}},
        {"tags": [[None, "half \ud83d", None, "accepted"]]},
        {"state": ["in_review"]},
        {"state": ["in_review", "gone"]},
        {"undo": True, "undoes": "yesterday"},
    ],
)
def test_what_is_no_act_is_refused(wish: Any) -> None:
    usual = {"id": str(uuid4()), "image": str(uuid4())}
    with pytest.raises(editor_actions.Refused) as refused:
        editor_actions.parse_action({**usual, **wish} if wish else wish)
    assert isinstance(refused.value, editor_actions.Invalid)
