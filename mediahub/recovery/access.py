"""Which failed items, retries and findings a person may see: the one place that every page asks.

A failed item is as open as its image and its upload are. One of which nobody knows what it is about is for those to
whom nothing is closed.
"""

from typing import Any
from uuid import UUID

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from mediahub import messages
from mediahub.library import access
from mediahub.library.access import Person
from mediahub.library.models import Image, Rendition
from mediahub.recovery.models import ConsistencyCheck, FailedItem, RetryOrder
from mediahub.uploads.access import closed_uploads, open_uploads
from mediahub.uploads.models import Upload
from processing import ProcessingError


def visible_failed_items(user: Person) -> QuerySet[FailedItem]:
    """Return the failed items this person may see."""
    if not user.has_perm("recovery.view_faileditem"):
        return FailedItem.objects.none()
    items = FailedItem.objects.all()
    if not access.sees_everything(user):
        items = items.exclude(_closed_items(user))
    # What an item that is open is about is open as well.
    return items.select_related("upload", "image").prefetch_related("image__renditions")


def visible_retry_orders(user: Person) -> QuerySet[RetryOrder]:
    """Return the retries this person may see, each with `shown`: how many of its items are open to them."""
    orders = RetryOrder.objects.select_related("by")
    if access.sees_everything(user):
        return orders.annotate(shown=F("total"))
    closed = FailedItem.objects.filter(_closed_items(user), retry_order=OuterRef("pk")).order_by().values("retry_order")
    number = Subquery(closed.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return orders.annotate(shown=F("total") - Coalesce(number, 0)).filter(Q(by=user.pk) | Q(shown__gt=0))


def readable_payload(user: Person, item: FailedItem) -> str:
    """Return the message of a failed item, or nothing where it names a file or an image that is closed to the person.

    One message may tell of several files, of which the item knows the first.
    """
    if access.sees_everything(user):
        return item.payload
    try:
        decoded = messages.decode_text(item.payload)
    except ProcessingError:
        return item.payload
    keys = [key for message in decoded if (key := getattr(message, "key", ""))]
    images = [image_id for message in decoded if (image_id := getattr(message, "image_id", None))]
    uploads = [upload_id for message in decoded if (upload_id := getattr(message, "upload_id", None))]
    named = Upload.objects.filter(Q(key__in=keys) | Q(pk__in=uploads))
    closed = named.filter(closed_uploads(user)).exists()
    return "" if closed or Image.objects.filter(access.match_closed(user), pk__in=images).exists() else item.payload


def visible_examples(user: Person, check: ConsistencyCheck) -> list[dict[str, Any]]:
    """Return the examples of a check that name what is open to this person: kind, what (key or id), and the reason.

    The key of a file that came without a ticket is the name somebody gave it.
    """
    examples: list[dict[str, Any]] = check.examples
    if access.sees_everything(user):
        return examples
    names = {example["what"] for example in examples}
    uploads = open_uploads(user).filter(key__in=names).values_list("key", flat=True)
    renditions = access.about_open_images(user, Rendition.objects.filter(key__in=names))
    images = access.open_images(user).filter(pk__in=[pk for name in names if (pk := _id(name))])
    shown = {*uploads, *renditions.values_list("key", flat=True), *(str(image.pk) for image in images.only("pk"))}
    return [example for example in examples if example["what"] in shown]


def _closed_items(user: Person) -> Q:
    # By joins: SQLite reads a condition only so many parentheses deep.
    unknown = Q(image=None, upload=None) & ~access.nothing_closed(user)
    return access.match_closed(user, "image__") | closed_uploads(user, "upload__") | unknown


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
