"""What the upload page and the grid ask for again and again: the standing of uploads, and whether anything is new."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mediahub.delivery.addresses import build_address
from mediahub.desk import overview
from mediahub.desk.current_user import editor
from mediahub.desk.presenters import standing
from mediahub.library import access
from mediahub.library.models import Image
from mediahub.uploads.access import visible_uploads
from mediahub.uploads.models import Upload

AT_ONCE = 200
# Scripts name the person whose page they run in: another one may have signed in in the same browser since.
MEANT_FOR = "X-Desk-User"


def refused(request: HttpRequest, *permissions: str) -> JsonResponse | None:
    """The 403 that a program understands, unless the editor is signed in and holds one of the permissions.

    Nothing is done under the name of a person whom the asking page does not belong to.
    """
    user = request.user
    if user.is_authenticated and request.headers.get(MEANT_FOR, str(user.pk)) != str(user.pk):
        reason = _("This page belongs to somebody who is not signed in any more. Sign in as that person to go on.")
        return JsonResponse({"reason": reason}, status=403)
    if user.is_active and user.is_staff and any(user.has_perm(permission) for permission in permissions):
        return None
    reason = _("You are not signed in, or may not do this. Sign in again, or ask a chief editor for the right.")
    return JsonResponse({"reason": reason}, status=403)


@require_GET
@never_cache
def status(request: HttpRequest) -> JsonResponse:
    """The standing of at most 200 uploads, as `?ids=<id>,<id>`; the editor's own, or anyone's for who may view all."""
    if refusal := refused(request, "uploads.add_upload", "uploads.view_upload"):
        return refusal
    try:
        ids = [UUID(part) for part in request.GET.get("ids", "").split(",") if part]
    except ValueError:
        return JsonResponse({"reason": _("One of the ids is not the id of an upload.")}, status=400)
    if len(ids) > AT_ONCE:
        return JsonResponse({"reason": _("Ask for at most %(n)d uploads at once.") % {"n": AT_ONCE}}, status=400)
    found = visible_uploads(request.user).filter(pk__in=ids)
    return JsonResponse({"uploads": [describe(upload, request.user) for upload in found]})


@require_GET
@never_cache
def pulse(request: HttpRequest) -> JsonResponse:
    """What changes when something came or was changed: the newest of it, and how many failed items are open."""
    if refusal := refused(request, "library.view_image"):
        return refusal
    return JsonResponse({"newest": newest(editor(request)), "failed": overview.failed(request.user).count()})


def newest(user: User) -> str:
    """A text that differs as soon as an image that the person may see has come or was changed."""
    latest = access.visible_images(user).order_by("-updated_at", "id").values_list("pk", "updated_at").first()
    return f"{latest[1].isoformat()} {latest[0]}" if latest else ""


def describe(upload: Upload, user: User | AnonymousUser) -> dict[str, Any]:
    """One of the editor's visible uploads as the page shows it, with addresses only of what they may open."""
    now, image = standing(upload), upload.image
    return {
        "id": str(upload.pk),
        "name": upload.file_name,
        "state": upload.state,
        "label": now.label,
        "tone": now.tone,
        "reason": now.reason,
        "ended": now.ended,
        "picture": _picture(image) if image else None,
        "image": str(image.pk) if image else None,
        "links": _links(upload, image, user),
        "batch": str(upload.batch_id) if upload.batch_id else None,
        # What tells the page which file it is when the editor chooses it again, and whether that is needed.
        "bytes": upload.declared_bytes,
        "arrived": bool(upload.version_id),
    }


def _picture(image: Image) -> dict[str, Any]:
    small = min(image.renditions.all(), key=lambda rendition: rendition.width * rendition.height, default=None)
    if small is None:
        return {"address": "", "placeholder": image.placeholder, "width": 0, "height": 0}
    return {
        "address": build_address(small.key),
        "placeholder": image.placeholder,
        "width": small.width,
        "height": small.height,
    }


def _links(upload: Upload, image: Image | None, user: User | AnonymousUser) -> list[dict[str, str]]:
    found = []
    if image and user.has_perm("library.view_image"):
        href = reverse("admin:library_image_change", args=[image.pk])
        found.append({"text": _("Open"), "href": href, "label": _("Open %(name)s") % {"name": image.title}})
        found += [
            {
                "text": f"{made.name} {made.width} × {made.height}",
                "href": build_address(made.key),
                "label": _("%(rendition)s of %(name)s") % {"rendition": made, "name": image.title},
            }
            for made in image.renditions.all()
        ]
    elif upload.state == Upload.State.FAILED and user.has_perm("recovery.view_faileditem"):
        href = f"{reverse('admin:recovery_faileditem_changelist')}?upload__id__exact={upload.pk}"
        found.append({"text": _("Failed items"), "href": href, "label": ""})
    return found
