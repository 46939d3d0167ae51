"""Files that were placed in the upload bucket, a folder and a day to one batch: a sync of hundreds is one line."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef
from django.utils import timezone

from mediahub.library.access import Person
from mediahub.uploads.access import visible_uploads
from mediahub.uploads.models import Upload, UploadBatch
from processing import clean_text
from processing.keys import parse_upload_id

ROOT = "/"
# All that comes in lies under it, and it says nothing.
_UPLOADS = "uploads/"
# Deeper folders belong to the line of the folder above: people sync a year, and not each of its days.
_LEVELS = 2


@dataclass(frozen=True)
class FolderBatch:
    """One day's files of one folder of the bucket, with how many are in which state."""

    batch: UploadBatch
    counts: dict[Upload.State, int]

    @property
    def files(self) -> int:
        """How many files were imported."""
        return sum(self.counts.values())


def find_folder(key: str) -> str:
    """Return the folder of a key that its line names; "/" for none.

    It is "summer/2024" for "uploads/summer/2024/day 1/a.jpg". The folder of a ticket is none that a person named.
    """
    folders = [] if parse_upload_id(key) else key.removeprefix(_UPLOADS).split("/")[:-1]
    return "/".join(folders[:_LEVELS]) or ROOT


def get_or_create_folder_batch(key: str) -> UploadBatch:
    """Return the batch of the files that were placed today in the folder of this key."""
    folder = find_folder(key)
    # The id follows from folder and day, so that workers which meet two files of it at once have one batch.
    batch_id = uuid5(NAMESPACE_URL, f"s3://{settings.UPLOAD_BUCKET}/{folder}#{timezone.localdate()}")
    batch, _is_new = UploadBatch.objects.get_or_create(
        id=batch_id, defaults={"folder": clean_text(folder, 1024, keep_directions=False) or ROOT}
    )
    return batch


def count_system_file(key: str) -> None:
    """Count a system file that was placed in a folder and left out; what stands for the folder itself is no file."""
    if not key.endswith("/"):
        batch = get_or_create_folder_batch(key)
        UploadBatch.objects.filter(pk=batch.pk).update(system_files=F("system_files") + 1)


def list_folder_batches(user: Person, most: int) -> list[FolderBatch]:
    """Return the newest folders of which the person may see a file, at most so many."""
    uploads = visible_uploads(user).prefetch_related(None).order_by()
    batches = UploadBatch.objects.exclude(folder="").filter(Exists(uploads.filter(batch=OuterRef("pk"))))
    newest = list(batches.order_by("-made_at", "id")[:most])
    counts: dict[object, dict[Upload.State, int]] = {batch.pk: {} for batch in newest}
    rows = uploads.filter(batch__in=newest).values_list("batch", "state").annotate(n=Count("pk"))
    for batch_id, state, number in rows:
        counts[batch_id][Upload.State(state)] = number
    return [FolderBatch(batch, counts[batch.pk]) for batch in newest]
