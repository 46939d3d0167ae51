"""The files an image was made of: seen side by side, restored, and replaced by a new one."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk.people import editor
from mediahub.desk.views.arrivals import visible
from mediahub.desk.views.one_file import form_config, plain_ticket
from mediahub.intake.models import Upload
from mediahub.library import access, versions
from mediahub.library.activity import Act
from mediahub.library.models import Image, Version

may_replace = permission_required("library.replace_image", raise_exception=True)
RECENT = 5


def replaceable(user: User | AnonymousUser, image_id: UUID) -> Image:
    """Return the image whose file this person may replace; raises PermissionDenied or Http404."""
    if not user.has_perm("library.replace_image"):
        raise PermissionDenied
    return _visible_image(user, image_id)


@require_GET
@never_cache
def page(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """All versions of the image, the newest first, each beside the one that is in use."""
    image = _image(request, image_id)
    kept = list(image.versions.select_related("by"))
    context = {
        "title": _("Versions of %(title)s") % {"title": image.title},
        "image": image,
        "versions": kept,
        "current": next((version for version in kept if version.current), None),
        "may_replace": request.user.has_perm("library.replace_image"),
    }
    return _render(request, "desk/versions.html", context)


@require_POST
@may_replace
def restore(request: HttpRequest, image_id: UUID, number: int) -> HttpResponse:
    """Make an earlier version the image's file again."""
    image = _image(request, image_id)
    try:
        restored = versions.restore(Act(editor(request)), image, number)
    except Version.DoesNotExist:
        raise Http404 from None
    if restored:
        said = _("Version %(n)d of %(title)s is in use again.") % {"n": number, "title": image.title}
        messages.success(request, said)
    return redirect("desk:versions", image_id)


@require_GET
@never_cache
def replace(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """A form that sends the next version's file straight to the upload bucket, and leads on to what became of it."""
    image = replaceable(request.user, image_id)
    context = {"title": _("Replace the file of %(title)s") % {"title": image.title}, "image": image}
    sent = visible(request.user).filter(uploaded_by_id=request.user.pk, image=image).exclude(method=Upload.Method.PLAIN)
    config = form_config(request.user, sent.exclude(state__in=Upload.ENDED).order_by("-issued_at")[:RECENT])
    config["image"] = str(image.pk)
    return _render(request, "desk/replace.html", {**context, **plain_ticket(request, image), "config": config})


def _image(request: HttpRequest, image_id: UUID) -> Image:
    return _visible_image(request.user, image_id)


def _visible_image(user: User | AnonymousUser, image_id: UUID) -> Image:
    return get_object_or_404(access.visible(user).prefetch_related("renditions"), pk=image_id)


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context})
