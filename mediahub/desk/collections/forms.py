"""The form of a collection's name and description."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy

from mediahub.desk.forms import PlainEditForm
from mediahub.library import collections
from mediahub.library.collections import LONGEST, LONGEST_DESCRIPTION
from mediahub.library.models import Collection

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User


class CollectionForm(PlainEditForm):
    """Return what a collection is called, and what it is for."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=LONGEST)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=LONGEST_DESCRIPTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, collection: Collection, data: Any = None) -> None:
        self.collection = collection
        now = {"name": collection.name, "description": collection.description}
        super().__init__(data, initial=now, auto_id="%s")

    def last_change(self, name: str) -> "tuple[User | None, datetime | None]":
        """Return who has arranged this collection last, and when."""
        last = collections.find_last_change(self.collection)
        return (last.by, last.at) if last else (None, None)
