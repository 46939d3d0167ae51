"""The pages and the one signature view through which files come in."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk.current_user import editor
from mediahub.desk.http import read_json
from mediahub.desk.library.version_views import replaceable
from mediahub.desk.upload.batch_views import batch_config, batch_fields, sha256_of
from mediahub.desk.upload.progress_views import describe, refused
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
def page(request: HttpRequest) -> HttpResponse:
    """The drop zone, and what became of the editor's latest files."""
    _require(request, "uploads.add_upload")
    # A form that was only looked at is no file; one that is to replace another is told of on the page of its image.
    elsewhere = Q(version_id="") & (Q(method=Upload.Method.PLAIN) | Q(image__isnull=False))
    sent = visible_uploads(request.user).filter(uploaded_by_id=request.user.pk).exclude(elsewhere)
    own = sent.order_by("-issued_at")[:RECENT]
    config = {**form_config(request.user, own), **batch_config(request.user)}
    return _render(request, "desk/upload/upload.html", title=_("Upload"), config=config, **batch_fields(request.user))


@require_POST
def sign(request: HttpRequest) -> JsonResponse:
    """Sign one step of one file, asked for in JSON.

    `{method, name, type, size, batch?, sha256?, image?, upload?}` asks for a ticket; with `image` the file becomes that
    image's next version, and `upload` names an upload of the same file that broke off. The answer has `upload` (its
    id), the server's `key`, `method` ("post" or "multipart"), and `url`: with `fields` it takes a small file in one
    form, without it begins an upload of parts of `part_bytes`. `{method, key, uploadId, partNumber?}` asks for one more
    step of those. A refusal is 400, 403, 404, 429 with Retry-After, or 503, and says its `reason` in a sentence; 409
    says that the file has `arrived`, and as which upload.
    """
    if forbidden := refused(request, "uploads.add_upload", "library.replace_image"):
        return forbidden
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
def plain(request: HttpRequest) -> HttpResponse:
    """A form for one file that needs no JavaScript: it posts straight to the upload bucket and leads back here."""
    _require(request, "uploads.add_upload")
    config = form_config(request.user)
    return _render(
        request, "desk/upload/plain.html", title=_("Upload one file"), config=config, **plain_ticket(request)
    )


@require_GET
@never_cache
def arrival(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """What becomes of one file; the page asks again by itself until the end, with or without JavaScript."""
    _require(request, "uploads.add_upload", "uploads.view_upload")
    sent = get_object_or_404(visible_uploads(request.user), pk=upload_id)
    if "etag" in request.GET:
        # S3 leads here with it, once it has the file.
        tickets.close_ticket(sent)
    upload = describe(sent, request.user)
    config = {"status": reverse("desk:status"), "recent": [upload], "words": upload_words(settings.UPLOAD_MAX_BYTES)}
    return _render(
        request, "desk/upload/one_upload.html", title=_("What became of the file"), upload=upload, config=config
    )


def _require(request: HttpRequest, *permissions: str) -> None:
    if not any(request.user.has_perm(permission) for permission in permissions):
        raise PermissionDenied


def _render(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context})


def _sign(user: User, wish: dict[str, Any]) -> dict[str, Any]:
    if not wish.get("uploadId"):
        return _ticket(user, wish)
    part = _number(wish, "partNumber")
    operation = OPERATIONS.get((_text(wish, "method"), part != 0))
    if operation is None:
        raise tickets.TicketRefused(_("The request asks for no step of an upload. Reload the page and try again."))
    key = _text(wish, "key")
    url = tickets.sign_step(user, key, operation, _text(wish, "uploadId"), part)
    return {"url": url, "key": key, "headers": tickets.list_signed_headers(operation)}


def _ticket(user: User, wish: dict[str, Any]) -> dict[str, Any]:
    name = _text(wish, "name")
    if not name:
        raise tickets.TicketRefused(_("The request names no file. Reload the page and try again."))
    image = replaceable(user, image_id) if (image_id := _id(wish, "image")) else None
    if image is None and not user.has_perm("uploads.add_upload"):
        raise PermissionDenied
    kind, size, again = _text(wish, "type"), _number(wish, "size"), _id(wish, "upload")
    ticket = tickets.reissue_ticket(user, again, kind, size, image) if again else None
    if ticket is None:
        batch, sha256 = _id(wish, "batch"), sha256_of(_text(wish, "sha256"))
        ticket = tickets.issue_ticket(user, name, kind, size, None if image else batch, sha256, image=image)
    answer = {
        "upload": str(ticket.upload_id),
        "key": ticket.key,
        "method": str(ticket.method),
        "part_bytes": ticket.part_bytes,
    }
    if ticket.method == Upload.Method.MULTIPART:
        return {
            **answer,
            "url": tickets.sign_step(user, ticket.key, "create"),
            "headers": tickets.list_signed_headers("create"),
        }
    return {**answer, "url": ticket.url, "fields": ticket.fields}


def _id(wish: dict[str, Any], name: str) -> UUID | None:
    text = _text(wish, name)
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise _wrong_type(name) from error


def _text(wish: dict[str, Any], name: str) -> str:
    value = wish.get(name) or ""
    if not isinstance(value, str):
        raise _wrong_type(name)
    return value


def _number(wish: dict[str, Any], name: str) -> int:
    value = wish.get(name) or 0
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong_type(name)
    return value


def _wrong_type(name: str) -> tickets.TicketRefused:
    return tickets.TicketRefused(_("“%(name)s” has the wrong type. Reload the page and try again.") % {"name": name})
