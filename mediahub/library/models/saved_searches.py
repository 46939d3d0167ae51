"""Searches that editors saved."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


def leave_to_everybody(collector: Any, field: Any, searches: models.QuerySet["SavedSearch"], using: str) -> None:
    """Delete the searches of a deleted person that were theirs alone; those for everybody stay, without an owner."""
    models.CASCADE(collector, field, searches.filter(shared=False), using)
    models.SET_NULL(collector, field, searches.filter(shared=True), using)


class SavedSearch(models.Model):
    """A search with a name, of one person or for everybody; `query` is an address after its question mark.

    It has no owner once the person who shared it was deleted.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, leave_to_everybody, null=True, blank=True, related_name="saved_searches"
    )
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("query"), max_length=1000)
    shared = models.BooleanField(_("visible to everyone"), default=False)

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_saved_search_a_name")]

    def __str__(self) -> str:
        return self.name
