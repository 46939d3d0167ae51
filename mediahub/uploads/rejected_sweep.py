"""Erasing files that were rejected: for a while a person sees why and may have them tried again, then they go."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from mediahub import rounds
from mediahub.aws import clients
from mediahub.library.models import Version
from mediahub.reasons import Reason
from mediahub.uploads.models import Upload


def sweep_rejected_uploads(most: int = 20) -> int:
    """Erase every version of files that were rejected long enough ago; return how many uploads."""
    ids = rounds.pick_items(_filter_due().order_by("finished_at").values_list("pk", flat=True), most, "upload")
    return rounds.process_each(ids, _erase_file, "upload")


def _filter_due() -> QuerySet[Upload]:
    """Return rejected uploads of the site; a file that an operator placed in the bucket is the operator's to remove."""
    before = timezone.now() - timedelta(seconds=settings.REJECTED_KEEP_SECONDS)
    # A version that a record names stays, whatever became of the upload.
    in_use = Version.objects.filter(key=OuterRef("key"))
    return Upload.objects.filter(
        ~Exists(in_use), state=Upload.State.REJECTED, source=Upload.Source.BROWSER, finished_at__lt=before
    )


def _erase_file(upload_id: UUID) -> bool:
    """Erase the file and end its journey together: where the bucket does not answer, the clock finds the same again."""
    with transaction.atomic():
        upload = _filter_due().select_for_update().filter(pk=upload_id).first()
        if upload is None:
            return False
        clients.get_upload_store().erase_key(upload.key)
        reason = Reason("rejected_erased", {"days": settings.REJECTED_KEEP_SECONDS // 86400})
        return Upload.move(upload.pk, Upload.State.DELETED, upload.match_unchanged(), **reason.to_json())
