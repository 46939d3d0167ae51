"""How the queue stands, written down by the clock, so that no page has to ask AWS."""

from datetime import datetime, timedelta

from django.db.models import F, Min, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from mediahub.aws import clients
from mediahub.recovery.models import QueueHour
from mediahub.uploads.models import Upload

KEPT = timedelta(days=91)


def note() -> int:
    """Write down how many messages wait and how old the oldest upload is; old hours go."""
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    waiting, dead, oldest = clients.queue().waiting(), clients.dead_letters().waiting(), age(now)
    last = {"at": now, "waiting": waiting, "oldest": oldest, "dead_letters": dead}
    _hour, new = QueueHour.objects.get_or_create(
        hour=hour, defaults={**last, "waiting_most": waiting, "oldest_most": oldest}
    )
    if not new:
        most = {
            "waiting_most": Greatest(F("waiting_most"), Value(waiting)),
            "oldest_most": Greatest(F("oldest_most"), Value(oldest)),
        }
        QueueHour.objects.filter(hour=hour).update(**last, **most)
        return 0
    QueueHour.objects.filter(hour__lt=now - KEPT).delete()
    return 0


def age(now: datetime) -> int:
    """Seconds since the ticket of the upload that is longest on its way was given; 0 when none is.

    A file whose ticket was never used counts until the ticket is known to be void.
    """
    on_their_way = Upload.objects.filter(state__in=[Upload.State.ISSUED, Upload.State.WORKING])
    first = on_their_way.aggregate(first=Min("issued_at"))["first"]
    return max(0, int((now - first).total_seconds())) if first else 0
