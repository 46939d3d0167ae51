"""What the clock does each minute, so that nothing waits for a message that may never come."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db.models import F

from mediahub import rounds
from mediahub.delivery import mirror, public
from mediahub.jobs import purge_files, runner
from mediahub.library import figures, publishing
from mediahub.library.models import Image
from mediahub.recovery import consistency_checks, dead_letters, queue_hours, retries
from mediahub.recovery.duties import Duties, Tick, count_failing
from mediahub.recovery.models import FailedItem
from mediahub.uploads import arrival_figures, crops, rejected_sweep, rendition_sweep, stalled_uploads
from mediahub.worker import clock_rest

log = logging.getLogger(__name__)

# The last duty, which only makes sense when none has failed.
REST = "rested"


def list_duties(deadline: datetime) -> Duties:
    """Return the duties by name, in the order in which they are done."""
    return {
        # What must not be public any more comes before all else: first the records, then the mirror and the files.
        "rights_ended": publishing.archive_expired,
        "mirrored": mirror.push_stale_images,
        "purged": purge_files.finish_purges,
        "superseded": public.sweep_superseded,
        "dead_letters": dead_letters.collect_letters,
        "resumed": stalled_uploads.resume_stalled,
        "expired": stalled_uploads.expire_unused_tickets,
        "reminded": retries.request_lost_retries,
        "cut": crops.request_missing_crops,
        "swept": rendition_sweep.sweep_deleted_images,
        "rejected_swept": rejected_sweep.sweep_rejected_uploads,
        "jobs_asked": runner.request_lost_turns,
        "jobs_swept": runner.sweep_old_jobs,
        "counted": lambda: figures.keep_figures() + arrival_figures.keep_figures(),
        # How the queue stands after all that was asked for, and before what a comparison asks for.
        "queue_noted": queue_hours.record_hour,
        "reconciled": lambda: consistency_checks.run_clock_share(deadline),
    }


def tick(deadline: datetime) -> dict[str, int]:
    """Do each duty in turn; one that fails is counted and holds up no other. Return what each did."""
    duties = list_duties(deadline)
    current = Tick(deadline, [*duties, REST])
    counts = current.run_duties(duties)
    if not current.failures:
        current.run_duties({REST: lambda: not runner.has_active_jobs() and clock_rest.rest_if_idle()})
    return {**counts, "clock_failures": current.failures, "duties_failing": count_failing(current.failures)}


def count_waiting() -> dict[str, int]:
    """Return how much waits at this moment, for alarms; leave out what cannot be counted."""
    figures: dict[str, Callable[[], int]] = {
        "failed_items": FailedItem.objects.filter(state=FailedItem.State.OPEN).count,
        "unmirrored": Image.objects.filter(mirrored_revision__lt=F("revision")).count,
        "drift": consistency_checks.count_drift,
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
            rounds.recover_connection(error)
    return counts
