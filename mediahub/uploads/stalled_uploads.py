"""Uploads that stopped on their way: those that nobody works on, and tickets whose file never arrived."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from mediahub import messages, rounds
from mediahub.messages import ResumeUpload
from mediahub.uploads.models import Upload

# The event of a file that came in the last second of its ticket may take this long to be worked on.
GRACE = timedelta(hours=1)


def resume() -> int:
    """Ask for each upload that nobody works on though it is not at its end; returns how many."""
    before = timezone.now() - timedelta(seconds=settings.RESUME_SECONDS)
    waiting = [Upload.State.WORKING, Upload.State.ISSUED]
    left = Upload.objects.filter(state__in=waiting, lease_until__lt=before)

    def ask_again(pk: UUID) -> bool:
        upload = left.filter(pk=pk).first()
        if upload is None:
            return False
        messages.send(ResumeUpload(pk))
        # Asked for once in so long: the message may wait its turn.
        unchanged = Upload.objects.filter(upload.unchanged(), pk=pk, lease_until=upload.lease_until)
        unchanged.update(lease_until=timezone.now())
        return True

    return rounds.each(rounds.pick(left.values_list("pk", flat=True), 100, "upload"), ask_again, "upload")


def expire() -> int:
    """End the journeys whose file never arrived; one that arrives after all begins its journey then."""
    never = Upload.objects.filter(
        state=Upload.State.ISSUED, version_id="", attempts=0, expires_at__lt=timezone.now() - GRACE
    )
    reason = "The file was not sent in time. Add it again."
    return never.update(state=Upload.State.EXPIRED, reason=reason, finished_at=timezone.now())
