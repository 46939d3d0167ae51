"""Searches that are kept under a name."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from mediahub.library import access
from mediahub.library.models import SavedSearch
from mediahub.library.parsing import read_name
from mediahub.library.search import TAG_FILTERS, Search


def list_searches(user: User) -> list[SavedSearch]:
    """Return the person's own searches and those for everybody.

    What others named after a collection or a tag that is closed to the person is left out.
    """
    searches = list(SavedSearch.objects.filter(Q(owner=user) | Q(shared=True)).select_related("owner"))
    if access.sees_everything(user):
        return searches
    closed = _closed(user, [search for search in searches if search.owner_id != user.pk])
    return [search for search in searches if search.pk not in closed]


def _closed(user: User, searches: list[SavedSearch]) -> set[int]:
    """Return the ids of the searches that ask for a collection or a tag this person may not see."""
    closed: set[int] = set()
    open_ones: dict[str, Callable[[User], QuerySet[Any]]] = {
        "collection": access.visible_collections,
        **dict.fromkeys(TAG_FILTERS, access.visible_tags),
    }
    for name, visible in open_ones.items():
        asked = {
            search.pk: {int(text) for text in QueryDict(search.query).get(name, "").split(",") if text.isdecimal()}
            for search in searches
        }
        ids = {pk for pks in asked.values() for pk in pks}
        seen = set(visible(user).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
        closed |= {search for search, pks in asked.items() if not pks <= seen}
    return closed


def may_change(user: User, search: SavedSearch) -> bool:
    """Return whether this person may rename and remove a search: their own, as a chief editor also an orphaned one.

    A search for everybody is orphaned when its owner was deleted, or may not sign in any more.
    """
    if search.owner_id == user.pk:
        return True
    orphaned = search.owner is None or not search.owner.is_active
    return search.shared and orphaned and user.has_perm("library.publish_image")


def may_share(user: User) -> bool:
    """Return whether this person may save a search for everybody: everyone reads its name, as they read a title."""
    return user.has_perm("library.change_image")


def _clean_name(name: str) -> str:
    search_name = read_name(name)
    if search_name is None or len(search_name) > 60:
        raise ValidationError(_("Enter a name of 1 to 60 characters for the search."))
    return search_name


def save_search(user: User, name: str, search: Search, *, shared: bool = False) -> SavedSearch:
    """Save a search; one of the same name is overwritten.

    Raises ValidationError for an empty search or name, and for one for everybody by a person who may not share it.
    """
    name = _clean_name(name)
    if shared and not may_share(user):
        raise ValidationError(
            _("You don't have permission to save searches for everyone. Save it for yourself, or ask a chief editor.")
        )
    if not search:
        raise ValidationError(_("Enter a search or set a filter before you save it."))
    query = search.query()
    if len(query) > 1000:
        raise ValidationError(_("The search is too long to save. Use fewer words."))
    saved, _created = SavedSearch.objects.update_or_create(
        owner=user, name=name, defaults={"query": query, "shared": shared}
    )
    return saved


def rename_search(user: User, pk: int, name: str) -> None:
    """Give a search this person may change another name; raises ValidationError for no name or a taken one."""
    name = _clean_name(name)
    search = _changeable(user, pk)
    if search is None or (search.shared and not may_share(user)):
        return
    taken = SavedSearch.objects.filter(owner=search.owner_id, name=name).exclude(pk=pk)
    if search.owner_id and taken.exists():
        raise ValidationError(_("You already have a search with this name."))
    SavedSearch.objects.filter(pk=pk).update(name=name)


def delete_search(user: User, pk: int) -> bool:
    """Remove a search this person may change; False when it is not theirs."""
    search = _changeable(user, pk)
    if search is None:
        return False
    removed, _rows = SavedSearch.objects.filter(pk=pk).delete()
    return removed == 1


def _changeable(user: User, pk: int) -> SavedSearch | None:
    search = next((search for search in list_searches(user) if search.pk == pk), None)
    return search if search and may_change(user, search) else None
