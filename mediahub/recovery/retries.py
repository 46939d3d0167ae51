"""What people decide about failed items: try them again, a few a minute through the queue, or let them go."""

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from mediahub import messages, rounds
from mediahub.messages import OwnMessage, ResumeUpload, RetryFailedItem, SendRetries
from mediahub.recovery.models import Decision, FailedItem, RetryOrder
from mediahub.uploads import ingest
from mediahub.uploads.models import Upload
from processing import ProcessingError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)
State = FailedItem.State

# What is asked of the queue and not heard of for so long is asked again.
PATIENCE = timedelta(hours=1)
ASK_AGAIN = timedelta(minutes=5)


def order_retry(user: "User", items: QuerySet[FailedItem], *, labels: bool = True) -> RetryOrder | None:
    """Order that the open items are tried again, without labels if so wished; return None when none is open.

    Call it outside a transaction: the worker must see the rows before the message. Items that this version cannot read,
    and those that were tried too often, stay open.
    """
    recipe = "" if labels else ingest.WITHOUT_LABELS
    refused = [item.pk for item in items.filter(state=State.OPEN, kind="unknown") if not is_readable(item)]
    with transaction.atomic():
        order = RetryOrder.objects.create(by=user)
        retried_items = FailedItem.objects.filter(
            pk__in=items.order_by().values("pk"), state=State.OPEN, retries__lt=settings.REDRIVE_MOST
        ).exclude(pk__in=refused)
        count = retried_items.update(
            state=State.RETRIED,
            retry_order=order,
            retries=F("retries") + 1,
            sent_at=None,
            handled_by=user,
            handled_at=timezone.now(),
        )
        if not count:
            order.delete()
            return None
        RetryOrder.objects.filter(pk=order.pk).update(total=count)
        _reissue_uploads(Q(pk__in=order.items.values("upload"), state=Upload.State.FAILED), recipe)
        note = "" if labels else _("without labels")
        Decision.objects.bulk_create(
            Decision(item=item, kind=Decision.Kind.RETRY, by=user, note=note) for item in order.items.all()
        )
    order.refresh_from_db()
    _send_or_wait(SendRetries(order.pk))
    return order


def discard_items(user: "User", items: QuerySet[FailedItem], note: str) -> int:
    """Take the open items off the desk; return how many. Raise ValidationError without a reason in `note`."""
    note = " ".join(note.split())[:500]
    if not note:
        raise ValidationError(_("Enter a reason that colleagues will understand later."))
    with transaction.atomic():
        active = FailedItem.objects.select_for_update().filter(
            pk__in=items.order_by().values("pk"), state__in=[State.OPEN, State.RETRIED]
        )
        pks = list(active.values_list("pk", flat=True))
        FailedItem.objects.filter(pk__in=pks).update(
            state=State.DISCARDED, handled_by=user, handled_at=timezone.now(), note=note
        )
        Decision.objects.bulk_create(Decision(item_id=pk, kind=Decision.Kind.DISCARD, by=user, note=note) for pk in pks)
    return len(pks)


def allow_more_pixels(user: "User", upload: Upload) -> bool:
    """Try a picture again that was rejected for its size, with the higher limit, once; False when that is not so."""
    with transaction.atomic():
        if not _reissue_uploads(
            Q(pk=upload.pk, state=Upload.State.REJECTED, code=ingest.TOO_MANY_PIXELS), ingest.MORE_PIXELS
        ):
            return False
        note = _("with up to %(n)d megapixels") % {"n": settings.IMAGE_MAX_PIXELS_ONCE // 1_000_000}
        Decision.objects.create(upload=upload, kind=Decision.Kind.RETRY, by=user, note=note)
    _send_or_wait(ResumeUpload(upload.pk))
    return True


def is_readable(item: FailedItem) -> bool:
    """Return whether this version knows what the item's message asks for."""
    if item.upload_id:
        return True
    try:
        messages.decode_text(item.payload)
    except ProcessingError:
        return False
    return True


def send_next_items(order_id: int) -> int:
    """Put the next items of an order back on the queue, spread over a minute; return how many."""
    order = RetryOrder.objects.filter(pk=order_id, sent_all_at=None).first()
    if order is None:
        return 0
    RetryOrder.objects.filter(pk=order_id).update(asked_at=timezone.now())
    waiting = order.items.filter(state=State.RETRIED, sent_at=None).order_by("pk")
    rate = settings.REDRIVE_PER_MINUTE
    pks = list(waiting.values_list("pk", flat=True)[:rate])
    for place, pk in enumerate(pks):
        messages.send(RetryFailedItem(pk), delay=place * 60 // rate)
        FailedItem.objects.filter(pk=pk).update(sent_at=timezone.now())
    if waiting.exists():
        messages.send(SendRetries(order_id), delay=60)
    else:
        RetryOrder.objects.filter(pk=order_id).update(sent_all_at=timezone.now())
    return len(pks)


def request_lost_retries() -> int:
    """Ask again for orders and items that the queue seems to have lost; return how many."""
    now = timezone.now()
    stuck = RetryOrder.objects.filter(sent_all_at=None, asked_at__lt=now - ASK_AGAIN)
    silent = FailedItem.objects.filter(state=State.RETRIED, sent_at__lt=now - PATIENCE)

    def ask_again(pk: int) -> bool:
        if not _send_or_wait(RetryFailedItem(pk)):
            return False
        FailedItem.objects.filter(pk=pk).update(sent_at=now)
        return True

    orders = list(stuck.values_list("pk", flat=True))
    items = rounds.pick_items(silent.values_list("pk", flat=True), settings.REDRIVE_PER_MINUTE, "failed item")
    reminded = rounds.process_each(orders, lambda pk: _send_or_wait(SendRetries(pk)), "retry")
    return reminded + rounds.process_each(items, ask_again, "failed item")


def _reissue_uploads(which: Q, recipe: str) -> int:
    """Let the failed or rejected uploads begin anew; the lease tells the clock from when they wait."""
    begins: dict[str, Any] = {"recipe": recipe, "lease_until": timezone.now(), "finished_at": None}
    pks = list(Upload.objects.filter(which).values_list("pk", flat=True))
    return sum(Upload.move(pk, Upload.State.ISSUED, **begins) for pk in pks)


def _send_or_wait(message: OwnMessage) -> bool:
    try:
        messages.send(message)
    except ProcessingError as error:
        # The order stands in the records: the clock asks again.
        log.warning("%s waits for the clock: %s", message, error)
        return False
    return True
