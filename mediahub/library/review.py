"""What editors decide: tags accepted, rejected and added; words; images published and archived.

Each verb takes the Act that it is part of, so that one act on many images is told and taken back as one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from mediahub.library import field_edits, publishing, revisions, vocabulary
from mediahub.library.activity import Act, as_text
from mediahub.library.field_edits import UNSEEN, Conflicted, Edit
from mediahub.library.models import Activity, Image, Tagging

# What an editor types about an image.
WORDS = ("title", "alt_text", "caption", "credit", "licence", "rights_until")


def untouched() -> Q:
    """Return the condition that an image waits for a first decision: it is in review, and nobody reviewed a tag of it.

    A tag that was given to a whole batch, or that stands in the file, is accepted or suggested without a review.
    """
    reviewed = Tagging.objects.filter(image=OuterRef("pk"), reviewed_at__isnull=False)
    return Q(state=Image.State.IN_REVIEW) & ~Q(Exists(reviewed))


def is_untouched(image: Image) -> bool:
    """Return what `untouched` asks of an image whose taggings are at hand."""
    in_review = image.state == Image.State.IN_REVIEW
    return in_review and all(tagging.reviewed_at is None for tagging in image.taggings.all())


def _decide(act: Act, taggings: Iterable[Tagging], state: Tagging.State, *, reviewed: bool = True) -> int:
    decided: dict[Image, list[list[object]]] = {}
    with transaction.atomic():
        for tagging in taggings:
            before = tagging.state
            changed = (
                Tagging.objects.filter(pk=tagging.pk, state=before)
                .exclude(state=state)
                .update(state=state, **_decided(act, state, reviewed=reviewed))
            )
            if changed:
                told = [tagging.tag_id, tagging.tag.name, before, str(state)]
                decided.setdefault(tagging.image, []).append(told)
        for image, tags in decided.items():
            revisions.changed(image.pk)
            act.note(image, Activity.Verb.TAGGED, {"tags": tags})
    return sum(len(tags) for tags in decided.values())


def _decided(act: Act, state: Tagging.State, *, reviewed: bool) -> dict[str, object]:
    """Who decided, and when somebody looked at the image for it; nobody on a tag that is left open."""
    if state == Tagging.State.SUGGESTED:
        return {"reviewed_by": None, "reviewed_at": None}
    return {"reviewed_by": act.by, **({"reviewed_at": timezone.now()} if reviewed else {})}


def accept(act: Act, taggings: Iterable[Tagging]) -> int:
    """Say that these tags are right; returns how many decisions changed."""
    return _decide(act, taggings, Tagging.State.ACCEPTED)


def reject(act: Act, taggings: Iterable[Tagging]) -> int:
    """Say that these tags are wrong; returns how many decisions changed."""
    return _decide(act, taggings, Tagging.State.REJECTED)


def leave_open(act: Act, taggings: Iterable[Tagging]) -> int:
    """Leave these tags to somebody else's decision again; returns how many decisions changed."""
    return _decide(act, taggings, Tagging.State.SUGGESTED)


def add(act: Act, image: Image, name: str, *, reviewed: bool = True) -> Tagging:
    """Put an accepted tag of the editor's own on the image; raises ValidationError for a name that is no tag.

    `reviewed` says that the editor looked at this image for it.
    """
    name = vocabulary.clean(name)
    with transaction.atomic():
        tag = vocabulary.find_or_make(name)
        tagging, created = Tagging.objects.get_or_create(
            image=image,
            tag=tag,
            defaults={
                "source": Tagging.Source.EDITOR,
                "state": Tagging.State.ACCEPTED,
                **_decided(act, Tagging.State.ACCEPTED, reviewed=reviewed),
            },
        )
        if created:
            revisions.changed(image.pk)
            act.note(image, Activity.Verb.TAGGED, {"tags": [[tag.pk, tag.name, None, str(tagging.state)]]})
        else:
            _decide(act, [tagging], Tagging.State.ACCEPTED, reviewed=reviewed)
    tagging.refresh_from_db()
    return tagging


def describe(act: Act, image: Image, wanted: Mapping[str, Edit]) -> None:
    """Write the words that an editor changed in this image, by the names of their fields, and no others.

    Raises Conflicted, having written nothing, where somebody else has changed one of them since it was seen, and
    ValidationError when the image may not go without what it had.
    """
    with transaction.atomic():
        current = Image.objects.select_for_update().get(pk=image.pk)
        values, conflicting = field_edits.merge({name: getattr(current, name) for name in wanted}, wanted)
        if conflicting:
            raise Conflicted([field_edits.conflict(current, name, wanted[name].wanted) for name in conflicting])
        if not values:
            return
        changes = {name: [as_text(getattr(current, name)), as_text(value)] for name, value in values.items()}
        for name, value in values.items():
            setattr(current, name, value)
        publishing.check_words(current)
        current.save(update_fields=[*values, "updated_at"])
        revisions.changed(current.pk)
        act.note(current, Activity.Verb.DESCRIBED, {"fields": changes})


def take_over(act: Act, image: Image, name: str, seen: Any = UNSEEN) -> bool:
    """Put the file's own word into a field of the image that said `seen`; False when the file has none for it.

    Raises what `describe` raises.
    """
    if name not in WORDS or not image.embedded.get(name):
        return False
    column = {column.name: column for column in Image._meta.concrete_fields}[name]
    describe(act, image, {name: Edit(column.to_python(image.embedded[name]), seen)})
    return True


def _move(act: Act, images: Iterable[Image], state: Image.State) -> int:
    moved = 0
    with transaction.atomic():
        ids = [image.pk for image in images]
        for image in Image.objects.select_for_update().filter(pk__in=ids).exclude(state=state):
            before, image.state = image.state, state
            image.save(update_fields=["state", "updated_at"])
            revisions.changed(image.pk)
            act.note(image, Activity.Verb.MOVED, {"fields": {"state": [before, str(state)]}})
            moved += 1
    return moved


def archive(act: Act, images: Iterable[Image]) -> int:
    """Take the images out of use, keeping everything; returns how many were not before."""
    return _move(act, images, Image.State.ARCHIVED)


def reopen(act: Act, images: Iterable[Image]) -> int:
    """Put the images back into review; returns how many were not there before."""
    return _move(act, images, Image.State.IN_REVIEW)
