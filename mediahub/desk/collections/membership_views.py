"""Putting images into collections and taking them out: from the library, by dragging, and on the page of one image."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from mediahub.desk.http import add_undo_message, get_editor, require_permission
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, collection_tree, memberships
from mediahub.library.models import Collection, Image
from mediahub.library.parsing import read_number

MAX_IMAGES = 1000
MembershipFunction = Callable[[ChangeSet, QuerySet[Image], Collection], int]


def put_in(request: HttpRequest, change_set: ChangeSet, images: QuerySet[Image]) -> None:
    """Put the images into the collection that the form names."""
    if collection := _find_named_collection(request):
        add_undo_message(request, _put_in(change_set, images, collection), change_set)


def take_out(request: HttpRequest, change_set: ChangeSet, images: QuerySet[Image]) -> None:
    """Take the images out of the collection that the form names."""
    if collection := _find_named_collection(request):
        add_undo_message(request, _take_out(change_set, images, collection), change_set)


@require_POST
@require_permission("library.add_membership", json=True)
def drop_images(request: HttpRequest) -> JsonResponse:
    """Put `image`s into the `collection` with this id; the answer has the `text` of what was done, and its `undo`."""
    user = get_editor(request)
    collection = _get_collection(user, request.POST.get("collection", ""))
    if collection is None:
        return JsonResponse(
            {"reason": _("The collection no longer exists, or you don't have access to it.")}, status=404
        )
    try:
        ids = {UUID(text) for text in request.POST.getlist("image")}
    except ValueError:
        return JsonResponse(
            {"reason": _("The request contains an invalid image ID. Reload the page and try again.")}, status=400
        )
    if len(ids) > MAX_IMAGES:
        sentence = _(
            "You selected %(n)d images; the limit is %(most)d at a time. Narrow the search and work in smaller groups."
        )
        return JsonResponse({"reason": sentence % {"n": len(ids), "most": MAX_IMAGES}}, status=400)
    change_set = ChangeSet(user)
    text = _put_in(change_set, access.visible_images(user).filter(pk__in=ids), collection)
    undo = reverse("desk:undo", args=[change_set.id]) if change_set.images else ""
    return JsonResponse({"text": text, "undo": undo})


@require_POST
def change_image_collections(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Put one image into the collection that the form names, or take it `out` of the one with this id."""
    user = get_editor(request)
    images = access.visible_images(user).filter(pk=image_id)
    get_object_or_404(images)
    out = request.POST.get("out", "")
    if not user.has_perm("library.delete_membership" if out else "library.add_membership"):
        raise PermissionDenied
    change_set = ChangeSet(user)
    collection = _get_collection(user, out) if out else _find_named_collection(request)
    if collection and out:
        add_undo_message(request, _take_out(change_set, images, collection), change_set)
    elif collection:
        add_undo_message(request, _put_in(change_set, images, collection), change_set)
    if images.exists():
        return redirect(f"{reverse('admin:library_image_change', args=[image_id])}#collections")
    return redirect("admin:library_image_changelist")


def _find_named_collection(request: HttpRequest) -> Collection | None:
    """Return the collection whose name was typed; None, with an error message, when there is none."""
    text = request.POST.get("collection", "")
    collection = collection_tree.find_collection(get_editor(request), text) if text.strip() else None
    if collection is None and text.strip():
        sentence = _("There is no collection “%(name)s”. Choose an existing collection by its full path.")
        messages.error(request, sentence % {"name": text[:100]})
    elif collection is None:
        messages.error(request, _("Enter the name of a collection."))
    return collection


def _get_collection(user: User, text: str) -> Collection | None:
    return access.visible_collections(user).filter(pk=read_number(text) or 0).first()


def _put_in(change_set: ChangeSet, images: QuerySet[Image], collection: Collection) -> str:
    opened = _change_membership(memberships.add_images, change_set, images, collection)
    if not change_set.images:
        return _("These images are already in “%(name)s”.") % {"name": collection.name}
    text = ngettext("%(n)d image added to “%(name)s”.", "%(n)d images added to “%(name)s”.", change_set.images)
    return text % {"n": change_set.images, "name": collection.name} + opened


def _take_out(change_set: ChangeSet, images: QuerySet[Image], collection: Collection) -> str:
    opened = _change_membership(memberships.remove_images, change_set, images, collection)
    if not change_set.images:
        return _("None of these images is directly in “%(name)s”.") % {"name": collection.name}
    text = ngettext("%(n)d image removed from “%(name)s”.", "%(n)d images removed from “%(name)s”.", change_set.images)
    return text % {"n": change_set.images, "name": collection.name} + opened


def _change_membership(
    verb: MembershipFunction, change_set: ChangeSet, images: QuerySet[Image], collection: Collection
) -> str:
    """Do it; what to add to the message where images that only some could see are in everybody's sight now."""
    ids = list(images.values_list("pk", flat=True))
    before = access.count_closed(ids)
    verb(change_set, images.only("title"), collection)
    opened = before - access.count_closed(ids)
    if opened <= 0:
        return ""
    text = ngettext(
        "%(n)d image was restricted. It is now visible to everyone who can view images.",
        "%(n)d images were restricted. They are now visible to everyone who can view images.",
        opened,
    )
    return " " + text % {"n": opened}
