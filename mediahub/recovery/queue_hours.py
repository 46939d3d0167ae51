"""How the queue stands, written down by the clock, so that no page has to ask AWS."""

from datetime import datetime, timedelta

from django.db.models import F, QuerySet, Subquery, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from mediahub.aws import clients
from mediahub.recovery.models import QueueHour
from mediahub.uploads.models import Upload

RETENTION = timedelta(days=91)


def record_hour() -> int:
    """Record how many messages wait and how old the oldest upload is; delete old hours."""
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    waiting, dead, oldest = (
        clients.get_upload_queue().count_waiting(),
        clients.get_dead_letter_queue().count_waiting(),
        calculate_oldest_age(now),
    )
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
    QueueHour.objects.filter(hour__lt=now - RETENTION).delete()
    return 0


def calculate_oldest_age(now: datetime) -> int:
    """Return the seconds since the oldest unfinished upload got its ticket; 0 when there is none.

    A file whose ticket was never used counts until the ticket is known to be void.
    """
    first = _on_their_way().values_list("issued_at", flat=True).first()
    return _count_seconds(first, now)


def read_last_hour(now: datetime) -> tuple[QueueHour | None, int]:
    """Return the hour that the clock noted last, if any, and the age of the oldest unfinished upload now."""
    first = Subquery(_on_their_way().values("issued_at")[:1])
    last = QueueHour.objects.annotate(first_issued_at=first).first()
    return last, _count_seconds(last.first_issued_at, now) if last else 0


def _on_their_way() -> QuerySet[Upload]:
    return Upload.objects.filter(state__in=[Upload.State.ISSUED, Upload.State.WORKING]).order_by("issued_at")


def _count_seconds(first: datetime | None, now: datetime) -> int:
    return max(0, int((now - first).total_seconds())) if first else 0
