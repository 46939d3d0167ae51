"""What the upload page's scripts ask: signatures, known files, the state of uploads, metadata of a batch."""

import re
from io import BytesIO
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mediahub.aws import clients
from mediahub.delivery.addresses import build_address
from mediahub.desk.http import JsonObject, Unreadable, get_editor, read_json, require_permission
from mediahub.desk.library.version_views import get_replaceable_image
from mediahub.desk.upload.page_config import may_edit_batch
from mediahub.desk.upload.presenters import SMALL_EDGE, describe_upload
from mediahub.library import rendition_choice
from mediahub.library.models import Image
from mediahub.reasons import read_reason
from mediahub.uploads import tickets, upload_batches
from mediahub.uploads.access import visible_uploads
from mediahub.uploads.models import Upload, UploadBatch
from processing import ProcessingError, Rejected, decode, kinds

# Each question of Uppy about a file in parts, by its HTTP method and whether it names a part.
OPERATIONS: dict[tuple[str, bool], tickets.Operation] = {
    ("PUT", True): "part",
    ("GET", False): "list",
    ("POST", False): "complete",
    ("DELETE", False): "abort",
}
MAX_HASHES = 200
SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_UPLOADS = 200


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
        return JsonResponse(_sign(get_editor(request), read_json(request)))
    except tickets.AlreadySent as sent:
        return JsonResponse({"reason": str(sent), "arrived": str(sent.upload_id)}, status=409)
    except PermissionDenied:
        reason = _("You don't have permission to upload this file here. Ask a chief editor.")
        return JsonResponse({"reason": reason}, status=403)
    except Http404:
        reason = _("The image does not exist, or you don't have access to it.")
        return JsonResponse({"reason": reason}, status=404)
    except tickets.TicketRefused as refusal:
        if refusal.retry_after:
            headers = {"Retry-After": str(refusal.retry_after)}
            return JsonResponse({"reason": str(refusal)}, status=429, headers=headers)
        return JsonResponse({"reason": str(refusal)}, status=400)
    except ProcessingError as error:
        return JsonResponse({"reason": str(error)}, status=503)


def _sign(user: User, body: JsonObject) -> dict[str, Any]:
    upload_id, part = body.read_text("uploadId"), body.read_number("partNumber")
    if not upload_id:
        return _issue_ticket(user, body)
    operation = OPERATIONS.get((body.read_text("method"), part != 0))
    if operation is None:
        raise tickets.TicketRefused(_("The request names no upload step. Reload the page and try again."))
    key = body.read_text("key")
    url = tickets.sign_step(user, key, operation, upload_id, part)
    return {"url": url, "key": key, "headers": tickets.list_signed_headers(operation)}


def _issue_ticket(user: User, body: JsonObject) -> dict[str, Any]:
    name = body.read_text("name")
    if not name:
        raise tickets.TicketRefused(_("The request names no file. Reload the page and try again."))
    image = get_replaceable_image(user, image_id) if (image_id := body.read_uuid("image")) else None
    if image is None and not user.has_perm("uploads.add_upload"):
        raise PermissionDenied
    kind, size, again = body.read_text("type"), body.read_number("size"), body.read_uuid("upload")
    ticket = tickets.reissue_ticket(user, again, kind, size, image) if again else None
    if ticket is None:
        batch, sha256 = body.read_uuid("batch"), body.read_text("sha256")
        sha256 = sha256 if SHA256.fullmatch(sha256) else ""
        ticket = tickets.issue_ticket(user, name, kind, size, None if image else batch, sha256, image=image)
    answer = {
        "upload": str(ticket.upload_id),
        "key": ticket.key,
        "method": str(ticket.method),
        "part_bytes": ticket.part_bytes,
    }
    if ticket.method == Upload.Method.MULTIPART:
        address = tickets.sign_step(user, ticket.key, "create")
        return {**answer, "url": address, "headers": tickets.list_signed_headers("create")}
    return {**answer, "url": ticket.url, "fields": ticket.fields}


@require_POST
@never_cache
@require_permission("uploads.add_upload", "library.replace_image", json=True)
def identify_file(request: HttpRequest) -> JsonResponse:
    """Answer whether a file that begins with the bytes of the request is accepted: `{}`, or the `reason` why not.

    The page asks about files whose first bytes alone do not tell a raw file from a picture.
    """
    head = request.read(kinds.RAW_HEAD)
    try:
        decode.identify_file(BytesIO(head), head[: kinds.HEAD], clients.get_limits())
    except Rejected as refusal:
        return JsonResponse({"reason": read_reason(refusal).explain()})
    return JsonResponse({})


@require_POST
@never_cache
@require_permission("uploads.add_upload", json=True)
def find_known_files(request: HttpRequest) -> JsonResponse:
    """Answer `{"hashes": [at most 200 of SHA-256]}` with the files that exist: `{"known": {hash: …}}`.

    Each is `{title, href, picture, upload}`: an image that this person may see, or with the id of its upload a file of
    theirs that came and is no image yet.
    """
    refusal = _("The request is not a list of SHA-256 hashes. Reload the page and try again.")
    hashes = read_json(request, refusal).read_texts("hashes")
    if not hashes or not all(map(SHA256.fullmatch, hashes)):
        raise Unreadable(refusal)
    if len(hashes) > MAX_HASHES:
        return JsonResponse({"reason": _("The limit is %(n)d files per request.") % {"n": MAX_HASHES}}, status=400)
    images, uploads = upload_batches.find_existing_files(get_editor(request), hashes)
    going = {sha256: _describe_known_upload(upload) for sha256, upload in uploads.items()}
    return JsonResponse({"known": going | {sha256: _describe_known_image(image) for sha256, image in images.items()}})


@require_http_methods(["GET", "POST"])
@never_cache
@require_permission("uploads.add_upload", json=True)
def edit_batch_metadata(request: HttpRequest, batch_id: UUID) -> JsonResponse:
    """Return the metadata of a batch of this person's; POST changes it.

    `{title, numbered, credit, copyright, license, license_url, tags: [names], collection: id or null}` keeps words and
    says them of images that are there; `{start}` goes on where the answer's `next` names a place; `{undo: true}` takes
    them back. A refusal has its `reason` in a sentence.
    """
    if not may_edit_batch(request.user):
        return JsonResponse(
            {"reason": _("You don't have permission to change images. Ask a chief editor.")}, status=403
        )
    user = get_editor(request)
    if request.method == "GET":
        batch = UploadBatch.objects.filter(pk=batch_id, by=user).first()
        return JsonResponse(_describe_batch(batch or UploadBatch(copyright="", license="", license_url="")))
    try:
        refusal = _("These details are not valid for an upload batch. Reload the page and try again.")
        return JsonResponse(_change_batch(user, batch_id, read_json(request, refusal)))
    except upload_batches.NotYourBatch as error:
        return JsonResponse({"reason": str(error)}, status=403)
    except ValidationError as error:
        return JsonResponse({"reason": " ".join(error.messages)}, status=400)


def _change_batch(user: User, batch_id: UUID, body: JsonObject) -> dict[str, Any]:
    if body.read_flag("undo"):
        undone = upload_batches.undo_metadata(user, batch_id)
        text = ngettext("Undone for %(n)d image.", "Undone for %(n)d images.", undone.change_set.images)
        return {"said": " ".join([text % {"n": undone.change_set.images}, *undone.refused[:5]])}
    if start := body.read_number("start"):
        batch = upload_batches.get_or_create_batch(user, batch_id)
    else:
        batch = upload_batches.save_metadata(user, batch_id, _read_batch_metadata(body))
    result = upload_batches.apply_metadata(user, batch, start or 1)
    return {**_describe_batch(batch), "changed": result.act.images, "next": result.next, "refused": result.refused[:5]}


def _read_batch_metadata(body: JsonObject) -> upload_batches.BatchMetadata:
    return upload_batches.BatchMetadata(
        title=body.read_text("title"),
        numbered=body.read_flag("numbered", missing=True),
        credit=body.read_text("credit"),
        copyright=body.read_text("copyright"),
        license=body.read_text("license"),
        license_url=body.read_text("license_url"),
        tags=tuple(body.read_texts("tags")),
        collection=body.read_number("collection") or None,
    )


def _describe_batch(batch: UploadBatch) -> dict[str, Any]:
    return {
        "title": batch.title,
        "numbered": batch.numbered,
        "credit": batch.credit,
        "copyright": batch.copyright,
        "license": batch.license,
        "license_url": batch.license_url,
        "tags": batch.tags,
        "collection": batch.collection_id,
    }


def _describe_known_image(image: Image) -> dict[str, Any]:
    small = rendition_choice.choose_fit(image, SMALL_EDGE)
    href = reverse("admin:library_image_change", args=[image.pk])
    return {"title": image.title, "href": href, "picture": build_address(small.key) if small else "", "upload": None}


def _describe_known_upload(upload: Upload) -> dict[str, Any]:
    href = reverse("desk:arrival", args=[upload.pk])
    return {"title": upload.file_name, "href": href, "picture": "", "upload": str(upload.pk)}


@require_GET
@never_cache
@require_permission("uploads.add_upload", "uploads.view_upload", json=True)
def list_statuses(request: HttpRequest) -> JsonResponse:
    """Return the state of at most 200 uploads, `?ids=<id>,<id>`: one's own, or anyone's with the right to view all."""
    try:
        ids = [UUID(part) for part in request.GET.get("ids", "").split(",") if part]
    except ValueError:
        return JsonResponse(
            {"reason": _("The request contains an invalid upload ID. Reload the page and try again.")}, status=400
        )
    if len(ids) > MAX_UPLOADS:
        return JsonResponse({"reason": _("The limit is %(n)d uploads per request.") % {"n": MAX_UPLOADS}}, status=400)
    uploads = visible_uploads(request.user).filter(pk__in=ids)
    return JsonResponse({"uploads": [describe_upload(upload, request.user) for upload in uploads]})
