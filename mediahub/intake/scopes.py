"""Which uploads, failed items, retries and batches a person may see: the one place that every page asks.

- An upload that became an image, or replaces the file of one, is as open as that image.
- An upload that is no image yet, or never became one, is open to all who may see uploads. It is closed as the image
  will be where its batch goes into a collection that is closed to the person.
- People always see the uploads they sent themselves: the name and state of the file, and nothing of the image.
- A failed item is as open as its image and its upload are. One of which nobody knows what it is about is for those to
  whom nothing is closed.

An upload comes with its `image` narrowed: it is None where the image is closed to the person.
"""

from uuid import UUID

from django.db.models import Count, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from mediahub.intake import events
from mediahub.intake.models import Batch, FailedItem, Reconciliation, Redrive, Upload
from mediahub.library import access
from mediahub.library.access import Person
from mediahub.library.models import Image, Rendition
from processing import ProcessingError


def visible_uploads(user: Person) -> QuerySet[Upload]:
    """Return the uploads this person may see: their own, and with the right to view uploads those that are open."""
    uploads = Upload.objects.prefetch_related(_open_image(user))
    own = Q(uploaded_by=user.pk) if user.pk else Q(pk__in=[])
    if not user.has_perm("intake.view_upload"):
        return uploads.filter(own)
    return uploads if access.sees_everything(user) else uploads.filter(own | ~_closed_uploads(user))


def open_uploads(user: Person) -> QuerySet[Upload]:
    """Return the uploads that are not closed to this person, to count by; this asks for no right to view uploads."""
    return Upload.objects.all() if access.sees_everything(user) else Upload.objects.exclude(_closed_uploads(user))


def visible_failed_items(user: Person) -> QuerySet[FailedItem]:
    """Return the failed items this person may see."""
    if not user.has_perm("intake.view_faileditem"):
        return FailedItem.objects.none()
    items = FailedItem.objects.all()
    if not access.sees_everything(user):
        items = items.exclude(_closed_items(user))
    # What an item that is open is about is open as well.
    return items.select_related("upload", "image").prefetch_related("image__renditions")


def visible_redrives(user: Person) -> QuerySet[Redrive]:
    """Return the retries this person may see, each with `shown`: how many of its items are open to them."""
    orders = Redrive.objects.select_related("by")
    if access.sees_everything(user):
        return orders.annotate(shown=F("total"))
    closed = FailedItem.objects.filter(_closed_items(user), redrive=OuterRef("pk")).order_by().values("redrive")
    number = Subquery(closed.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return orders.annotate(shown=F("total") - Coalesce(number, 0)).filter(Q(by=user.pk) | Q(shown__gt=0))


def visible_batches(user: Person) -> QuerySet[Batch]:
    """Return the batches this person sent, and those of which they may see an upload."""
    sent = open_uploads(user).exclude(batch=None).order_by().values("batch")
    return Batch.objects.filter(Q(by=user.pk) | Q(pk__in=sent)) if user.pk else Batch.objects.none()


def readable_payload(user: Person, item: FailedItem) -> str:
    """Return the message of a failed item, or nothing where it names a file or an image that is closed to the person.

    One message may tell of several files, of which the item knows the first.
    """
    if access.sees_everything(user):
        return item.payload
    try:
        messages = events.parse(item.payload)
    except (events.Unreadable, ProcessingError):
        return item.payload
    keys = [key for message in messages if (key := getattr(message, "key", ""))]
    images = [image_id for message in messages if (image_id := getattr(message, "image_id", None))]
    uploads = [upload_id for message in messages if (upload_id := getattr(message, "upload_id", None))]
    named = Upload.objects.filter(Q(key__in=keys) | Q(pk__in=uploads))
    closed = named.filter(_closed_uploads(user)).exists()
    return "" if closed or access.closed_images(user).filter(image__in=images).exists() else item.payload


def visible_examples(user: Person, check: Reconciliation) -> list[tuple[str, str, str]]:
    """Return the examples of a check that name what is open to this person: (kind, key or id, sentence).

    The key of a file that came without a ticket is the name somebody gave it.
    """
    examples = [(kind, what, says) for kind, what, says in check.examples]
    if access.sees_everything(user):
        return examples
    names = {what for _kind, what, _says in examples}
    uploads = open_uploads(user).filter(key__in=names).values_list("key", flat=True)
    renditions = Rendition.objects.filter(key__in=names).exclude(image__in=access.closed_images(user))
    images = access.unclosed(user).filter(pk__in=[pk for name in names if (pk := _id(name))])
    shown = {*uploads, *renditions.values_list("key", flat=True), *(str(image.pk) for image in images.only("pk"))}
    return [example for example in examples if example[1] in shown]


def _closed_uploads(user: Person, upload: str = "") -> Q:
    """Return the condition that an upload is closed to this person; `upload` leads to it from another record."""
    closed_image = {f"{upload}image__in": access.closed_images(user)}
    going_to_be_closed = {f"{upload}image": None, f"{upload}batch__collection__in": access.closed_collections(user)}
    return Q(**closed_image) | Q(**going_to_be_closed)


def _closed_items(user: Person) -> Q:
    # By joins: SQLite reads a condition only so many parentheses deep.
    unknown = Q(image=None, upload=None) & ~access.nothing_closed(user)
    return Q(image__in=access.closed_images(user)) | _closed_uploads(user, "upload__") | unknown


def _open_image(user: Person) -> "Prefetch[str, QuerySet[Image], str]":
    return Prefetch("image", access.unclosed(user).defer("label_raw").prefetch_related("renditions"))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
