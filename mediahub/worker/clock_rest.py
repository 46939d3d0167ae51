"""When the clock may rest: a database that pauses wakes for every question, so none is asked while nothing waits.

A rest ends with the day, when rights may end and everything is compared, or when the files of a deleted image are due.
Whatever begins wakes the clock: a ticket, an event and a change of an image through the queue, a dead letter by itself.
So a file that no event told of is found in minutes while its ticket is open, and where it has none after the next of
these, or at the end of the day.

The mark lies in the mirror's table, beside the images and never among them, because asking there costs next to nothing.
"""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db.models import F, Min, Q
from django.utils import timezone

from mediahub.aws import clients
from mediahub.delivery import mirror
from mediahub.library.models import Image, Purge, uncut
from mediahub.recovery.models import ConsistencyCheck, FailedItem
from mediahub.uploads.models import Upload

PLACE = (mirror.CLOCK, "rest")


def is_resting() -> bool:
    """Return whether the clock has nothing to do now; ask the table and the queues, never the database."""
    if not settings.CLOCK_REST_SECONDS:
        return False
    pk, sk = PLACE
    mark = clients.get_mirror_table().query_items(pk).get(sk)
    if mark is None or int(mark["until"]) <= timezone.now().timestamp():
        return False
    return not clients.get_dead_letter_queue().count_waiting()


def rest_if_idle() -> bool:
    """Let the clock rest when nothing is in progress or due soon; return whether it does."""
    if not settings.CLOCK_REST_SECONDS or not _is_idle() or clients.get_upload_queue().count_waiting():
        return False
    pk, sk = PLACE
    until = min(
        [timezone.now() + timedelta(seconds=settings.CLOCK_REST_SECONDS), _find_next_midnight(), *_find_next_sweep()]
    )
    clients.get_mirror_table().put({"pk": pk, "sk": sk, "until": int(until.timestamp())})
    if _is_idle():
        return True
    # What began since the first look may have woken the clock before the mark was there.
    wake_clock()
    return False


def wake_clock() -> None:
    """Let the clock tick again from the next minute on."""
    if settings.CLOCK_REST_SECONDS:
        pk, sk = PLACE
        clients.get_mirror_table().delete(pk, [sk])


def _find_next_midnight() -> datetime:
    """Return the next midnight by the site's clock, when rights may end."""
    tomorrow = timezone.localdate() + timedelta(days=1)
    return timezone.make_aware(datetime.combine(tomorrow, time.min))


def _find_next_sweep() -> list[datetime]:
    """Return when the clock has to remove renditions of deleted images next; empty when there are none."""
    deleted_at = Image.objects.filter(Q(renditions__isnull=False), deleted_at__isnull=False)
    first = deleted_at.aggregate(first=Min("deleted_at"))["first"]
    return [first + timedelta(seconds=settings.SWEEP_GRACE_SECONDS)] if first else []


def _is_idle() -> bool:
    on_their_way = Upload.objects.filter(state__in=[Upload.State.ISSUED, Upload.State.WORKING])
    retried = FailedItem.objects.filter(state=FailedItem.State.RETRIED)
    unmirrored = Image.objects.filter(mirrored_revision__lt=F("revision"))
    uncut_images = Image.objects.filter(uncut())
    comparing = ConsistencyCheck.objects.filter(finished_at=None, by_hand=False)
    purging = Purge.objects.filter(finished_at=None)
    rows_in_work = (on_their_way, retried, unmirrored, uncut_images, comparing, purging)
    return not any(rows.exists() for rows in rows_in_work)
