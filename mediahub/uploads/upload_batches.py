"""Batches: files that were sent together, and what is said of all of them at once."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from mediahub.history import undo
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, field_edits, memberships, metadata, tag_decisions, vocabulary
from mediahub.library.field_edits import Conflict, Conflicted, Edit
from mediahub.library.models import Collection, Image
from mediahub.uploads.models import Batch, Upload
from processing import is_storable

MOST_TAGS = 30
# One request looks at so many images; it is asked again for what it leaves.
AT_ONCE = 200


class NotYours(Exception):
    """The batch is somebody else's, in a sentence."""


@dataclass(frozen=True)
class Words:
    """What is said of all files of a batch; an empty word says nothing and changes nothing."""

    title: str = ""
    numbered: bool = True
    credit: str = ""
    license: str = ""
    tags: tuple[str, ...] = field(default_factory=tuple)
    collection: int | None = None


def begin(user: User, batch_id: UUID) -> Batch:
    """The batch that this person's browser calls so, made when it is the first time; raises NotYours."""
    batch, _made = Batch.objects.get_or_create(id=batch_id, defaults={"by": user})
    if batch.by_id != user.pk:
        raise NotYours(_("These files belong to a batch of somebody else. Load the page again."))
    return batch


def clean(words: Words) -> Words:
    """The words as they are kept; raises ValidationError with a sentence for each that cannot be."""
    title, credit, license = (" ".join(text.split()) for text in (words.title, words.credit, words.license))
    typed = ((_("Title"), title), (_("Credit"), credit), (_("Licence"), license))
    problems = [
        _("%(field)s: at most 200 characters; this one has %(n)d.") % {"field": name, "n": len(text)}
        for name, text in typed
        if len(text) > 200
    ]
    problems += [
        _("%(field)s: it holds characters that are no text. Type it anew.") % {"field": name}
        for name, text in typed
        if not is_storable(text)
    ]
    named = [vocabulary.clean_name(name) for name in words.tags if name.strip()]
    tags = tuple({name.casefold(): name for name in reversed(named)}.values())[::-1]
    if len(tags) > MOST_TAGS:
        problems.append(_("At most %(n)d tags at once.") % {"n": MOST_TAGS})
    if problems:
        raise ValidationError(problems)
    return Words(title, words.numbered, credit, license, tags, words.collection)


def keep(user: User, batch_id: UUID, words: Words) -> Batch:
    """Write down what is said of all images of the batch; those that come from now on get it as they come.

    `apply` says it of those that are there. Raises NotYours and ValidationError.
    """
    words = clean(words)
    collection = _collection(user, words.collection)
    with transaction.atomic():
        begin(user, batch_id)
        # A worker that holds the row gives the words of before; its image is then among those that are there.
        batch = Batch.objects.select_for_update(no_key=True).get(pk=batch_id)
        batch.title, batch.numbered = words.title, words.numbered
        batch.credit, batch.license = words.credit, words.license
        batch.tags, batch.collection, batch.act = list(words.tags), collection, uuid4()
        batch.save()
    return batch


@dataclass
class Applied:
    """How far the words of a batch are: the act they are part of, the place to go on at, and what was refused."""

    act: ChangeSet
    next: int | None = None
    refused: list[str] = field(default_factory=list)


def apply(user: User, batch: Batch, start: int = 1, seconds: float = 8.0) -> Applied:
    """Say what is said of the batch of its images from this place on, as many as fit into the time."""
    done = Applied(ChangeSet(user, batch.act))
    places = {image: place for image, place in _places(batch).items() if place >= start}
    images = access.changeable_images(user).defer("label_raw").in_bulk(list(places)[:AT_ONCE])
    until = time.monotonic() + seconds
    for number, (image_id, place) in enumerate(places.items()):
        if number == AT_ONCE or time.monotonic() > until:
            done.next = place
            break
        if image_id in images:
            _try(done, batch, images[image_id], place)
    return done


def _try(done: Applied, batch: Batch, image: Image, place: int) -> None:
    try:
        with transaction.atomic():
            conflicts = _say(done.act, batch, image, place)
    except Conflicted as error:
        conflicts = error.conflicts
    except ValidationError as error:
        done.refused.append(_("%(title)s stays as it was. %(why)s") % {"title": image, "why": " ".join(error.messages)})
        return
    done.refused += [field_edits.describe_conflict(str(image), conflict) for conflict in conflicts]


def take_back(user: User, batch_id: UUID) -> undo.UndoResult:
    """Take back what the batch's words changed; images that come later get none of them. Raises NotYours."""
    return undo.undo(user, begin(user, batch_id).act)


def give(upload: Upload, image: Image) -> None:
    """Say of an image that has just come what is said of its batch, within the caller's transaction.

    What an editor typed for the batch wins over the words in the file.
    """
    if upload.batch_id is None:
        return
    batch = Batch.objects.select_for_update(no_key=True).get(pk=upload.batch_id)
    if undo.was_undone(batch.act):
        return
    earlier = Q(issued_at__lt=upload.issued_at) | Q(issued_at=upload.issued_at, pk__lt=upload.pk)
    _say(ChangeSet(batch.by, batch.act), batch, image, batch.uploads.filter(earlier).count() + 1)


def known(user: User, hashes: Iterable[str]) -> tuple[dict[str, Image], dict[str, Upload]]:
    """By SHA-256: images of the library that this person may see, and files of theirs that are no image yet."""
    hashes = list(hashes)
    held = access.visible_images(user).filter(sha256__in=hashes, deleted_at=None).prefetch_related("renditions")
    images = {image.sha256: image for image in held.defer("label_raw").order_by("-created_at", "pk")}
    # A ticket alone says nothing: its file may have been taken back before it was sent.
    states = [Upload.State.ISSUED, Upload.State.WORKING, Upload.State.FAILED]
    came = Upload.objects.filter(uploaded_by=user, state__in=states).exclude(version_id="")
    uploads = {upload.declared_sha256: upload for upload in came.filter(declared_sha256__in=hashes)}
    return images, uploads


def collections_for(user: User) -> QuerySet[Collection]:
    """The collections that this person may put images into."""
    return access.visible_collections(user) if user.has_perm("library.add_membership") else Collection.objects.none()


def _collection(user: User, pk: int | None) -> Collection | None:
    if pk is None:
        return None
    found = collections_for(user).filter(pk=pk).first()
    if found is None:
        raise ValidationError(_("The collection is gone, or not for you to fill. Choose another one."))
    return found


def _places(batch: Batch) -> dict[UUID, int]:
    """The place of each image of the batch among the files that were sent, from 1."""
    sent = batch.uploads.order_by("issued_at", "pk").values_list("image_id", flat=True)
    return {image_id: place for place, image_id in enumerate(sent, 1) if image_id}


def _say(act: ChangeSet, batch: Batch, image: Image, place: int) -> list[Conflict]:
    """Say of one image what is said of all; returns the words that it keeps, because somebody else wrote them."""
    conflicts, free = [], {}
    for name, text in _typed(batch, place).items():
        if field_edits.is_same(getattr(image, name), text):
            continue
        last = field_edits.find_last_change(image, name)
        if last and last.by and last.by != batch.by:
            conflicts.append(field_edits.build_conflict(image, name, text))
        elif not field_edits.was_taken_off(last, name, text):
            free[name] = Edit(text, getattr(image, name))
    metadata.edit(act, image, free)
    for name in batch.tags:
        tag_decisions.add_tag(act, image, name, reviewed=False)
    if batch.collection:
        memberships.add_images(act, [image], batch.collection)
    return conflicts


def _typed(batch: Batch, place: int) -> dict[str, str]:
    """The words for the image at this place, by their fields."""
    number = f" {place}" if batch.numbered else ""
    words = {"credit": batch.credit, "license": batch.license}
    if batch.title:
        words["title"] = batch.title[: 200 - len(number)].rstrip() + number
    return {name: text for name, text in words.items() if text}
