"""The vocabulary of tags: a word that changes, changes on every image."""

from django.db import transaction

from mediahub.library import revisions
from mediahub.library.models import Tag, Tagging


def keep(tag: Tag) -> None:
    """Write a new or renamed tag; every image that holds it accepted is mirrored with the new word."""
    with transaction.atomic():
        tag.save()
        held = tag.taggings.filter(state=Tagging.State.ACCEPTED)
        for image_id in held.values_list("image_id", flat=True):
            revisions.changed(image_id)
