"""What the clock does each minute, so that nothing waits for a message that may never come."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from mediahub import wiring
from mediahub.delivery import mirror, public
from mediahub.intake import crops, dead_letters, reconcile, redrive, sweep, watch
from mediahub.intake.models import FailedItem, Upload
from mediahub.library import publishing
from mediahub.library.models import Image
from processing import ProcessingError

log = logging.getLogger(__name__)

# The event of a file that came in the last second of its ticket may take this long to be worked on.
GRACE = timedelta(hours=1)


Duties = Mapping[str, Callable[[], int]]


def tick(deadline: datetime, above: Duties | None = None) -> dict[str, int]:
    """Do each duty in turn; one that fails is counted and holds up no other. Returns what each did.

    `above` are duties of apps that stand above this one.
    """
    duties: dict[str, Callable[[], int]] = {
        "dead_letters": dead_letters.collect,
        "resumed": resume,
        "expired": expire,
        "reminded": redrive.remind,
        # Before the mirror, which takes their files away.
        "rights_ended": publishing.take_down_ended,
        "cut": crops.remind,
        "mirrored": mirror.push_stale,
        "superseded": public.sweep,
        "swept": sweep.sweep_deleted,
        **(above or {}),
        "reconciled": lambda: reconcile.turn(deadline),
    }
    done = dict.fromkeys([*duties, "clock_failures"], 0)
    for name, duty in duties.items():
        try:
            done[name] = duty()
        except (ProcessingError, DatabaseError) as error:
            log.warning("the clock could not do its duty %s: %s", name, error)
            done["clock_failures"] += 1
    try:
        # Last: how the queue stands after all that was asked for. It is no count of work, and no metric.
        watch.note()
    except (ProcessingError, DatabaseError) as error:
        log.warning("the clock could not write down how the queue stands: %s", error)
        done["clock_failures"] += 1
    return done


def resume() -> int:
    """Ask for each upload that nobody works on though it is not at its end; returns how many."""
    before = timezone.now() - timedelta(seconds=settings.RESUME_SECONDS)
    waiting = [Upload.State.WORKING, Upload.State.ISSUED]
    left = list(Upload.objects.filter(state__in=waiting, lease_until__lt=before)[:100])
    for upload in left:
        wiring.queue().send({"mediahub": "retry", "upload": str(upload.pk)})
        # Asked for once in so long: the message may wait its turn.
        Upload.objects.filter(upload.unchanged(), pk=upload.pk, lease_until=upload.lease_until).update(
            lease_until=timezone.now()
        )
    return len(left)


def expire() -> int:
    """End the journeys whose file never arrived; one that arrives after all begins its journey then."""
    never = Upload.objects.filter(
        state=Upload.State.ISSUED, version_id="", attempts=0, expires_at__lt=timezone.now() - GRACE
    )
    reason = "The file was not sent in time. Add it again."
    return never.update(state=Upload.State.EXPIRED, reason=reason, finished_at=timezone.now())


def standing() -> dict[str, int]:
    """How much waits at this moment, for alarms."""
    return {
        "failed_items": FailedItem.objects.filter(state=FailedItem.State.OPEN).count(),
        "unmirrored": Image.objects.filter(mirrored_revision__lt=F("revision")).count(),
        "drift": reconcile.drift(),
        "unlabelled": Image.objects.filter(label_state=Image.LabelState.UNAVAILABLE, deleted_at=None).count(),
    }
