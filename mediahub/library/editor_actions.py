"""Acts that were done elsewhere and are sent here: each once, however often it arrives, and only to what was seen.

A browser paints what its editor does at once, and sends it later. So each wish has an id of its sender's making, and
says what the editor saw beside what it should be: where somebody has changed the same thing since, it is refused.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Change
from mediahub.history.undo import find_last_change_set, undo, was_undone
from mediahub.library import access, metadata, publishing, tag_decisions
from mediahub.library.field_edits import Conflict, Conflicted, Edit, normalize
from mediahub.library.models import Image, Tagging
from processing import compose, is_storable

# The words that are typed beside a picture.
TYPED_FIELDS = ("title", "alt_text", "caption", "credit", "copyright", "license", "license_url")


class Refused(Exception):
    """An action that was not done, and why, in sentences for a person."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class Invalid(Refused):
    """What was sent is no action, or holds what no field may."""


class NotPermitted(Refused):
    """The person may not do it."""


class ImageGone(Refused):
    """The image is not there, or not for the person to see."""


class Conflicting(Refused):
    """Somebody has changed the same thing since the person saw it, or the image is not as it has to be."""


@dataclass(frozen=True)
class TagEdit:
    """A tag's state as it was seen and as it should be; without an id the tag is known by its name alone.

    `seen` is None for a tag that was not on the image.
    """

    tag_id: int | None
    name: str
    seen: str | None
    state: str


@dataclass(frozen=True)
class EditorAction:
    """One act on one image; pairs are (what was seen, what it should be).

    `undo` takes back the act `undoes`, or the newest of this person's on the image. `file` is the SHA-256 of the file
    that was seen: where it is given, no other one is published.
    """

    image_id: UUID
    batch: UUID
    tags: tuple[TagEdit, ...] = ()
    words: dict[str, tuple[str, str]] = field(default_factory=dict)
    state: tuple[str, str] | None = None
    file: str = ""
    undo: bool = False
    undoes: UUID | None = None


def perform(user: User, action: EditorAction) -> ChangeSet:
    """Perform an action whole or not at all, and once under one id; raises Refused."""
    change_set = ChangeSet(user, action.batch)
    with transaction.atomic():
        image = Image.objects.select_for_update().filter(pk=action.image_id).first()
        if image is None or not access.visible_images(user).filter(pk=image.pk).exists():
            raise ImageGone(_("The image does not exist, or you don't have access to it."))
        if change_set.has_changed(image.pk):
            return change_set
        if Change.objects.filter(change_set=action.batch).exclude(by=user).exists():
            raise Invalid(_("This ID already belongs to another action."))
        if not access.changeable_images(user).filter(pk=image.pk).exists():
            raise NotPermitted(_("You don't have permission to change this image. Ask a chief editor."))
        _decide(change_set, image, action.tags)
        if action.words and not user.has_perm("library.change_image"):
            raise NotPermitted(_("You don't have permission to change the details of images. Ask a chief editor."))
        _describe(change_set, image, action.words)
        if action.state:
            _check_file(image, action)
            _move(change_set, user, image, *action.state)
        if action.undo:
            _undo(change_set, user, image, action.undoes)
    return change_set


def _decide(change_set: ChangeSet, image: Image, edits: tuple[TagEdit, ...]) -> None:
    verbs: dict[str, Callable[[ChangeSet, list[Tagging]], int]] = {
        Tagging.State.ACCEPTED: tag_decisions.accept,
        Tagging.State.REJECTED: tag_decisions.reject,
        Tagging.State.SUGGESTED: tag_decisions.leave_open,
    }
    taggings = list(image.taggings.select_related("tag")) if edits else []
    chosen: dict[str, list[Tagging]] = {state: [] for state in verbs}
    for edit in edits:
        tagging = _find(taggings, edit)
        if tagging:
            if _is_open_to(tagging, edit):
                chosen[edit.state].append(tagging)
        elif edit.seen is None and edit.state == Tagging.State.ACCEPTED:
            _add(change_set, image, edit.name)
        else:
            raise Conflicting(_("The image no longer has the tag “%(tag)s”.") % {"tag": edit.name})
    for state, verb in verbs.items():
        verb(change_set, chosen[state])


def _find(taggings: list[Tagging], edit: TagEdit) -> Tagging | None:
    name = compose(" ".join(edit.name.split())).casefold()
    same = [tagging for tagging in taggings if tagging.tag_id == edit.tag_id]
    return next(iter([*same, *(tagging for tagging in taggings if tagging.tag.name.casefold() == name)]), None)


def _is_open_to(tagging: Tagging, edit: TagEdit) -> bool:
    """Return whether there is something to decide; raises Conflicting where somebody else has decided since."""
    if tagging.state == edit.state:
        return False
    if edit.seen is not None and tagging.state != edit.seen:
        sentence = _("Someone else has decided on “%(tag)s” in the meantime. It is now %(state)s.")
        raise Conflicting(sentence % {"tag": tagging.tag.name, "state": tagging.get_state_display()})
    return True


def _add(change_set: ChangeSet, image: Image, name: str) -> None:
    try:
        tag_decisions.add_tag(change_set, image, name)
    except ValidationError as error:
        raise Invalid(*error.messages) from error


def _describe(change_set: ChangeSet, image: Image, words: dict[str, tuple[str, str]]) -> None:
    if not words:
        return
    edits = {name: Edit(normalize(text), seen) for name, (seen, text) in words.items()}
    checked = Image(**{name: edit.value for name, edit in edits.items()})
    try:
        checked.clean_fields(exclude={column.name for column in Image._meta.fields} - set(words))
        metadata.edit(change_set, image, edits)
    except Conflicted as error:
        raise Conflicting(*(_changed_since(conflict) for conflict in error.conflicts)) from error
    except ValidationError as error:
        raise Invalid(*_sentences(error)) from error


def _changed_since(conflict: Conflict) -> str:
    sentence = _("Someone else has changed its %(field)s in the meantime: “%(now)s”.")
    return sentence % {"field": _label(conflict.field), "now": conflict.theirs}


def _label(name: str) -> str:
    return str(getattr(Image._meta.get_field(name), "verbose_name", name))


def _sentences(error: ValidationError) -> list[str]:
    if not hasattr(error, "error_dict"):
        return error.messages
    return [f"{_label(name).capitalize()}: {text}" for name, texts in error.message_dict.items() for text in texts]


def _check_file(image: Image, action: EditorAction) -> None:
    if action.file and action.state and action.state[1] == Image.State.PUBLISHED and image.sha256 != action.file:
        raise Conflicting(_("Its file has been replaced since you saw it. Review the new file first."))


def _move(change_set: ChangeSet, user: User, image: Image, seen: str, state: str) -> None:
    if not user.has_perm("library.publish_image"):
        raise NotPermitted(_("You don't have permission to publish or archive images. Ask a chief editor."))
    if image.state == state:
        return
    if image.state != seen:
        sentence = _("Someone else has changed its state in the meantime. It is now %(state)s.")
        raise Conflicting(sentence % {"state": image.get_state_display()})
    if state == Image.State.PUBLISHED:
        lacks = [
            sentence for _image, sentences in publishing.publish(change_set, [image]).refused for sentence in sentences
        ]
        if lacks:
            raise Conflicting(*lacks)
    elif state == Image.State.ARCHIVED:
        publishing.archive(change_set, [image])
    else:
        publishing.reopen(change_set, [image])


def _undo(change_set: ChangeSet, user: User, image: Image, batch: UUID | None) -> None:
    change_set_id = batch or find_last_change_set(user, [image.pk])
    changes = (
        []
        if change_set_id is None
        else list(Change.objects.filter(change_set=change_set_id, by=user).select_related("image"))
    )
    if batch and (not changes or was_undone(batch)):
        # It was refused, had nothing to change, or was taken back before.
        return
    if not changes:
        raise Conflicting(_("There is nothing left to undo on this image."))
    if any(change.image_id != image.pk for change in changes):
        raise Conflicting(_("That action also changed other images. Undo it where it was done."))
    if any(change.is_revertible and not user.has_perms(change.detail.permissions(change)) for change in changes):
        raise NotPermitted(_("You don't have permission to undo this. Ask a chief editor."))
    refused = undo(user, changes[0].change_set, change_set).refused
    if refused:
        raise Conflicting(*refused)


def parse_action(data: Any) -> EditorAction:
    """Return the action that a program sent as JSON; raises Invalid for anything else.

    {id, image, tags: [[tag's id or null, name, seen or null, wanted]], words: {name: [seen, wanted]},
    state: [seen, wanted], file: the SHA-256 seen, undo: true, undoes: id}; all but id and image may be missing.
    """
    try:
        action = _read(data)
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise Invalid(_("MediaHub does not know this action. Reload the page and try again.")) from error
    return action


def _read(data: Any) -> EditorAction:
    tags, words, state = data.get("tags") or [], data.get("words") or {}, data.get("state")
    return EditorAction(
        image_id=UUID(data["image"]),
        batch=UUID(data["id"]),
        tags=tuple(_read_tag(*row) for row in tags),
        words={_check_choice(name, TYPED_FIELDS): (_text(seen), _text(text)) for name, (seen, text) in words.items()},
        state=(_check_choice(state[0], Image.State.values), _check_choice(state[1], Image.State.values))
        if state
        else None,
        file=_text(data.get("file") or ""),
        undo=data.get("undo") is True,
        undoes=UUID(data["undoes"]) if data.get("undoes") else None,
    )


def _read_tag(tag_id: Any, name: Any, seen: Any, state: Any) -> TagEdit:
    states = Tagging.State.values
    seen_state = None if seen is None else _check_choice(seen, states)
    return TagEdit(None if tag_id is None else int(tag_id), _text(name), seen_state, _check_choice(state, states))


def _check_choice(value: Any, allowed: Collection[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(value)
    return value


def _text(value: Any) -> str:
    """Return a text that every database can store; raises ValueError for another."""
    if not isinstance(value, str) or not is_storable(value):
        raise ValueError(value)
    return value
