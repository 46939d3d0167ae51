"""What the pages that send files need: their scripts, and the form for one file that works without any."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from mediahub.desk.current_user import editor
from mediahub.desk.upload.progress_views import describe
from mediahub.desk.upload.texts import upload_words
from mediahub.library.models import Image
from mediahub.uploads import tickets
from mediahub.uploads.models import Upload
from processing import ProcessingError, formats

# A form is renewed this long before its ticket ends, so that a file chosen at the last moment still gets through.
RENEWED_BEFORE = timedelta(minutes=5)


def form_config(user: User | AnonymousUser, recent: Iterable[Upload] = ()) -> dict[str, Any]:
    """Return what the scripts of a page that sends files need; `recent` are the uploads it shows from the start."""
    return {
        "url": reverse("desk:sign"),
        "status": reverse("desk:status"),
        "user": str(user.pk),
        "types": formats.list_content_types(),
        "maxBytes": settings.UPLOAD_MAX_BYTES,
        "partThreshold": settings.UPLOAD_PART_THRESHOLD,
        "partBytes": tickets.PART_BYTES,
        "recent": [describe(upload, user) for upload in recent],
        "words": upload_words(settings.UPLOAD_MAX_BYTES),
    }


def plain_ticket(request: HttpRequest, image: Image | None = None) -> dict[str, Any]:
    """Return the form's `ticket`, or the sentence of its `refusal`, and when the page has to be loaded again."""

    def back(upload_id: UUID) -> str:
        return request.build_absolute_uri(reverse("desk:arrival", args=[upload_id]))

    try:
        ticket = tickets.issue_plain_ticket(editor(request), back, image)
    except (tickets.TicketRefused, ProcessingError) as refusal:
        return {"refusal": str(refusal)}
    renewed = ticket.expires_at - RENEWED_BEFORE - timezone.now()
    return {
        "ticket": ticket,
        "seconds": max(60, int(renewed.total_seconds())),
        "most": settings.UPLOAD_MAX_BYTES // 1_000_000,
        "accept": ",".join(formats.list_content_types()),
        "formats": formats.describe_inputs(),
    }
