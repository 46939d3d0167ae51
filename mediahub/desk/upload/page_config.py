"""What the pages that send files pass to their scripts, and the form that works without any."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from mediahub.desk.http import get_editor
from mediahub.desk.upload.file_kinds import build_file_kinds, describe_accepted
from mediahub.desk.upload.presenters import describe_upload
from mediahub.desk.upload.texts import build_upload_texts
from mediahub.library.collection_tree import list_names
from mediahub.library.models import Image
from mediahub.uploads import tickets
from mediahub.uploads.models import Upload
from processing import ProcessingError

NO_BATCH = UUID(int=0)
# A form is renewed this long before its ticket ends, so that a file chosen at the last moment still gets through.
RENEWAL_MARGIN = timedelta(minutes=5)


def may_edit_batch(user: User | AnonymousUser) -> bool:
    """Return whether the person may edit the metadata of all images of a batch."""
    return user.has_perms(["library.change_image", "library.review_tagging"])


def build_batch_fields(user: User | AnonymousUser) -> dict[str, Any]:
    """Return what the form for a batch's metadata needs: whether it is shown, and the collections to choose from."""
    may_file = may_edit_batch(user) and user.has_perm("library.add_membership")
    return {"may_describe": may_edit_batch(user), "collections": list_names(user) if may_file else {}}


def build_batch_config(user: User | AnonymousUser) -> dict[str, Any]:
    """Return what the upload page's scripts need for the batch that begins with this load of the page."""
    library = reverse("admin:library_image_changelist")
    return {
        "known": reverse("desk:known"),
        "batch": str(uuid4()),
        # The place of the batch's id in an address.
        "none": str(NO_BATCH),
        "batchWords": reverse("desk:batch_words", args=[NO_BATCH]) if may_edit_batch(user) else "",
        "library": f"{library}?batch={NO_BATCH}" if user.has_perm("library.view_image") else "",
        "review": f"{reverse('desk:review_start')}?batch={NO_BATCH}" if user.has_perm("library.review_tagging") else "",
    }


def build_form_config(user: User | AnonymousUser, recent: Iterable[Upload] = ()) -> dict[str, Any]:
    """Return what the scripts of a page that sends files need; `recent` are the uploads it shows from the start."""
    return {
        "url": reverse("desk:sign"),
        "status": reverse("desk:status"),
        "identify": reverse("desk:identify"),
        "user": str(user.pk),
        "kinds": build_file_kinds(),
        "maxBytes": settings.UPLOAD_MAX_BYTES,
        "partThreshold": settings.UPLOAD_PART_THRESHOLD,
        "partBytes": tickets.PART_BYTES,
        "recent": [describe_upload(upload, user) for upload in recent],
        "words": build_upload_texts(settings.UPLOAD_MAX_BYTES),
    }


def build_plain_ticket(request: HttpRequest, image: Image | None = None) -> dict[str, Any]:
    """Return the form's `ticket`, or the sentence of its `refusal`, and when the page has to be loaded again."""

    def back(upload_id: UUID) -> str:
        return request.build_absolute_uri(reverse("desk:arrival", args=[upload_id]))

    try:
        ticket = tickets.issue_plain_ticket(get_editor(request), back, image)
    except (tickets.TicketRefused, ProcessingError) as refusal:
        return {"refusal": str(refusal)}
    renewed = ticket.expires_at - RENEWAL_MARGIN - timezone.now()
    return {
        "ticket": ticket,
        "seconds": max(60, int(renewed.total_seconds())),
        "most": settings.UPLOAD_MAX_BYTES // 1_000_000,
        "formats": describe_accepted(),
    }
