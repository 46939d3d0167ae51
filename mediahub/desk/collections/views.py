"""The collections: the tree with pictures, and what is done to one of them."""

from collections.abc import Callable, Iterable, Mapping

from django.contrib import messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from mediahub.desk.collections.forms import CollectionForm
from mediahub.desk.http import get_editor, render_page, require_permission
from mediahub.history.change_set import ChangeSet
from mediahub.library import access, collection_tree, collections
from mediahub.library.collection_tree import STEP
from mediahub.library.field_edits import UNSEEN, Conflicted, Unseen
from mediahub.library.models import Collection
from mediahub.library.parsing import read_number

require_view_permission = require_permission("library.view_collection")


@require_GET
@require_view_permission
def show_collections(request: HttpRequest) -> HttpResponse:
    """Show the whole tree that the person may see, with counts and covers, and a form for a new collection."""
    return _render_tree(request, {"parent": request.GET.get("within", "")})


def _render_tree(request: HttpRequest, typed: Mapping[str, str], status: int = 200) -> HttpResponse:
    """Render the tree, with the text typed into its form."""
    user = get_editor(request)
    top = collection_tree.build_tree(user)
    collection_tree.assign_covers(top, user)
    context = {
        "title": _("Collections"),
        "nodes": top,
        "places": [(node.collection.pk, node.name) for node in collection_tree.flatten(top)],
        "typed": typed,
        "chosen": _read_id(typed.get("parent", "")),
        "may_make": user.has_perm("library.add_collection"),
        "groups": _list_groups(user),
        "own_groups": {group.pk for group in _list_selected_groups(request)},
    }
    return render_page(request, "desk/collections/collections.html", context, status=status)


@require_GET
@require_permission("library.view_image", json=True)
def complete_collection(request: HttpRequest) -> JsonResponse:
    """Return at most 20 full names of collections that match `?q=`, as {"names": [...]}."""
    return JsonResponse({"names": collection_tree.complete_name(request.user, request.GET.get("q", ""))})


@require_POST
@require_permission("library.add_collection")
def create_collection(request: HttpRequest) -> HttpResponse:
    """Make the collection that the form names, in another one or at the top."""
    user, change_set = get_editor(request), ChangeSet(get_editor(request))
    groups = _list_selected_groups(request) if user.has_perm("library.restrict_collection") else []
    try:
        parent = _get_parent(request, user)
        collection = collections.create(
            change_set,
            request.POST.get("name", ""),
            parent,
            description=request.POST.get("description", ""),
            groups=groups,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _render_tree(request, request.POST.dict(), status=400)
    _add_undo_message(
        request, change_set, _("“%(name)s” created. Drag images onto it in the library.") % {"name": collection.name}
    )
    return redirect("desk:collections")


@require_GET
@require_view_permission
def show_collection(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one collection with the forms that change it."""
    return _render_collection(request, get_object_or_404(access.visible_collections(get_editor(request)), pk=pk))


def _render_collection(
    request: HttpRequest, collection: Collection, form: CollectionForm | None = None
) -> HttpResponse:
    """Render the page of a collection, with the typed text where it could not be saved."""
    user = get_editor(request)
    names = collection_tree.list_names(user)
    inside = set(access.visible_collections(user).filter(collections.subtree(collection)).values_list("pk", flat=True))
    own_groups = set(collection.groups.values_list("pk", flat=True))
    context = {
        "title": collection.name,
        "collection": collection,
        "form": form or CollectionForm(collection),
        "full_name": names[collection.pk],
        "places": [(key, name) for key, name in names.items() if key not in inside],
        "held": access.visible_images(user).filter(memberships__collection=collection).count(),
        "below": len(inside) - 1,
        "groups": _list_groups(user),
        "own_groups": own_groups,
        "closed_above": Collection.objects.filter(
            path__in=[collection.path[:n] for n in range(STEP, len(collection.path), STEP)],
            restricted=True,
        ).exists(),
    }
    status = 409 if form and form.conflicts else 400 if form else 200
    return render_page(request, "desk/collections/collection.html", context, status=status)


@require_POST
def change_collection(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a collection as the form's `act` says: rename, move, restrict or delete it."""
    user = get_editor(request)
    collection = get_object_or_404(access.visible_collections(user), pk=pk)
    name = request.POST.get("act", "")
    if name not in COLLECTION_ACTIONS:
        raise Http404
    permission, verb = COLLECTION_ACTIONS[name]
    if not user.has_perm(permission):
        raise PermissionDenied
    if verb is None:
        return _rename(request, collection)
    change_set = ChangeSet(user)
    try:
        text = verb(request, change_set, collection)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("desk:collection", pk)
    _add_undo_message(request, change_set, text)
    if name == "delete" or not access.visible_collections(user).filter(pk=pk).exists():
        return redirect("desk:collections")
    return redirect("desk:collection", pk)


def _rename(request: HttpRequest, collection: Collection) -> HttpResponse:
    change_set, form = ChangeSet(get_editor(request)), CollectionForm(collection, request.POST)
    try:
        if form.is_valid():
            collections.describe(change_set, collection, form.edits())
    except ValidationError as error:
        form.add_error("name", error)
    except Conflicted:
        # Somebody wrote between the look and the lock: the form looks again.
        collection.refresh_from_db()
        form = CollectionForm(collection, request.POST)
    if not form.is_valid():
        collection.refresh_from_db()
        return _render_collection(request, collection, form)
    _add_undo_message(request, change_set, _("“%(name)s” updated.") % {"name": collection.name})
    return redirect("desk:collection", collection.pk)


def _move(request: HttpRequest, change_set: ChangeSet, collection: Collection) -> str:
    seen: int | Unseen | None = UNSEEN
    if "seen_parent" in request.POST:
        seen = _read_id(request.POST["seen_parent"]) or None
    collections.move(change_set, collection, _get_parent(request, get_editor(request)), seen)
    if collection.parent is None:
        return _("“%(name)s” is now at the top level.") % {"name": collection.name}
    return _("“%(name)s” is now in “%(parent)s”.") % {"name": collection.name, "parent": collection.parent.name}


def _restrict(request: HttpRequest, change_set: ChangeSet, collection: Collection) -> str:
    seen = _list_selected_groups(request, "seen_group") if "seen_groups" in request.POST else None
    collections.restrict(change_set, collection, _list_selected_groups(request), seen)
    groups = list(collection.groups.order_by("name"))
    if not groups:
        return _("“%(name)s” is now visible to everyone who can view images.") % {"name": collection.name}
    sentence = _("“%(name)s” is now visible only to these groups: %(groups)s.")
    return sentence % {"name": collection.name, "groups": ", ".join(group.name for group in groups)}


def _delete(request: HttpRequest, change_set: ChangeSet, collection: Collection) -> str:
    image_count = collections.delete(change_set, collection)
    text = ngettext(
        "“%(name)s” deleted. Its %(n)d image stays in the library.",
        "“%(name)s” deleted. Its %(n)d images stay in the library.",
        image_count,
    )
    return text % {"name": collection.name, "n": image_count}


# What is typed has a form of its own.
COLLECTION_ACTIONS: dict[str, tuple[str, Callable[[HttpRequest, ChangeSet, Collection], str] | None]] = {
    "rename": ("library.change_collection", None),
    "move": ("library.change_collection", _move),
    "restrict": ("library.restrict_collection", _restrict),
    "delete": ("library.delete_collection", _delete),
}


def _add_undo_message(request: HttpRequest, change_set: ChangeSet, text: str) -> None:
    messages.success(request, text, extra_tags=f"undo-{change_set.id}")


def _get_parent(request: HttpRequest, user: User) -> Collection | None:
    """Return the collection that the form chooses as the parent; raises ValidationError when it is gone."""
    text = request.POST.get("parent", "")
    if not text:
        return None
    parent = access.visible_collections(user).filter(pk=_read_id(text)).first()
    if parent is None:
        raise ValidationError(_("The parent collection no longer exists. Choose another one."))
    return parent


def _list_groups(user: User) -> Iterable[Group]:
    return Group.objects.order_by("name") if user.has_perm("library.restrict_collection") else Group.objects.none()


def _list_selected_groups(request: HttpRequest, name: str = "group") -> list[Group]:
    ids = [_read_id(text) for text in request.POST.getlist(name)]
    return list(Group.objects.filter(pk__in=ids).order_by("name"))


def _read_id(text: str) -> int:
    """Return the id that a text holds; 0, which no record has, for any other text."""
    return read_number(text) or 0
