"""Uploads that stopped on their way: those that nobody works on, and tickets whose file never arrived."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from mediahub import messages, rounds
from mediahub.messages import ResumeUpload
from mediahub.reasons import Reason
from mediahub.uploads.models import Upload

# The event of a file that came in the last second of its ticket may take this long to be worked on.
GRACE = timedelta(hours=1)


def resume_stalled() -> int:
    """Ask for each upload that nobody works on though it is not at its end; return how many."""
    before = timezone.now() - timedelta(seconds=settings.RESUME_SECONDS)
    waiting = [Upload.State.WORKING, Upload.State.ISSUED]
    left = Upload.objects.filter(state__in=waiting, lease_until__lt=before)

    def ask_again(pk: UUID) -> bool:
        upload = left.filter(pk=pk).first()
        if upload is None:
            return False
        messages.send(ResumeUpload(pk))
        # Asked for once in so long: the message may wait its turn.
        unchanged = Upload.objects.filter(upload.match_unchanged(), pk=pk, lease_until=upload.lease_until)
        unchanged.update(lease_until=timezone.now())
        return True

    return rounds.process_each(rounds.pick_items(left.values_list("pk", flat=True), 100, "upload"), ask_again, "upload")


def expire_unused_tickets() -> int:
    """End the uploads whose file never arrived; one that arrives after all begins its journey then."""
    never_sent = Upload.objects.filter(
        state=Upload.State.ISSUED, version_id="", attempts=0, expires_at__lt=timezone.now() - GRACE
    )
    return never_sent.update(state=Upload.State.EXPIRED, finished_at=timezone.now(), **Reason("never_sent").to_json())
