"""Duplicates: one group of images after the other, side by side, and what a person decides on them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk.duplicates import presenters as duplicates_presenters
from mediahub.desk.http import add_undo_message, get_editor, render_page, require_permission
from mediahub.desk.people import preferences
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, duplicates
from mediahub.library.models import Image

# The keys of the review that mean the same here.
KEYS = ("next", "previous")
require_view_permission = require_permission("library.view_image")


@require_GET
@never_cache
@require_view_permission
def show_newest_group(request: HttpRequest) -> HttpResponse:
    """Show the newest group."""
    groups = duplicates.Groups(get_editor(request))
    newest = groups.beside(None, 1)
    return _render_group(request, groups, Image.objects.get(pk=newest) if newest else None)


@require_GET
@never_cache
@require_view_permission
def show_group(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Show the group that this image belongs to."""
    image = get_object_or_404(access.visible_images(request.user), pk=image_id)
    return _render_group(request, duplicates.Groups(get_editor(request)), image)


def _render_group(request: HttpRequest, groups: duplicates.Groups, image: Image | None) -> HttpResponse:
    user = get_editor(request)
    group = duplicates.list_group(user, image.pk, groups) if image else []
    context: dict[str, Any] = {
        "title": _("Duplicates"),
        "image": image,
        "images": [_describe_image(number, member, group) for number, member in enumerate(group, 1)],
        "rows": duplicates_presenters.compare_images(group),
        "same_file": len({member.sha256 for member in group}) == 1,
        "number": len(groups),
        "may_part": user.has_perm("library.review_tagging"),
        "may_keep": _may_keep(user),
        "keyboard": _build_keyboard(user),
        **_find_neighbors(groups, image),
    }
    return render_page(request, "desk/duplicates/duplicates.html", context)


def _describe_image(number: int, image: Image, group: list[Image]) -> dict[str, Any]:
    """Return one image for the page: its number, and the images whose addresses would stop working if it were kept."""
    public = [member.title for member in duplicates.select_published(image, group)]
    return {"image": image, "number": number, "public_beside": ", ".join(public)}


def _find_neighbors(groups: duplicates.Groups, image: Image | None) -> dict[str, str]:
    """Return the addresses of the previous and the next group; empty where there is none."""
    neighbors = {
        name: groups.beside(image.pk if image else None, step) for name, step in (("previous", -1), ("next", 1))
    }
    return {name: reverse("desk:duplicates_of", args=[pk]) if pk else "" for name, pk in neighbors.items()}


def _build_keyboard(user: User) -> dict[str, Any]:
    preference = preferences.get_preference(user)
    keys = preferences.get_keys(preference)
    return {"on": preference.shortcuts_on, "keys": {name: keys[name] for name in KEYS}}


def _may_keep(user: User) -> bool:
    """Return whether the person may merge: merging decides on tags and metadata, and archives."""
    return user.has_perms(["library.publish_image", "library.review_tagging", "library.change_image"])


@require_POST
def decide_group(request: HttpRequest) -> HttpResponse:
    """Keep one of the images that the form names, or say that they, or one of them, are no duplicates."""
    user = get_editor(request)
    images = list(access.changeable_images(user).filter(pk__in=_read_ids(request.POST.getlist("image"))))
    chosen = {str(image.pk): image for image in images}
    first = images[-1] if images else None
    after = _find_neighbors(duplicates.Groups(user), first)
    is_settled = (
        _keep_image(request, user, chosen) if "keep" in request.POST else _separate_images(request, user, chosen)
    )
    if is_settled or first is None:
        return redirect(after["next"] or after["previous"] or "desk:duplicates")
    return redirect("desk:duplicates_of", first.pk)


def _keep_image(request: HttpRequest, user: User, chosen: dict[str, Image]) -> bool:
    if not _may_keep(user):
        raise PermissionDenied
    image_to_keep = chosen.get(request.POST.get("keep", ""))
    if image_to_keep is None:
        messages.error(request, _("That image no longer exists. Choose another one to keep."))
        return False
    change_set = ChangeSet(user)
    others = [image for image in chosen.values() if image != image_to_keep]
    try:
        archived = duplicates.merge(
            change_set, image_to_keep, others, addresses_may_go=bool(request.POST.get("agreed"))
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    text = ngettext(
        "Kept %(title)s; %(n)d duplicate was merged into it and archived.",
        "Kept %(title)s; %(n)d duplicates were merged into it and archived.",
        len(archived),
    )
    add_undo_message(request, text % {"title": image_to_keep.title, "n": len(archived)}, change_set)
    return True


def _separate_images(request: HttpRequest, user: User, chosen: dict[str, Image]) -> bool:
    if not user.has_perm("library.review_tagging"):
        raise PermissionDenied
    change_set = ChangeSet(user)
    image = chosen.get(request.POST.get("part", ""))
    if not duplicates.mark_different(change_set, list(chosen.values()), image):
        messages.error(request, _("Nothing changed: someone has already decided on these images."))
        return False
    text = (
        _("%(title)s is no longer shown as a duplicate of the others.")
        if image
        else _("These images are no longer shown as duplicates.")
    )
    add_undo_message(request, text % {"title": image.title if image else ""}, change_set)
    # Those that are left may still be duplicates of each other.
    return image is None or len(chosen) == 2


def _read_ids(texts: list[str]) -> list[UUID]:
    ids = []
    for text in texts[: duplicates.MOST]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return ids
