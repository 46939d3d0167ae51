"""The files an image was made of: seen side by side, restored, and replaced by a new one."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk.http import add_undo_message, get_editor, render_page, require_permission
from mediahub.desk.upload.page_config import build_form_config, build_plain_ticket
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, versions
from mediahub.library.models import Image, Version
from mediahub.uploads.access import visible_uploads
from mediahub.uploads.models import Upload

require_replace_permission = require_permission("library.replace_image")
MAX_RECENT = 5


def get_replaceable_image(user: User | AnonymousUser, image_id: UUID) -> Image:
    """Return the image whose file this person may replace; raises PermissionDenied or Http404."""
    if not user.has_perm("library.replace_image"):
        raise PermissionDenied
    return _get_image(user, image_id)


@require_GET
@never_cache
def show_versions(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Show all versions of the image, newest first, each beside the one in use."""
    image = _get_visible_image(request, image_id)
    all_versions = list(image.versions.select_related("by"))
    context = {
        "title": _("Versions of %(title)s") % {"title": image.title},
        "image": image,
        "versions": all_versions,
        "current": next((version for version in all_versions if version.current), None),
        "may_replace": request.user.has_perm("library.replace_image"),
        "may_restore": may_restore(request.user, image),
        "may_publish": request.user.has_perm("library.publish_image"),
        "published": image.state == Image.State.PUBLISHED,
    }
    return render_page(request, "desk/library/versions.html", context)


def may_restore(user: User | AnonymousUser, image: Image) -> bool:
    """Return whether the person may put another file to use: for a published image that is to publish it."""
    if image.state == Image.State.PUBLISHED and not user.has_perm("library.publish_image"):
        return False
    return user.has_perm("library.replace_image")


@require_POST
@require_replace_permission
def restore_version(request: HttpRequest, image_id: UUID, number: int) -> HttpResponse:
    """Make another version the image's file, or with `decline` leave one out that waits."""
    image, change_set = _get_visible_image(request, image_id), ChangeSet(get_editor(request))
    if "decline" in request.POST:
        if not request.user.has_perm("library.publish_image"):
            raise PermissionDenied
        if versions.decline_waiting(change_set, image, number):
            sentence = _("Version %(n)d of %(title)s was skipped. It stays in the list of versions.")
            messages.success(request, sentence % {"n": number, "title": image.title})
        return redirect("desk:versions", image_id)
    try:
        restored = versions.restore(change_set, image, number, flags_seen=bool(request.POST.get("flags_seen")))
    except Version.DoesNotExist:
        raise Http404 from None
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("desk:versions", image_id)
    if restored:
        sentence = _("Version %(n)d of %(title)s is now in use.") % {"n": number, "title": image.title}
        add_undo_message(request, sentence, change_set)
    return redirect("desk:versions", image_id)


@require_GET
@never_cache
def replace_file(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Show the form that sends the next version's file straight to the upload bucket."""
    image = get_replaceable_image(request.user, image_id)
    context = {
        "title": _("Replace the file of %(title)s") % {"title": image.title},
        "image": image,
        "will_wait": not may_restore(request.user, image),
    }
    sent = visible_uploads(request.user).filter(uploaded_by_id=request.user.pk, image=image)
    under_way = sent.exclude(method=Upload.Method.PLAIN).exclude(state__in=Upload.ENDED)
    config = build_form_config(request.user, under_way.order_by("-issued_at")[:MAX_RECENT])
    config["image"] = str(image.pk)
    context = {**context, **build_plain_ticket(request, image), "config": config}
    return render_page(request, "desk/library/replace.html", context)


def _get_visible_image(request: HttpRequest, image_id: UUID) -> Image:
    return _get_image(request.user, image_id)


def _get_image(user: User | AnonymousUser, image_id: UUID) -> Image:
    return get_object_or_404(access.visible_images(user).prefetch_related("renditions"), pk=image_id)
