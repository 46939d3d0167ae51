"""Searches that are kept under a name."""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from mediahub.library.models import SavedSearch
from mediahub.library.search import Search


def of(user: User) -> QuerySet[SavedSearch]:
    """The person's own, and those that others keep for everybody."""
    return SavedSearch.objects.filter(Q(owner=user) | Q(shared=True)).select_related("owner")


def keep(user: User, name: str, search: Search, *, shared: bool = False) -> SavedSearch:
    """Keep a search; one of the same name is written over. Raises ValidationError for none, or no name."""
    name = " ".join(name.split())
    if not name or len(name) > 60 or not name.isprintable():
        raise ValidationError(_("Give the search a name of 1 to 60 characters."))
    if not search:
        raise ValidationError(_("Search for something, or set a filter, before you save it."))
    query = search.query()
    if len(query) > 1000:
        raise ValidationError(_("The search is too long to be saved. Use fewer words."))
    kept, _created = SavedSearch.objects.update_or_create(
        owner=user, name=name, defaults={"query": query, "shared": shared}
    )
    return kept


def rename(user: User, pk: int, name: str) -> None:
    """Give one of the person's own searches another name; raises ValidationError for no name or a taken one."""
    name = " ".join(name.split())
    if not name or len(name) > 60 or not name.isprintable():
        raise ValidationError(_("Give the search a name of 1 to 60 characters."))
    if SavedSearch.objects.filter(owner=user, name=name).exclude(pk=pk).exists():
        raise ValidationError(_("You have a search of this name already."))
    SavedSearch.objects.filter(owner=user, pk=pk).update(name=name)


def forget(user: User, pk: int) -> bool:
    """Remove one of the person's own searches; False when it is not theirs."""
    removed, _rows = SavedSearch.objects.filter(owner=user, pk=pk).delete()
    return removed == 1
