"""Where an invited person chooses a password; the address is good once, and for three days."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import views


class Invitation(views.PasswordResetConfirmView):
    """Django's own form, on a page of the desk."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}


class Accepted(views.PasswordResetCompleteView):
    """The way on to the sign-in."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}
