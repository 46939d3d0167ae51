"""Where an invited person chooses a password; the address is good once, and for three days."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import views
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import ContextMixin


class DeskPage(ContextMixin):
    """A view of Django's on a page of the desk."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**admin.site.each_context(self.request), **super().get_context_data(**kwargs)}


class Invitation(DeskPage, views.PasswordResetConfirmView):
    """Django's own form, on a page of the desk."""

    template_name = "desk/people/invitation.html"
    title = _("Welcome to the desk")

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(*args, **kwargs)
        if kwargs["token"] != self.reset_url_token:
            # The address is the secret: no other address is told of it. The form stands under one without it.
            response["Referrer-Policy"] = "no-referrer"
        return response


class Accepted(DeskPage, views.PasswordResetCompleteView):
    """The way on to the sign-in."""

    template_name = "desk/people/invitation_accepted.html"
    title = _("Your password is set")
