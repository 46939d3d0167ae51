"""The admin site as the editors' desk."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mediahub.desk import language, overview, unsaved_input
from mediahub.desk.people.session_views import ask_to_sign_in, build_sign_in_context, offer_to_send_again
from mediahub.desk.security_headers import CLEAR_SITE_DATA


class DeskSite(AdminSite):
    """Django's admin with the desk's own front page and ways in place of the list of apps."""

    site_header = site_title = "MediaHub"
    index_title = gettext_lazy("Desk")
    site_url = None
    enable_nav_sidebar = False
    index_template = "desk/dashboard/home.html"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        entries = overview.list_navigation(request) if context["has_permission"] else []
        more = [entry for entry in entries if not entry.main]
        current = next((entry for entry in more if entry.current), None)
        return {**context, "navigation": entries, "more_navigation": more, "current_entry": current}

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Return Django's view for people who are signed in; what others send by a form is kept while they sign in."""
        inner: Callable[..., HttpResponse] = super().admin_view(view, cacheable)

        def keep_typed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST" or request.user.is_authenticated or request.path == reverse("admin:logout"):
                return inner(request, *args, **kwargs)
            if unsaved_input.is_for_a_script(request):
                sentence = _("You are signed out. Sign in and send it again.")
                return JsonResponse({"reason": sentence, "code": "signed_out"}, status=403)
            form = unsaved_input.read_unsaved_form(request)
            return ask_to_sign_in(request, form) if form else inner(request, *args, **kwargs)

        return update_wrapper(keep_typed, inner)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        # No record has a page of its own on a public site, which this address of Django's would lead to.
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        form = unsaved_input.unsign(request.POST.get(unsaved_input.FIELD_NAME, ""))
        answer = super().login(request, {**(extra_context or {}), **build_sign_in_context(form)})
        if request.method == "POST" and isinstance(request.user, User):
            language.remember_language(request, request.user)
            if form and isinstance(answer, HttpResponseRedirect):
                return offer_to_send_again(
                    request, form, _("You are signed in again. What you sent before is still here.")
                )
        return answer

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        answer = super().logout(request, extra_context)
        answer["Clear-Site-Data"] = CLEAR_SITE_DATA
        return answer

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        figures = {"counts": overview.count_records(request.user), "latest": overview.list_latest_images(request.user)}
        return super().index(request, {**figures, **(extra_context or {})})
