"""Which uploads and upload batches a person may see: the one place that every page asks.

- An upload that became an image, or replaces the file of one, is as open as that image.
- An upload that is no image yet, or never became one, is open to all who may see uploads. It is closed as the image
  will be where its batch goes into a collection that is closed to the person.
- People always see the uploads they sent themselves: the name and state of the file, and nothing of the image.

An upload comes with its `image` narrowed: it is None where the image is closed to the person.
"""

from django.db.models import Prefetch, Q, QuerySet

from mediahub.library import access
from mediahub.library.access import Person
from mediahub.uploads.models import Upload, UploadBatch


def visible_uploads(user: Person) -> QuerySet[Upload]:
    """Return the uploads this person may see: their own, and with the right to view uploads those that are open."""
    images = access.open_images(user).defer("label_raw").prefetch_related("renditions")
    uploads = Upload.objects.prefetch_related(Prefetch("image", images))
    own_uploads = Q(uploaded_by=user.pk) if user.pk else Q(pk__in=[])
    if not user.has_perm("uploads.view_upload"):
        return uploads.filter(own_uploads)
    return uploads if access.sees_everything(user) else uploads.filter(own_uploads | ~closed_uploads(user))


def open_uploads(user: Person) -> QuerySet[Upload]:
    """Return the uploads that are not closed to this person, to count by; this asks for no right to view uploads."""
    return Upload.objects.all() if access.sees_everything(user) else Upload.objects.exclude(closed_uploads(user))


def visible_batches(user: Person) -> QuerySet[UploadBatch]:
    """Return the batches this person sent, and those of which they may see an upload."""
    sent = open_uploads(user).exclude(batch=None).order_by().values("batch")
    return UploadBatch.objects.filter(Q(by=user.pk) | Q(pk__in=sent)) if user.pk else UploadBatch.objects.none()


def closed_uploads(user: Person, upload: str = "") -> Q:
    """Return the condition that an upload is closed to this person; `upload` leads to it from another record."""
    going_to_be_closed = {f"{upload}image": None, f"{upload}batch__collection__in": access.closed_collections(user)}
    return access.match_closed(user, f"{upload}image__") | Q(**going_to_be_closed)
