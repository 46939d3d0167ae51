"""Erasing an image for good, first half: its records, in one transaction with the order that names its files.

The records go first. From the commit on nobody sees the image, and no duty, job or message can begin anything for it;
the order is the one place that still names the files, and the clock finishes it wherever a worker dies. Were the files
first, an image without files would be seen meanwhile, mended by the comparison, or pushed to the public again.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import CharField, Max, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub import messages
from mediahub.history.change_set import ChangeSet
from mediahub.history.models import Action, Change
from mediahub.jobs.models import Chunk
from mediahub.library import purges
from mediahub.library.models import Image, Purge, PurgedUpload, SearchEntry, Tag, Version
from mediahub.library.search import index
from mediahub.messages import PurgeImage
from mediahub.recovery.models import FailedItem
from mediahub.uploads.models import TICKET_GRACE, Upload, UploadBatch
from processing import ProcessingError
from processing.keys import build_original_key

# One order takes so many images: each was looked at by a person.
MOST_IMAGES = 20
MOST_CHARACTERS = 500
# Lambda ends every invocation by then; whoever had begun to write files of the image has ended.
LONGEST_INVOCATION = timedelta(minutes=16)


def order_purges(by: User, images: QuerySet[Image], reason: str) -> list[UUID]:
    """Erase the records of these images for good, and order that their files are; return the ids of the images.

    Raise ValidationError without a reason, or for too many images. Call it outside a transaction: the worker must see
    the order before the message.
    """
    reason = clean_reason(reason)
    with transaction.atomic():
        locked = list(images.order_by("pk").select_for_update().values_list("pk", "sha256"))
        if not 0 < len(locked) <= MOST_IMAGES:
            sentence = _("Select between 1 and %(most)d images to erase.")
            raise ValidationError(sentence % {"most": MOST_IMAGES})
        change_set = ChangeSet(by)
        for image_id, sha256 in locked:
            erase_records(image_id, {"by": by, "reason": reason, "sha256": sha256})
            change_set.record_other(str(image_id), Action.PURGED)
    ids = [image_id for image_id, _sha256 in locked]
    # The order stands in the records: without its message the clock carries it out.
    with suppress(ProcessingError):
        messages.send_all(PurgeImage(image_id) for image_id in ids)
    return ids


def clean_reason(reason: str) -> str:
    """Return a reason on one line; raise ValidationError where there is none, or one that is too long."""
    text = " ".join(reason.split())
    if not text:
        raise ValidationError(_("Enter a reason that colleagues will understand later."))
    if len(text) > MOST_CHARACTERS:
        sentence = _("The reason is longer than %(most)d characters. Shorten it.")
        raise ValidationError(sentence % {"most": MOST_CHARACTERS})
    return text


def erase_records(image_id: UUID, fields: dict[str, Any], upload_ids: Iterable[UUID] = ()) -> Purge:
    """Delete all that the records say of an image, and write the order to erase its files; in a transaction.

    `upload_ids` are uploads that are known to be the image's besides those that the records name.
    """
    keys = set(Version.objects.filter(image=image_id).values_list("key", flat=True))
    ids = {image_id, *upload_ids}
    uploads = Upload.objects.filter(Q(image=image_id) | Q(pk__in=ids) | Q(key__in=keys))
    keys |= set(uploads.values_list("key", flat=True))
    # A ticket's key follows from its id, whether its record is there or not.
    keys |= {build_original_key(pk) for pk in ids}
    texts = _list_texts(image_id, uploads)
    purge = Purge.objects.create(
        image_id=image_id,
        keys=sorted(keys),
        downloads=take_downloads(image_id),
        settles_at=_find_settling_time(uploads),
        **fields,
    )
    purged_ids = ids | {purges.identify_file(key) for key in keys} | set(uploads.values_list("pk", flat=True))
    rows = [PurgedUpload(pk=pk, purge=purge) for pk in sorted(purged_ids)]
    PurgedUpload.objects.bulk_create(rows, ignore_conflicts=True)
    _delete_uploads(image_id, uploads)
    _delete_image(image_id)
    index.forget_words(texts)
    return purge


def take_downloads(image_id: UUID) -> list[str]:
    """Return the keys of the zip files that hold the image, which nobody can fetch any more from now on."""
    with_files = Chunk.objects.exclude(key="").annotate(ids=Cast("only", TextField()))
    chunks = with_files.filter(ids__contains=str(image_id))
    keys = sorted(chunks.values_list("key", flat=True))
    Chunk.objects.filter(pk__in=[*chunks.values_list("pk", flat=True)]).update(key="", bytes=0)
    return keys


def _find_settling_time(uploads: QuerySet[Upload]) -> Any:
    """Return when nobody can write a file of the image any more who had begun before, and no ticket is good."""
    now = timezone.now()
    lease = uploads.aggregate(last=Max("lease_until"))["last"]
    tickets = uploads.filter(state=Upload.State.ISSUED).aggregate(last=Max("expires_at"))["last"]
    return max([now + LONGEST_INVOCATION, *filter(None, [lease, tickets and tickets + TICKET_GRACE])])


def _delete_uploads(image_id: UUID, uploads: QuerySet[Upload]) -> None:
    """Delete uploads with what failed about them, and batches that are empty then."""
    pks = list(uploads.values_list("pk", flat=True))
    batches = {pk for pk in uploads.values_list("batch", flat=True) if pk}
    FailedItem.objects.filter(Q(image=image_id) | Q(upload__in=pks)).delete()
    Upload.objects.filter(pk__in=pks).delete()
    left = set(Upload.objects.filter(batch__in=batches).values_list("batch", flat=True))
    UploadBatch.objects.filter(pk__in=batches - left).delete()
    _delete_log(pks)


def _list_texts(image_id: UUID, uploads: QuerySet[Upload]) -> list[str]:
    """Return all texts that the image has or had, which the search may know the words of."""
    entries = SearchEntry.objects.filter(image=image_id).values_list("title", "tags", "credit", "file", "text")
    changes = Change.objects.filter(image=image_id).values_list("subject", "data")
    facts = Version.objects.filter(image=image_id).values_list("facts", flat=True)
    records = [[*entries], [*changes], [*facts], [*uploads.values_list("file_name", flat=True)]]
    return list(_walk_texts(records))


def _walk_texts(value: Any) -> Iterator[str]:
    """Yield all texts in a value of lists, tuples and dictionaries."""
    match value:
        case str():
            yield value
        case dict():
            yield from _walk_texts([*value, *value.values()])
        case list() | tuple():
            for each in value:
                yield from _walk_texts(each)


def _delete_image(image_id: UUID) -> None:
    """Delete an image with its history, and the tags that no other image has."""
    tags = set(Tag.objects.filter(taggings__image=image_id).values_list("pk", flat=True))
    Change.objects.filter(image=image_id).delete()
    Image.objects.filter(pk=image_id).delete()
    # A word that stands for nothing else any more; one that somebody gave synonyms or labels belongs to the vocabulary.
    Tag.objects.filter(pk__in=tags, taggings=None, synonyms=None, labels=None).delete()
    _delete_log([image_id])


def _delete_log(pks: Iterable[UUID]) -> None:
    """Delete what Django's admin noted about these records, by the names they had."""
    ids = [str(pk) for pk in pks]
    models = ("image", "upload")
    LogEntry.objects.annotate(record=Cast("object_id", CharField())).filter(
        content_type__model__in=models, record__in=ids
    ).delete()
