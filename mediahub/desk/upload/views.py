"""The pages and the one signature view through which files come in."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk.current_user import editor
from mediahub.desk.http import JsonObject, read_json, render_page, require_permission
from mediahub.desk.library.version_views import replaceable
from mediahub.desk.upload.batch_views import batch_config, batch_fields, sha256_of
from mediahub.desk.upload.progress_views import describe
from mediahub.desk.upload.single_file import form_config, plain_ticket
from mediahub.desk.upload.texts import upload_words
from mediahub.uploads import tickets
from mediahub.uploads.access import visible_uploads
from mediahub.uploads.models import Upload
from processing import ProcessingError

RECENT = 30
# Each question of Uppy about a file in parts, by its HTTP method and whether it names a part.
OPERATIONS: dict[tuple[str, bool], tickets.Operation] = {
    ("PUT", True): "part",
    ("GET", False): "list",
    ("POST", False): "complete",
    ("DELETE", False): "abort",
}


@require_GET
@never_cache
@require_permission("uploads.add_upload")
def page(request: HttpRequest) -> HttpResponse:
    """The drop zone, and what became of the editor's latest files."""
    # A form that was only looked at is no file; one that is to replace another is told of on the page of its image.
    elsewhere = Q(version_id="") & (Q(method=Upload.Method.PLAIN) | Q(image__isnull=False))
    sent = visible_uploads(request.user).filter(uploaded_by_id=request.user.pk).exclude(elsewhere)
    own = sent.order_by("-issued_at")[:RECENT]
    config = {**form_config(request.user, own), **batch_config(request.user)}
    context = {"title": _("Upload"), "config": config, **batch_fields(request.user)}
    return render_page(request, "desk/upload/upload.html", context)


@require_POST
@require_permission("uploads.add_upload", "library.replace_image", json=True)
def sign(request: HttpRequest) -> JsonResponse:
    """Sign one step of one file, asked for in JSON.

    `{method, name, type, size, batch?, sha256?, image?, upload?}` asks for a ticket; with `image` the file becomes that
    image's next version, and `upload` names an upload of the same file that broke off. The answer has `upload` (its
    id), the server's `key`, `method` ("post" or "multipart"), and `url`: with `fields` it takes a small file in one
    form, without it begins an upload of parts of `part_bytes`. `{method, key, uploadId, partNumber?}` asks for one more
    step of those. A refusal is 400, 403, 404, 429 with Retry-After, or 503, and says its `reason` in a sentence; 409
    says that the file has `arrived`, and as which upload.
    """
    try:
        return JsonResponse(_sign(editor(request), read_json(request)))
    except tickets.AlreadySent as sent:
        return JsonResponse({"reason": str(sent), "arrived": str(sent.upload_id)}, status=409)
    except PermissionDenied:
        reason = _("You may not send this file here. Ask a chief editor for the right.")
        return JsonResponse({"reason": reason}, status=403)
    except Http404:
        reason = _("The image is not there, or not for you to see.")
        return JsonResponse({"reason": reason}, status=404)
    except tickets.TicketRefused as refusal:
        if refusal.retry_after:
            headers = {"Retry-After": str(refusal.retry_after)}
            return JsonResponse({"reason": str(refusal)}, status=429, headers=headers)
        return JsonResponse({"reason": str(refusal)}, status=400)
    except ProcessingError as error:
        return JsonResponse({"reason": str(error)}, status=503)


@require_GET
@never_cache
@require_permission("uploads.add_upload")
def plain(request: HttpRequest) -> HttpResponse:
    """A form for one file that needs no JavaScript: it posts straight to the upload bucket and leads back here."""
    config = form_config(request.user)
    context = {"title": _("Upload one file"), "config": config, **plain_ticket(request)}
    return render_page(request, "desk/upload/plain.html", context)


@require_GET
@never_cache
@require_permission("uploads.add_upload", "uploads.view_upload")
def arrival(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What becomes of one file; the page asks again by itself until the end, with or without JavaScript."""
    sent = get_object_or_404(visible_uploads(request.user), pk=upload_id)
    if "etag" in request.GET:
        # S3 leads here with it, once it has the file.
        tickets.close(sent)
    upload = describe(sent, request.user)
    config = {"status": reverse("desk:status"), "recent": [upload], "words": upload_words(settings.UPLOAD_MAX_BYTES)}
    context = {"title": _("What became of the file"), "upload": upload, "config": config}
    return render_page(request, "desk/upload/one_upload.html", context)


def _sign(user: User, wish: JsonObject) -> dict[str, Any]:
    upload_id, part = wish.read_text("uploadId"), wish.read_number("partNumber")
    if not upload_id:
        return _ticket(user, wish)
    operation = OPERATIONS.get((wish.read_text("method"), part != 0))
    if operation is None:
        raise tickets.TicketRefused(_("The request asks for no step of an upload. Reload the page and try again."))
    key = wish.read_text("key")
    url = tickets.sign(user, key, operation, upload_id, part)
    return {"url": url, "key": key, "headers": tickets.headers(operation)}


def _ticket(user: User, wish: JsonObject) -> dict[str, Any]:
    name = wish.read_text("name")
    if not name:
        raise tickets.TicketRefused(_("The request names no file. Reload the page and try again."))
    image = replaceable(user, image_id) if (image_id := wish.read_uuid("image")) else None
    if image is None and not user.has_perm("uploads.add_upload"):
        raise PermissionDenied
    kind, size, again = wish.read_text("type"), wish.read_number("size"), wish.read_uuid("upload")
    ticket = tickets.reissue(user, again, kind, size, image) if again else None
    if ticket is None:
        batch, sha256 = wish.read_uuid("batch"), sha256_of(wish.read_text("sha256"))
        ticket = tickets.issue(user, name, kind, size, None if image else batch, sha256, image=image)
    answer = {
        "upload": str(ticket.upload_id),
        "key": ticket.key,
        "method": str(ticket.method),
        "part_bytes": ticket.part_bytes,
    }
    if ticket.method == Upload.Method.MULTIPART:
        return {**answer, "url": tickets.sign(user, ticket.key, "create"), "headers": tickets.headers("create")}
    return {**answer, "url": ticket.url, "fields": ticket.fields}
