"""What the clock does each minute, so that nothing waits for a message that may never come."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from mediahub import rounds, wiring
from mediahub.delivery import mirror, public
from mediahub.intake import crops, dead_letters, reconcile, redrive, sweep, watch
from mediahub.intake.duties import Duties, Tick, count_failing
from mediahub.intake.models import FailedItem, Upload
from mediahub.library import publishing
from mediahub.library.models import Image

log = logging.getLogger(__name__)

# The event of a file that came in the last second of its ticket may take this long to be worked on.
GRACE = timedelta(hours=1)
# It is no count of work, and no metric.
NOTED = "queue_noted"


def tick(deadline: datetime, above: Duties | None = None, last: Duties | None = None) -> dict[str, int]:
    """Do each duty in turn; one that fails is counted and holds up no other. Returns what each did.

    `above` are duties of apps that stand above this one; `last` are those that only make sense when none has failed.
    """
    duties: Duties = {
        # What must not be public any more comes before all else: first the records, then the mirror and the files.
        "rights_ended": publishing.take_down_ended,
        "mirrored": mirror.push_stale,
        "superseded": public.sweep,
        "dead_letters": dead_letters.collect,
        "resumed": resume,
        "expired": expire,
        "reminded": redrive.remind,
        "cut": crops.remind,
        "swept": sweep.sweep_deleted,
        **(above or {}),
        # How the queue stands after all that was asked for, and before what a comparison asks for.
        NOTED: _note_queue,
        "reconciled": lambda: reconcile.turn(deadline),
    }
    current = Tick(deadline, [*duties, *(last or {})])
    counts = current.go(duties)
    if last and not current.failures:
        counts |= current.go(last)
    del counts[NOTED]
    return {**counts, "clock_failures": current.failures, "duties_failing": count_failing(current.failures)}


def resume() -> int:
    """Ask for each upload that nobody works on though it is not at its end; returns how many."""
    before = timezone.now() - timedelta(seconds=settings.RESUME_SECONDS)
    waiting = [Upload.State.WORKING, Upload.State.ISSUED]
    left = Upload.objects.filter(state__in=waiting, lease_until__lt=before)

    def ask_again(pk: UUID) -> bool:
        upload = left.filter(pk=pk).first()
        if upload is None:
            return False
        wiring.queue().send({"mediahub": "retry", "upload": str(pk)})
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


def standing() -> dict[str, int]:
    """How much waits at this moment, for alarms; what cannot be counted is left out."""
    figures: dict[str, Callable[[], int]] = {
        "failed_items": FailedItem.objects.filter(state=FailedItem.State.OPEN).count,
        "unmirrored": Image.objects.filter(mirrored_revision__lt=F("revision")).count,
        "drift": reconcile.drift,
    }
    if settings.LABELER != "off":
        unlabelled = Image.objects.filter(label_state=Image.LabelState.UNAVAILABLE, deleted_at=None)
        figures["unlabelled"] = unlabelled.count
    counts = {}
    for name, count in figures.items():
        try:
            counts[name] = count()
        except Exception as error:
            log.exception("the clock could not count %s", name)
            rounds.recover(error)
    return counts


def _note_queue() -> int:
    watch.note()
    return 0
