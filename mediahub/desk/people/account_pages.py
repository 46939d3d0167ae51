"""Share what the pages of the sign-in and of a person's own account share."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.views.generic.base import ContextMixin


class DeskPageMixin(ContextMixin):
    """A view of Django's or of allauth's on a page of the desk."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}


class AccountPage(DeskPageMixin):
    """A page with a title."""

    title: Any = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "title": self.title}
