"""What editors decide: tags accepted, rejected and added; images published and archived."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub.library import revisions
from mediahub.library.models import Image, Tag, Tagging

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def _decide(user: "User", taggings: Iterable[Tagging], state: Tagging.State) -> int:
    decided = 0
    with transaction.atomic():
        for tagging in taggings:
            changed = (
                Tagging.objects.filter(pk=tagging.pk)
                .exclude(state=state)
                .update(state=state, reviewed_by=user, reviewed_at=timezone.now())
            )
            if changed:
                revisions.changed(tagging.image_id)
            decided += changed
    return decided


def accept(user: "User", taggings: Iterable[Tagging]) -> int:
    """Say that these tags are right; returns how many decisions changed."""
    return _decide(user, taggings, Tagging.State.ACCEPTED)


def reject(user: "User", taggings: Iterable[Tagging]) -> int:
    """Say that these tags are wrong; returns how many decisions changed."""
    return _decide(user, taggings, Tagging.State.REJECTED)


def add(user: "User", image: Image, name: str) -> Tagging:
    """Put an accepted tag of the editor's own on the image; raises ValidationError for a name that is no tag."""
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise ValidationError(_("Type the tag to add: a word or a few, without line breaks."))
    if len(name) > 100:
        raise ValidationError(_("A tag has at most 100 characters; this one has %(n)d.") % {"n": len(name)})
    with transaction.atomic():
        tag = Tag.objects.filter(name__iexact=name).first() or Tag.objects.get_or_create(name=name)[0]
        tagging, _created = Tagging.objects.get_or_create(
            image=image, tag=tag, defaults={"source": Tagging.Source.EDITOR}
        )
        accept(user, [tagging])
    tagging.refresh_from_db()
    return tagging


def describe(image: Image) -> None:
    """Keep the words an editor typed: title, alt text, credit."""
    with transaction.atomic():
        image.save(update_fields=["title", "alt_text", "credit", "updated_at"])
        revisions.changed(image.pk)


def _move(images: Iterable[Image], state: Image.State) -> int:
    moved = 0
    with transaction.atomic():
        for image in images:
            changed = Image.objects.filter(pk=image.pk).exclude(state=state).update(state=state)
            if changed:
                revisions.changed(image.pk)
            moved += changed
    return moved


def publish(images: Iterable[Image]) -> int:
    """Make the images public in the mirror; returns how many were not before."""
    return _move(images, Image.State.PUBLISHED)


def archive(images: Iterable[Image]) -> int:
    """Take the images out of use, keeping everything; returns how many were not before."""
    return _move(images, Image.State.ARCHIVED)
