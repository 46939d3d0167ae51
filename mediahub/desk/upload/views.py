"""The pages on which editors send files and follow them."""

from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mediahub.desk.http import render_page, require_permission
from mediahub.desk.upload.page_config import (
    build_batch_config,
    build_batch_fields,
    build_form_config,
    build_plain_ticket,
)
from mediahub.desk.upload.presenters import describe_upload
from mediahub.desk.upload.texts import build_upload_texts
from mediahub.uploads import tickets
from mediahub.uploads.access import visible_uploads
from mediahub.uploads.models import Upload

MAX_RECENT = 30


@require_GET
@never_cache
@require_permission("uploads.add_upload")
def show_upload_page(request: HttpRequest) -> HttpResponse:
    """Show the drop zone, and the state of the editor's latest files."""
    # A form that was only looked at is no file; one that is to replace another is told of on the page of its image.
    elsewhere = Q(version_id="") & (Q(method=Upload.Method.PLAIN) | Q(image__isnull=False))
    sent = visible_uploads(request.user).filter(uploaded_by_id=request.user.pk).exclude(elsewhere)
    recent = sent.order_by("-issued_at")[:MAX_RECENT]
    config = {**build_form_config(request.user, recent), **build_batch_config(request.user)}
    context = {"title": _("Upload"), "config": config, **build_batch_fields(request.user)}
    return render_page(request, "desk/upload/upload.html", context)


@require_GET
@never_cache
@require_permission("uploads.add_upload")
def show_plain_form(request: HttpRequest) -> HttpResponse:
    """Show a form for one file that needs no JavaScript: it posts straight to the upload bucket and leads back here."""
    config = build_form_config(request.user)
    context = {"title": _("Upload one file"), "config": config, **build_plain_ticket(request)}
    return render_page(request, "desk/upload/plain.html", context)


@require_GET
@never_cache
@require_permission("uploads.add_upload", "uploads.view_upload")
def show_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Show the state of one file; the page reloads by itself until the end, with or without JavaScript."""
    sent = get_object_or_404(visible_uploads(request.user), pk=upload_id)
    if "etag" in request.GET:
        # S3 leads here with it, once it has the file.
        tickets.close_ticket(sent)
    upload = describe_upload(sent, request.user)
    config = {
        "status": reverse("desk:status"),
        "recent": [upload],
        "words": build_upload_texts(settings.UPLOAD_MAX_BYTES),
    }
    context = {"title": _("Upload status"), "upload": upload, "config": config}
    return render_page(request, "desk/upload/one_upload.html", context)


@require_GET
def show_batch(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Redirect to the library, filtered by one batch."""
    return redirect(f"{reverse('admin:library_image_changelist')}?batch={batch_id}")
